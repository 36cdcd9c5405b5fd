using System.Globalization;
using System.Text;
using CryoBackup.Runs;
using CryoBackup.Text;

namespace CryoBackup.Reports;

/// <summary>
/// A report as one self-contained HTML page, for a browser or a printer: the verdict first, then the checks, the tables, and plots of
/// the database's history. It takes nothing from elsewhere, and its own policy forbids the browser to.
/// </summary>
internal sealed class ReportPage
{
    // More tables than these are folded in the page of many backups.
    private const int Unfolded = 3;
    private static readonly Lazy<string> Style = new(static () =>
    {
        using Stream stream = typeof(ReportPage).Assembly.GetManifestResourceStream("CryoBackup.Reports.report.css")!;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    });

    private readonly HtmlText _page = new();
    private readonly CancellationToken _cancellationToken;
    private readonly Dictionary<(string Folder, string Database), IReadOnlyList<BackupInfo>> _histories = [];
    private readonly HashSet<string> _plotted = new(StringComparer.Ordinal);

    private ReportPage(CancellationToken cancellationToken) => _cancellationToken = cancellationToken;

    /// <summary>The page of a verification.</summary>
    /// <param name="run">A run of the verb Test that has ended.</param>
    /// <param name="cancellationToken">Ends the reading of the history.</param>
    /// <returns>UTF-8 without BOM.</returns>
    public static byte[] Verification(RunRecord run, CancellationToken cancellationToken)
    {
        var report = new ReportPage(cancellationToken);
        int passed = run.Items.Count(item => item.State == RunState.Success);
        (string status, string word) =
            run.State != RunState.Failure ? ("passed", "Passed")
            : run.Items.Exists(item => item is { State: RunState.Failure, IsInconclusive: false }) ? ("failed", "Failed")
            : ("inconclusive", "Inconclusive");
        string heading = run.Items is [var only] ? $"{word}: {only.Name}" : $"{word}: {passed} of {run.Items.Count} backups are proven";
        report.Begin(heading, status, run, run.Items is [{ } one] ? one.Verification?.Reason ?? one.Message : null, "Backup verification");
        if (run.Items.Count > 1)
        {
            report.Overview(run);
        }

        for (int i = 0; i < run.Items.Count; i++)
        {
            report.Verified(run.Items[i], i, run.Items.Count);
        }

        return report.End();
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
        return report.End();
    }

    private void Begin(string heading, string status, RunRecord run, string? sentence, string kind)
    {
        _page
            .Markup("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
            .Markup(
                "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">\n"
            )
            .Markup(
                "<meta name=\"viewport\" content=\"width=device-width, "
                    + "initial-scale=1\">\n<meta name=\"generator\" content=\"CryoBackup\">\n"
            )
            .Markup("<link rel=\"icon\" href=\"data:,\">\n")
            .Element("title", $"{kind} – {heading}")
            .Markup("<style>\n")
            .Markup(Style.Value)
            .Markup("</style>\n</head>\n<body>\n<main>\n")
            .Markup($"<div class=\"verdict {status}\">\n")
            .Element("h1", heading);
        if (sentence is not null)
        {
            _page.Element("p", sentence);
        }

        _page
            .Markup("<p class=\"dim\">")
            .Text($"{kind}, {Figures.Moment(run.End)}, {DurationText.About(run.End - run.Start)}, on {run.Machine}")
            .Markup("</p>\n</div>\n");
    }

    private byte[] End()
    {
        _page.Markup("</main>\n<footer class=\"dim\">").Text($"CryoBackup {ToolVersion.Text}").Markup("</footer>\n</body>\n</html>\n");
        return Encoding.UTF8.GetBytes(_page.ToString());
    }

    private void Overview(RunRecord run)
    {
        _page.Markup("<div class=\"wide overview\"><table>\n").Row("th", "Verdict", "Database", "Backup", new("Duration", "n"));
        for (int i = 0; i < run.Items.Count; i++)
        {
            RunItem item = run.Items[i];
            _page
                .Markup(string.Create(CultureInfo.InvariantCulture, $"<tr><td class=\"word {StatusOf(item)}\">"))
                .Text(StatusOf(item))
                .Markup("</td><td>")
                .Text(item.Database)
                .Markup(string.Create(CultureInfo.InvariantCulture, $"</td><td><a href=\"#b{i}\">"))
                .Text(item.FileName)
                .Markup("</a></td><td class=\"n\">")
                .Text(DurationText.About(item.End - item.Start))
                .Markup("</td></tr>\n");
        }

        _page.Markup("</table></div>\n");
    }

    private void Verified(RunItem item, int number, int count)
    {
        VerificationResult? result = item.Verification;
        if (count > 1)
        {
            _page
                .Markup(string.Create(CultureInfo.InvariantCulture, $"<section id=\"b{number}\">\n"))
                .Element("h2", item.FileName)
                .Markup($"<p class=\"{(item.State != RunState.Failure ? "ok" : item.IsInconclusive ? "dim" : "no")}\">")
                .Text(result?.Reason ?? item.Message)
                .Markup("</p>\n");
        }
        else
        {
            _page.Markup("<section>\n");
        }

        _page.Markup("<dl>\n");
        Fact("Database", item.Database);
        Fact("Backup", item.Path);
        Fact("Level", result?.Level.ToString() ?? "");
        Fact("SHA-256", result?.Hash.ToLowerInvariant() ?? "");
        Fact("Rehearsed on", result?.ServerVersion ?? "");
        Fact("Restored in", result?.RestoreDuration is { } restore ? DurationText.About(restore) : "");
        _page.Markup("</dl>\n");
        Failure(item);
        Checks(result?.Checks ?? []);
        List("Differences", result?.Differences ?? []);
        List("Left out", result?.LeftOut ?? []);
        IReadOnlyList<BackupInfo> history = HistoryOf(item);
        Tables(result?.Tables ?? [], history, item.Path, planned: false, folded: count > Unfolded && item.State == RunState.Success);

        // Of several backups of one database, the first shows the history of all.
        if (_plotted.Add(item.Database))
        {
            Plots(history, item.Path);
        }

        _page.Markup("</section>\n");
    }

    private void Checks(CheckResult[] checks)
    {
        if (checks.Length > 0)
        {
            _page.Element("h3", "Checks").Markup("<table class=\"checks\">\n").Row("th", "Check", "Outcome", "Found", new("Duration", "n"));
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
        Tables(result?.Tables ?? [], history, item.Path, result?.Status == RestoreStatus.Planned, folded: false);
        List("Left out", result?.LeftOut ?? []);
        if (result is { Objects.Length: > 0 })
        {
            _page
                .Markup("<h3>Objects</h3>\n<details><summary>")
                .Text(string.Create(CultureInfo.InvariantCulture, $"{result.Objects.Length} objects, in order"))
                .Markup("</summary><pre>")
                .Text(string.Join('\n', result.Objects))
                .Markup("</pre></details>\n");
        }

        Plots(history, item.Path);
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

        _page.Element("h3", heading).Markup("<ul>\n");
        foreach (string line in lines)
        {
            _page.Element("li", line);
        }

        _page.Markup("</ul>\n");
    }

    private void Tables(TableComparison[] tables, IReadOnlyList<BackupInfo> history, string path, bool planned, bool folded)
    {
        if (tables.Length == 0)
        {
            return;
        }

        Dictionary<(string Schema, string Name), long> sizes = (
            history.FirstOrDefault(backup => IsSame(backup, path))?.Tables ?? []
        ).ToDictionary(table => (table.Schema, table.Name), table => table.Bytes);
        _page.Element("h3", "Tables");
        if (folded)
        {
            _page
                .Markup("<details><summary>")
                .Text(string.Create(CultureInfo.InvariantCulture, $"{tables.Length} tables"))
                .Markup("</summary>");
        }

        _page
            .Markup("<div class=\"wide\"><table class=\"tables\">\n")
            .Row("th", "Table", "Content", new("Expected rows", "n"), new("Found rows", "n"), new("Size", "n"));
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
        if (folded)
        {
            _page.Markup("</details>\n");
        }
    }

    private void Plots(IReadOnlyList<BackupInfo> history, string path)
    {
        // Where one file is gone, its manifest still tells of its time; one without a time cannot be shown.
        BackupInfo[] shown = [.. history.Where(backup => backup.Start > DateTime.MinValue)];
        if (shown.Length == 0)
        {
            return;
        }

        DateTime? current = shown.FirstOrDefault(backup => IsSame(backup, path))?.Start;
        _page.Element("h3", "History").Markup("<div class=\"plots\">\n");
        Plot.Draw(_page, "Size", [.. shown.Select(backup => (backup.Start, (double)backup.Size))], SizeText.Of, current);
        (DateTime, double)[] durations =
        [
            .. shown.Where(backup => backup.Duration > TimeSpan.Zero).Select(backup => (backup.Start, backup.Duration.TotalSeconds)),
        ];
        if (durations.Length > 0)
        {
            Plot.Draw(_page, "Duration", durations, seconds => DurationText.About(TimeSpan.FromSeconds(seconds)), current);
        }

        // Manifests of encrypted backups and of the predecessor tell of no rows.
        (DateTime, double)[] rows =
        [
            .. shown.Where(backup => backup.TableCount > 0).Select(backup => (backup.Start, (double)backup.RowCount)),
        ];
        if (rows.Length > 0)
        {
            Plot.Draw(_page, "Rows", rows, Figures.Count, current);
        }

        _page.Markup("</div>\n");
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

    private static string StatusOf(RunItem item) =>
        item.State != RunState.Failure ? "passed"
        : item.IsInconclusive ? "inconclusive"
        : "failed";

    private static string Rows(long? rows) => rows is { } number ? Figures.Count(number) : "–";
}
