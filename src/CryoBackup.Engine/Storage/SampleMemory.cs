using CryoBackup.Stores;

namespace CryoBackup.Storage;

/// <summary>
/// Keeps beside a backup what sampled Tests have read of it, as verdicts are kept: in a folder in the one file of proof, in a store as an
/// object of its own each time, of which the last counts, so that who may write and not delete may sample too.
/// </summary>
/// <param name="backup">The backup.</param>
/// <param name="observer">Learns that it is not remembered.</param>
/// <param name="cancellationToken">Ends reading and writing.</param>
internal sealed class SampleMemory(StoredFile backup, Action<EngineMessage> observer, CancellationToken cancellationToken)
{
    /// <summary>What the names of such notes in a store say.</summary>
    public const string What = "sample";

    /// <summary>What is remembered.</summary>
    /// <returns>Null for nothing, and for what cannot be read: then it begins anew.</returns>
    public SampleRecord? Read()
    {
        try
        {
            byte[]? bytes = backup.IsInStore ? ReadInStoreAsync().GetAwaiter().GetResult() : SideFile.Read(ProofRecord.PathOf(backup.Path));
            return bytes is null ? null : ProofRecord.Parse(bytes, backup.Name)?.Sample;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CryoBackupException)
        {
            observer(
                new WarningMessage($"What was sampled of '{backup.Path}' before cannot be read, and may be read again: {exception.Message}")
            );
            return null;
        }
    }

    /// <summary>Remembers. That it cannot changes nothing about the verdict.</summary>
    /// <param name="record">What was read.</param>
    public void Keep(SampleRecord record)
    {
        try
        {
            if (backup.IsInStore)
            {
                KeepInStoreAsync(record).GetAwaiter().GetResult();
            }
            else
            {
                SideFile.Update(ProofRecord.PathOf(backup.Path), known => ProofRecord.Add(known, backup.Name, record));
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CryoBackupException)
        {
            observer(
                new WarningMessage(
                    $"What was sampled of '{backup.Path}' is not remembered, so that the next sample may read the same again: "
                        + exception.Message
                )
            );
        }
    }

    private async Task<byte[]?> ReadInStoreAsync()
    {
        (StoreLocation place, string name) = StoreLocation.ParseFile(backup.Path);
        using Store store = StoreNotes.Open(place, backup.Store, observer);
        IReadOnlyList<StoreObject> notes = await store
            .ListAsync(NoteName.Start(name, BackupFileName.ProofSuffix), cancellationToken)
            .ConfigureAwait(false);
        StoreObject? last = notes.Where(one => NoteName.TryRead(store.NameOf(one))?.What == What).MaxBy(one => (one.Modified, one.Key));
        return last is null ? null : await StoreNotes.ReadAsync(store, last, cancellationToken).ConfigureAwait(false);
    }

    private async Task KeepInStoreAsync(SampleRecord record)
    {
        (StoreLocation place, string name) = StoreLocation.ParseFile(backup.Path);
        using Store store = StoreNotes.Open(place, backup.Store, observer);
        await StoreNotes
            .RememberAsync(store, name, (What, ProofRecord.Add(null, name, record)), observer, cancellationToken)
            .ConfigureAwait(false);
    }
}
