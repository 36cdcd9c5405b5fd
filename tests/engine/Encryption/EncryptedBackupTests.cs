using System.Globalization;
using System.Text;
using System.Text.Json;
using CryoBackup.Backup;
using CryoBackup.Encryption;
using CryoBackup.Inspection;
using CryoBackup.Postgres;
using CryoBackup.Restore;
using CryoBackup.Storage;
using CryoBackup.Tests.Backup;

namespace CryoBackup.Tests.Encryption;

[Collection("rehearsed and encrypted")]
public sealed class EncryptedBackupTests(PostgresServer server) : IDisposable
{
    private const string Source = "sealed_source";
    private const string Target = "sealed_target";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [AgeServerTheory]
    [InlineData("age", CompressionKind.Gzip)]
    [InlineData("ed25519", CompressionKind.None)]
    [InlineData("rsa", CompressionKind.Zstd)]
    public void OpensWithStockToolsByTheLineOfItsManifest(string kind, CompressionKind compression)
    {
        EncryptedBackup.MakeSample(server, Source, 500);
        (string identity, string recipient) = KeyPairs.Make(_folder, kind);
        BackupInfo backup = EncryptedBackup.New(server, Source, _folder.Path, [recipient], compression);
        Assert.True(backup.Encrypted);
        Assert.EndsWith(".age", backup.Path, StringComparison.Ordinal);

        string line = BackupManifest.Read(backup.ManifestPath).OpenWith!;
        Assert.StartsWith("age -d -i IDENTITY ", line, StringComparison.Ordinal);
        server.CreateDatabase(Target);
        KeyPairs.Sh(
            $"{Environment()} cd '{_folder.Path}'; "
                + line.Replace("IDENTITY", $"'{identity}'", StringComparison.Ordinal).Replace("NAME", Target, StringComparison.Ordinal)
        );
        Assert.Equal(500L, server.Scalar(Target, $"SELECT count(*) FROM {EncryptedBackup.Table}"));

        VerificationResult result = EncryptedBackup.Test(backup.Path, VerificationLevel.Content, identity);
        Assert.True(result.Verdict == Verdict.Passed, result.Reason);
        Assert.Equal(CheckOutcome.Passed, EncryptedBackup.Encryption(result)!.Outcome);
        Assert.Equal(500, Assert.Single(result.Tables).FoundRows);
        RestoreResult restored = EncryptedBackup.Restore(server, backup.Path, Target, [identity]);
        Assert.Equal(500, Assert.Single(restored.Tables).FoundRows);
        Assert.Equal(RestoreStatus.Restored, restored.Status);
    }

    [AgeServerTheory]
    [InlineData("age")]
    [InlineData("ed25519")]
    [InlineData("rsa")]
    public void OpensWhatStockToolsEncrypted(string kind)
    {
        EncryptedBackup.MakeSample(server, Source, 500);
        (string identity, string recipient) = KeyPairs.Make(_folder, kind);
        // What lies below the encryption does not hang on the kind of key.
        string[] formats = ["-Fc -Z0 | gzip", "-Fc -Z0", "-Fc"];
        foreach (string format in kind == "age" ? formats : formats[..1])
        {
            string[] parts = format.Split('|');
            string path = Path.Combine(_folder.Path, $"stock{format.Length}.dump.age");
            KeyPairs.Sh(
                $"{Environment()} {PgTool("pg_dump")} {parts[0]} {Source} {(parts.Length > 1 ? "|" + parts[1] : "")} | age -r "
                    + $"'{recipient}' > '{path}'"
            );
            VerificationResult result = EncryptedBackup.Test(path, VerificationLevel.Content, identity);
            Assert.True(result.Verdict == Verdict.Inconclusive, result.Reason);
            Assert.Contains(
                "age's own checksum is good, but no manifest records what was written",
                result.Reason,
                StringComparison.Ordinal
            );
            Assert.Equal(500, Assert.Single(EncryptedBackup.Restore(server, path, Target, [identity]).Tables).FoundRows);
        }
    }

    [AgeServerFact]
    public void EachOfSeveralIdentitiesOpensItAlone()
    {
        EncryptedBackup.MakeSample(server, Source, 10);
        (string Identity, string Recipient)[] pairs =
        [
            .. new[] { "age", "age", "ed25519", "rsa" }.Select(kind => KeyPairs.Make(_folder, kind)),
        ];
        string list = _folder.Write("team.txt", $"# the team\n{pairs[1].Recipient}\n{pairs[2].Recipient} with a comment\n");
        BackupInfo backup = EncryptedBackup.New(server, Source, _folder.Path, [pairs[0].Recipient, list, pairs[3].Identity + ".pub"]);
        Assert.All(
            pairs,
            pair => Assert.Equal(Verdict.Passed, EncryptedBackup.Test(backup.Path, VerificationLevel.Content, pair.Identity).Verdict)
        );
        Assert.Equal(pairs.Select(pair => pair.Recipient), BackupManifest.Read(backup.ManifestPath).Encryption!.Recipients);

        (string other, _) = KeyPairs.Make(_folder, "age");
        Assert.Equal(Verdict.Passed, EncryptedBackup.Test(backup.Path, VerificationLevel.Content, other, pairs[2].Identity).Verdict);
    }

    [AgeServerFact]
    public void ItsManifestTellsNothingOfItsContent()
    {
        EncryptedBackup.MakeSample(server, Source, 10);
        (_, string recipient) = KeyPairs.Make(_folder, "age");
        var warnings = new List<string>();
        BackupInfo backup = BackupWriter.Run(
            Requests.Backup(server.Connection, Source, _folder.Path) with
            {
                Recipients = [recipient],
                Label = "words of mine",
            },
            message =>
            {
                if (message is WarningMessage warning)
                {
                    warnings.Add(warning.Text);
                }
            },
            CancellationToken.None
        );
        Assert.Contains("label", Assert.Single(warnings), StringComparison.Ordinal);

        string text = File.ReadAllText(backup.ManifestPath);
        Assert.DoesNotContain(EncryptedBackup.Table, text, StringComparison.Ordinal);
        Assert.DoesNotContain("words of mine", text, StringComparison.Ordinal);
        using var json = JsonDocument.Parse(text);
        string[] keys = [.. json.RootElement.EnumerateObject().Select(property => property.Name)];
        Assert.Empty(keys.Intersect(["tables", "objects", "large_objects", "excluded", "label", "warnings"]));
        Assert.Equal("age", json.RootElement.GetProperty("encryption").GetProperty("method").GetString());

        BackupInfo found = Assert.Single(BackupCatalog.Find(_folder.Path, null, latest: false, _ => { }, CancellationToken.None));
        Assert.True(found.Encrypted);
        Assert.Empty(found.Tables);
    }

    [AgeServerFact]
    public void RolesAreEncryptedWithIt()
    {
        EncryptedBackup.MakeSample(server, Source, 10);
        server.Execute("postgres", "DROP ROLE IF EXISTS sealed_role; CREATE ROLE sealed_role PASSWORD 'not to be seen'");
        (string identity, string recipient) = KeyPairs.Make(_folder, "age");
        BackupInfo backup = BackupWriter.Run(
            Requests.Backup(server.Connection, Source, _folder.Path) with
            {
                Recipients = [recipient],
                IncludeGlobals = true,
            },
            _ => { },
            CancellationToken.None
        );
        server.Execute("postgres", "DROP ROLE sealed_role");
        Assert.Empty(backup.Warnings);
        string globals = Assert.Single(Directory.GetFiles(_folder.Path, "*.globals.*"));
        Assert.EndsWith(".sql.gz.age", globals, StringComparison.Ordinal);
        Assert.Contains("CREATE ROLE sealed_role", KeyPairs.Sh($"age -d -i '{identity}' '{globals}' | gunzip"), StringComparison.Ordinal);
        Assert.Equal(Verdict.Passed, EncryptedBackup.Test(backup.Path, VerificationLevel.Content, identity).Verdict);
        Assert.Equal([backup.Path], BackupFolder.List(_folder.Path));

        File.AppendAllText(globals, "x");
        Assert.Equal(Verdict.Failed, EncryptedBackup.Test(backup.Path, VerificationLevel.Hash).Verdict);
    }

    [AgeServerFact]
    public void WithoutAnIdentityItIsProvenToItsHashAndNoFurther()
    {
        (string path, _, _) = MakeBackup();
        Assert.Equal(Verdict.Passed, EncryptedBackup.Test(path, VerificationLevel.Hash).Verdict);

        VerificationResult result = EncryptedBackup.Test(path, VerificationLevel.Content);
        Assert.Equal(Verdict.Inconclusive, result.Verdict);
        Assert.Contains("needs an identity for X25519", result.Reason, StringComparison.Ordinal);
        Assert.Equal(CheckOutcome.NotRun, EncryptedBackup.Encryption(result)!.Outcome);
        Assert.Equal(CryoBackupError.IdentityMissing, result.ErrorId);
        Assert.Null(EncryptedBackup.Test(path, VerificationLevel.Hash).ErrorId);
        Assert.Equal(CheckOutcome.Passed, result.Checks.First(check => check.Name == CheckNames.Hash).Outcome);

        CryoBackupException error = Assert.Throws<CryoBackupException>(() => EncryptedBackup.Restore(server, path, Target, []));
        Assert.Equal(CryoBackupError.IdentityMissing, error.Error);
        Assert.Contains("-Identity", error.Remedy, StringComparison.Ordinal);
        Assert.Null(server.Scalar("postgres", $"SELECT 1 FROM pg_database WHERE datname = '{Target}'"));

        // The header needs no identity.
        byte[] bytes = File.ReadAllBytes(path);
        bytes[bytes.AsSpan().IndexOf("-> X25519"u8) + 5] ^= 1;
        File.WriteAllBytes(path, bytes);
        File.Delete(path + BackupFileName.ManifestSuffix);
        bytes[3] ^= 1;
        Assert.Equal(Verdict.Inconclusive, EncryptedBackup.Test(path, VerificationLevel.Content).Verdict);
        File.WriteAllBytes(path, bytes);
        result = EncryptedBackup.Test(path, VerificationLevel.Content);
        Assert.Equal(Verdict.Failed, result.Verdict);
        Assert.Contains("header", EncryptedBackup.Encryption(result)!.Detail, StringComparison.Ordinal);
    }

    [AgeServerFact]
    public void AWrongIdentityIsToldFromADamagedHeaderAndThatFromADamagedPayload()
    {
        (string path, string identity, _) = MakeBackup();
        (string wrong, _) = KeyPairs.Make(_folder, "age");
        (string wrongSsh, _) = KeyPairs.Make(_folder, "ed25519");
        foreach (string other in new[] { wrong, wrongSsh })
        {
            VerificationResult result = EncryptedBackup.Test(path, VerificationLevel.Content, other);
            Assert.Equal(Verdict.Inconclusive, result.Verdict);
            Assert.StartsWith("The content could not be checked: No identity given opens", result.Reason, StringComparison.Ordinal);
            Assert.Equal(CryoBackupError.IdentityWrong, result.ErrorId);
            Assert.Equal(CryoBackupError.IdentityWrong, EncryptedBackup.Encryption(result)!.ErrorId);
            Assert.Contains("recipients", result.Remedy, StringComparison.Ordinal);
            Assert.Contains("No identity given opens", EncryptedBackup.Encryption(result)!.Detail, StringComparison.Ordinal);
            CryoBackupException error = Assert.Throws<CryoBackupException>(() => EncryptedBackup.Restore(server, path, Target, [other]));
            Assert.Equal(CryoBackupError.IdentityWrong, error.Error);
            Assert.Equal(Verdict.Inconclusive, EncryptedBackup.Test(path, VerificationLevel.Restore, other).Verdict);
        }

        byte[] good = File.ReadAllBytes(path);
        RemoveHash(path);
        int body = good.AsSpan().IndexOf("-> X25519"u8) + 60;
        Assert.Equal(("header", CryoBackupError.ArchiveCorrupt), Damage(body));
        Assert.Equal(("header", CryoBackupError.ArchiveCorrupt), Damage(good.AsSpan().IndexOf("\n--- "u8) + 7));
        Assert.Equal(("payload", CryoBackupError.ArchiveCorrupt), Damage(good.Length - 20));

        (string Part, CryoBackupError Error) Damage(int at)
        {
            byte[] bytes = [.. good];
            bytes[at] = bytes[at] == (byte)'A' ? (byte)'B' : (byte)'A';
            File.WriteAllBytes(path, bytes);
            string detail = EncryptedBackup.Encryption(EncryptedBackup.Test(path, VerificationLevel.Content, identity))!.Detail;
            CryoBackupException error = Assert.Throws<CryoBackupException>(() => EncryptedBackup.Restore(server, path, Target, [identity]));
            return (
                detail.Contains("header", StringComparison.Ordinal) ? "header"
                : detail.Contains("payload", StringComparison.Ordinal) ? "payload"
                : detail,
                error.Error
            );
        }
    }

    [AgeServerFact]
    public void SeveralJobsNeedNothingInClear()
    {
        EncryptedBackup.MakeSample(server, Source, 100_000);
        (string identity, string recipient) = KeyPairs.Make(_folder, "age");
        BackupInfo backup = EncryptedBackup.New(server, Source, _folder.Path, [recipient]);

        RestoreResult restored = EncryptedBackup.Restore(server, backup.Path, Target, [identity], jobs: 2);
        Assert.Equal(RestoreStatus.Restored, restored.Status);
        Assert.Empty(restored.Warnings);
    }

    /// <summary>Rows that have to come in another order than the archive's need it on disk, decrypted: only by force.</summary>
    [AgeServerFact]
    public void AnotherOrderOfRowsNeedsForce()
    {
        server.CreateDatabase(Source);
        server.Execute(
            Source,
            "CREATE TABLE z_parent (id int PRIMARY KEY); CREATE TABLE a_child (id int REFERENCES z_parent); "
                + "INSERT INTO z_parent VALUES (1); INSERT INTO a_child VALUES (1)"
        );
        (string identity, string recipient) = KeyPairs.Make(_folder, "age");
        string path = EncryptedBackup.New(server, Source, _folder.Path, [recipient]).Path;
        server.CreateDatabase(Target);
        RestoreRequest request = Requests.Restore(server.Connection, path, Target) with { Identities = [identity], SchemaOnly = true };
        Run();
        request = request with { SchemaOnly = false, DataOnly = true };
        CryoBackupException error = Assert.Throws<CryoBackupException>(Run);
        Assert.Equal((CryoBackupError.ConfigurationInvalid, "Force"), (error.Error, error.Target));
        Assert.Equal(0L, server.Scalar(Target, "SELECT count(*) FROM z_parent"));
        request = request with { Force = true };
        Assert.All(Run().Tables, table => Assert.True(table.Matches));

        RestoreResult Run() => BackupRestorer.Run(request, _ => { }, CancellationToken.None);
    }

    [AgeServerFact]
    public void AListOfBackupsSaysWhichDoNotOpen()
    {
        (string path, string identity, _) = MakeBackup();
        Assert.Equal(10, Assert.Single(List(identity)).RowCount);
        byte[] bytes = File.ReadAllBytes(path);
        File.WriteAllBytes(path, bytes[..^20]);
        var warnings = new List<string>();
        Assert.Empty(Assert.Single(List(identity, warnings)).Tables);
        Assert.StartsWith($"The tables of '{path}' cannot be told: ", Assert.Single(warnings), StringComparison.Ordinal);

        IEnumerable<BackupInfo> List(string key, List<string>? heard = null) =>
            EncryptedTables.Read(
                BackupCatalog.Find(_folder.Path, null, latest: false, _ => { }, CancellationToken.None),
                [key],
                message => heard?.AddRange(message is WarningMessage warning ? [warning.Text] : []),
                CancellationToken.None
            );
    }

    [AgeServerFact]
    public void NothingIsWrittenForARecipientThatIsNone()
    {
        EncryptedBackup.MakeSample(server, Source, 10);
        string folder = Path.Combine(_folder.Path, "backups");
        (_, string good) = KeyPairs.Make(_folder, "age");
        string mistyped = good[..^1] + (good[^1] == 'q' ? 'p' : 'q');

        // Whole as Bech32, for a plugin that is not installed: only age can tell.
        const string plugin = "age1cryotest1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdwpwuf";
        foreach (string[] recipients in new[] { new[] { good, mistyped }, [""], [Path.Combine(_folder.Path, "none")], [plugin] })
        {
            CryoBackupException error = Assert.Throws<CryoBackupException>(() => EncryptedBackup.New(server, Source, folder, recipients));
            Assert.Equal(CryoBackupError.ConfigurationInvalid, error.Error);
            Assert.False(Directory.Exists(folder));
        }
    }

    private (string Path, string Identity, string Recipient) MakeBackup()
    {
        EncryptedBackup.MakeSample(server, Source, 10);
        (string identity, string recipient) = KeyPairs.Make(_folder, "age");
        return (EncryptedBackup.New(server, Source, _folder.Path, [recipient]).Path, identity, recipient);
    }

    /// <summary>Editors and shells of Windows write marks before the text, or two bytes a letter.</summary>
    [AgeServerFact]
    public void OpensWithIdentitiesAsWindowsWritesThem()
    {
        EncryptedBackup.MakeSample(server, Source, 10);
        Encoding[] encodings = [new UTF8Encoding(true), Encoding.Unicode, Encoding.BigEndianUnicode];
        foreach (string kind in new[] { "age", "ed25519" })
        {
            (string identity, string recipient) = KeyPairs.Make(_folder, kind);
            string path = EncryptedBackup
                .New(server, Source, Directory.CreateDirectory(Path.Combine(_folder.Path, kind)).FullName, [recipient])
                .Path;
            foreach (Encoding encoding in encodings)
            {
                string marked = Path.Combine(_folder.Path, $"{kind}-{encoding.CodePage}");
                File.WriteAllText(marked, File.ReadAllText(identity), encoding);
                KeyPairs.Sh($"chmod 600 '{marked}'");
                Assert.Equal(Verdict.Passed, EncryptedBackup.Test(path, VerificationLevel.Content, marked).Verdict);
                Assert.Equal([recipient], AgeRecipients.ReadKeyFile(marked, static _ => { }, CancellationToken.None));
            }

            Assert.Empty(Leftovers.PrivateFolders("cryobackup-age-", File.ReadAllText(identity).Trim()));
        }
    }

    /// <summary>Leaves the manifest whole, but silent about the file's hash.</summary>
    internal static void RemoveHash(string path)
    {
        string manifest = path + BackupFileName.ManifestSuffix;
        File.WriteAllBytes(manifest, (BackupManifest.Read(manifest) with { Sha256 = null }).Serialize());
        Assert.Null(BackupManifest.Read(manifest).Sha256);
    }

    private static string PgTool(string name) => ClientTools.Find(name, 0, CancellationToken.None).Path;

    private string Environment() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"export PGHOST='{server.Connection.ComputerName}' PGPORT={server.Connection.Port} PGUSER='{server.Connection.UserName}' "
                + $"PGPASSWORD='{(server.Connection.Password is { } password ? password : "")}' "
                + $"PATH=\"$PATH:{Path.GetDirectoryName(PgTool("pg_restore"))}\";"
        );
}
