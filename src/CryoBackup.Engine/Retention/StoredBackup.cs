using System.Collections.Concurrent;
using CryoBackup.Storage;

namespace CryoBackup.Retention;

/// <summary>A backup where it lies, in a folder or a store, and how a policy sees it.</summary>
/// <param name="Path">The backup file's full path, or its location.</param>
/// <param name="Manifest">Its manifest.</param>
/// <param name="Proof">How far it is proven.</param>
/// <param name="Kept">As a policy sees it; null where it is left alone, whatever a policy says.</param>
/// <param name="Aside">Why it is left alone; null where it is not.</param>
internal sealed record StoredBackup(string Path, BackupManifest Manifest, BackupProof Proof, KeptBackup? Kept, string? Aside)
{
    private const string Going = "its removal has begun";

    /// <summary>True if its removal was begun and did not come to its end: its data is gone.</summary>
    public bool IsGoing => ReferenceEquals(Aside, Going);

    /// <summary>The manifest's full path, or its location.</summary>
    public string ManifestPath => Path + BackupFileName.ManifestSuffix;

    /// <summary>Reads the backups of a place. What no manifest names is none of ours, and is not seen.</summary>
    /// <param name="listing">What lies there.</param>
    /// <param name="now">The time, in UTC, by which holds end.</param>
    /// <param name="mayBeOf">Tells by a manifest's path whether it may be wanted; null for all.</param>
    /// <param name="observer">Learns of manifests that cannot be relied on.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public static IReadOnlyList<StoredBackup> ReadAll(
        BackupListing listing,
        DateTime now,
        Predicate<string>? mayBeOf,
        Action<EngineMessage> observer,
        CancellationToken cancellationToken
    )
    {
        string[] manifests = [.. listing.Manifests.Where(file => mayBeOf?.Invoke(file) != false).Order(StringComparer.Ordinal)];
        var read = new StoredBackup?[manifests.Length];
        var faults = new ConcurrentQueue<string>();
        Parallel.For(
            0,
            manifests.Length,
            new ParallelOptions { CancellationToken = cancellationToken },
            i => read[i] = TryRead(listing, manifests[i], now, faults)
        );
        foreach (string fault in faults.Order(StringComparer.Ordinal))
        {
            observer(new WarningMessage(fault));
        }

        StoredBackup[] unknown = [.. read.OfType<StoredBackup>().Where(backup => backup.Proof.IsUnknown)];
        if (unknown is [var first, ..])
        {
            observer(
                new WarningMessage(
                    $"What Tests concluded of '{first.Path}'{(unknown.Length > 1 ? $" and {unknown.Length - 1} more" : "")} cannot be read "
                        + "by this account: it stays, and counts as not proven. Let the account read what lies beside it."
                )
            );
        }

        return [.. read.OfType<StoredBackup>()];
    }

    /// <summary>Tells by a manifest's name whether it may be of one of these databases.</summary>
    /// <param name="databases">Names, and patterns with * and ?; empty for all.</param>
    public static Predicate<string>? MayBeOf(IReadOnlyList<string> databases) =>
        databases.Count == 0
            ? null
            : manifest =>
                BackupFileName.TryRead(System.IO.Path.GetFileName(manifest)) is not { } named
                || BackupCatalog.IsWanted(named.Database, databases);

    /// <summary>Tells by a manifest's name whether it may be of a database.</summary>
    /// <param name="database">Its exact name.</param>
    public static Predicate<string> MayBeOf(string database) =>
        manifest =>
            BackupFileName.TryRead(System.IO.Path.GetFileName(manifest)) is not { } named
            || string.Equals(named.Database, database, StringComparison.Ordinal);

    /// <summary>Reads one.</summary>
    /// <param name="listing">What lies at its place.</param>
    /// <param name="manifestPath">The manifest's full path, or its location.</param>
    /// <param name="now">The time, in UTC.</param>
    /// <exception cref="CryoBackupException">ManifestInvalid.</exception>
    /// <exception cref="IOException">What it describes cannot be looked at.</exception>
    /// <exception cref="UnauthorizedAccessException">The account may not.</exception>
    public static StoredBackup Read(BackupListing listing, string manifestPath, DateTime now)
    {
        string path = BackupFolder.BackupOf(manifestPath);
        BackupManifest manifest = listing.Read(manifestPath);
        if (WhyAside(listing, path, manifest) is { } aside)
        {
            return new StoredBackup(path, manifest, BackupProof.None, null, aside);
        }

        BackupProof proof = listing.ProofOf(path, manifest);
        var kept = new KeptBackup(path, GroupOf(manifest), manifest.ReadStart())
        {
            IsWhole = !manifest.IsPartial && listing.SizeOf(path) == manifest.SizeBytes,
            IsProven = proof.Proven is not null,
            IsUnknown = proof.IsUnknown,
            IsRehearsed = proof.Rehearsed is not null,
            IsDegraded = manifest.Degraded is not null,
            Hold = listing.HoldOf(path, now),
        };
        return new StoredBackup(path, manifest, proof, kept, null);
    }

    /// <summary>Whose backup it is. Servers are told apart by their identifiers alone: each is localhost on its own machine.</summary>
    /// <param name="manifest">Its manifest.</param>
    public static BackupGroup GroupOf(BackupManifest manifest) =>
        new(manifest.Server?.SystemIdentifier ?? "", manifest.Database, manifest.IsPartial ? SelectionOf(manifest) : "");

    private static string SelectionOf(BackupManifest manifest)
    {
        if (manifest.Encryption is not null)
        {
            // What was selected is encrypted too: each may be the only one of its kind.
            return "selection in " + manifest.BackupFile;
        }

        string[] choosing = ["--schema", "--table", "--exclude", "--include", "--filter", "--no-", "-n", "-N", "-t", "-T"];
        return "selection "
            + string.Join(
                ' ',
                (manifest.Client?.Arguments ?? []).Where(argument =>
                    Array.Exists(choosing, start => argument.StartsWith(start, StringComparison.Ordinal))
                )
            );
    }

    private static StoredBackup? TryRead(BackupListing listing, string manifestPath, DateTime now, ConcurrentQueue<string> faults)
    {
        try
        {
            return Read(listing, manifestPath, now);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // Whatever one file does to its reader, nothing is known of it, and it stays.
            faults.Enqueue(
                exception is CryoBackupException
                    ? $"It is left alone: {exception.Message}"
                    : $"'{manifestPath}' cannot be read ({exception.GetType().Name}: {exception.Message}); it is left alone."
            );
            return null;
        }
    }

    private static string? WhyAside(BackupListing listing, string path, BackupManifest manifest)
    {
        if (!string.Equals(manifest.BackupFile, System.IO.Path.GetFileName(path), StringComparison.Ordinal))
        {
            return "its manifest names another file";
        }

        if (
            manifest.Globals is { File: { } globals }
            && !BackupFolder.GlobalsOf(System.IO.Path.GetFileName(path)).Contains(globals, StringComparer.Ordinal)
        )
        {
            return "its manifest names a file of roles that is not its own";
        }

        return !listing.IsOwnFile(path) ? "what lies under its name is no file of its own"
            : !listing.Exists(path) ? (listing.IsGoing(path, manifest) ? Going : "its file is gone: the manifest alone tells of it")
            : manifest.ReadStart() == DateTime.MinValue ? "its manifest tells no time"
            : null;
    }
}
