using System.Globalization;
using System.Text;
using CryoBackup.Configuration;
using CryoBackup.Reports;
using CryoBackup.Runs;
using CryoBackup.Text;

namespace CryoBackup.Notifications;

/// <summary>What the channels tell: one run, in words for people and as JSON for programs.</summary>
internal sealed class Notification
{
    private const int MostOfTitle = 500;
    private const int MostOfBody = 200_000;

    private readonly Lazy<string> _body;
    private readonly Lazy<RunDocument> _document;

    /// <summary>Tells of a run.</summary>
    /// <param name="run">A run that has ended.</param>
    public Notification(RunRecord run)
    {
        Run = run;
        _body = new(() => Cut(Describe(), MostOfBody));
        _document = new(() => RunDocument.Of(this));
    }

    /// <summary>The run.</summary>
    public RunRecord Run { get; }

    /// <summary>What a channel may want to hear of, or not.</summary>
    public NotificationEvent Event =>
        Run.State switch
        {
            RunState.Success => NotificationEvent.Success,
            RunState.Warning => NotificationEvent.Warning,
            _ => NotificationEvent.Failure,
        };

    /// <summary>success, warning or failure.</summary>
    public string EventName => Event.ToString().ToLowerInvariant();

    /// <summary>What a receiver knows it by, however often it is sent.</summary>
    public string Id { get; } = Guid.NewGuid().ToString("N");

    /// <summary>The run in one line, of a length that every channel takes.</summary>
    public string Title => Cut(Run.Title, MostOfTitle);

    /// <summary>The run in a few lines of plain text, each ended by a newline.</summary>
    public string Body => _body.Value;

    /// <summary>The run for programs.</summary>
    public RunDocument Document => _document.Value;

    /// <summary>A text cut to a length that a service accepts.</summary>
    /// <param name="text">The text.</param>
    /// <param name="length">The most characters.</param>
    public static string Cut(string text, int length) =>
        text.Length <= length ? text : $"{text.AsSpan(0, char.IsHighSurrogate(text[length - 2]) ? length - 2 : length - 1)}…";

    private string Describe()
    {
        var text = new StringBuilder();
        if (Run.Kind == RunKind.Trial)
        {
            text.Append("This is a test. Nothing was backed up, verified or restored.\n");
        }

        foreach (RunItem item in Run.Items)
        {
            text.Append(item.Message).Append('\n');
            string figures = FiguresOf(item);
            if (figures.Length > 0)
            {
                text.Append("  ").Append(figures).Append('\n');
            }

            foreach (string removed in item.Backup?.Removed ?? [])
            {
                text.Append("  Removed old backup: ").Append(removed).Append('\n');
            }

            foreach (string warning in item.Warnings)
            {
                text.Append("  Warning: ").Append(warning).Append('\n');
            }

            if (item.Failure is CryoBackupException known)
            {
                foreach (string line in known.StandardError)
                {
                    text.Append("  ").Append(line).Append('\n');
                }
            }

            if (item.Remedy is not null)
            {
                text.Append("  Remedy: ").Append(item.Remedy).Append('\n');
            }
        }

        foreach (string report in Run.Reports)
        {
            text.Append("Report: ").Append(report).Append('\n');
        }

        return text.Append(
                CultureInfo.InvariantCulture,
                $"Run on {Run.Machine}, {Figures.Moment(Run.Start)}, {DurationText.About(Run.End - Run.Start)}\n"
            )
            .ToString();
    }

    private static string FiguresOf(RunItem item) =>
        item switch
        {
            { Backup: { } backup } => $"{SizeText.Of(backup.Size)}, {Rows(backup)}{DurationText.About(backup.Duration)}",
            { Removal: { Action: RemovalAction.Removed } removal } => SizeText.Of(removal.Size),
            { Verification: { } result } => $"Level {VerificationSummary.Depth(result)}, {DurationText.About(result.Duration)}",
            { Restore: { } result } => string.Create(
                CultureInfo.InvariantCulture,
                $"{result.Objects.Length} objects, {result.Tables.Length} tables, {DurationText.About(result.Duration)}"
            ),
            _ => "",
        };

    // Manifests of encrypted backups tell of no rows.
    private static string Rows(BackupInfo backup) =>
        backup.TableCount == 0
            ? ""
            : string.Create(CultureInfo.InvariantCulture, $"{backup.TableCount} tables, {Figures.Count(backup.RowCount)} rows, ");
}
