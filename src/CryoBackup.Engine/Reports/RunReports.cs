using CryoBackup.Configuration;
using CryoBackup.Runs;

namespace CryoBackup.Reports;

/// <summary>Writes the reports of a run: one of all its verifications, removals or holds, or one of each restore.</summary>
/// <param name="files">Where they go.</param>
/// <param name="log">The log, which is told of each; null for none.</param>
/// <param name="fail">Takes why one could not be written.</param>
internal sealed class RunReports(ReportFiles files, RunLog? log, Action<Exception> fail)
{
    /// <summary>Where the reports of a run go.</summary>
    /// <param name="kind">What the run does.</param>
    /// <param name="settings">The section of the configuration; null for none.</param>
    /// <param name="path">What the user gave for them; null for what the configuration says.</param>
    /// <returns>Null where no report is written.</returns>
    /// <exception cref="CryoBackupException">ConfigurationInvalid, DestinationNotWritable: of the path that the user gave.</exception>
    public static ReportFiles? Files(RunKind kind, ReportSettings? settings, string? path)
    {
        string? folder =
            kind == RunKind.Restore ? settings?.RestoreDir
            : kind == RunKind.Verification ? settings?.VerificationDir
            : IsOfRetention(kind) ? settings?.RemovalDir
            : null;
        return kind != RunKind.Restore && kind != RunKind.Verification && !IsOfRetention(kind) ? null
            : path is not null ? ReportFiles.At(path, settings?.Html ?? false)
            : settings is { Enabled: true } && folder is not null ? ReportFiles.InFolder(folder, settings.Html)
            : null;
    }

    /// <summary>Writes them, and tells the results where.</summary>
    /// <param name="run">A run that has ended.</param>
    /// <param name="cancellationToken">Gives up reading older backups for the page.</param>
    public void Write(RunRecord run, CancellationToken cancellationToken)
    {
        if (run.Kind == RunKind.Verification)
        {
            string? report = Write(
                run,
                run.End,
                () => ReportJson.Serialize(VerificationReport.Of(run)),
                () => ReportPage.Verification(run, cancellationToken)
            );
            foreach (VerificationResult result in run.Items.Select(item => item.Verification).OfType<VerificationResult>())
            {
                result.ReportPath = report;
            }

            return;
        }

        if (IsOfRetention(run.Kind))
        {
            Write(run, run.End, () => ReportJson.Serialize(RemovalReport.Of(run)), () => ReportPage.Removal(run, cancellationToken));
            return;
        }

        foreach (RunItem item in run.Items)
        {
            string? report = Write(
                run,
                item.End,
                () => ReportJson.Serialize(RestoreReport.Of(run, item)),
                () => ReportPage.Restore(run, item, cancellationToken)
            );
            if (item.Restore is { } result)
            {
                result.ReportPath = report;
            }
        }
    }

    private static bool IsOfRetention(RunKind kind) => kind == RunKind.Removal || kind == RunKind.Hold;

    private string? Write(RunRecord run, DateTime time, Func<byte[]> json, Func<byte[]> html)
    {
        try
        {
            IReadOnlyList<string> written = files.Write(run.Kind.Name, time, json, html);
            foreach (string path in written)
            {
                run.Reports.Add(path);
                log?.Reported(run.Kind.Noun, path);
            }

            return written[0];
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            fail(exception);
            return null;
        }
    }
}
