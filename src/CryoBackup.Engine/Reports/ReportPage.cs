using System.Globalization;
using CryoBackup.Runs;
using CryoBackup.Text;

namespace CryoBackup.Reports;

/// <summary>
/// A report as one self-contained HTML page, for a browser or a printer: the verdict first, then the checks, the tables, and plots of
/// the database's history. It takes nothing from elsewhere, and its own policy forbids the browser to.
/// </summary>
internal sealed partial class ReportPage
{
    private readonly HtmlText _page = new();
    private readonly CancellationToken _cancellationToken;
    private readonly Dictionary<(string Folder, string Database), IReadOnlyList<BackupInfo>> _histories = [];
    private readonly HashSet<string> _plotted = new(StringComparer.Ordinal);
    private string _part = "h2";

    private ReportPage(CancellationToken cancellationToken) => _cancellationToken = cancellationToken;

    /// <summary>The page of a verification.</summary>
    /// <param name="run">A run of the verb Test that has ended.</param>
    /// <param name="cancellationToken">Ends the reading of the history.</param>
    /// <returns>UTF-8 without BOM.</returns>
    public static byte[] Verification(RunRecord run, CancellationToken cancellationToken)
    {
        var report = new ReportPage(cancellationToken);
        (string status, string heading) = VerdictLine.Of(run);
        report.Begin(heading, status, run, VerdictLine.Below(run), "Backup verification");
        if (run.Items.Count > 1)
        {
            report.Overview(run);
        }

        foreach ((RunItem item, int number) in WorstFirst(run).Select((item, number) => (item, number)))
        {
            report.Verified(item, number, run.Items.Count);
        }

        return PageFrame.End(report._page);
    }

    /// <summary>The page of a restore.</summary>
    /// <param name="run">The run that it belongs to.</param>
    /// <param name="item">The restore, done, planned or failed.</param>
    /// <param name="cancellationToken">Ends the reading of the history.</param>
    /// <returns>UTF-8 without BOM.</returns>
    public static byte[] Restore(RunRecord run, RunItem item, CancellationToken cancellationToken)
    {
        var report = new ReportPage(cancellationToken);
        RestoreResult? result = item.Restore;
        string target = result?.TargetDatabase ?? item.Wish?.TargetDatabase ?? "";
        (string status, string word) = (item.State, result?.Status) switch
        {
            (RunState.Failure, _) => ("failed", "Failed"),
            (_, RestoreStatus.Planned) => ("planned", "Planned, nothing changed"),
            _ => ("restored", "Restored"),
        };
        string sentence = result is null
            ? RunItem.Describe(item.Failure!)
            : string.Create(
                CultureInfo.InvariantCulture,
                $"{result.Objects.Length} objects; {result.Tables.Count(table => table.Matches)} of {result.Tables.Length} tables "
                    + $"compared equal."
            );
        report.Begin(
            $"{word}: {target}",
            status,
            run,
            result?.Status == RestoreStatus.Planned ? $"{result.Objects.Length} objects would be restored." : sentence,
            "Database restore"
        );
        report.Restored(item, target);
        return PageFrame.End(report._page);
    }

    private void Begin(string heading, string status, RunRecord run, string? sentence, string kind) =>
        PageFrame.Begin(
            _page,
            kind,
            status,
            heading,
            [
                .. sentence is null ? (string[])[] : [sentence],
                $"{kind}, {Figures.Moment(run.End)}, {DurationText.About(run.End - run.Start)}, on {run.Machine}",
            ]
        );

    private static IEnumerable<RunItem> WorstFirst(RunRecord run) =>
        run.Items.OrderByDescending(item => item.State).ThenBy(item => item.IsInconclusive);

    private void Overview(RunRecord run)
    {
        _page
            .Markup("<div class=\"wide overview\" role=\"region\" aria-label=\"All backups\" tabindex=\"0\"><table>\n")
            .Row("th scope=\"col\"", ["Verdict", "Database", "Server", "Backup", new("Size", "n"), new("Rows", "n"), new("Duration", "n")]);
        foreach ((RunItem item, int i) in WorstFirst(run).Select((item, number) => (item, number)))
        {
            BackupInfo? backup = HistoryOf(item).FirstOrDefault(backup => IsSame(backup, item.Path));
            _page
                .Markup(string.Create(CultureInfo.InvariantCulture, $"<tr><td class=\"word {StatusOf(item)}\">"))
                .Text(StatusOf(item))
                .Markup("</td><td>")
                .Text(item.Database)
                .Markup("</td><td>")
                .Text(ServerOf(backup))
                .Markup(string.Create(CultureInfo.InvariantCulture, $"</td><td><a href=\"#b{i}\">"))
                .Text(item.FileName)
                .Markup("</a></td><td class=\"n\">")
                .Text(backup is null ? "–" : SizeText.Of(backup.Size))
                .Markup("</td><td class=\"n\">")
                .Text(Rows(RowsOf(item, backup)))
                .Markup("</td><td class=\"n\">")
                .Text(DurationText.About(item.End - item.Start))
                .Markup("</td></tr>\n");
        }

        _page.Markup("</table></div>\n");
    }

    private void Verified(RunItem item, int number, int count)
    {
        VerificationResult? result = item.Verification;
        bool folded = count > 1 && item.State != RunState.Failure;
        _part = count > 1 ? "h3" : "h2";
        _page.Markup(string.Create(CultureInfo.InvariantCulture, $"<section id=\"b{number}\">\n"));
        if (count > 1)
        {
            _page
                .Markup(folded ? "<details><summary>" : "")
                .Markup("<h2>")
                .Text(item.FileName)
                .Markup("</h2>\n")
                .Markup(folded ? "</summary>\n" : "")
                .Markup($"<p class=\"{(item.State != RunState.Failure ? "ok" : item.IsInconclusive ? "dim" : "no")}\">")
                .Text(result?.Reason ?? item.Message)
                .Markup("</p>\n");
        }

        IReadOnlyList<BackupInfo> history = HistoryOf(item);
        BackupInfo? backup = history.FirstOrDefault(backup => IsSame(backup, item.Path));
        _page.Markup("<dl>\n");
        Fact("Database", item.Database);
        Fact("Server", ServerOf(backup));
        Fact("Backup", item.Path);
        Fact("Size", backup is null ? "" : SizeText.Of(backup.Size));
        Fact("Rows", RowsOf(item, backup) is { } rows ? Figures.Count(rows) : "");
        Fact("Level", result is null ? "" : VerificationSummary.Depth(result));
        Fact("SHA-256", result?.Hash.ToLowerInvariant() ?? "");
        Fact("Rehearsed on", result?.ServerVersion ?? "");
        Fact("Restored in", result?.RestoreDuration is { } restore ? DurationText.About(restore) : "");
        foreach ((string name, string text) in HistoryPart.Proof(history, item.End))
        {
            Fact(name, text);
        }

        _page.Markup("</dl>\n");
        Failure(item);
        Checks(result?.Checks ?? []);
        List("Differences", result?.Differences ?? []);
        List("Left out", result?.LeftOut ?? []);
        Tables(result?.Tables ?? [], history, item.Path, planned: false);

        // Of several backups of one database, the first shows the history of all.
        if (_plotted.Add(item.Database))
        {
            HistoryPart.Plots(_page, _part, history, item.Path);
        }

        _page.Markup(folded ? "</details>\n" : "").Markup("</section>\n");
    }

    private void Checks(ResultList<CheckResult> checks)
    {
        if (checks.Length > 0)
        {
            _page
                .Element(_part, "Checks")
                .Markup("<table class=\"checks\">\n")
                .Row("th scope=\"col\"", "Check", "Outcome", "Found", new("Duration", "n"));
            foreach (CheckResult check in checks)
            {
                string outcome = check.Outcome switch
                {
                    CheckOutcome.Passed => "passed",
                    CheckOutcome.Failed => "failed",
                    _ => "not_run",
                };
                _page.Row(
                    "td",
                    new(check.Name, "mono"),
                    new(outcome.Replace('_', ' '), "word " + outcome),
                    new(check.Detail, "found"),
                    new(DurationText.About(check.Duration), "n")
                );
            }

            _page.Markup("</table>\n");
        }
    }

    private void Restored(RunItem item, string target)
    {
        RestoreResult? result = item.Restore;
        _page.Markup("<section>\n<dl>\n");
        Fact("Target", target + (result is null ? "" : $" on {result.ComputerName}, port {result.Port}"));
        Fact("Mode", result?.Mode.ToString() ?? "");
        Fact("Backup", item.Path);
        Fact("Source", item.Database);
        Fact("Kept before", result?.PreviousDatabase ?? "");
        _page.Markup("</dl>\n");
        Failure(item);
        IReadOnlyList<BackupInfo> history = HistoryOf(item);
        List("Warnings", item.Warnings);
        Tables(result?.Tables ?? [], history, item.Path, result?.Status == RestoreStatus.Planned);
        List("Left out", result?.LeftOut ?? []);
        if (result is { Objects.Length: > 0 })
        {
            _page
                .Markup($"<{_part}>Objects</{_part}>\n<details><summary>")
                .Text(string.Create(CultureInfo.InvariantCulture, $"{result.Objects.Length} objects, in order"))
                .Markup("</summary><pre>")
                .Text(string.Join('\n', result.Objects))
                .Markup("</pre></details>\n");
        }

        HistoryPart.Plots(_page, _part, history, item.Path);
        _page.Markup("</section>\n");
    }

    private void Fact(string name, string value)
    {
        if (value.Length > 0)
        {
            _page.Markup("<dt>").Text(name).Markup("</dt><dd>").Text(value).Markup("</dd>\n");
        }
    }

    private void Failure(RunItem item)
    {
        if (item.Failure is CryoBackupException { StandardError: { Count: > 0 } lines })
        {
            _page.Element("pre", string.Join('\n', lines));
        }

        if (item.Remedy is not null)
        {
            _page.Markup("<p><strong>Remedy:</strong> ").Text(item.Remedy).Markup("</p>\n");
        }
    }

    private void List(string heading, IReadOnlyList<string> lines)
    {
        if (lines.Count == 0)
        {
            return;
        }

        _page.Element(_part, heading).Markup("<ul>\n");
        foreach (string line in lines)
        {
            _page.Element("li", line);
        }

        _page.Markup("</ul>\n");
    }

    private void Tables(ResultList<TableComparison> tables, IReadOnlyList<BackupInfo> history, string path, bool planned)
    {
        if (tables.Length == 0)
        {
            return;
        }

        var sizes = (history.FirstOrDefault(backup => IsSame(backup, path))?.Tables ?? []).ToDictionary(
            table => (table.Schema, table.Name),
            table => table.Bytes
        );
        _page.Element(_part, "Tables");
        _page
            .Markup("<div class=\"wide\" role=\"region\" tabindex=\"0\" aria-label=\"")
            .Text($"Tables of {Path.GetFileName(path)}")
            .Markup("\"><table class=\"tables\">\n")
            .Row("th scope=\"col\"", ["Table", "Content", new("Expected rows", "n"), new("Found rows", "n"), new("Size", "n")]);
        foreach (TableComparison table in tables)
        {
            string size = sizes.TryGetValue((table.Schema, table.Name), out long bytes) ? SizeText.Of(bytes) : "–";
            (string word, string look) = table switch
            {
                _ when planned => ("–", "dim"),
                { Matches: true } => ("equal", "word passed"),
                { ExpectedFingerprint.Length: 0 } => ("nothing to compare with", "dim"),
                { FoundFingerprint.Length: 0 } => ("missing", "word failed"),
                _ => ("differs", "word failed"),
            };
            _page.Row(
                "td",
                new(table.ToString(), "name"),
                new(word, look),
                new(Rows(table.ExpectedRows), "n"),
                new(Rows(table.FoundRows), "n"),
                new(size, "n")
            );
        }

        _page.Markup("</table></div>\n");
    }

    private IReadOnlyList<BackupInfo> HistoryOf(RunItem item)
    {
        if (item.Database.Length == 0 || Path.GetDirectoryName(item.Path) is not { Length: > 0 } folder)
        {
            return [];
        }

        if (!_histories.TryGetValue((folder, item.Database), out IReadOnlyList<BackupInfo>? history))
        {
            history = BackupHistory.Read(folder, item.Database, _cancellationToken);
            _histories.Add((folder, item.Database), history);
        }

        return history;
    }

    private static bool IsSame(BackupInfo backup, string path) => string.Equals(backup.Path, path, StringComparison.Ordinal);

    private static string ServerOf(BackupInfo? backup) =>
        backup is { ComputerName.Length: > 0 } ? string.Create(CultureInfo.InvariantCulture, $"{backup.ComputerName}:{backup.Port}") : "";

    private static long? RowsOf(RunItem item, BackupInfo? backup) =>
        backup is { TableCount: > 0 } ? backup.RowCount
        : item.Verification is { Tables: { Length: > 0 } tables } ? tables.Sum(table => table.ExpectedRows ?? table.FoundRows ?? 0)
        : null;

    private static string StatusOf(RunItem item) =>
        item.State != RunState.Failure ? "passed"
        : item.IsInconclusive ? "inconclusive"
        : "failed";

    private static string Rows(long? rows) => rows is { } number ? Figures.Count(number) : "–";
}
