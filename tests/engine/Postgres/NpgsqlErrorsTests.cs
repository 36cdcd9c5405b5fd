using System.Net.Sockets;
using System.Security.Authentication;
using CryoBackup.Backup;
using CryoBackup.Postgres;
using Npgsql;

namespace CryoBackup.Tests.Postgres;

/// <summary>What Npgsql throws has the engine's name, with a target and, where an administrator can do something, a remedy.</summary>
public sealed class NpgsqlErrorsTests
{
    private static readonly ServerEndpoint Endpoint = ServerEndpoint.Resolve(
        new ConnectionRequest { ComputerName = "db.example", UserName = "alice" },
        "app",
        static _ => { },
        new PostgresEnvironment(static _ => null)
    );

    [Theory]
    [InlineData("28P01", CryoBackupError.AuthenticationFailed)]
    [InlineData("28000", CryoBackupError.AuthenticationFailed)]
    [InlineData("3D000", CryoBackupError.DatabaseNotFound)]
    [InlineData("42P04", CryoBackupError.DatabaseExists)]
    [InlineData("42501", CryoBackupError.PermissionDenied)]
    [InlineData("55P03", CryoBackupError.LockTimeout)]
    [InlineData("40P01", CryoBackupError.LockTimeout)]
    [InlineData("53100", CryoBackupError.DiskFull)]
    [InlineData("53300", CryoBackupError.ConnectionFailed)]
    [InlineData("08000", CryoBackupError.ConnectionFailed)]
    [InlineData("08001", CryoBackupError.ConnectionFailed)]
    [InlineData("08003", CryoBackupError.ConnectionFailed)]
    [InlineData("08004", CryoBackupError.ConnectionFailed)]
    [InlineData("08006", CryoBackupError.ConnectionFailed)]
    [InlineData("57P01", CryoBackupError.ConnectionFailed)]
    [InlineData("57P02", CryoBackupError.ConnectionFailed)]
    [InlineData("57P03", CryoBackupError.ConnectionFailed)]
    [InlineData("57P04", CryoBackupError.ConnectionFailed)]
    [InlineData("57P05", CryoBackupError.ConnectionFailed)]
    [InlineData("25P03", CryoBackupError.ConnectionFailed)]
    [InlineData("XX000", CryoBackupError.RestoreFailed)]
    public void TellsByTheServersCode(string sqlState, CryoBackupError expected)
    {
        CryoBackupException error = Translate(new PostgresException("no room for it", "ERROR", "ERROR", sqlState));
        Assert.Equal(expected, error.Error);
        Assert.Contains(expected == CryoBackupError.DatabaseNotFound ? "'app'" : "no room for it", error.Message, StringComparison.Ordinal);
        Assert.Equal(expected == CryoBackupError.ConnectionFailed ? Endpoint.Address : "app", error.Target);
        Assert.Equal(expected is CryoBackupError.RestoreFailed or CryoBackupError.DatabaseExists, error.Remedy is null);

        // As it comes where the connection broke off at once.
        Assert.Equal(
            expected,
            Translate(new NpgsqlException("broken", new PostgresException("no room for it", "ERROR", "ERROR", sqlState))).Error
        );
    }

    [Theory]
    [InlineData("42883", "function norm(text) does not exist", "search_path")]
    [InlineData("42P01", "relation \"dict\" does not exist", "search_path")]
    [InlineData("23503", "insert or update on table \"b\" violates foreign key constraint \"k\"", "NOT VALID")]
    [InlineData("23505", "could not create unique index \"k\"", "REINDEX")]
    [InlineData("23514", "new row for relation \"t\" violates check constraint \"k\"", "NOT VALID")]
    [InlineData("53200", "out of shared memory", "max_locks_per_transaction")]
    [InlineData("53200", "out of memory", "memory left")]
    [InlineData("XX000", "invalid memory alloc request size 1120000003", "-ExcludeTableData")]
    [InlineData("53300", "too many connections for role \"alice\"", "CONNECTION LIMIT")]
    [InlineData("55006", "database \"app\" is being accessed by other users", "pg_stat_activity")]
    [InlineData("57014", "canceling statement due to statement timeout", "statement_timeout")]
    [InlineData("40001", "canceling statement due to conflict with recovery", "hot_standby_feedback")]
    [InlineData("25006", "cannot execute CREATE DATABASE in a read-only transaction", "primary")]
    [InlineData("08P01", "unsupported startup parameter: options", "PgBouncer")]
    public void TheRemedyFitsTheServersCode(string sqlState, string text, string remedy)
    {
        CryoBackupException error = Translate(
            new PostgresException(text, "ERROR", "ERROR", sqlState, detail: "the detail.", hint: "the hint.")
        );
        Assert.Contains(remedy, error.Remedy, StringComparison.Ordinal);
        Assert.EndsWith($": {text} ({sqlState}; the detail). PostgreSQL's hint: the hint.", error.Message, StringComparison.Ordinal);

        // PostgreSQL's programs print no codes.
        CryoBackupException printed = DumpDiagnostics.Explain(
            "pg_dump",
            1,
            [$"pg_dump: error: query failed: ERROR:  {text}", "DETAIL:  the detail.", "HINT:  the hint.", "pg_dump: detail: Query was: x"],
            CryoBackupError.DumpFailed,
            Endpoint
        );
        Assert.Equal(error.Remedy, printed.Remedy);
        Assert.EndsWith($"{text} (the detail). PostgreSQL's hint: the hint.", printed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void NamesTheTableWhereTheServerDoes()
    {
        Assert.Equal("sales.orders", Translate(OfTable("sales", "orders")).Target);
        Assert.Equal("orders", Translate(OfTable(null, "orders")).Target);
        Assert.Equal("app", Translate(OfTable(null, null)).Target);
    }

    [Fact]
    public void TellsWhatCameBeforeTheServerCouldAnswer()
    {
        var own = new CryoBackupException(CryoBackupError.DiskFull, "The disk is full.");
        Assert.Same(own, Translate(own));
        Assert.Equal(CryoBackupError.Cancelled, Translate(new OperationCanceledException()).Error);
        Assert.Equal(
            CryoBackupError.AuthenticationFailed,
            Translate(new NpgsqlException("No password has been provided but the backend requires one")).Error
        );
        Assert.Equal(CryoBackupError.RestoreFailed, Translate(new InvalidOperationException("a state of its own")).Error);
        Exception[] lost =
        [
            new SocketException(111),
            new IOException("reset"),
            new TimeoutException("late"),
            new ObjectDisposedException("connection"),
        ];
        foreach (Exception broken in lost)
        {
            Assert.Equal(CryoBackupError.ConnectionFailed, Translate(broken).Error);
        }
    }

    /// <summary>In .NET's words, as its sources have them.</summary>
    [Theory]
    [InlineData(
        "The remote certificate is invalid according to the validation procedure: RemoteCertificateNameMismatch",
        "as the certificate does"
    )]
    [InlineData("The remote certificate is invalid because of errors in the certificate chain: NotTimeValid", "Renew it")]
    [InlineData(
        "The remote certificate is invalid because of errors in the certificate chain: PartialChain",
        "Put its authority's certificate into"
    )]
    [InlineData(
        "The remote certificate is invalid because of errors in the certificate chain: UntrustedRoot",
        "Put its authority's certificate into"
    )]
    [InlineData("Authentication failed, see inner exception.", "listen_addresses")]
    public void SaysWhatIsWrongWithACertificate(string reason, string remedy) =>
        Assert.Contains(
            remedy,
            Translate(new NpgsqlException("Exception while performing SSL handshake", new AuthenticationException(reason))).Remedy,
            StringComparison.Ordinal
        );

    [Fact]
    public void SaysTheInnermostReason()
    {
        var refused = new IOException("connection refused");
        var outermost = new NpgsqlException("Failed to connect.", new AggregateException(refused));
        Assert.EndsWith("Failed to connect: connection refused", Translate(outermost).Message, StringComparison.Ordinal);
        Assert.EndsWith(": connection refused", Translate(refused).Message, StringComparison.Ordinal);
    }

    private static CryoBackupException Translate(Exception exception) =>
        NpgsqlErrors.Translate(exception, Endpoint, CryoBackupError.RestoreFailed);

    private static PostgresException OfTable(string? schema, string? table) =>
        new("no", "ERROR", "ERROR", "XX000", schemaName: schema, tableName: table);
}
