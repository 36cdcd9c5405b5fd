namespace CryoBackup.Storage;

/// <summary>What is known of a backup before it is opened.</summary>
/// <param name="Path">Its full path; the file itself may be gone.</param>
/// <param name="Database">The database, by its manifest or, without one that can be read, by its name.</param>
/// <param name="Start">When it was begun, in UTC, by the same.</param>
/// <param name="HasManifest">True if a manifest tells so.</param>
internal sealed record KnownBackup(string Path, string Database, DateTime Start, bool HasManifest)
{
    /// <summary>Which server it is of, and whether it is whole; without a manifest what the name tells.</summary>
    public BackupOrigin Origin { get; init; } = new(Database, "", "", 0, Start, BackupFileName.IsPartial(Path));
}
