using System.Text.RegularExpressions;
using CryoBackup.Archive;
using CryoBackup.Backup;
using CryoBackup.Postgres;
using Npgsql;

namespace CryoBackup.Restore;

/// <summary>Makes an error of a failed pg_restore: the entry, its statement, and all that the server said.</summary>
internal static partial class RestoreFailure
{
    /// <summary>Describes it.</summary>
    /// <param name="exitCode">pg_restore's code.</param>
    /// <param name="complaint">What it said first.</param>
    /// <param name="tail">The last lines of its standard error.</param>
    /// <param name="entry">The entry that it was restoring; null where not known.</param>
    /// <param name="sqlState">The server's code of the error; null where it could not be had.</param>
    /// <param name="endpoint">The server and database it worked on.</param>
    /// <returns>The exception to throw; its target is the entry, else the database.</returns>
    public static CryoBackupException Explain(
        int exitCode,
        RestoreComplaint complaint,
        IReadOnlyList<string> tail,
        TocEntry? entry,
        string? sqlState,
        ServerEndpoint endpoint
    )
    {
        (CryoBackupError error, string? line, string? target) = DumpDiagnostics.Classify(
            complaint.Lines.Count > 0 ? complaint.Lines : tail,
            CryoBackupError.RestoreFailed
        );
        if (error == CryoBackupError.RestoreFailed && sqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            // Its words are of many kinds: "must be member of role", "must be owner of", "must be superuser to".
            error = CryoBackupError.PermissionDenied;
        }

        string message = $"pg_restore {DumpDiagnostics.Ending(exitCode)} on database '{endpoint.Database}' of {endpoint.Address}";
        if (entry is not null)
        {
            message += $", at {entry}";
        }

        if (line is not null)
        {
            message += $": {line.TrimEnd('.')}";
        }

        ServerMessage? said = complaint.Message is null
            ? null
            : new ServerMessage(complaint.Message, sqlState ?? ServerMessage.Guess(complaint.Message), complaint.Detail, complaint.Hint);
        message += (said is null ? null : said with { SqlState = sqlState is null ? null : $"SQLSTATE {sqlState}" })?.Addition ?? ".";
        if ((complaint.StatementStart ?? CopyOf(entry)) is { } statement)
        {
            message += $" The statement: {statement.TrimEnd(';')}.";
        }

        // After its first error pg_restore has nothing to add; before it, it told what it was doing.
        IReadOnlyList<string> standardError = complaint.Lines.Count > 0 ? complaint.Lines : tail;
        return new CryoBackupException(
            error,
            message,
            entry?.ToString() ?? target ?? endpoint.Database,
            Remedy(error, entry, endpoint, said),
            standardError
        );
    }

    /// <summary>Describes the failure of a session of ours that loaded rows.</summary>
    /// <param name="said">What the server said.</param>
    /// <param name="entry">The table's entry.</param>
    /// <param name="endpoint">The server and database it worked on.</param>
    /// <returns>The exception to throw; its target is the entry.</returns>
    public static CryoBackupException OfRows(PostgresException said, TocEntry entry, ServerEndpoint endpoint)
    {
        CryoBackupError error = NpgsqlErrors.Translate(said, endpoint, CryoBackupError.RestoreFailed).Error;
        var message = ServerMessage.Of(said);
        string addition = (message with { SqlState = $"SQLSTATE {said.SqlState}" }).Addition;

        // Which line of the rows it was tells nothing: they were shared out.
        string? where = said.Where is null ? null : LineOfCopy().Replace(said.Where, "$1");
        return new CryoBackupException(
            error,
            $"Loading rows failed on database '{endpoint.Database}' of {endpoint.Address}, at {entry}: "
                + $"{said.InvariantSeverity}:  {said.MessageText.TrimEnd('.')}{addition} The statement: {CopyOf(entry)?.TrimEnd(';')}.",
            entry.ToString(),
            Remedy(error, entry, endpoint, message),
            [
                $"{said.InvariantSeverity}:  {said.MessageText}",
                .. said.Detail is null ? (string[])[] : [$"DETAIL:  {said.Detail}"],
                .. where is null ? (string[])[] : [$"CONTEXT:  {where}"],
            ],
            said
        );
    }

    [GeneratedRegex(@"^(COPY .*?), line \d+", RegexOptions.CultureInvariant)]
    private static partial Regex LineOfCopy();

    private static string? Remedy(CryoBackupError error, TocEntry? entry, ServerEndpoint endpoint, ServerMessage? said)
    {
        const string Apart =
            " Then back up again; or restore the definitions of this backup with -SchemaOnly, correct them there, "
            + "and then the rows with -DataOnly.";
        string? remedy = Remedies.For(error, endpoint, said);
        return (error, said?.SqlState, entry?.Kind) switch
        {
            (
                CryoBackupError.RestoreFailed,
                PostgresErrorCodes.UndefinedFunction
                    or PostgresErrorCodes.UndefinedTable
                    or PostgresErrorCodes.ForeignKeyViolation
                    or PostgresErrorCodes.UniqueViolation
                    or PostgresErrorCodes.CheckViolation,
                _
            ) => remedy + Apart,
            (CryoBackupError.RestoreFailed, PostgresErrorCodes.RaiseException, not "TABLE DATA") when remedy is null =>
                "A function of the database's users raised it: an event trigger that guards against changes, or what a view, "
                    + "an index or a check calls. "
                    + "Disable it at the source (ALTER EVENT TRIGGER … DISABLE) or let it pass for this role."
                    + Apart,
            (CryoBackupError.RestoreFailed, null, "MATERIALIZED VIEW DATA") => SqlStateRemedies.EmptySearchPath + Apart,
            _ => remedy,
        };
    }

    private static string? CopyOf(TocEntry? entry) =>
        entry is { IsTableData: true, CopyStatement.Length: > 0 } ? RestoreComplaint.FirstLine(entry.CopyStatement) : null;
}
