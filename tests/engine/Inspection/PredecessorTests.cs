using System.Globalization;
using System.Text;
using CryoBackup.Storage;
using CryoBackup.Tests.Archive;
using CryoBackup.Tests.Streams;

namespace CryoBackup.Tests.Inspection;

/// <summary>Files in the form that the predecessor left: a manifest of eight keys, without any hash.</summary>
public sealed class PredecessorTests : IDisposable
{
    private const string Name = "greenhouse_20250101_020304_full.dump.gz";
    private readonly TemporaryFolder _folder = new();
    private readonly byte[] _file = GzipSamples.Stock(ArchiveImage.CreateSample().ToBytes());

    public void Dispose() => _folder.Dispose();

    private string Write(byte[] file, string? manifest)
    {
        string path = Path.Combine(_folder.Path, Name);
        File.WriteAllBytes(path, file);
        File.Delete(path + BackupFileName.ManifestSuffix);
        if (manifest is not null)
        {
            // Written on Windows, without a newline at the end.
            File.WriteAllText(path + BackupFileName.ManifestSuffix, manifest.ReplaceLineEndings("\r\n"), new UTF8Encoding(false));
        }

        return path;
    }

    private static string Manifest(long size, string file = Name, string database = "\"greenhouse\"") =>
        string.Create(
            CultureInfo.InvariantCulture,
            $$"""
            {
              "timestamp": "2025-01-01T02:03:04.567890",
              "database": {{database}},
              "backup_type": "full",
              "backup_file": "{{file}}",
              "size_bytes": {{size}},
              "host": "localhost",
              "port": 5432,
              "backup_tool_version": "1.0.0"
            }
            """
        );

    [Fact]
    public void PassesWithTheChecksThatRan()
    {
        string path = Write(_file, Manifest(_file.Length));
        VerificationResult result = VerifyAssert.Passed(path);
        Assert.Equal("greenhouse", result.Database);
        Assert.All(result.Checks, check => Assert.True(check.Passed, $"{check}"));
        Assert.Contains("records none", result.Check("hash_calculation").Detail, StringComparison.Ordinal);
        Assert.Contains("no recorded rows to compare with", result.Reason, StringComparison.Ordinal);
        Assert.Equal(2, result.Tables.Length);
        Assert.All(result.Tables, table => Assert.Null(table.ExpectedRows));
    }

    /// <summary>Its manifest records a size, which tells nothing of a value that changed; only gzip's checksum does.</summary>
    [Fact]
    public void IsInconclusiveWhereNothingInsideHasAChecksum()
    {
        byte[] file = ArchiveImage.CreateSample().ToBytes();
        VerifyAssert.Unrecorded(Write(file, Manifest(file.Length)), "it carries no checksum, and its manifest records none");
        VerificationResult alone = VerifyAssert.Unrecorded(Write(_file, null), "gzip's own checksum is good, but no manifest records");
        Assert.Contains($"'{Name}.meta.json' beside it", alone.Remedy, StringComparison.Ordinal);
        Assert.Equal("app", alone.Database);
    }

    [Fact]
    public void IsInconclusiveAtLevelHash()
    {
        VerificationResult result = VerifyAssert.Run(Write(_file, Manifest(_file.Length)), VerificationLevel.Hash);
        Assert.Equal(Verdict.Inconclusive, result.Verdict);
        Assert.Contains("no recorded hash", result.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void ComparesTheSize()
    {
        string path = Write(_file, Manifest(_file.Length + 1));
        VerifyAssert.Failed(path, "hash_calculation", $"{_file.Length} bytes", $"records {_file.Length + 1}");
        VerifyAssert.Failed(path, VerificationLevel.Hash, "hash_calculation");
    }

    [Fact]
    public void FailsASimulatedBackup()
    {
        // The predecessor packed a text and called it a backup.
        byte[] file = GzipSamples.Stock("This is a simulated backup file for testing purposes.\n"u8.ToArray());
        VerificationResult result = VerifyAssert.Failed(Write(file, Manifest(file.Length)), "backup_format", "does not begin with PGDMP");
        Assert.Equal(CheckOutcome.Passed, result.Check("file_integrity").Outcome);
        Assert.Equal(CheckOutcome.Passed, result.Check("metadata").Outcome);
        Assert.Equal(CheckOutcome.Passed, result.Check("hash_calculation").Outcome);
    }

    [Fact]
    public void FailsACorruptBackupAsItsReportDid()
    {
        // There file_integrity and hash_calculation were true, backup_format and metadata were not.
        VerificationResult result = VerifyAssert.Failed(
            Write([.. Encoding.Unicode.GetPreamble(), .. Encoding.Unicode.GetBytes("a corrupt backup")], null),
            "backup_format"
        );
        Assert.Equal(CheckOutcome.Passed, result.Check("file_integrity").Outcome);
        Assert.Equal(CheckOutcome.NotRun, result.Check("metadata").Outcome);
        Assert.Equal(CheckOutcome.Passed, result.Check("hash_calculation").Outcome);
        Assert.Equal(64, result.Hash.Length);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("\"\"")]
    [InlineData("7")]
    [InlineData("[]")]
    public void FailsAManifestThatNamesNothing(string database) =>
        VerifyAssert.Failed(Write(_file, Manifest(_file.Length, database: database)), "metadata", "cannot be relied on");

    [Fact]
    public void FailsAManifestOfAnotherFile() =>
        VerifyAssert.Failed(Write(_file, Manifest(_file.Length, file: "other.dump.gz")), "metadata", "describes 'other.dump.gz'");

    [Fact]
    public void IsListed()
    {
        Write(_file, Manifest(_file.Length));
        BackupInfo backup = Assert.Single(BackupCatalog.Find(_folder.Path, null, latest: false, static _ => { }, CancellationToken.None));
        Assert.Equal(
            ("greenhouse", "localhost", 5432, "Gzip", "1.0.0", ""),
            (backup.Database, backup.ComputerName, backup.Port, backup.Compression, backup.ToolVersion, backup.Hash)
        );
        Assert.Equal(new DateTime(2025, 1, 1, 2, 3, 4, 567, DateTimeKind.Local).AddTicks(8900).ToUniversalTime(), backup.Start);
        Assert.Equal(DateTimeKind.Utc, backup.Start.Kind);
    }
}
