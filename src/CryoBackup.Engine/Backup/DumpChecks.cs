using CryoBackup.Archive;
using CryoBackup.Text;

namespace CryoBackup.Backup;

/// <summary>What every dump must have brought, and how long it may be silent about it.</summary>
internal sealed class DumpChecks(BackupRequest request, DumpSnapshot snapshot)
{
    /// <summary>Nothing came any more.</summary>
    /// <param name="limit">For how long.</param>
    public CryoBackupException Stalled(TimeSpan limit) =>
        new(
            CryoBackupError.DumpFailed,
            $"pg_dump of '{request.Database}' was ended because nothing came from it for {DurationText.Of(limit)}.",
            request.Database,
            "See whether the server is overloaded, stopped, or unreachable; a longer -StallTimeout waits longer."
        );

    /// <summary>No table was counted to its end any more.</summary>
    /// <param name="limit">For how long.</param>
    public CryoBackupException CountStalled(TimeSpan limit) =>
        new(
            CryoBackupError.DumpFailed,
            $"The backup of '{request.Database}' was ended because after the dump no table's rows were counted to the end for "
                + $"{DurationText.Of(limit)}.",
            request.Database,
            "See whether the server is overloaded, stopped, or unreachable; a longer -StallTimeout waits longer, "
                + "and -SkipRowCount does without the count."
        );

    /// <summary>The archive must hold the rows of exactly the tables that the snapshot shows and the user selected.</summary>
    /// <param name="content">What the archive holds.</param>
    /// <exception cref="CryoBackupException">DumpFailed.</exception>
    public void CheckTables(ArchiveContent content)
    {
        var awaited = snapshot.Tables.Values.Where(snapshot.Selection!.TakesRows).ToDictionary(table => table.Oid);
        foreach (TableContent table in content.Tables)
        {
            if (!awaited.Remove(table.Entry.Oid))
            {
                throw Unproven(
                    $"{table.Entry.Schema}.{table.Entry.Name}",
                    "pg_dump wrote them, and the snapshot does not show it, or it was to be left out"
                );
            }
        }

        // Whether an extension's table is written is the extension's affair.
        if (awaited.Values.FirstOrDefault(table => table.Extension is null) is { } missing)
        {
            throw Unproven(missing.QuotedName, "the snapshot shows it, and pg_dump left it out");
        }
    }

    private static CryoBackupException Unproven(string table, string reason) =>
        new(
            CryoBackupError.DumpFailed,
            $"The rows of {table} cannot be proven: {reason}.",
            table,
            "Back up again, when no migration runs."
        );
}
