using System.Text.Json;

namespace CryoBackup.Cli.Tests;

/// <summary>The page of all databases, which `list --report-path` writes once everything was listed.</summary>
public sealed class ListReportTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("cryobackup-cli-").FullName;
    private readonly string _page;

    public ListReportTests()
    {
        _page = Path.Combine(_folder, "fleet.html");
        File.WriteAllText(Path.Combine(Directory.CreateDirectory(Backups).FullName, "app_20260101_010000_full.dump.gz"), "1234");
    }

    private string Backups => Path.Combine(_folder, "backups");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Is_written_and_is_no_result()
    {
        (int exitCode, string output, string errors) = Tool.Run(["list", Backups, "--all", "--report-path", _page, "--json", "--verbose"]);

        Assert.Equal(0, exitCode);
        Assert.Equal("app", Assert.Single(JsonDocument.Parse(output).RootElement.EnumerateArray()).GetProperty("database").GetString());
        Assert.Contains($"Wrote the report '{_page}'", errors, StringComparison.Ordinal);
        Assert.Contains("<th scope=\"row\">app</th>", File.ReadAllText(_page), StringComparison.Ordinal);
    }

    [Fact]
    public void Is_written_of_what_was_listed_where_a_folder_or_a_database_is_missing()
    {
        string absent = Path.Combine(_folder, "absent");
        (int exitCode, _, string errors) = Tool.Run(["list", Backups, absent, "--all", "-d", "app", "-d", "shop", "--report-path", _page]);

        Assert.Equal(1, exitCode);
        Assert.Contains(absent, errors, StringComparison.Ordinal);
        Assert.Contains("'shop'", errors, StringComparison.Ordinal);
        Assert.Contains("<th scope=\"row\">app</th>", File.ReadAllText(_page), StringComparison.Ordinal);
    }

    [Fact]
    public void Names_what_the_configuration_expects_and_nobody_made()
    {
        string config = Path.Combine(_folder, "c.yaml");
        File.WriteAllText(config, $"databases: [app, shop]\nlocal_backup_dir: '{Backups}'\n");
        Directory.CreateDirectory(Path.Combine(_folder, "reports"));

        (int exitCode, _, string errors) = Tool.Run("list", "--config", config, "--report-path", Path.Combine(_folder, "reports"));

        Assert.Equal((0, ""), (exitCode, errors.Contains("shop", StringComparison.Ordinal) ? errors : ""));
        string[] written = [.. Directory.GetFiles(Path.Combine(_folder, "reports")).Select(file => Path.GetExtension(file)).Order()];
        Assert.Equal([".html", ".json"], written);
        using var report = JsonDocument.Parse(File.ReadAllText(Directory.GetFiles(Path.Combine(_folder, "reports"), "*.json")[0]));
        Assert.Equal(
            ["app none", "shop none"],
            report
                .RootElement.GetProperty("databases")
                .EnumerateArray()
                .Select(row => $"{row.GetProperty("database")} {row.GetProperty("state")}")
        );
    }

    [Theory]
    [InlineData("fleet.txt", 2)]
    [InlineData("there.html", 1)]
    public void That_cannot_be_written_ends_the_list_before_it_begins(string name, int code)
    {
        File.WriteAllText(Path.Combine(_folder, "there.html"), "old");

        (int exitCode, string output, string errors) = Tool.Run("list", Backups, "--all", "--report-path", Path.Combine(_folder, name));

        Assert.Equal(code, exitCode);
        Assert.Equal("", output);
        Assert.Contains(Path.GetFileName(name), errors, StringComparison.Ordinal);
        Assert.Equal("old", File.ReadAllText(Path.Combine(_folder, "there.html")));
    }
}
