using CryoBackup.Stores;

namespace CryoBackup.Storage;

/// <summary>
/// What is noted of a backup in a store: verdicts, holds, a removal that has begun. Each note is an object of its own, so that of two who
/// write at the same moment none loses what the other wrote, and that who may write and not delete may note too. What a later one says
/// better goes, where the credentials allow it.
/// </summary>
internal static class StoreNotes
{
    /// <summary>The most bytes that are read; what is longer CryoBackup never put there.</summary>
    private const int MaximumLength = 1 << 16;

    /// <summary>Opens the place of a backup for notes: they are neither locked nor put away into a colder class.</summary>
    /// <param name="place">The location.</param>
    /// <param name="options">How the store is reached.</param>
    /// <param name="observer">Learns of faults that were passed over.</param>
    /// <exception cref="CryoBackupException">ToolNotFound, ConfigurationInvalid.</exception>
    public static Store Open(StoreLocation place, StoreOptions options, Action<EngineMessage> observer) =>
        StoreDrivers.Open(
            place,
            options with
            {
                LockMode = null,
                LockDays = null,
                ImmutabilityMode = null,
                ImmutabilityDays = null,
                StorageClass = null,
            },
            observer
        );

    /// <summary>Leaves a verdict beside a backup, and removes those that it replaces.</summary>
    /// <param name="store">The store, opened by <see cref="Open"/>.</param>
    /// <param name="backup">The backup's name.</param>
    /// <param name="verdict">The verdict.</param>
    /// <param name="observer">Learns that older ones stay.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="CryoBackupException">PermissionDenied, LocationUnreachable, DestinationNotWritable: it is not
    /// remembered.</exception>
    public static Task RememberAsync(
        Store store,
        string backup,
        ProofRecord.TestVerdict verdict,
        Action<EngineMessage> observer,
        CancellationToken cancellationToken
    )
    {
        string what = $"{verdict.Level}-{verdict.Verdict}".ToLowerInvariant();
        return RememberAsync(store, backup, (what, ProofRecord.Add(null, backup, verdict)), observer, cancellationToken);
    }

    /// <summary>Leaves a note of a Test beside a backup, and removes those that it replaces.</summary>
    /// <param name="store">The store, opened by <see cref="Open"/>.</param>
    /// <param name="backup">The backup's name.</param>
    /// <param name="note">What its name says, and what it says itself.</param>
    /// <param name="observer">Learns that older ones stay.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="CryoBackupException">PermissionDenied, LocationUnreachable, DestinationNotWritable: it is not
    /// remembered.</exception>
    public static async Task RememberAsync(
        Store store,
        string backup,
        (string What, byte[] Content) note,
        Action<EngineMessage> observer,
        CancellationToken cancellationToken
    )
    {
        string name = NoteName.Make(backup, BackupFileName.ProofSuffix, note.What, DateTime.UtcNow);
        await PutAsync(store, name, note.Content, cancellationToken).ConfigureAwait(false);
        try
        {
            IReadOnlyList<StoreObject> notes = await store
                .ListAsync(NoteName.Start(backup, BackupFileName.ProofSuffix), cancellationToken)
                .ConfigureAwait(false);
            if (notes.FirstOrDefault(one => store.NameOf(one) == name) is { } own)
            {
                // In one order for all: of two that are left at the same moment, one stays.
                foreach (
                    StoreObject old in notes
                        .Where(one => NoteName.TryRead(store.NameOf(one))?.What == note.What)
                        .Where(one => (one.Modified, one.Key).CompareTo((own.Modified, own.Key)) < 0)
                )
                {
                    await store.DeleteAsync(store.NameOf(old), cancellationToken).ConfigureAwait(false);
                }
            }
        }
        catch (CryoBackupException exception)
        {
            observer(new VerboseMessage($"Older notes on '{store.Location.PathOf(backup)}' stay beside it: {exception.Message}"));
        }
    }

    /// <summary>Puts a note.</summary>
    /// <param name="store">The store, opened by <see cref="Open"/>.</param>
    /// <param name="name">The note's name.</param>
    /// <param name="content">What it says.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="CryoBackupException">PermissionDenied, LocationUnreachable, DestinationNotWritable.</exception>
    public static async Task PutAsync(Store store, string name, byte[] content, CancellationToken cancellationToken)
    {
        using var stream = new MemoryStream(content);
        await store.PutAsync(name, stream, content.Length, null, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads a note.</summary>
    /// <param name="store">The store.</param>
    /// <param name="one">The object as it was listed.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>Its bytes; none for a long one.</returns>
    /// <exception cref="CryoBackupException">BackupNotFound: it is gone. PermissionDenied, LocationUnreachable.</exception>
    public static async Task<byte[]> ReadAsync(Store store, StoreObject one, CancellationToken cancellationToken) =>
        one.Size > MaximumLength ? [] : await store.ReadAllAsync(one, cancellationToken).ConfigureAwait(false);
}
