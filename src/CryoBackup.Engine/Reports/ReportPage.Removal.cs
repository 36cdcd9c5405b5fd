using CryoBackup.Runs;
using CryoBackup.Text;

namespace CryoBackup.Reports;

// What became of backups that were there already: one table, what went and what was hindered first.
internal sealed partial class ReportPage
{
    /// <summary>The page of removals, or of holds.</summary>
    /// <param name="run">A run of Remove, Protect or Unprotect that has ended.</param>
    /// <param name="cancellationToken">Not asked: nothing is read for it.</param>
    /// <returns>UTF-8 without BOM.</returns>
    public static byte[] Removal(RunRecord run, CancellationToken cancellationToken)
    {
        var report = new ReportPage(cancellationToken);
        var content = RemovalReport.Of(run);
        (string status, string word) = run.State switch
        {
            RunState.Failure => ("failed", "Failed"),
            RunState.Warning => ("inconclusive", "With warnings"),
            _ => ("passed", run.Kind == RunKind.Hold ? "Changed" : "Removed"),
        };
        string heading =
            run.Kind == RunKind.Hold
                ? $"{word}: holds of {Figures.Count(content.Backups.Length)} backups"
                : $"{word}: {Figures.Count(content.Removed)} of {Figures.Count(content.Backups.Length)} backups removed";
        string sentence =
            run.Kind == RunKind.Hold
                ? $"{Figures.Count(run.Items.Count(item => item.Failure is not null))} failed."
                : $"{SizeText.Of(content.RemovedBytes)} removed; {Figures.Count(content.Blocked)} hindered; "
                    + $"{Figures.Count(content.Kept)} kept.";
        report.Begin(heading, status, run, sentence, run.Kind == RunKind.Hold ? "Holds of backups" : "Removal of old backups");
        report.Decided(content);
        foreach (RunItem failed in run.Items.Where(item => item.Failure is not null))
        {
            report.Failure(failed);
        }

        return PageFrame.End(report._page);
    }

    private void Decided(RemovalReport content)
    {
        _page.Markup("<section>\n<div class=\"wide\"><table>\n").Row("th", "Action", "Backup", new("Size", "n"), "Proven", "Reasons");
        foreach (RemovalReport.BackupLine backup in content.Backups.OrderBy(Rank))
        {
            _page.Row(
                "td",
                new(
                    backup.Action,
                    backup.Action switch
                    {
                        "blocked" => "word inconclusive",
                        "removed" => "word restored",
                        _ => "word",
                    }
                ),
                Path.GetFileName(backup.Path),
                new(SizeText.Of(backup.SizeBytes), "n"),
                backup.ProvenAt is null ? "no"
                    : backup.RehearsedAt is null ? "yes"
                    : "rehearsed",
                string.Join("; ", backup.Reasons)
            );
        }

        _page.Markup("</table></div>\n</section>\n");
    }

    private static int Rank(RemovalReport.BackupLine backup) =>
        backup.Action switch
        {
            "blocked" => 0,
            "removed" => 1,
            _ => 2,
        };
}
