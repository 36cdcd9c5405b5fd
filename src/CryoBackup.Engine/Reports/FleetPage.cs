using System.Globalization;
using CryoBackup.Text;

namespace CryoBackup.Reports;

/// <summary>The page of many databases: one row each, those that want a look first.</summary>
internal static class FleetPage
{
    /// <summary>Writes it.</summary>
    /// <param name="rows">The databases.</param>
    /// <param name="now">In UTC.</param>
    /// <param name="machine">The machine that looked.</param>
    /// <returns>UTF-8 without BOM.</returns>
    public static byte[] Write(IReadOnlyList<FleetRow> rows, DateTime now, string machine)
    {
        var page = new HtmlText();
        (string status, string heading) = Verdict(rows);
        int servers = rows.Select(row => row.Server).Where(server => server.Length > 0).Distinct(StringComparer.Ordinal).Count();
        PageFrame.Begin(
            page,
            "Backups of all databases",
            status,
            heading,
            Summary(rows, now),
            string.Create(
                CultureInfo.InvariantCulture,
                $"{rows.Count} {(rows.Count == 1 ? "database" : "databases")}, {servers} {(servers == 1 ? "server" : "servers")}, "
                    + $"{Figures.Moment(now)}, on {machine}"
            )
        );
        page.Markup("<div class=\"wide overview\" role=\"region\" aria-label=\"All databases\" tabindex=\"0\"><table class=\"fleet\">\n")
            .Row(
                "th scope=\"col\"",
                [
                    "State",
                    "Database",
                    "Server",
                    new("Last backup", "n"),
                    new("Proven", "n"),
                    new("Rehearsed", "n"),
                    new("Restored in", "n"),
                    new("Rows", "n"),
                    new("Size", "n"),
                    "Trend",
                    "Holes",
                ]
            );
        foreach (FleetRow row in rows)
        {
            Row(page, row, now);
        }

        page.Markup("</table></div>\n");
        Legend(page);
        return PageFrame.End(page);
    }

    private static (string Status, string Heading) Verdict(IReadOnlyList<FleetRow> rows)
    {
        FleetRow[] failed = [.. rows.Where(row => row.Status == "failed")];
        FleetRow[] odd = [.. rows.Where(row => row.Status == "inconclusive")];
        FleetRow[] bad = failed.Length > 0 ? failed : odd;
        string names = PageFrame.Several([.. bad.Select(row => row.Database).Distinct(StringComparer.Ordinal)]);
        return rows.Count == 0 ? ("failed", "No backup of any database")
            : failed.Length > 0 ? ("failed", $"Without a good, young backup: {names} ({failed.Length} of {rows.Count} databases)")
            : odd.Length > 0 ? ("inconclusive", $"Wants a look: {names} ({odd.Length} of {rows.Count} databases)")
            : (
                "passed",
                rows.Count == 1 ? $"The backup of {rows[0].Database} is proven" : $"The backups of all {rows.Count} databases are proven"
            );
    }

    private static string Summary(IReadOnlyList<FleetRow> rows, DateTime now) =>
        rows.Count == 0
            ? "Nothing was listed, and nothing was expected."
            : string.Join(
                ", ",
                rows.GroupBy(row => row.Word)
                    .OrderByDescending(group => group.Count())
                    .Select(group => $"{group.Count()} {group.Key.ToLowerInvariant()}")
            )
                + "; "
                + (
                    rows.Select(row => row.Rehearsed).Where(time => time is not null).Min() is { } oldest
                    && rows.All(row => row.Rehearsed is not null)
                        ? $"each came back in a rehearsal, the longest ago {Age(oldest, now)}."
                        : $"{rows.Count(row => row.Rehearsed is null)} never came back in a rehearsal."
                );

    private static void Row(HtmlText page, FleetRow row, DateTime now)
    {
        page.Markup($"<tr><td class=\"word {row.Status}\">")
            .Text(row.Word)
            .Markup("</td><th scope=\"row\">")
            .Text(row.Database)
            .Markup("</th>");
        Cell("Server", row.Server, "");
        Cell("Last backup", Age(row.Newest?.Start, now), "n");
        Cell("Proven", Age(row.Proven, now), "n");
        Cell("Rehearsed", Age(row.Rehearsed, now), "n");
        Cell("Restored in", row.RestoreDuration is { } restore ? DurationText.About(restore) : "–", "n");
        Cell("Rows", row.Newest is { TableCount: > 0 } counted ? Figures.Count(counted.RowCount) : "–", "n");
        Cell("Size", row.Newest is { } newest ? SizeText.Of(newest.Size) : "–", "n");
        page.Markup("<td data-name=\"Trend\">");
        Plot.Spark(page, [.. row.Backups.Select(backup => (backup.Start, (double)backup.Size))], SizeText.Of);
        page.Markup("</td>");
        Cell("Holes", Holes(row), row.Holes.Count > 0 ? "inconclusive" : "");
        page.Markup("</tr>\n");

        void Cell(string name, string text, string look) =>
            page.Markup($"<td data-name=\"{name}\" class=\"{look}\">").Text(text).Markup("</td>");
    }

    private static string Holes(FleetRow row)
    {
        if (row.Holes.Count == 0)
        {
            return row.Newest is null ? "–" : "none";
        }

        (DateTime from, DateTime until) = row.Holes.MaxBy(hole => hole.Until - hole.From);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{row.Holes.Count}, the longest {DurationText.About(until - from)} from {from:yyyy-MM-dd HH:mm}"
        );
    }

    private static void Legend(HtmlText page) =>
        page.Markup("<section><h2>What the words mean</h2><dl>\n")
            .Markup("<dt>Rehearsed</dt><dd>The newest backup was restored, and all that came back was compared.</dd>\n")
            .Markup("<dt>Proven</dt><dd>Its rows were counted and compared; it has not been restored yet.</dd>\n")
            .Markup("<dt>Unproven</dt><dd>Nothing has proven it where it lies.</dd>\n")
            .Markup("<dt>Degraded</dt><dd>It holds suspiciously less than the proven one before it.</dd>\n")
            .Markup("<dt>Late</dt><dd>It is older than the configuration permits.</dd>\n")
            .Markup("<dt>None</dt><dd>The configuration names the database, and no backup of it was found.</dd>\n")
            .Markup("<dt>Holes</dt><dd>Times without a backup: longer than the configuration permits, or than twice the usual.</dd>\n")
            .Markup("</dl></section>\n");

    private static string Age(DateTime? moment, DateTime now) =>
        moment is not { } known ? "never"
        : now - known is { Ticks: > 0 } age ? $"{DurationText.About(age)} ago"
        : "now";
}
