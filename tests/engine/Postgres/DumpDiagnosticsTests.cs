using CryoBackup.Backup;
using CryoBackup.Postgres;

namespace CryoBackup.Tests.Postgres;

/// <summary>Lines as the programs wrote them, for failures that a test cannot bring about.</summary>
public sealed class DumpDiagnosticsTests
{
    [Theory]
    [InlineData(
        CryoBackupError.PgToolTooOld,
        "pg_dump: error: aborting because of server version mismatch",
        "pg_dump: detail: server version: 17.2; pg_dump version: 15.18"
    )]
    [InlineData(CryoBackupError.DiskFull, "pg_dump: error: could not write to file: No space left on device")]
    [InlineData(
        CryoBackupError.DiskFull,
        "pg_restore: error: COPY failed for table \"t\": ERROR:  could not extend file \"base/5/1\": "
            + "wrote only 4096 of 8192 bytes at block 7"
    )]
    [InlineData(CryoBackupError.ArchiveTooNew, "pg_restore: error: unsupported version (1.16) in file header")]
    [InlineData(CryoBackupError.NotABackup, "pg_restore: error: input file does not appear to be a valid archive")]
    [InlineData(CryoBackupError.ArchiveCorrupt, "pg_restore: error: could not read from input file: end of file")]
    [InlineData(
        CryoBackupError.ConnectionFailed,
        "pg_dump: error: connection to server at \"db.example\" (192.0.2.1), port 5432 failed: Connection timed out",
        "\tIs the server running on that host and accepting TCP/IP connections?"
    )]
    [InlineData(
        CryoBackupError.ConnectionFailed,
        "pg_dump: error: could not translate host name \"db.example\" to address: Name or service not known"
    )]
    [InlineData(
        CryoBackupError.ConnectionFailed,
        "pg_dump: error: connection to server at \"h\" (192.0.2.1), port 5432 failed: FATAL:  sorry, too many clients already"
    )]
    [InlineData(
        CryoBackupError.ConnectionFailed,
        "pg_dump: error: Dumping the contents of table \"t\" failed: PQgetCopyData() failed.",
        "pg_dump: detail: Error message from server: server closed the connection unexpectedly"
    )]
    [InlineData(
        CryoBackupError.AuthenticationFailed,
        "pg_dump: error: connection to server at \"h\" (192.0.2.1), port 5432 failed: FATAL:  no pg_hba.conf entry for host "
            + "\"192.0.2.9\", user \"a\", database \"b\", no encryption"
    )]
    [InlineData(
        CryoBackupError.LockTimeout,
        "pg_dump: error: query failed: ERROR:  canceling statement due to statement timeout",
        "pg_dump: detail: Query was: LOCK TABLE public.t IN ACCESS SHARE MODE"
    )]
    [InlineData(
        CryoBackupError.LockTimeout,
        "pg_dump: error: query failed: ERROR:  canceling statement due to statement timeout",
        "pg_dump: error: query was: LOCK TABLE public.t IN ACCESS SHARE MODE"
    )]
    [InlineData(
        CryoBackupError.DumpFailed,
        "pg_dump: error: query failed: ERROR:  canceling statement due to statement timeout",
        "pg_dump: detail: Query was: COPY public.t TO stdout;"
    )]
    [InlineData(CryoBackupError.DumpFailed, "pg_dump: error: no matching tables were found")]
    [InlineData(CryoBackupError.DumpFailed)]
    public void KnowsTheFailure(CryoBackupError expected, params string[] lines) =>
        Assert.Equal(expected, DumpDiagnostics.Classify(lines, CryoBackupError.DumpFailed).Error);

    [Theory]
    [InlineData("pg_dump: detail: Error message from server: ERROR:  ")]
    [InlineData("pg_dump: error: Error message from server: ERROR:  ")]
    public void PassesOnWhatTheServerSaidWhilePgDumpSaidWhatItDid(string form)
    {
        var endpoint = ServerEndpoint.Resolve(new ConnectionRequest { ComputerName = "db.example", UserName = "alice" }, "app", _ => { });
        string[] large =
        [
            "pg_dump: error: Dumping the contents of table \"doc\" failed: PQgetResult() failed.",
            form + "invalid memory alloc request size 1120000003",
            "pg_dump: detail: Command was: COPY public.doc (id, body) TO stdout;",
        ];
        CryoBackupException error = DumpDiagnostics.Explain("pg_dump", 1, large, CryoBackupError.DumpFailed, endpoint);
        Assert.EndsWith(
            "Dumping the contents of table \"doc\" failed: PQgetResult() failed: invalid memory alloc request size 1120000003.",
            error.Message,
            StringComparison.Ordinal
        );
        Assert.Contains("bytea", error.Remedy, StringComparison.Ordinal);

        string[] standby =
        [
            large[0],
            form + "canceling statement due to conflict with recovery",
            "DETAIL:  User query might have needed to see row versions that must be removed.",
            large[2],
        ];
        error = DumpDiagnostics.Explain("pg_dump", 1, standby, CryoBackupError.DumpFailed, endpoint);
        Assert.EndsWith(
            "conflict with recovery (User query might have needed to see row versions that must be removed).",
            error.Message,
            StringComparison.Ordinal
        );
        Assert.Contains("max_standby_streaming_delay", error.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void IsNotMisledByTheWordsOfAStatement()
    {
        string[] lines =
        [
            "pg_restore: while PROCESSING TOC:",
            "pg_restore: from TOC entry 204; 1255 16391 FUNCTION guard() owner",
            "pg_restore: error: could not execute query: ERROR:  syntax error at or near \"x\"",
            "Command was: CREATE FUNCTION guard() AS $$ BEGIN",
            "  RAISE 'permission denied: No space left on device, could not connect';",
            "pg_dump: warning: permission denied for nothing",
        ];
        (CryoBackupError error, string? line, string? target) = DumpDiagnostics.Classify(lines, CryoBackupError.RestoreFailed);
        Assert.Equal(CryoBackupError.RestoreFailed, error);
        Assert.Equal("could not execute query: ERROR:  syntax error at or near \"x\"", line);
        Assert.Equal("FUNCTION guard() owner", target);
    }

    [Fact]
    public void TakesTheEntryBeforeTheErrorForTheObject()
    {
        string[] lines =
        [
            "pg_restore: from TOC entry 1; 1259 1 TABLE first owner",
            "pg_restore: error: could not execute query: ERROR:  must be superuser to create an event trigger",
            "pg_restore: from TOC entry 2; 1259 2 TABLE second owner",
        ];
        Assert.Equal(
            (CryoBackupError.PermissionDenied, "TABLE first owner"),
            Pick(DumpDiagnostics.Classify(lines, CryoBackupError.RestoreFailed))
        );
        static (CryoBackupError, string?) Pick((CryoBackupError Error, string? Line, string? Object) all) => (all.Error, all.Object);
    }

    [Fact]
    public void ListsWarnings()
    {
        string[] lines =
        [
            "pg_dump: warning: there are circular foreign-key constraints on this table:",
            "pg_dump: detail: t",
            "pg_dump: error: x",
            "pg_dump: warning: two",
        ];
        Assert.Equal(["there are circular foreign-key constraints on this table:", "two"], DumpDiagnostics.Warnings(lines));
    }

    [UnixFact]
    public void NamesTheSignalThatEndedAProgram()
    {
        var endpoint = ServerEndpoint.Resolve(new ConnectionRequest { ComputerName = "db.example", UserName = "alice" }, "app", _ => { });
        Assert.Equal(
            "pg_dump was ended by signal 9 on database 'app' of db.example:5432.",
            DumpDiagnostics.Explain("pg_dump", 137, [], CryoBackupError.DumpFailed, endpoint).Message
        );
    }
}
