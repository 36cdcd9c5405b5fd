using CryoBackup.Storage;
using CryoBackup.Stores;
using CryoBackup.Text;

namespace CryoBackup.Copies;

/// <summary>One copy of one backup, on its way.</summary>
/// <param name="source">The backup.</param>
/// <param name="store">Where the copy is to lie, opened.</param>
/// <param name="options">How it is reached.</param>
/// <param name="observer">Takes progress, warnings and verbose messages.</param>
/// <param name="cancellationToken">Ends the copying.</param>
internal sealed class CopyRun(
    CopySource source,
    Store store,
    StoreOptions options,
    Action<EngineMessage> observer,
    CancellationToken cancellationToken
)
{
    private static readonly TimeSpan LongestRemoval = TimeSpan.FromSeconds(5);

    private readonly List<CopyItem> _put = [];
    private UploadJournal? _journal;
    private DateTime? _blockedUntil;

    /// <summary>Copies and proves.</summary>
    public async Task<BackupInfo> RunAsync()
    {
        using UploadJournal? journal = _journal = await BeginAsync().ConfigureAwait(false);
        var hashes = new Dictionary<CopyItem, string?>();
        string path = store.Location.PathOf(source.Files[0].Name);
        ProofMemory memory;
        try
        {
            foreach (CopyItem item in source.Files)
            {
                string? put = await PutAsync(item, () => item.File.Open(cancellationToken)).ConfigureAwait(false);
                hashes[item] = put ?? item.Sha256 ?? await HashAsync(item).ConfigureAwait(false);
            }

            // Of what lies there now, before it is read.
            memory = new ProofMemory(new StoredFile(path, options, observer), observer, cancellationToken);
            foreach (CopyItem item in source.Files)
            {
                await ProveAsync(item with { Sha256 = hashes[item] }).ConfigureAwait(false);
            }

            // Whoever finds it finds a backup.
            await PutAsync(source.ManifestItem, () => new MemoryStream(source.ManifestBytes)).ConfigureAwait(false);
        }
        catch
        {
            await TakeBackAsync().ConfigureAwait(false);
            throw;
        }

        await ProveAsync(source.ManifestItem).ConfigureAwait(false);
        memory.Take(VerificationLevel.Hash, Verdict.Passed, DateTime.UtcNow, hashes[source.Files[0]]!);
        observer(new VerboseMessage($"Proven where it lies: {path}, by reading back all of it."));
        BackupInfo copy = BackupCatalog.ToInfo(source.Manifest, path, store.Location.PathOf(source.ManifestItem.Name), DateTime.UtcNow);
        copy.BlockedUntil = _blockedUntil;
        return copy;
    }

    /// <summary>Puts a file, unless something bears its name: what that is, the proof tells.</summary>
    /// <returns>The hash of what was put; null if nothing was.</returns>
    private async Task<string?> PutAsync(CopyItem item, Func<Stream> open)
    {
        if (await IsThereAsync(item).ConfigureAwait(false))
        {
            return null;
        }

        Stream stream = open();
        await using (stream.ConfigureAwait(false))
        {
            using var proven = new ProvenReadStream(stream, item.Path, item.Length, item.Sha256);
            using (Report("Copying", item, () => proven.BytesRead))
            {
                try
                {
                    await store.PutAsync(item.Name, proven, item.Length, _journal, cancellationToken).ConfigureAwait(false);
                }
                catch (IOException exception)
                {
                    throw exception.InnerException as CryoBackupException
                        ?? new CryoBackupException(
                            CryoBackupError.PermissionDenied,
                            $"'{item.Path}' cannot be read: {exception.Message}",
                            item.Path,
                            "Look at what it lies on.",
                            inner: exception
                        );
                }
                catch (CryoBackupException exception) when (exception.Error == CryoBackupError.DestinationNotWritable)
                {
                    // Another run of the same copy was quicker.
                    if (await IsThereAsync(item).ConfigureAwait(false))
                    {
                        return null;
                    }

                    throw;
                }
            }

            _put.Add(item);
            return proven.Hash;
        }
    }

    private async Task<bool> IsThereAsync(CopyItem item)
    {
        if (await store.HeadAsync(item.Name, cancellationToken).ConfigureAwait(false) is null)
        {
            return false;
        }

        observer(new VerboseMessage($"'{store.Location.PathOf(item.Name)}' is there already; it is proven, and not replaced."));
        return true;
    }

    /// <summary>The hash of a file that nothing records the hash of: what lies at the destination is compared with it.</summary>
    private async Task<string> HashAsync(CopyItem item)
    {
        Stream stream = item.File.Open(cancellationToken);
        await using (stream.ConfigureAwait(false))
        {
            using var proven = new ProvenReadStream(stream, item.Path, item.Length, null);
            await proven.CopyToAsync(Stream.Null, 1 << 18, cancellationToken).ConfigureAwait(false);
            return proven.Hash;
        }
    }

    /// <summary>Reads a file back from where it lies.</summary>
    private async Task ProveAsync(CopyItem item)
    {
        string path = store.Location.PathOf(item.Name);
        StoreObject found =
            await store.HeadAsync(item.Name, cancellationToken).ConfigureAwait(false)
            ?? throw new CryoBackupException(
                CryoBackupError.BackupNotFound,
                $"'{path}' was put there and is not there.",
                path,
                "Find out who removes what is put there; it is no place for backups as it is."
            );
        if (item.Path == source.Files[0].Path)
        {
            _blockedUntil = found.BlockedUntil;
        }

        Stream stream = store.OpenRead(found, cancellationToken);
        await using (stream.ConfigureAwait(false))
        {
            using var proven = new ProvenReadStream(stream, path, item.Length, item.Sha256);
            using (Report("Proving", item, () => proven.BytesRead))
            {
                try
                {
                    await proven.CopyToAsync(Stream.Null, 1 << 18, cancellationToken).ConfigureAwait(false);
                }
                catch (CryoBackupException exception) when (exception.Error == CryoBackupError.HashMismatch && !_put.Contains(item))
                {
                    throw new CryoBackupException(
                        CryoBackupError.DestinationNotWritable,
                        $"'{path}' is there already, with other bytes than the backup's, and is not replaced.",
                        path,
                        "Find out what lies there. Choose another location, or remove it yourself.",
                        inner: exception
                    );
                }
                catch (Exception exception) when (exception is not CryoBackupException && !cancellationToken.IsCancellationRequested)
                {
                    throw store.Explain(exception, item.Name);
                }
            }
        }
    }

    /// <summary>Without its manifest it is no backup, and is not left there.</summary>
    private async Task TakeBackAsync()
    {
        using var limit = new CancellationTokenSource(LongestRemoval);
        CopyItem[] files = [.. _put.Where(item => item != source.ManifestItem)];
        if (files.Length > 0 && await MayBeWholeAsync(limit.Token).ConfigureAwait(false))
        {
            observer(
                new WarningMessage(
                    $"What lies at '{store.Location.PathOf(files[0].Name)}' was not proven, and is left there: "
                        + "its manifest is there too, or cannot be asked for. The next copy of the same backup proves it."
                )
            );
            return;
        }

        foreach (CopyItem item in files)
        {
            try
            {
                await store.DeleteAsync(item.Name, limit.Token).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is CryoBackupException or OperationCanceledException)
            {
                // Some may write and not delete. It has no manifest; the next run of this copy completes it.
                observer(
                    new WarningMessage(
                        $"'{store.Location.PathOf(item.Name)}' could not be removed again; it is no backup without its manifest, "
                            + "and the next copy of the same backup completes it."
                    )
                );
            }
        }
    }

    /// <summary>Another run may have completed the copy, or this one's manifest may have come though its answer did not.</summary>
    private async Task<bool> MayBeWholeAsync(CancellationToken token)
    {
        try
        {
            return await store.HeadAsync(source.ManifestItem.Name, token).ConfigureAwait(false) is not null;
        }
        catch (Exception exception) when (exception is CryoBackupException or OperationCanceledException)
        {
            return true;
        }
    }

    /// <summary>Removes what uploads that died have left. A folder's lock has done so.</summary>
    private async Task<UploadJournal?> BeginAsync()
    {
        if (store.Location.Kind == StoreKind.Folder)
        {
            return null;
        }

        await StoreLeftovers.RemoveAsync(store, source.Manifest.Database, observer, cancellationToken).ConfigureAwait(false);
        return UploadJournal.Open(store.Place, isWhole: false);
    }

    private ProgressReporter Report(string activity, CopyItem item, Func<long> done) =>
        new(
            $"{activity} {source.Manifest.Database}",
            observer,
            () =>
                ($"{item.Name}: {SizeText.Of(done())} of {SizeText.Of(item.Length)}", item.Length > 0 ? (double)done() / item.Length : null)
        );
}
