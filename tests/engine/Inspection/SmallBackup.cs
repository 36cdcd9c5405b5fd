using CryoBackup.Backup;
using CryoBackup.Storage;

namespace CryoBackup.Tests.Inspection;

/// <summary>A backup of a small database, made by the real writer from the shared server.</summary>
internal static class SmallBackup
{
    public const string Database = "small backup";

    public const string Content = """
        CREATE TABLE sample (id integer PRIMARY KEY, label text, mass numeric);
        INSERT INTO sample VALUES (1, 'ice', 1.50), (2, 'Größe', NULL), (3, E'tab\there', 0.001);
        CREATE TABLE nothing (a integer);
        SELECT lo_from_bytea(4711, 'a large object');
        """;

    /// <summary>Makes the database anew and backs it up.</summary>
    public static BackupInfo Make(
        PostgresServer server,
        string folder,
        CompressionKind compression,
        string more = "",
        string database = Database
    )
    {
        server.CreateDatabase(database);
        server.Execute(database, Content + more);
        return Again(server, folder, compression, database);
    }

    /// <summary>Backs up the database as it is.</summary>
    public static BackupInfo Again(PostgresServer server, string folder, CompressionKind compression, string database = Database) =>
        BackupWriter.Run(
            Requests.Backup(server.Connection, database, folder) with
            {
                Compression = compression,
            },
            static _ => { },
            CancellationToken.None
        );

    /// <summary>Copies a backup and its manifest into another folder.</summary>
    /// <returns>The copy of the file.</returns>
    public static string Copy(BackupInfo backup, string folder)
    {
        string path = Path.Combine(folder, Path.GetFileName(backup.Path));
        File.Copy(backup.Path, path, overwrite: true);
        File.Copy(backup.ManifestPath, path + BackupFileName.ManifestSuffix, overwrite: true);
        return path;
    }
}
