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
        byte[] mark = Write(Path.GetFileName(backup), manifest);
        SideFile.Update(PathOf(backup), _ => mark);
    }

    /// <summary>A mark as it is written.</summary>
    /// <param name="name">The backup file's name, without a folder.</param>
    /// <param name="manifest">Its manifest.</param>
    /// <returns>UTF-8 without BOM, ending with a newline.</returns>
    internal static byte[] Write(string name, BackupManifest manifest)
    {
        var mark = new RemovalMark { BackupFile = name, Sha256 = manifest.Sha256 ?? "" };
        return [.. JsonSerializer.SerializeToUtf8Bytes(mark, Json), (byte)'\n'];
    }

    /// <summary>Tells whether the removal of a backup has begun.</summary>
    /// <param name="backup">The backup's full path.</param>
    /// <param name="manifest">Its manifest; null where that is gone.</param>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The account may not.</exception>
    public static bool IsOn(string backup, BackupManifest? manifest) =>
        SideFile.Read(PathOf(backup)) is { } bytes && IsOf(bytes, Path.GetFileName(backup), manifest);

    /// <summary>Tells whether a mark is of a backup.</summary>
    /// <param name="mark">What lies there.</param>
    /// <param name="name">The backup file's name, without a folder.</param>
    /// <param name="manifest">Its manifest; null where that is gone.</param>
    internal static bool IsOf(byte[] mark, string name, BackupManifest? manifest)
    {
        try
        {
            return JsonSerializer.Deserialize<RemovalMark>(mark, Json) is { SchemaVersion: 1 } read
                && string.Equals(read.BackupFile, name, StringComparison.Ordinal)
                && (manifest is null || string.Equals(read.Sha256, manifest.Sha256 ?? "", StringComparison.Ordinal));
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
