using System.Text;
using CryoBackup.Archive;
using CryoBackup.Configuration;
using CryoBackup.Hosting;
using CryoBackup.Restore;
using CryoBackup.Runs;
using CryoBackup.Storage;
using CryoBackup.Tests.Archive;
using CryoBackup.Tests.Kept;
using CryoBackup.Verification;

namespace CryoBackup.Tests.Inspection;

/// <summary>A backup whose manifest is gone has nothing that a changed value could be seen by,
/// so that it never passes by its file alone.</summary>
[Collection("postgres")]
public sealed class UnrecordedTests(PostgresServer server) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [PostgresTheory]
    [InlineData(CompressionKind.None, "it carries no checksum, and no manifest records what was written")]
    [InlineData(CompressionKind.Gzip, "gzip's own checksum is good, but no manifest records what was written")]
    [InlineData(CompressionKind.Zstd, "zstd's own checksum is good, but no manifest records what was written")]
    public void BackupThatLostItsManifestIsInconclusive(CompressionKind compression, string words)
    {
        BackupInfo backup = SmallBackup.Make(server, _folder.Path, compression);
        VerifyAssert.Passed(backup.Path);
        File.Delete(backup.ManifestPath);

        VerificationResult result = VerifyAssert.Unrecorded(backup.Path, words, "2 tables with 3 rows");
        Assert.Equal(SmallBackup.Database, result.Database);
        Assert.Equal(CheckOutcome.NotRun, result.Check("metadata").Outcome);
        Assert.Contains($"'{Path.GetFileName(backup.ManifestPath)}' beside it", result.Remedy, StringComparison.Ordinal);
        VerificationResult hash = VerifyAssert.Run(backup.Path, VerificationLevel.Hash);
        Assert.Equal(Verdict.Inconclusive, hash.Verdict);
        Assert.Contains("There is no manifest", hash.Reason, StringComparison.Ordinal);
    }

    /// <summary>What carried a checksum, and what of the file records nothing, is named.</summary>
    [Theory]
    [InlineData(false, null, "None", "it carries no checksum, and no manifest records what was written")]
    [InlineData(true, null, "None", "it carries no checksum, and its manifest records none")]
    [InlineData(false, null, "Gzip", "zlib's checksums of the rows are good, but its definitions carry none, and no manifest records")]
    [InlineData(true, null, "Gzip", "but its definitions carry none, and its manifest, which has no hash, records what was written")]
    [InlineData(false, "gzip", "Gzip", "and gzip's own checksum is good, but no manifest records what was written")]
    public void TheReasonNamesWhatThereIs(bool hasManifest, string? checksum, string blocks, string words)
    {
        BackupManifest? manifest = hasManifest ? KeptManifest.Of(1, hasGlobals: false, "app") with { Sha256 = null } : null;
        foreach (string name in new[] { "app_20260101_000000_full.dump", "other.dump" })
        {
            CryoBackup.Inspection.Unrecorded found = CryoBackup.Inspection.Unrecorded.Find(
                name,
                manifest,
                checksum,
                Enum.Parse<ArchiveCompression>(blocks)
            )!;
            Assert.Contains(words, found.Describe("2 tables"), StringComparison.Ordinal);
            Assert.StartsWith("The archive is whole to its end (2 tables), ", found.Describe("2 tables"), StringComparison.Ordinal);
            Assert.EndsWith("Test-CryoBackup -Level Restore proves whether it comes back.", found.Remedy, StringComparison.Ordinal);
            Assert.Equal(
                !hasManifest && name[0] == 'a',
                found.Remedy.Contains(BackupFileName.ManifestSuffix + "' beside it", StringComparison.Ordinal)
            );
        }
    }

    /// <summary>A hash, or a checksum beside a manifest, is a record.</summary>
    [Fact]
    public void WhatIsRecordedIsNotInDoubt()
    {
        BackupManifest manifest = KeptManifest.Of(1, hasGlobals: false, "app");
        Assert.Null(CryoBackup.Inspection.Unrecorded.Find("a.dump", manifest, null, ArchiveCompression.None));
        Assert.Null(CryoBackup.Inspection.Unrecorded.Find("a.dump.gz", manifest with { Sha256 = null }, "gzip", ArchiveCompression.None));
    }

    [Fact]
    public void RowsThatNobodyCountedAreNotInTheSum()
    {
        Assert.Equal("2 tables with 6 rows", CryoBackup.Inspection.FileChecks.Rows([Table(3), Table(3)]));
        Assert.Equal("2 tables, not all rows counted", CryoBackup.Inspection.FileChecks.Rows([Table(3), Table(null)]));
        static TableComparison Table(long? rows) =>
            new()
            {
                Schema = "public",
                Name = "a",
                FoundRows = rows,
            };
    }

    /// <summary>The fault that this is for: one letter of a row was changed, and Content said Passed.</summary>
    [PostgresFact]
    public void ChangedRowDoesNotPassWithoutAManifest()
    {
        BackupInfo backup = SmallBackup.Make(server, _folder.Path, CompressionKind.None);
        byte[] bytes = File.ReadAllBytes(backup.Path);
        int row = bytes.AsSpan().IndexOf("1\tice\t1.50"u8);
        Assert.True(row > 0);
        bytes[row + 2] = (byte)'d';
        File.WriteAllBytes(backup.Path, bytes);
        VerifyAssert.Failed(backup.Path, "hash_calculation");
        File.Delete(backup.ManifestPath);
        VerifyAssert.Unrecorded(backup.Path, "a value that changed would not be found");
    }

    /// <summary>It came back: that is a proof of its own. What was not recorded is told all the same.</summary>
    [PostgresTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void RehearsalMayPassIt(bool stock)
    {
        string path = Path.Combine(_folder.Path, "stock.dump");
        if (stock)
        {
            server.CreateDatabase(SmallBackup.Database);
            server.Execute(SmallBackup.Database, "CREATE TABLE t AS SELECT 1 AS a");
            StockDump.ToFile(server, SmallBackup.Database, path);
        }
        else
        {
            BackupInfo backup = SmallBackup.Make(server, _folder.Path, CompressionKind.None);
            File.Delete(backup.ManifestPath);
            path = backup.Path;
        }

        VerificationResult result = VerifyAssert.Passed(path, VerificationLevel.Restore);
        Assert.Contains("It came back on PostgreSQL", result.Reason, StringComparison.Ordinal);
        Assert.EndsWith("Nothing records what was written into the backup itself.", result.Reason, StringComparison.Ordinal);
        Assert.Null(result.Remedy);
    }

    [PostgresFact]
    public void RestoreTakesItWithAWarning()
    {
        BackupInfo backup = SmallBackup.Make(server, _folder.Path, CompressionKind.Gzip);
        File.Delete(backup.ManifestPath);
        server.Execute("postgres", "DROP DATABASE IF EXISTS unrecorded_copy");
        try
        {
            RestoreResult result = BackupRestorer.Run(
                Requests.Restore(server.Connection, backup.Path, "unrecorded_copy") with
                {
                    Create = true,
                },
                static _ => { },
                default
            );
            Assert.Equal(RestoreStatus.Restored, result.Status);
            Assert.Contains("no manifest records what was written", Assert.Single(result.Warnings), StringComparison.Ordinal);
        }
        finally
        {
            server.Execute("postgres", "DROP DATABASE IF EXISTS unrecorded_copy");
        }
    }

    /// <summary>Report, page, counts, metrics and log say it too, and a run with it is no success.</summary>
    [PostgresFact]
    public void IsOnRecordAsInconclusive()
    {
        BackupInfo backup = SmallBackup.Make(server, _folder.Path, CompressionKind.None);
        File.Delete(backup.ManifestPath);
        var configuration = new BackupConfiguration
        {
            LogFile = Path.Combine(_folder.Path, "x.log"),
            MetricsFile = Path.Combine(_folder.Path, "x.prom"),
            Reports = new() { VerificationDir = Path.Combine(_folder.Path, "reports"), Html = true },
        };
        using var evidence = new RecordedRun(RunKind.Verification, configuration, null);
        VerificationResult result = evidence.Run(VerificationTask.Of(new() { Path = backup.Path }), static _ => { }, default);
        evidence.Finish(message => Assert.IsNotType<WarningMessage>(message), default);

        string report = File.ReadAllText(result.ReportPath!, Encoding.UTF8);
        Assert.Contains("\"inconclusive\": 1", report, StringComparison.Ordinal);
        Assert.Contains("\"passed\": 0", report, StringComparison.Ordinal);
        Assert.Contains("\"status\": \"inconclusive\"", report, StringComparison.Ordinal);
        Assert.Contains("\"metadata\": false", report, StringComparison.Ordinal);
        string page = File.ReadAllText(Path.ChangeExtension(result.ReportPath!, ".html"), Encoding.UTF8);
        Assert.Contains("no manifest records what was written", page, StringComparison.Ordinal);
        Assert.Contains("Inconclusive", page, StringComparison.OrdinalIgnoreCase);
        Assert.Contains(
            $"cryobackup_last_verification_verdict{{database=\"{SmallBackup.Database}\",verdict=\"inconclusive\"}} 1",
            File.ReadAllText(configuration.MetricsFile),
            StringComparison.Ordinal
        );
        Assert.Contains("WARNING - Backup verification inconclusive", File.ReadAllText(configuration.LogFile), StringComparison.Ordinal);
    }
}
