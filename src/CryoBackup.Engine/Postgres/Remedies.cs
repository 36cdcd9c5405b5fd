namespace CryoBackup.Postgres;

/// <summary>What an administrator can do about a failure that a server or one of its programs reported.</summary>
internal static class Remedies
{
    /// <summary>The advice for a failure; null where the message itself says all.</summary>
    /// <param name="error">Its kind.</param>
    /// <param name="endpoint">The server.</param>
    /// <param name="said">What the server said; its code tells more than the kind.</param>
    public static string? For(CryoBackupError error, ServerEndpoint endpoint, ServerMessage? said = null) =>
        (said is null ? null : SqlStateRemedies.For(said, endpoint)) ?? ForKind(error, endpoint);

    private static string? ForKind(CryoBackupError error, ServerEndpoint endpoint) =>
        error switch
        {
            CryoBackupError.ConnectionFailed =>
                $"Check that the server at {endpoint.Address} is running and accepts connections (host, port, firewall, "
                    + "listen_addresses, SSL mode), and read its log if a connection broke.",
            CryoBackupError.AuthenticationFailed =>
                $"Check the password of role '{endpoint.UserName}' (-Credential, PGPASSWORD or the password file) "
                    + "and the server's pg_hba.conf.",
            CryoBackupError.DatabaseNotFound => ForName(endpoint.Database),
            CryoBackupError.PermissionDenied =>
                $"Grant role '{endpoint.UserName}' what is missing (for reading all: GRANT pg_read_all_data), "
                    + "or use the owner or a superuser.",
            CryoBackupError.RowSecurityActive =>
                $"Use the tables' owner or a superuser, or let role '{endpoint.UserName}' see every row: ALTER ROLE … BYPASSRLS.",
            CryoBackupError.LockTimeout =>
                "Wait for the session that holds the table (pg_locks, pg_blocking_pids) or end it, or allow a longer lock time-out.",
            CryoBackupError.PgToolTooOld => "Install the client programs of the server's major version or a newer one.",
            CryoBackupError.ArchiveTooNew => "Install the client programs of the version that wrote the archive, or a newer one.",
            CryoBackupError.DiskFull => "Make room on the disk that the message names; the server's own disk may be meant.",
            CryoBackupError.ArchiveCorrupt or CryoBackupError.NotABackup => "Use another backup; Test-CryoBackup tells which are good.",
            CryoBackupError.Cancelled => null,
            _ => null,
        };

    private static string ForName(string database) =>
        ConnectionUri.Is(database) ? "A connection is no name: give it as -ComputerName."
        : database.Contains(',', StringComparison.Ordinal)
            ? $"'{database}' is taken as one name: give several as a list; pwsh -File makes one text of a list, -Command does not."
        : $"Check the name '{database}'; names are case-sensitive.";
}
