using CryoBackup.Backup;
using CryoBackup.Configuration;
using CryoBackup.Hosting;
using CryoBackup.Inspection;
using CryoBackup.Restore;
using CryoBackup.Storage;
using CryoBackup.Tests.Encryption;
using CryoBackup.Verification;

namespace CryoBackup.Tests.Configuration;

/// <summary>Backups of a real server, made from a file.</summary>
[Collection("postgres")]
public sealed class ConfiguredBackupTests(PostgresServer server) : IDisposable
{
    private const string Password = "canary-of-the-configuration";
    private readonly TemporaryFolder _folder = new();
    private readonly Dictionary<string, string> _environment = new(StringComparer.Ordinal);
    private readonly List<EngineMessage> _messages = [];

    public void Dispose() => _folder.Dispose();

    /// <summary>The predecessor's file, its hosts pointed at a test server and its variables set: New,
    /// Test and Restore run from it.</summary>
    [AgeServerFact]
    public void PredecessorsFileMakesProvesAndRestores()
    {
        server.CreateDatabase("cryoprotect");
        server.Execute("cryoprotect", "CREATE TABLE users AS SELECT n AS id FROM generate_series(1, 100) n");
        server.Execute("postgres", $"DROP ROLE IF EXISTS predecessor; CREATE ROLE predecessor SUPERUSER LOGIN PASSWORD '{Password}'");
        _environment["POSTGRES_PASSWORD"] = Password;
        _environment["SMTP_USERNAME"] = "";
        _environment["SMTP_PASSWORD"] = "";
        string text = PredecessorFile
            .Text.Replace("host: localhost", $"host: {server.Endpoint.Host}", StringComparison.Ordinal)
            .Replace("port: 5432", $"port: {server.Endpoint.Port}", StringComparison.Ordinal)
            .Replace("username: postgres", "username: predecessor", StringComparison.Ordinal)
            .Replace("smtp.example.com", "127.0.0.1", StringComparison.Ordinal);
        BackupConfiguration configuration = Read(text);

        // Without its key no backup is made.
        Assert.Equal(CryoBackupError.ConfigurationInvalid, Assert.Throws<CryoBackupException>(() => New(configuration)).Error);
        Assert.False(Directory.Exists(Path.Combine(_folder.Path, "backups")));

        (string identity, string recipient) = KeyPairs.Make(_folder, "age");
        File.Move(identity, Path.Combine(_folder.Path, "config", "backup_encryption_key"));
        BackupInfo backup = Assert.Single(New(configuration));
        Assert.Equal(Path.Combine(_folder.Path, "backups", "database"), Path.GetDirectoryName(backup.Path));
        Assert.EndsWith("_full.dump.gz.age", backup.Path, StringComparison.Ordinal);
        var manifest = BackupManifest.Read(backup.ManifestPath);
        Assert.Equal([recipient], manifest.Encryption!.Recipients);

        IReadOnlyList<string> identities = BackupPlan.Identities(configuration, []);
        VerificationResult proof = BackupVerifier.Run(
            new VerificationRequest { Path = backup.Path, Identities = identities },
            _messages.Add,
            default
        );
        Assert.Equal(Verdict.Passed, proof.Verdict);
        server.Execute("postgres", "DROP DATABASE IF EXISTS cryoprotect_copy WITH (FORCE)");
        RestoreResult restored = BackupRestorer.Run(
            Requests.Restore(BackupPlan.Connect(configuration, new()), backup.Path, "cryoprotect_copy") with
            {
                Create = true,
                Identities = identities,
            },
            _messages.Add,
            default
        );
        Assert.Equal(RestoreStatus.Restored, restored.Status);
        Assert.Equal(100L, server.Scalar("cryoprotect_copy", "SELECT count(*) FROM users"));
        Assert.DoesNotContain(_messages, message => message.ToString().Contains(Password, StringComparison.Ordinal));
        Assert.DoesNotContain(Password, File.ReadAllText(backup.ManifestPath), StringComparison.Ordinal);

        // What lists it with the identity tells the tables, which the manifest does not.
        BackupInfo found = Assert.Single(
            EncryptedTables.Read(
                BackupCatalog.Find(Path.GetDirectoryName(backup.Path)!, null, false, _messages.Add, default),
                identities,
                _messages.Add,
                default
            )
        );
        Assert.Equal(("users", 100L), (Assert.Single(found.Tables).Name, found.RowCount));
        Assert.Empty(Assert.Single(BackupCatalog.Find(Path.GetDirectoryName(backup.Path)!, null, false, _messages.Add, default)).Tables);
    }

    [PostgresFact]
    public void AllAsksTheServer()
    {
        server.CreateDatabase("plan_one");
        server.CreateDatabase("plan_two");
        server.CreateDatabase("plan_two_test");
        BackupConfiguration configuration = Read(
            $"{Server()}\nlocal_backup_dir: b\ndatabases: {{include: [\"plan_*\"], exclude: [\"*_test\"]}}\n"
        );
        Assert.Equal(["plan_one", "plan_two"], New(configuration).Select(backup => backup.Database));
    }

    [PostgresFact]
    public void RetentionRemovesOldBackupsOfThisDatabaseAlone()
    {
        server.CreateDatabase("kept");
        server.CreateDatabase("kept_other");
        BackupConfiguration configuration = Read(
            $"{Server()}\nlocal_backup_dir: b\ndatabases: [kept]\nretention: {{full_backup: 30}}\nbackup: {{include_globals: true}}\n"
        );
        BackupConfiguration endless = Read($"{Server()}\nlocal_backup_dir: b\ndatabases: [kept_other]\n");
        string[] newest = [.. new[] { 1, 2 }.Select(days => Age(Assert.Single(New(configuration)), days, null))];
        string young = Age(Assert.Single(New(configuration)), 29, null);
        string other = Age(Assert.Single(New(endless)), 400, null);
        string elsewhere = Age(Assert.Single(New(configuration)), 402, "other.example");
        string damaged = Age(Assert.Single(New(configuration)), 401, null);
        File.AppendAllText(damaged + BackupFileName.ManifestSuffix, "x");
        string old = Age(Assert.Single(New(configuration)), 32, null);

        BackupInfo made = Assert.Single(New(configuration));
        Assert.Equal([old], made.Removed);
        Assert.DoesNotContain(
            Directory.GetFiles(Path.GetDirectoryName(made.Path)!),
            file => file.StartsWith(old, StringComparison.Ordinal)
        );
        Assert.All(
            [newest[0], newest[1], young, other, elsewhere, damaged, made.Path],
            path => Assert.True(File.Exists(path) && File.Exists(path + BackupFileName.ManifestSuffix), path)
        );
        Assert.Contains(_messages, message => message is VerboseMessage verbose && verbose.Text.Contains(old, StringComparison.Ordinal));

        // A backup that fails removes nothing.
        string oldAgain = Age(made, 33, null);
        server.Execute("postgres", "DROP DATABASE kept WITH (FORCE)");
        Assert.Throws<CryoBackupException>(() => New(configuration));
        Assert.True(File.Exists(oldAgain));
    }

    /// <summary>Makes a backup older, or another server's, under a name and with a manifest that say so.</summary>
    private static string Age(BackupInfo backup, int days, string? host)
    {
        DateTime start = backup.Start - TimeSpan.FromDays(days);
        string path = Path.Combine(
            Path.GetDirectoryName(backup.Path)!,
            BackupFileName.Create(backup.Database, start, CompressionKind.Gzip)
        );
        var manifest = BackupManifest.Read(backup.ManifestPath);
        manifest = manifest with
        {
            BackupFile = Path.GetFileName(path),
            Globals = manifest.Globals is { } globals
                ? new()
                {
                    File = Path.GetFileName(path) + ".globals.sql.gz",
                    SizeBytes = globals.SizeBytes,
                    Sha256 = globals.Sha256,
                }
                : null,
            Timestamp = start.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", System.Globalization.CultureInfo.InvariantCulture),
        };
        if (host is not null)
        {
            manifest = manifest with { Host = host, Server = null };
        }

        File.Move(backup.Path, path);
        if (File.Exists(backup.Path + ".globals.sql.gz"))
        {
            File.Move(backup.Path + ".globals.sql.gz", path + ".globals.sql.gz");
        }

        File.Delete(backup.ManifestPath);
        File.WriteAllBytes(path + BackupFileName.ManifestSuffix, manifest.Serialize());
        return path;
    }

    private string Server() =>
        $"database: {{host: {server.Endpoint.Host}, port: {server.Endpoint.Port}, username: {server.Endpoint.UserName}, password: "
        + $"\"{server.Endpoint.Password}\"}}";

    private BackupInfo[] New(BackupConfiguration configuration) =>
        [
            .. BackupPlan
                .Create(configuration, new BackupOptions(), new BackupRequest(), [], _messages.Add, default)
                .Select(request => BackupWriter.Run(request, _messages.Add, default)),
        ];

    private BackupConfiguration Read(string text) =>
        ConfigurationFile.Read(
            _folder.Write("config/backup_config.yaml", text),
            _messages.Add,
            name => _environment.GetValueOrDefault(name)
        );
}
