using CryoBackup.Backup;
using CryoBackup.Postgres;
using CryoBackup.Restore;

namespace CryoBackup.Tests;

/// <summary>What the tests ask for; whatever is asked beyond it they lay over with <c>with</c>.</summary>
internal static class Requests
{
    /// <summary>A backup of a database into a folder.</summary>
    public static BackupRequest Backup(ConnectionRequest connection, string database, string folder) =>
        new()
        {
            Connection = connection,
            Database = database,
            Folder = folder,
        };

    /// <summary>The restore of a backup into a database that is there and empty.</summary>
    public static RestoreRequest Restore(ConnectionRequest connection, string path, string targetDatabase) =>
        new()
        {
            Connection = connection,
            Path = path,
            TargetDatabase = targetDatabase,
        };
}
