using CryoBackup.Archive;

namespace CryoBackup.Postgres;

/// <summary>Makes an error of a failed pg_restore: the entry, its statement, and all that the server said.</summary>
internal static class RestoreFailure
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
        int exitCode, RestoreComplaint complaint, IReadOnlyList<string> tail, TocEntry? entry, string? sqlState, ServerEndpoint endpoint)
    {
        (CryoBackupError error, string? line, string? target) = DumpDiagnostics.Classify(complaint.Lines.Count > 0 ? complaint.Lines : tail, CryoBackupError.RestoreFailed);
        string message = $"pg_restore {DumpDiagnostics.Ending(exitCode)} on database '{endpoint.Database}' of {endpoint.Address}";
        if (entry is not null)
        {
            message += $", at {entry}";
        }

        if (line is not null)
        {
            message += $": {line.TrimEnd('.')}";
        }

        string[] more =
        [
            .. sqlState is null ? (string[])[] : [$"SQLSTATE {sqlState}"],
            .. complaint.Detail is null ? (string[])[] : [complaint.Detail.TrimEnd('.')],
        ];
        message += more.Length == 0 ? "." : $" ({string.Join("; ", more)}).";
        if (complaint.Hint is { } hint)
        {
            message += $" PostgreSQL's hint: {hint.TrimEnd('.')}.";
        }

        if ((complaint.StatementStart ?? CopyOf(entry)) is { } statement)
        {
            message += $" The statement: {statement.TrimEnd(';')}.";
        }

        // After its first error pg_restore has nothing to add; before it, it told what it was doing.
        IReadOnlyList<string> standardError = complaint.Lines.Count > 0 ? complaint.Lines : tail;
        return new CryoBackupException(error, message, entry?.ToString() ?? target ?? endpoint.Database, Remedy(error, entry, endpoint), standardError);
    }

    private static string? Remedy(CryoBackupError error, TocEntry? entry, ServerEndpoint endpoint) => (error, entry?.Kind) switch
    {
        // Trap M17: found at its first refresh, and no fault of the backup's.
        (CryoBackupError.RestoreFailed, "MATERIALIZED VIEW DATA") =>
            "pg_restore refreshes materialized views with an empty search_path: write schemas in the functions that the view uses, or ALTER FUNCTION … SET search_path, and back up again; "
                + "or restore the definitions with -SchemaOnly, correct them there, and then the rows with -DataOnly.",
        _ => Remedies.For(error, endpoint),
    };

    private static string? CopyOf(TocEntry? entry) => entry is { IsTableData: true, CopyStatement.Length: > 0 } ? RestoreComplaint.FirstLine(entry.CopyStatement) : null;
}
