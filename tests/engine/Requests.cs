using System.Globalization;
using CryoBackup.Backup;
using CryoBackup.Postgres;
using CryoBackup.Restore;

namespace CryoBackup.Tests;

/// <summary>What the tests ask for; whatever is asked beyond it they lay over with <c>with</c>. With CRYOBACKUP_TEST_JOBS=8 every backup
/// that says nothing else is read by eight sessions, be its tables ever so small.</summary>
internal static class Requests
{
    private static readonly string? Jobs = Environment.GetEnvironmentVariable("CRYOBACKUP_TEST_JOBS");

    /// <summary>A backup of a database into a folder.</summary>
    public static BackupRequest Backup(ConnectionRequest connection, string database, string folder)
    {
        var request = new BackupRequest
        {
            Connection = connection,
            Database = database,
            Folder = folder,
        };
        return Jobs is null
            ? request
            : request with
            {
                Jobs = int.Parse(Jobs, CultureInfo.InvariantCulture),
                LeastShared = 0,
                PieceBytes = 1 << 16,
            };
    }

    /// <summary>The restore of a backup into a database that is there and empty.</summary>
    public static RestoreRequest Restore(ConnectionRequest connection, string path, string targetDatabase) =>
        new()
        {
            Connection = connection,
            Path = path,
            TargetDatabase = targetDatabase,
        };
}
