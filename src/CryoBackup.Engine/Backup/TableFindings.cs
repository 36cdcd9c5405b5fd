namespace CryoBackup.Backup;

/// <summary>What keeps a role from reading every row of a selection.</summary>
internal static class TableFindings
{
    /// <summary>One finding a kind, each naming all of its tables.</summary>
    /// <param name="selection">What is to be read.</param>
    /// <param name="role">Who reads it.</param>
    public static IEnumerable<CryoBackupException> Of(DumpSelection selection, string role)
    {
        string unreadable = Join(selection.Read.Where(table => !table.Readable));
        if (unreadable.Length > 0)
        {
            yield return new CryoBackupException(
                CryoBackupError.PermissionDenied,
                $"Role '{role}' may not read: {unreadable}.",
                unreadable,
                "GRANT pg_read_all_data TO it (PostgreSQL 14 and later), or USAGE on the schemas and SELECT on these tables and sequences."
            );
        }

        string hidden = Join(selection.Read.Where(table => table.RowSecurity && selection.TakesRows(table)));
        if (hidden.Length > 0)
        {
            yield return new CryoBackupException(
                CryoBackupError.RowSecurityActive,
                $"Row security hides rows from role '{role}' in: {hidden}. A backup of what it sees would be a smaller one.",
                hidden,
                "ALTER ROLE … BYPASSRLS, or back up as the tables' owner (without FORCE ROW LEVEL SECURITY) or a superuser."
            );
        }
    }

    private static string Join(IEnumerable<DumpTable> tables) => string.Join(", ", tables.Select(table => table.QuotedName));
}
