namespace CryoBackup.Storage;

/// <summary>What lies in a folder. Its files are looked at when they are asked for.</summary>
/// <param name="folder">Its full path.</param>
internal sealed class FolderListing(string folder) : BackupListing
{
    /// <inheritdoc/>
    public override string Place => folder;

    /// <inheritdoc/>
    public override IReadOnlyCollection<string> Files { get; } = BackupFolder.Files(folder);

    /// <inheritdoc/>
    public override bool Exists(string path) => File.Exists(path);

    /// <inheritdoc/>
    public override long SizeOf(string path) => new FileInfo(path) is { Exists: true } file ? file.Length : 0;

    /// <inheritdoc/>
    public override BackupManifest Read(string path) => BackupManifest.Read(path);

    /// <inheritdoc/>
    public override BackupProof ProofOf(string backup, BackupManifest manifest) => BackupProof.Of(backup, manifest);

    /// <inheritdoc/>
    public override string? HoldOf(string backup, DateTime now) => HoldRecord.Read(backup)?.At(now);

    /// <inheritdoc/>
    public override bool IsGoing(string backup, BackupManifest? manifest) => RemovalMark.IsOn(backup, manifest);

    /// <inheritdoc/>
    public override bool IsOwnFile(string path) => new FileInfo(path).LinkTarget is null && !Directory.Exists(path);
}
