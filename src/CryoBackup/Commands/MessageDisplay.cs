using System.Management.Automation;
using CryoBackup.Text;

namespace CryoBackup.Commands;

/// <summary>What the engine says, in PowerShell's streams; each thing that is worked on has a progress bar of its own.</summary>
/// <param name="cmdlet">Whose streams they are; used only on the pipeline's thread.</param>
internal sealed class MessageDisplay(Cmdlet cmdlet)
{
    // Any constant, as long as it is not a small number that a script would choose for its own bar.
    private const int ProgressId = 0x4372796F;

    private readonly HashSet<(int Bar, string Activity)> _shown = [];

    /// <summary>Shows a message.</summary>
    /// <param name="message">What was said.</param>
    /// <param name="bar">The number of the bar for progress.</param>
    internal void Show(EngineMessage message, int bar)
    {
        switch (message)
        {
            case VerboseMessage verbose:
                cmdlet.WriteVerbose(VisibleText.Of(verbose.Text));
                break;
            case WarningMessage warning:
                cmdlet.WriteWarning(VisibleText.Of(warning.Text));
                break;
            case ProgressMessage { Completed: true }:
                Complete(bar);
                break;
            case ProgressMessage progress:
                _shown.Add((bar, progress.Activity));
                cmdlet.WriteProgress(
                    new ProgressRecord(ProgressId + bar, NotEmpty(progress.Activity), NotEmpty(progress.Status))
                    {
                        PercentComplete = progress.Fraction is { } fraction ? (int)(Math.Clamp(fraction, 0, 1) * 100) : -1,
                        SecondsRemaining = progress.Remaining is { } remaining
                            ? (int)Math.Clamp(remaining.TotalSeconds, 0, int.MaxValue)
                            : -1,
                    }
                );
                break;
        }
    }

    /// <summary>Takes a bar away.</summary>
    /// <param name="bar">Its number; one that is not shown is ignored.</param>
    internal void Complete(int bar)
    {
        foreach ((int _, string activity) in _shown.Where(shown => shown.Bar == bar).ToArray())
        {
            cmdlet.WriteProgress(
                new ProgressRecord(ProgressId + bar, NotEmpty(activity), "Done") { RecordType = ProgressRecordType.Completed }
            );
            _shown.Remove((bar, activity));
        }
    }

    // PowerShell refuses an empty text in a progress record.
    private static string NotEmpty(string text) => text.Length > 0 ? VisibleText.Of(text) : "…";
}
