namespace CryoBackup.Backup;

/// <summary>
/// A backup that is published. What follows it can neither delete it nor turn it into a failure: whatever goes wrong there is a warning.
/// </summary>
/// <param name="info">The backup; takes the warnings.</param>
/// <param name="observer">Takes the warnings and whatever else is told.</param>
internal sealed class PublishedBackup(BackupInfo info, Action<EngineMessage> observer)
{
    /// <summary>The backup.</summary>
    public BackupInfo Info { get; } = info;

    /// <summary>Does what follows.</summary>
    /// <param name="failure">What it means if that fails, in words before a colon: <c>Older backups were not removed</c>.</param>
    /// <param name="step">The step; takes where to send messages, of which warnings are the backup's too.</param>
    public void Follow(string failure, Action<Action<EngineMessage>> step)
    {
        try
        {
            step(Tell);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            Tell(new WarningMessage($"{failure}: {exception.Message}"));
        }
    }

    /// <summary>Tells something, to whoever still listens.</summary>
    /// <param name="message">What.</param>
    public void Tell(EngineMessage message)
    {
        if (message is WarningMessage warning)
        {
            Info.Warnings = [.. Info.Warnings, warning.Text];
        }

        try
        {
            observer(message);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // Whoever was to hear it failed; the backup did not.
        }
    }
}
