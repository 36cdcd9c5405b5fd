namespace CryoBackup.Storage;

/// <summary>What of a backup a listing of names shows, wherever that came from; the manifest is read when it is wanted.</summary>
/// <param name="Path">The backup's full path; the file may be gone.</param>
/// <param name="State">What lies there, by the names alone.</param>
internal sealed record CatalogEntry(string Path, BackupState State)
{
    /// <summary>The manifest's full path.</summary>
    public string ManifestPath => Path + BackupFileName.ManifestSuffix;

    /// <summary>Reads the manifest, on any thread.</summary>
    public required Func<CatalogEntry, BackupManifest> Read { get; init; }

    /// <summary>Tells the stored file's size in bytes, on any thread.</summary>
    public required Func<CatalogEntry, long> Size { get; init; }

    /// <summary>Tells how far it is proven, on any thread.</summary>
    public Func<CatalogEntry, BackupManifest, BackupProof> Proof { get; init; } = static (_, _) => BackupProof.None;

    /// <summary>Tells in words what holds it, on any thread; null for nothing.</summary>
    public Func<CatalogEntry, string?> Hold { get; init; } = static _ => null;
}
