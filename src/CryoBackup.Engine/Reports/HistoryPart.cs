using CryoBackup.Text;

namespace CryoBackup.Reports;

/// <summary>How a database's backups went on: how old its proof is, and plots over time.</summary>
internal static class HistoryPart
{
    /// <summary>When any of the backups was last proven, and when one last came back.</summary>
    /// <param name="history">The backups, oldest first.</param>
    /// <param name="now">The moment that ages are told of, in UTC.</param>
    /// <returns>Names and texts; none of what never was.</returns>
    public static IEnumerable<(string Name, string Text)> Proof(IReadOnlyList<BackupInfo> history, DateTime now)
    {
        if (history.Count > 0)
        {
            yield return ("Last proven", Ago(history.Max(backup => backup.Proven), now) ?? "never");
            yield return ("Last rehearsed", Ago(history.Max(backup => backup.Rehearsed), now) ?? "never");
        }
    }

    /// <summary>A moment and its age.</summary>
    /// <param name="moment">In UTC; null for none.</param>
    /// <param name="now">In UTC.</param>
    public static string? Ago(DateTime? moment, DateTime now) =>
        moment is not { } known ? null
        : now - known is { Ticks: > 0 } age ? $"{Figures.Moment(known)}, {DurationText.About(age)} ago"
        : Figures.Moment(known);

    /// <summary>Draws sizes, durations, rows and the time that restores took.</summary>
    /// <param name="page">Takes the plots.</param>
    /// <param name="heading">The heading's element: h2 or h3.</param>
    /// <param name="history">The backups, oldest first.</param>
    /// <param name="path">The backup that the page is about.</param>
    public static void Plots(HtmlText page, string heading, IReadOnlyList<BackupInfo> history, string path)
    {
        // Where one file is gone, its manifest still tells of its time; one without a time cannot be shown.
        BackupInfo[] shown = [.. history.Where(backup => backup.Start > DateTime.MinValue)];
        if (shown.Length == 0)
        {
            return;
        }

        DateTime? current = Array.Find(shown, backup => string.Equals(backup.Path, path, StringComparison.Ordinal))?.Start;
        page.Element(heading, "History").Markup("<div class=\"plots\">\n");
        Draw("Size", backup => backup.Size, SizeText.Of);
        Draw("Duration", backup => backup.Duration.TotalSeconds, Seconds);

        // Manifests of encrypted backups and of the predecessor tell of no rows.
        Draw("Rows", backup => backup.TableCount > 0 ? backup.RowCount : null, Figures.Count);
        Draw("Restore time", backup => backup.RestoreDuration?.TotalSeconds, Seconds);
        page.Markup("</div>\n");

        void Draw(string title, Func<BackupInfo, double?> value, Func<double, string> words)
        {
            (DateTime, double)[] points =
            [
                .. from backup in shown
                let known = value(backup)
                where known > 0 || title != "Duration" && known == 0
                select (backup.Start, known ?? 0),
            ];
            if (points.Length > 0)
            {
                Plot.Draw(page, title, points, words, current);
            }
        }
    }

    private static string Seconds(double seconds) => DurationText.About(TimeSpan.FromSeconds(seconds));
}
