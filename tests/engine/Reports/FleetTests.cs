using System.Text;
using System.Text.Json;
using CryoBackup.Reports;

namespace CryoBackup.Tests.Reports;

/// <summary>The page of many databases: what each row says, and which comes first.</summary>
public sealed class FleetTests
{
    private static readonly DateTime Noon = SampleResults.Noon;

    [Fact]
    public void EachDatabaseOfEachServerHasARow()
    {
        FleetRow[] rows =
        [
            .. FleetRow.Of(
                [Backup("app", 1, 1), Backup("app", 2, 1), Backup("app", 1, 2), Backup("shop", 1, 1)],
                ["app", "gone", "pattern*"],
                null,
                Noon
            ),
        ];
        Assert.Equal(["gone ", "app s1:5432", "app s2:5432", "shop s1:5432"], rows.Select(row => $"{row.Database} {row.Server}"));
        Assert.Equal(["None", "Proven", "Proven", "Proven"], rows.Select(row => row.Word));
        Assert.Equal(2, rows[1].Backups.Count);
    }

    [Fact]
    public void WhatIsOlderThanPromisedIsLate()
    {
        FleetRow row = Assert.Single(FleetRow.Of([Backup("app", 1, 2)], [], TimeSpan.FromHours(26), Noon));
        Assert.Equal(("Late", "failed"), (row.Word, row.Status));
        Assert.Equal([(Noon.AddDays(-2), Noon)], row.Holes);
        row = Assert.Single(FleetRow.Of([Backup("app", 1, 1)], [], TimeSpan.FromHours(26), Noon));
        Assert.Equal(("Proven", "passed"), (row.Word, row.Status));
    }

    [Fact]
    public void HolesAreWhereTheRhythmBreaks()
    {
        BackupInfo[] daily = [.. new[] { 9, 8, 7, 3, 2, 1 }.Select(day => Backup("app", 1, day))];
        FleetRow row = Assert.Single(FleetRow.Of(daily, [], null, Noon));
        Assert.Equal([(Noon.AddDays(-7), Noon.AddDays(-3))], row.Holes);
        Assert.Equal("inconclusive", row.Status);
        Assert.Empty(Assert.Single(FleetRow.Of(daily[..2], [], null, Noon)).Holes);
    }

    /// <summary>The longest hole is the one that wants a look; programs get them all.</summary>
    [Fact]
    public void HolesAreShown()
    {
        FleetRow[] rows =
        [
            .. FleetRow.Of([.. new[] { 20, 19, 18, 14, 13, 12, 6, 5, 4, 3, 2, 1 }.Select(day => Backup("app", 1, day))], [], null, Noon),
        ];
        Assert.Contains($"2, the longest 6d from {Noon.AddDays(-12):yyyy-MM-dd HH:mm}", Page(rows), StringComparison.Ordinal);
        var document = FleetDocument.Of(rows, Noon);
        Assert.Equal(
            [ReportJson.Time(Noon.AddDays(-18)), ReportJson.Time(Noon.AddDays(-12))],
            Assert.Single(document.Databases).Holes.Select(hole => hole.From)
        );
    }

    [Fact]
    public void PageNamesWhatWantsALookAndEscapesIt()
    {
        string page = Page(FleetRow.Of([Backup("<b>", 1, 1)], ["gone"], null, Noon));
        Assert.Contains("<h1>Without a good, young backup: gone (1 of 2 databases)</h1>", page, StringComparison.Ordinal);
        Assert.Contains("<th scope=\"row\">&lt;b&gt;</th>", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", page, StringComparison.Ordinal);
        Assert.Contains(
            "<h1>The backup of app is proven</h1>",
            Page(FleetRow.Of([Backup("app", 1, 1)], [], null, Noon)),
            StringComparison.Ordinal
        );
        Assert.Contains("<h1>No backup of any database</h1>", Page([]), StringComparison.Ordinal);
    }

    /// <summary>What was not asked for is not missing.</summary>
    [Fact]
    public void OnlyDatabasesThatAreListedAreMissed()
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "fleet.json");
        var report = FleetReport.At(path, null);
        report.Expect(["app_1", "app_2", "shop"], ["app_*"]);
        report.Add([Backup("app_1", 1, 1)]);
        report.Write(Noon);
        using var written = JsonDocument.Parse(File.ReadAllText(path));
        Assert.Equal(
            ["app_2", "app_1"],
            written.RootElement.GetProperty("databases").EnumerateArray().Select(row => row.GetProperty("database").GetString())
        );
    }

    private static string Page(IReadOnlyList<FleetRow> rows) => Encoding.UTF8.GetString(FleetPage.Write(rows, Noon, "vm"));

    private static BackupInfo Backup(string database, int server, int daysAgo) =>
        new()
        {
            Database = database,
            ComputerName = $"s{server}",
            Port = 5432,
            Start = Noon.AddDays(-daysAgo),
            Size = 1000,
            Path = $"/backups/{database}_{server}_{daysAgo}",
            Proven = Noon.AddDays(-daysAgo),
        };
}
