using System.Text.Json;

namespace CryoBackup.Storage;

/// <summary>
/// Says that a backup is being removed, in <c>&lt;backup&gt;.removal.json</c> beside it, from before the first of its files goes until
/// after the last has gone: by it a removal that was killed is told from a backup that lost its file, and completed.
/// </summary>
internal sealed record RemovalMark
{
    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
    };

    /// <summary>The version of this form.</summary>
    public int SchemaVersion { get; init; } = 1;

    /// <summary>The backup file's name, without a folder.</summary>
    public string BackupFile { get; init; } = "";

    /// <summary>The backup's SHA-256 by its manifest; empty where that tells none.</summary>
    public string Sha256 { get; init; } = "";

    /// <summary>The mark of a backup.</summary>
    /// <param name="backup">The backup's full path.</param>
    public static string PathOf(string backup) => backup + BackupFileName.RemovalSuffix;

    /// <summary>Marks a backup.</summary>
    /// <param name="backup">The backup's full path.</param>
    /// <param name="manifest">Its manifest.</param>
    /// <exception cref="CryoBackupException">DestinationNotWritable, DiskFull.</exception>
    public static void Put(string backup, BackupManifest manifest)
    {
        var mark = new RemovalMark { BackupFile = Path.GetFileName(backup), Sha256 = manifest.Sha256 ?? "" };
        SideFile.Update(PathOf(backup), _ => [.. JsonSerializer.SerializeToUtf8Bytes(mark, Json), (byte)'\n']);
    }

    /// <summary>Tells whether the removal of a backup has begun.</summary>
    /// <param name="backup">The backup's full path.</param>
    /// <param name="manifest">Its manifest; null where that is gone.</param>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The account may not.</exception>
    public static bool IsOn(string backup, BackupManifest? manifest)
    {
        try
        {
            return SideFile.Read(PathOf(backup)) is { } bytes
                && JsonSerializer.Deserialize<RemovalMark>(bytes, Json) is { SchemaVersion: 1 } mark
                && string.Equals(mark.BackupFile, Path.GetFileName(backup), StringComparison.Ordinal)
                && (manifest is null || string.Equals(mark.Sha256, manifest.Sha256 ?? "", StringComparison.Ordinal));
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
