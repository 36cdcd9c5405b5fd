using System.Globalization;
using CryoBackup.Storage;

namespace CryoBackup.Tests.Kept;

/// <summary>Manifests of backups that were never made.</summary>
internal static class KeptManifest
{
    /// <summary>That of a night of January 2026.</summary>
    public static BackupManifest Of(int day, bool hasGlobals, string database)
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"{database}_202601{day:00}_000000_full.dump.gz");
        return new BackupManifest
        {
            Timestamp = string.Create(CultureInfo.InvariantCulture, $"2026-01-{day:00}T00:00:00Z"),
            Database = database,
            BackupFile = name,
            SizeBytes = 4,
            Host = "localhost",
            Port = 5432,
            SchemaVersion = 1,
            Sha256 = new string('a', 64),
            Server = new() { SystemIdentifier = "7000" },
            RowsCounted = true,
            Globals = hasGlobals ? new() { File = name + ".globals.sql.gz", Sha256 = new string('b', 64) } : null,
            ManifestSha256 = new string('0', 64),
        };
    }
}
