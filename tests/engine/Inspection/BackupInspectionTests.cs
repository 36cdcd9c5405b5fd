using System.Text;
using CryoBackup.Processes;
using CryoBackup.Storage;
using CryoBackup.Streams;
using CryoBackup.Verification;

namespace CryoBackup.Tests.Inspection;

/// <summary>What Test says of backups of ours, good and bad.</summary>
[Collection("postgres")]
public sealed class BackupInspectionTests(PostgresServer server) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private BackupInfo Make(CompressionKind compression = CompressionKind.Gzip) => SmallBackup.Make(server, _folder.Path, compression);

    [PostgresTheory]
    [InlineData(CompressionKind.Gzip)]
    [InlineData(CompressionKind.None)]
    [InlineData(CompressionKind.Zstd)]
    public void PassesAGoodBackup(CompressionKind compression)
    {
        BackupInfo backup = Make(compression);
        VerificationResult result = VerifyAssert.Passed(backup.Path);
        Assert.Equal(SmallBackup.Database, result.Database);
        Assert.Equal(backup.Hash, result.Hash);
        Assert.Equal(
            ["file_integrity", "metadata", "hash_calculation", "compression", "backup_format", "content"],
            result.Checks.Select(check => check.Name)
        );
        Assert.Equal(compression == CompressionKind.None ? CheckOutcome.NotRun : CheckOutcome.Passed, result.Check("compression").Outcome);
        Assert.All(result.Tables, table => Assert.True(table.Matches));
        Assert.Equal(
            ["public.nothing 0", "public.sample 3"],
            result.Tables.Select(table => $"{table} {table.FoundRows}").Order(StringComparer.Ordinal)
        );
        Assert.Contains("2 tables with 3 rows", result.Reason, StringComparison.Ordinal);

        VerificationResult hash = VerifyAssert.Passed(backup.Path, VerificationLevel.Hash);
        Assert.Equal(["file_integrity", "metadata", "hash_calculation"], hash.Checks.Select(check => check.Name));
        Assert.Empty(hash.Tables);
        Assert.Equal(backup.Hash, hash.Hash);
    }

    [PostgresFact]
    public void NamesADamagedFile()
    {
        BackupInfo backup = Make();
        byte[] bytes = File.ReadAllBytes(backup.Path);
        bytes[bytes.Length / 2] ^= 4;
        File.WriteAllBytes(backup.Path, bytes);

        VerificationResult result = VerifyAssert.Failed(backup.Path, "hash_calculation", backup.Path, "is not what was written");
        Assert.Equal(CheckOutcome.Passed, result.Check("metadata").Outcome);
        Assert.Equal(CheckOutcome.Failed, result.Check("compression").Outcome);
        Assert.Equal(CheckOutcome.NotRun, result.Check("content").Outcome);
    }

    [PostgresFact]
    public void NamesTheTableInWhichAByteChanged()
    {
        BackupInfo backup = Make(CompressionKind.None);
        byte[] bytes = File.ReadAllBytes(backup.Path);
        bytes[bytes.AsSpan().IndexOf("ice\t1.50"u8)]++;
        File.WriteAllBytes(backup.Path, bytes);

        VerificationResult result = VerifyAssert.Failed(
            backup.Path,
            "hash_calculation",
            "was changed after it was written",
            "public.sample has 3 rows"
        );
        Assert.Contains("public.sample has 3 rows", result.Check("content").Detail, StringComparison.Ordinal);
        Assert.Equal(["public.sample"], result.Tables.Where(table => !table.Matches).Select(table => table.ToString()));
    }

    [PostgresFact]
    public void NamesADamagedManifest()
    {
        BackupInfo backup = Make();
        File.WriteAllText(
            backup.ManifestPath,
            File.ReadAllText(backup.ManifestPath).Replace("\"rows\": 3", "\"rows\": 4", StringComparison.Ordinal)
        );

        VerificationResult result = VerifyAssert.Failed(backup.Path, "metadata", backup.ManifestPath, "its own checksum does not fit");
        Assert.Single(result.Checks, check => check.Outcome == CheckOutcome.Failed);
        Assert.Equal(CheckOutcome.NotRun, result.Check("content").Outcome);
    }

    [PostgresFact]
    public void NamesFilesThatWereExchanged()
    {
        // Of two databases; and of one database at two times, where only rows differ.
        BackupInfo first = Make();
        BackupInfo other = SmallBackup.Make(server, _folder.Path, CompressionKind.Gzip, "INSERT INTO sample VALUES (4);", "other backup");
        Exchange(first, other);
        VerifyAssert.Failed(first.Path, "hash_calculation", "whole archive of 'other backup'", "not the one that its manifest describes");
        VerifyAssert.Failed(
            other.Path,
            "hash_calculation",
            $"whole archive of '{SmallBackup.Database}'",
            "not the one that its manifest describes"
        );
        Exchange(first, other);
        VerifyAssert.Passed(first.Path);

        server.Execute(SmallBackup.Database, "INSERT INTO sample VALUES (5), (6)");
        BackupInfo later = SmallBackup.Again(server, _folder.Path, CompressionKind.Gzip);
        Exchange(first, later);
        VerificationResult result = VerifyAssert.Failed(first.Path, "hash_calculation", "not the one that its manifest describes");
        Assert.Contains("public.sample has 5 rows", result.Check("content").Detail, StringComparison.Ordinal);
    }

    [PostgresFact]
    public void NamesAManifestOfAnotherFile()
    {
        BackupInfo backup = Make();
        string renamed = Path.Combine(_folder.Path, "renamed.dump.gz");
        File.Move(backup.Path, renamed);
        File.Move(backup.ManifestPath, renamed + BackupFileName.ManifestSuffix);
        VerifyAssert.Failed(renamed, "metadata", $"describes '{Path.GetFileName(backup.Path)}'");
    }

    [PostgresTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void FindsLargeObjectsThatAreNotTheRecordedOnes(bool asMany)
    {
        BackupInfo backup = Make();
        var manifest = BackupManifest.Read(backup.ManifestPath);
        var others = new BackupManifest.LargeObjectRecord
        {
            Count = manifest.LargeObjects!.Count + (asMany ? 0 : 1),
            Bytes = manifest.LargeObjects.Bytes,
            Fingerprint = asMany ? new string('7', 32) : manifest.LargeObjects.Fingerprint,
        };
        File.WriteAllBytes(backup.ManifestPath, (manifest with { LargeObjects = others }).Serialize());
        VerifyAssert.Failed(backup.Path, "content", $"the 1 large objects are not the {others.Count} recorded ones");
    }

    [PostgresFact]
    public void FailsWhatWasPackedAnew()
    {
        // Every row is there, but these are not the bytes that were written.
        BackupInfo backup = Make();
        using (var reader = new GzipReader(File.OpenRead(backup.Path)))
        {
            byte[] archive = Streams.GzipSamples.ReadAll(reader);
            File.WriteAllBytes(backup.Path, Streams.GzipSamples.Stock(archive));
        }

        VerificationResult result = VerifyAssert.Failed(backup.Path, "hash_calculation", "with the recorded rows");
        Assert.Equal(CheckOutcome.Passed, result.Check("content").Outcome);
        VerifyAssert.Failed(backup.Path, VerificationLevel.Hash, "hash_calculation");
    }

    [Theory]
    [InlineData("", "file_integrity", "is empty")]
    [InlineData("-- PostgreSQL database dump\n", "backup_format", "is not a backup")]
    [InlineData("\ufeffThis is a corrupt backup file\r\n", "backup_format", "is not a backup")]
    [InlineData("PGDMP", "backup_format", "ends in the middle")]
    [InlineData("\u001f", "backup_format", "is not a backup")]
    public void NamesWhatIsNoBackup(string text, string check, string words)
    {
        string path = Path.Combine(_folder.Path, "x.dump.gz");
        File.WriteAllText(path, text, text.StartsWith('\ufeff') ? Encoding.Unicode : new UTF8Encoding(false));
        VerifyAssert.Failed(path, check, path, words);
    }

    [Fact]
    public void NamesWhatIsNotThere()
    {
        string path = Path.Combine(_folder.Path, "x.dump.gz");
        VerificationResult result = VerifyAssert.Failed(path, "file_integrity", path, "does not exist");
        Assert.All(result.Checks.Skip(1), check => Assert.Equal(CheckOutcome.NotRun, check.Outcome));
        VerifyAssert.Failed(path, VerificationLevel.Hash, "file_integrity", path, "does not exist");
        VerifyAssert.Failed(_folder.Path, "file_integrity", _folder.Path, "cannot be read");
    }

    /// <summary>On a disk that fails in the middle of the file.</summary>
    [TracedFact]
    public void NamesAFileThatCannotBeReadToItsEnd()
    {
        string path = Make().Path;
        foreach (string level in (string[])["hash", "content"])
        {
            (int exitCode, string output, IReadOnlyList<string> errors) = ToolProcess.Run(
                new ToolCommand(
                    "strace",
                    "-f",
                    "-qq",
                    "-o",
                    "/dev/null",
                    "-P",
                    path,
                    "-e",
                    "inject=read,pread64:error=EIO:when=2+",
                    "--",
                    Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../../tool/cryobackup")),
                    "test",
                    path,
                    "--level",
                    level
                ),
                CancellationToken.None
            );
            Assert.True(exitCode == 3, output + string.Join('\n', errors));
            Assert.Contains("cannot be read to its end", output.ReplaceLineEndings(" "), StringComparison.Ordinal);
        }
    }

    [PostgresFact]
    public void EndsWithItsToken()
    {
        BackupInfo backup = Make();
        using var source = new CancellationTokenSource();
        source.Cancel();
        foreach (VerificationLevel level in Enum.GetValues<VerificationLevel>())
        {
            Assert.Throws<OperationCanceledException>(() =>
                BackupVerifier.Run(new VerificationRequest { Path = backup.Path, Level = level }, static _ => { }, source.Token)
            );
        }
    }

    private static void Exchange(BackupInfo first, BackupInfo second)
    {
        File.Move(first.Path, first.Path + ".tmp");
        File.Move(second.Path, first.Path);
        File.Move(first.Path + ".tmp", second.Path);
    }
}
