using System.Text;
using CryoBackup.Backup;
using CryoBackup.Restore;
using CryoBackup.Verification;

namespace CryoBackup.Tests.Encryption;

/// <summary>A server's sample database, and what the tests of encrypted backups do with it.</summary>
internal static class EncryptedBackup
{
    /// <summary>Stands in rows of the sample, and nowhere else.</summary>
    public static readonly string Canary = $"canary-{Guid.NewGuid():N}";

    /// <summary>The name of the sample's table, unlike any other's at the same time.</summary>
    public static readonly string Table = $"table_{Guid.NewGuid():N}";

    /// <summary>Makes the sample database.</summary>
    public static void MakeSample(PostgresServer server, string database, int rows)
    {
        server.CreateDatabase(database);
        server.Execute(
            database,
            $"CREATE TABLE {Table} (id int PRIMARY KEY, word text); INSERT INTO {Table} SELECT n, '{Canary} ' || md5(n::text) "
                + $"|| md5((-n)::text) FROM generate_series(1, {rows}) n"
        );
    }

    /// <summary>Backs up.</summary>
    public static BackupInfo New(
        PostgresServer server,
        string database,
        string folder,
        IReadOnlyList<string> recipients,
        CompressionKind compression = CompressionKind.Gzip,
        Action<EngineMessage>? observer = null
    ) =>
        BackupWriter.Run(
            Requests.Backup(server.Connection, database, folder) with
            {
                Recipients = recipients,
                Compression = compression,
            },
            observer ?? (_ => { }),
            CancellationToken.None
        );

    /// <summary>Verifies.</summary>
    public static VerificationResult Test(string path, VerificationLevel level, params string[] identities) =>
        BackupVerifier.Run(
            new VerificationRequest
            {
                Path = path,
                Level = level,
                Identities = identities,
            },
            _ => { },
            CancellationToken.None
        );

    /// <summary>Restores into a new database.</summary>
    public static RestoreResult Restore(
        PostgresServer server,
        string path,
        string target,
        IReadOnlyList<string> identities,
        int? jobs = null,
        Action<EngineMessage>? observer = null
    )
    {
        server.Execute("postgres", $"DROP DATABASE IF EXISTS {PostgresServer.Quote(target)} WITH (FORCE)");
        return BackupRestorer.Run(
            Requests.Restore(server.Connection, path, target) with
            {
                Create = true,
                Identities = identities,
                Jobs = jobs,
            },
            observer ?? (_ => { }),
            CancellationToken.None
        );
    }

    /// <summary>The outcome of the check encryption; null where it is not among the checks.</summary>
    public static CheckResult? Encryption(VerificationResult result) =>
        result.Checks.FirstOrDefault(check => check.Name == CheckNames.Encryption);

    /// <summary>True if a file holds what only the content of the sample in clear has.</summary>
    public static bool HoldsSample(ReadOnlySpan<byte> bytes) =>
        bytes.IndexOf(Encoding.ASCII.GetBytes(Table)) >= 0 || bytes.IndexOf(Encoding.ASCII.GetBytes(Canary)) >= 0;

    /// <summary>True if a file holds content of any database in clear, or begins as the compression of it does.</summary>
    public static bool IsInClear(ReadOnlySpan<byte> bytes) =>
        HoldsSample(bytes)
        || bytes.IndexOf("PGDMP"u8) >= 0
        || bytes.IndexOf("COPY "u8) >= 0
        || bytes.StartsWith((ReadOnlySpan<byte>)[0x1f, 0x8b])
        || bytes.StartsWith((ReadOnlySpan<byte>)[0x28, 0xb5, 0x2f, 0xfd]);
}
