namespace CryoBackup.Tests.Reports;

/// <summary>Results as the verbs return them, without a server.</summary>
internal static class SampleResults
{
    public static readonly DateTime Noon = new(2026, 1, 31, 12, 0, 0, DateTimeKind.Utc);

    public static VerificationResult Verification(
        string path = "/backups/app_20260131_115900_full.dump.gz",
        Verdict verdict = Verdict.Passed,
        string database = "app",
        VerificationLevel level = VerificationLevel.Content,
        TableComparison[]? tables = null,
        int? sample = null
    ) =>
        new()
        {
            Database = database,
            Path = path,
            Level = level,
            Sample = sample,
            Covered = sample is null ? null : 0.25,
            Verdict = verdict,
            Reason = verdict == Verdict.Passed ? "2 tables with 1234 rows are those of the snapshot." : "It is not what was recorded.",
            Checks =
            [
                new()
                {
                    Name = "file_integrity",
                    Outcome = CheckOutcome.Passed,
                    Detail = "4711 bytes",
                    Duration = TimeSpan.FromMilliseconds(1),
                },
                new()
                {
                    Name = "metadata",
                    Outcome = CheckOutcome.Passed,
                    Detail = $"describes a backup of {database}",
                },
                new()
                {
                    Name = "hash_calculation",
                    Outcome = CheckOutcome.Passed,
                    Detail = "is the one that was recorded",
                },
                new()
                {
                    Name = "compression",
                    Outcome = CheckOutcome.NotRun,
                    Detail = "the file is not compressed",
                },
                new()
                {
                    Name = "backup_format",
                    Outcome = verdict == Verdict.Failed ? CheckOutcome.Failed : CheckOutcome.Passed,
                    Detail = "archive version 1.14",
                },
            ],
            Tables =
                tables
                ??
                [
                    new()
                    {
                        Schema = "public",
                        Name = "users",
                        ExpectedRows = 1200,
                        FoundRows = 1200,
                        ExpectedFingerprint = new string('a', 32),
                        FoundFingerprint = new string('a', 32),
                    },
                    new()
                    {
                        Schema = "public",
                        Name = "roles",
                        ExpectedRows = 34,
                        FoundRows = 34,
                        ExpectedFingerprint = new string('b', 32),
                        FoundFingerprint = new string('b', 32),
                    },
                ],
            Hash = new string('C', 64),
            Start = Noon,
            End = Noon.AddSeconds(2),
            Duration = TimeSpan.FromSeconds(2),
        };

    public static BackupInfo Backup(string database = "app", string folder = "/backups", params string[] warnings) =>
        new()
        {
            Database = database,
            ComputerName = "localhost",
            Port = 5432,
            Start = Noon,
            End = Noon.AddSeconds(90),
            Duration = TimeSpan.FromSeconds(90),
            Size = 4711,
            UncompressedSize = 54_321,
            Compression = "Gzip",
            Hash = new string('C', 64),
            ServerVersion = "15.18",
            ToolVersion = "0.1.0",
            Tables =
            [
                new()
                {
                    Schema = "public",
                    Name = "users",
                    Rows = 1234,
                    Bytes = 9000,
                    Fingerprint = new string('a', 32),
                },
            ],
            TableCount = 1,
            RowCount = 1234,
            Warnings = warnings,
            Path = Path.Combine(folder, $"{database}_20260131_120000_full.dump.gz"),
            ManifestPath = Path.Combine(folder, $"{database}_20260131_120000_full.dump.gz.meta.json"),
        };

    public static CryoBackupException Failure(string message = "The server 'db' refused the connection.") =>
        new(CryoBackupError.ConnectionFailed, message, "db", "Check that it runs.", ["pg_dump: error: connection refused"]);
}
