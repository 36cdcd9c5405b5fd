using CryoBackup.Stores;

namespace CryoBackup.Storage;

/// <summary>
/// Leaves verdicts beside a backup, for whoever asks later whether it is proven. That one cannot be left there changes nothing about it.
/// </summary>
internal sealed class ProofMemory
{
    private readonly StoredFile _backup;
    private readonly Action<EngineMessage> _observer;
    private readonly CancellationToken _cancellation;

    // As it is before it is read: what is changed meanwhile is not what was proven.
    private readonly FileMark? _file;

    /// <summary>Looks at a backup that is about to be proven.</summary>
    /// <param name="backup">The backup.</param>
    /// <param name="observer">Learns that a verdict is not remembered.</param>
    /// <param name="cancellationToken">Ends the look, and the writing.</param>
    public ProofMemory(StoredFile backup, Action<EngineMessage> observer, CancellationToken cancellationToken)
    {
        _backup = backup;
        _observer = observer;
        _cancellation = cancellationToken;
        _file = Look();
    }

    /// <summary>Remembers a verdict, where a manifest describes the backup.</summary>
    /// <param name="level">How deep it went.</param>
    /// <param name="verdict">What it concluded.</param>
    /// <param name="time">When it ended, in UTC.</param>
    /// <param name="sha256">The SHA-256 of what it read, in hexadecimal; empty where it could not be read.</param>
    /// <param name="restore">How long the restore of a rehearsal took; null where nothing was restored.</param>
    public void Take(VerificationLevel level, Verdict verdict, DateTime time, string sha256, TimeSpan? restore = null)
    {
        if (_file is null)
        {
            return;
        }

        try
        {
            ProofRecord.TestVerdict one = ProofRecord.TestVerdict.Of(level, verdict, time, sha256, _file) with
            {
                RestoreSeconds = restore?.TotalSeconds,
            };
            if (_backup.IsInStore)
            {
                TakeInStoreAsync(one).GetAwaiter().GetResult();
            }
            else if (File.Exists(_backup.Path + BackupFileName.ManifestSuffix))
            {
                ProofRecord.Remember(_backup.Path, one);
            }
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            string text = $"The verdict on '{_backup.Path}' is not remembered: {exception.Message}";

            // To test in a folder where one may not write is no fault; that a bad backup still counts as proven there must be heard, and
            // so must it that a store's rules count what nobody may note.
            _observer(verdict == Verdict.Failed || _backup.IsInStore ? new WarningMessage(text) : new VerboseMessage(text));
        }
    }

    private async Task TakeInStoreAsync(ProofRecord.TestVerdict verdict)
    {
        (StoreLocation place, string name) = StoreLocation.ParseFile(_backup.Path);
        using Store store = StoreNotes.Open(place, _backup.Store, _observer);
        if (await store.HeadAsync(name + BackupFileName.ManifestSuffix, _cancellation).ConfigureAwait(false) is not null)
        {
            await StoreNotes.RememberAsync(store, name, verdict, _observer, _cancellation).ConfigureAwait(false);
        }
    }

    private FileMark? Look()
    {
        try
        {
            return _backup.Mark(_cancellation);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CryoBackupException)
        {
            // Whoever reads it says what is wrong.
            return null;
        }
    }
}
