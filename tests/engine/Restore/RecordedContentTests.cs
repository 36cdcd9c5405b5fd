using CryoBackup.Backup;
using CryoBackup.Restore;
using CryoBackup.Storage;
using CryoBackup.Tests.Encryption;

namespace CryoBackup.Tests.Restore;

/// <summary>A file that is the one that was proven when it was written is proven; the manifest is believed only beside such a
/// file.</summary>
[Collection("postgres")]
public sealed class RecordedContentTests : IDisposable
{
    private const string Source = "recorded_source";
    private const string Target = "recorded_target";
    private const string Proven = "the file is the one whose content was proven when it was written";
    private readonly PostgresServer _server;
    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _told = [];

    public RecordedContentTests(PostgresServer server)
    {
        _server = server;
        if (ServerPrograms.ReasonToSkip is null)
        {
            server.CreateDatabase(Source);
            server.Execute(
                Source,
                """
                CREATE TABLE people (id int PRIMARY KEY, name text);
                INSERT INTO people SELECT i, 'person ' || i FROM generate_series(1, 1000) i;
                CREATE TABLE none ();
                SELECT lo_from_bytea(4711, 'large');
                """
            );
            server.Execute("postgres", $"DROP DATABASE IF EXISTS {Target} WITH (FORCE)");
        }
    }

    public void Dispose() => _folder.Dispose();

    [PostgresTheory]
    [InlineData(1, false, true)]
    [InlineData(1, true, false)]
    [InlineData(2, false, true)]
    [InlineData(2, true, false)]
    public void AProvenFileIsReadOnce(int jobs, bool verifyContent, bool isTrusted)
    {
        RestoreResult result = Restore(BackUp().Path, jobs, verifyContent: verifyContent);
        Assert.Equal(1000L, Assert.Single(result.Tables, table => table.Name == "people").FoundRows);
        Assert.All(result.Tables, table => Assert.True(table.Matches));
        Assert.Equal(isTrusted, _told.Exists(text => text.Contains(Proven, StringComparison.Ordinal)));
    }

    [PostgresFact]
    public void APlanKnowsTheRecordedRows()
    {
        RestoreResult result = Restore(BackUp().Path, jobs: null, planOnly: true);
        Assert.Equal(1000L, Assert.Single(result.Tables, table => table.Name == "people").ExpectedRows);
        Assert.Contains(_told, text => text.Contains(Proven, StringComparison.Ordinal));
    }

    [AgeServerFact]
    public void AnEncryptedFileIsDecryptedOnce()
    {
        (string identity, string recipient) = KeyPairs.Make(_folder, "age");
        BackupInfo backup = BackUp(recipient);
        RestoreResult result = Restore(backup.Path, jobs: null, identity: identity);
        Assert.All(result.Tables, table => Assert.True(table.Matches));
        Assert.Contains(_told, text => text.Contains(Proven, StringComparison.Ordinal));
    }

    /// <summary>Its hash is right, and what it says of the content is not.</summary>
    [PostgresTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void AManifestThatLiesIsFoundOut(bool verifyContent)
    {
        BackupInfo backup = BackUp();
        string path = backup.Path + BackupFileName.ManifestSuffix;
        var manifest = BackupManifest.Read(path);
        List<BackupManifest.TableRecord> tables =
        [
            .. manifest.Tables!.Select(table => new BackupManifest.TableRecord
            {
                Schema = table.Schema,
                Name = table.Name,
                Rows = table.Rows,
                Bytes = table.Bytes,
                Fingerprint = table.Rows == 0 ? table.Fingerprint : new string('1', 32),
            }),
        ];
        File.WriteAllBytes(path, (manifest with { Tables = tables }).Serialize());
        CryoBackupException failure = Assert.Throws<CryoBackupException>(() => Restore(backup.Path, jobs: 1, verifyContent: verifyContent));
        Assert.Equal(CryoBackupError.ArchiveCorrupt, failure.Error);
        Assert.Contains("is not what was recorded: public.people has 1000 rows", failure.Message, StringComparison.Ordinal);
        Assert.Null(_server.Scalar("postgres", $"SELECT 1 FROM pg_database WHERE datname = '{Target}'"));
    }

    [PostgresFact]
    public void AnotherFileIsReadWholeAsEver()
    {
        BackupInfo backup = BackUp();
        byte[] bytes = File.ReadAllBytes(backup.Path);
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(backup.Path, bytes);
        CryoBackupException failure = Assert.Throws<CryoBackupException>(() => Restore(backup.Path, jobs: 1));
        Assert.Equal(CryoBackupError.HashMismatch, failure.Error);
        Assert.DoesNotContain(_told, text => text.Contains(Proven, StringComparison.Ordinal));
    }

    /// <summary>Rows were cut, and the file's hash is recorded anew: the restore ends with the table, and builds no index.</summary>
    [PostgresTheory]
    [InlineData(1)]
    [InlineData(2)]
    public void CutRowsEndTheRestoreAtOnce(int jobs)
    {
        FailBeyondTheRows();
        BackupInfo backup = BackUp();
        _server.Execute(Source, "DELETE FROM people WHERE id > 900");
        BackupInfo cut = BackUp();
        string path = backup.Path + BackupFileName.ManifestSuffix;
        var manifest = BackupManifest.Read(path);
        File.WriteAllBytes(
            path,
            (
                BackupManifest.Read(cut.Path + BackupFileName.ManifestSuffix) with
                {
                    BackupFile = manifest.BackupFile,
                    Tables = manifest.Tables,
                }
            ).Serialize()
        );
        File.Copy(cut.Path, backup.Path, overwrite: true);
        CryoBackupException failure = Assert.Throws<CryoBackupException>(() => Restore(backup.Path, jobs));
        Assert.Equal(CryoBackupError.ArchiveCorrupt, failure.Error);
        Assert.Contains("is not what was recorded: public.people has 900 rows", failure.Message, StringComparison.Ordinal);
        Assert.Contains("recorded are 1000", failure.Message, StringComparison.Ordinal);
        Assert.Null(_server.Scalar("postgres", $"SELECT 1 FROM pg_database WHERE datname = '{Target}'"));
    }

    [PostgresTheory]
    [InlineData(1, false)]
    [InlineData(1, true)]
    [InlineData(2, false)]
    [InlineData(2, true)]
    public void AFileExchangedMeanwhileIsFoundOut(int jobs, bool verifyContent)
    {
        FailBeyondTheRows();
        BackupInfo backup = BackUp();
        _server.Execute(Source, "UPDATE people SET name = 'somebody else' WHERE id = 1");
        string other = BackUp().Path;
        CryoBackupException failure = Assert.Throws<CryoBackupException>(() =>
            Restore(
                backup.Path,
                jobs,
                verifyContent: verifyContent,
                tell: text =>
                {
                    if (text.StartsWith("Created the database", StringComparison.Ordinal))
                    {
                        File.Copy(other, backup.Path, overwrite: true);
                    }
                }
            )
        );
        Assert.Equal(CryoBackupError.HashMismatch, failure.Error);
        Assert.Contains("was changed while it was restored", failure.Message, StringComparison.Ordinal);
        Assert.Null(_server.Scalar("postgres", $"SELECT 1 FROM pg_database WHERE datname = '{Target}'"));
    }

    /// <summary>Where a restore comes as far as the indexes, it fails by this one.</summary>
    private void FailBeyondTheRows() =>
        _server.Execute(
            Source,
            """
            CREATE FUNCTION refuses(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN
                IF pg_catalog.current_database() LIKE 'cryobackup\_restore%' THEN RAISE 'an index is built'; END IF;
                RETURN $1; END $$;
            CREATE INDEX built ON people (public.refuses(id))
            """
        );

    private BackupInfo BackUp(params string[] recipients) =>
        BackupWriter.Run(
            Requests.Backup(_server.Connection, Source, _folder.Path) with
            {
                Recipients = recipients,
            },
            _ => { },
            CancellationToken.None
        );

    private RestoreResult Restore(
        string path,
        int? jobs,
        bool verifyContent = false,
        bool planOnly = false,
        string? identity = null,
        Action<string>? tell = null
    ) =>
        BackupRestorer.Run(
            Requests.Restore(_server.Connection, path, Target) with
            {
                Create = true,
                Jobs = jobs,
                VerifyContent = verifyContent,
                PlanOnly = planOnly,
                Identities = identity is null ? [] : [identity],
            },
            message =>
            {
                if (message is VerboseMessage { Text: var text })
                {
                    lock (_told)
                    {
                        _told.Add(text);
                    }

                    tell?.Invoke(text);
                }
            },
            CancellationToken.None
        );
}
