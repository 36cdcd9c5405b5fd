using System.Net.Sockets;
using System.Security.Authentication;
using Npgsql;

namespace CryoBackup.Postgres;

/// <summary>Turns what Npgsql throws into the engine's own failure.</summary>
internal static class NpgsqlErrors
{
    /// <summary>Translates by SQLSTATE; one that is already the engine's own is returned as it is.</summary>
    /// <param name="exception">What was thrown while talking to the server.</param>
    /// <param name="endpoint">The server.</param>
    /// <param name="fallback">The kind of an SQL error that says nothing else: DumpFailed or RestoreFailed.</param>
    public static CryoBackupException Translate(
        Exception exception,
        ServerEndpoint endpoint,
        CryoBackupError fallback = CryoBackupError.DumpFailed
    )
    {
        switch (exception)
        {
            case CryoBackupException own:
                return own;
            case PostgresException postgres:
                return OfServer(postgres, endpoint, fallback);
            // Npgsql wraps the server's answer where a connection broke off.
            case NpgsqlException { InnerException: PostgresException inner }:
                return OfServer(inner, endpoint, fallback);
            case OperationCanceledException:
                return Describe(CryoBackupError.Cancelled, $"The work on {endpoint.Address} was cancelled.", exception, endpoint);
            case NpgsqlException { InnerException: null } missing when missing.Message.StartsWith("No password", StringComparison.Ordinal):
                return Describe(
                    CryoBackupError.AuthenticationFailed,
                    $"The server {endpoint.Address} asks for a password of role '{endpoint.UserName}', and none was given.",
                    exception,
                    endpoint
                );
            case NpgsqlException
            or SocketException
            or IOException
            or TimeoutException
            or AuthenticationException
            or ObjectDisposedException:
                return Describe(
                    CryoBackupError.ConnectionFailed,
                    $"No connection to {endpoint.Address}, database '{endpoint.Database}': {Reason(exception)}",
                    exception,
                    endpoint
                );
            default:
                return Describe(
                    fallback,
                    $"The work on {endpoint.Address}, database '{endpoint.Database}', failed: {exception.Message}",
                    exception,
                    endpoint
                );
        }
    }

    private static CryoBackupException OfServer(PostgresException exception, ServerEndpoint endpoint, CryoBackupError fallback)
    {
        CryoBackupError error = KindOf(exception.SqlState, exception.Routine, fallback);
        var said = ServerMessage.Of(exception);
        string message = error switch
        {
            CryoBackupError.AuthenticationFailed =>
                $"The server {endpoint.Address} refused role '{endpoint.UserName}': {exception.MessageText}.",
            CryoBackupError.DatabaseNotFound => $"The server {endpoint.Address} has no database '{endpoint.Database}'.",
            CryoBackupError.ConnectionFailed =>
                $"The server {endpoint.Address} ended or refused the connection: {said.Text}{said.Addition}",
            _ => $"The server {endpoint.Address}, database '{endpoint.Database}', reports: {said.Text}{said.Addition}",
        };
        string? target = exception.TableName is { Length: > 0 } table
            ? (exception.SchemaName is { Length: > 0 } schema ? schema + "." + table : table)
            : null;
        return Describe(error, message, exception, endpoint, target, said);
    }

    private static CryoBackupError KindOf(string sqlState, string? routine, CryoBackupError fallback) =>
        sqlState switch
        {
            PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification =>
                CryoBackupError.AuthenticationFailed,
            PostgresErrorCodes.InvalidCatalogName => CryoBackupError.DatabaseNotFound,
            PostgresErrorCodes.DuplicateDatabase => CryoBackupError.DatabaseExists,
            PostgresErrorCodes.InsufficientPrivilege =>
            // With row_security off a policy has this code too; the server's function tells it apart in every language.
            routine == "check_enable_rls"
                ? CryoBackupError.RowSecurityActive
                : CryoBackupError.PermissionDenied,
            PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.DeadlockDetected => CryoBackupError.LockTimeout,
            PostgresErrorCodes.DiskFull => CryoBackupError.DiskFull,
            PostgresErrorCodes.TooManyConnections
            or PostgresErrorCodes.ConnectionFailure
            or PostgresErrorCodes.SqlClientUnableToEstablishSqlConnection
            or PostgresErrorCodes.ConnectionException
            or PostgresErrorCodes.ConnectionDoesNotExist
            or PostgresErrorCodes.SqlServerRejectedEstablishmentOfSqlConnection
            or PostgresErrorCodes.AdminShutdown
            or PostgresErrorCodes.CrashShutdown
            or PostgresErrorCodes.CannotConnectNow
            or PostgresErrorCodes.DatabaseDropped
            or PostgresErrorCodes.IdleSessionTimeout
            or "25P03"
            or PostgresErrorCodes.ProtocolViolation => CryoBackupError.ConnectionFailed,
            _ => fallback,
        };

    private static CryoBackupException Describe(
        CryoBackupError error,
        string message,
        Exception inner,
        ServerEndpoint endpoint,
        string? target = null,
        ServerMessage? said = null
    ) =>
        new(
            error,
            message,
            target ?? (error is CryoBackupError.ConnectionFailed ? endpoint.Address : endpoint.Database),
            TlsRemedies.For(inner, endpoint) ?? Remedies.For(error, endpoint, said),
            inner: inner
        );

    // The innermost reason says "connection refused" where the outermost says only "failed to connect".
    private static string Reason(Exception exception)
    {
        Exception inner = exception;
        while (inner is AggregateException { InnerExceptions.Count: > 0 } or { InnerException: not null })
        {
            inner = inner is AggregateException many ? many.InnerExceptions[0] : inner.InnerException!;
        }

        // A file that is not there says all; that it was wanted in a handshake says nothing.
        return
            inner is FileNotFoundException or DirectoryNotFoundException
            || string.Equals(inner.Message, exception.Message, StringComparison.Ordinal)
            ? inner.Message
            : $"{exception.Message.TrimEnd('.')}: {inner.Message}";
    }
}
