using System.Globalization;
using CryoBackup.Archive;
using CryoBackup.Comparison;
using CryoBackup.Postgres;
using CryoBackup.Restore.Selection;
using Npgsql;

namespace CryoBackup.Verification.Rehearsal;

/// <summary>Compares what came back with what the archive holds: rows, large objects, objects, their state and their definitions.</summary>
internal sealed class RehearsalComparison(
    RehearsalServer server, ArchiveContent content, RehearsalChecks checks, Action<EngineMessage> observer, CancellationToken cancellationToken)
{
    private const int NamedDifferences = 3;

    private readonly List<string> _differences = [];

    /// <summary>Every table, expected and found; null until they were read.</summary>
    public TableComparison[]? Tables { get; private set; }

    /// <summary>Every difference found until now.</summary>
    public IReadOnlyList<string> Differences => _differences;

    /// <summary>Compares; each part ends in a check.</summary>
    /// <exception cref="NpgsqlException">The server failed.</exception>
    /// <exception cref="CryoBackupException">A program failed.</exception>
    public async Task RunAsync()
    {
        await CompareRowsAsync().ConfigureAwait(false);
        await using NpgsqlConnection target =
            await TargetDatabase.OpenAsync(server.Working, server.Application, content.Encoding, cancellationToken).ConfigureAwait(false);
        await CompareLargeObjectsAsync(target).ConfigureAwait(false);
        await CompareObjectsAsync(target).ConfigureAwait(false);
        Judge(
            CheckNames.State,
            await RestoredState.FindDifferencesAsync(target, server.Selection.Expected, cancellationToken).ConfigureAwait(false),
            "sequences, indexes, constraints and materialized views are as they were");
        CompareSchema();
    }

    /// <summary>The first few of many texts, and how many more there are.</summary>
    /// <param name="texts">The texts.</param>
    public static string Shorten(IEnumerable<string> texts)
    {
        string[] all = [.. texts];
        string more = all.Length > NamedDifferences ? string.Create(CultureInfo.InvariantCulture, $", and {all.Length - NamedDifferences} more") : "";
        return string.Join("; ", all.Take(NamedDifferences)) + more;
    }

    private async Task CompareRowsAsync()
    {
        TableComparison[] tables = await new DatabaseComparison(server.Working, server.Application, observer)
            .CompareAsync([.. content.Tables.Where(table => server.Selection.Restored.Contains(table.Entry.DumpId))], content.Encoding, cancellationToken).ConfigureAwait(false);
        Tables = tables;
        List<string> differences =
        [
            .. tables.Where(table => table.ExpectedRows is not null && !table.Matches).Select(table => string.Create(
                CultureInfo.InvariantCulture,
                $"{table} has {table.FoundRows} rows (fingerprint {table.FoundFingerprint}) instead of {table.ExpectedRows} ({table.ExpectedFingerprint})")),
        ];
        if (differences.Count == 0 && Array.FindAll(tables, table => table.ExpectedRows is null) is { Length: > 0 } unread)
        {
            checks.Hinder(
                CheckNames.Rows,
                $"The archive's own form of the rows of {Shorten(unread.Select(table => table.ToString()))} is not read here, so they were not compared",
                "Make backups with New-CryoBackup, or with pg_dump -Fc and gzip or no compression.");
            return;
        }

        Judge(CheckNames.Rows, differences, string.Create(CultureInfo.InvariantCulture, $"{tables.Length} tables with {tables.Sum(table => table.FoundRows ?? 0)} rows, each with its fingerprint"));
    }

    private async Task CompareLargeObjectsAsync(NpgsqlConnection target)
    {
        (long count, UInt128 fingerprint) = await LargeObjectReader.ReadAllAsync(target, cancellationToken).ConfigureAwait(false);
        Judge(
            CheckNames.LargeObjects,
            count == content.LargeObjectCount && fingerprint == content.LargeObjectFingerprint
                ? []
                : [string.Create(CultureInfo.InvariantCulture, $"the {count} large objects are not the {content.LargeObjectCount} of the backup, by OID and content")],
            string.Create(CultureInfo.InvariantCulture, $"{count}, each with its content"));
    }

    private async Task CompareObjectsAsync(NpgsqlConnection target)
    {
        TargetContent found = await TargetCatalog.ReadAsync(target, cancellationToken).ConfigureAwait(false);
        TocEntry[] looked = [.. server.Selection.Expected.Where(entry => TargetCatalog.Tells(entry.Kind))];
        Judge(
            CheckNames.Objects,
            [.. looked.Where(entry => !IsThere(found, entry)).Select(entry => $"{entry} is missing")],
            string.Create(CultureInfo.InvariantCulture, $"{looked.Length} objects are there"));
    }

    /// <summary>A type that was never more than a shell is a TYPE to pg_dump; the shell of one that was completed is no more.</summary>
    private static bool IsThere(TargetContent found, TocEntry entry) => found.Has(entry) || entry.Kind switch
    {
        "TYPE" => found.Has(new TocEntry { Kind = "SHELL TYPE", Schema = entry.Schema, Name = entry.Name }),
        "SHELL TYPE" => found.Has(new TocEntry { Kind = "TYPE", Schema = entry.Schema, Name = entry.Name }),
        _ => false,
    };

    private void CompareSchema()
    {
        int dumpMajor = ArchiveHeader.Major(content.Header.DumpVersion);
        ClientTool pgDump;
        try
        {
            pgDump = ClientTools.Find("pg_dump", Math.Max(server.Major, dumpMajor), cancellationToken);
        }
        catch (CryoBackupException exception) when (exception.Error is CryoBackupError.PgToolNotFound or CryoBackupError.PgToolTooOld)
        {
            checks.Hinder(CheckNames.Schema, $"Definitions were not compared: {exception.Message}", exception.Remedy);
            return;
        }

        List<string> differences = new SchemaComparison(server, content.LargeObjectCount > 0, cancellationToken).Run(pgDump);
        string what = server.HasOwners ? "definitions, owners and privileges" : "definitions (owners and privileges are not rehearsed on a named server)";
        if (differences.Count > 0 && (server.Major != ArchiveHeader.Major(content.Header.ServerVersion) || pgDump.Major != dumpMajor))
        {
            // Another version says the same in other words; what is not there at all was found above.
            _differences.AddRange(differences);
            checks.Pass(
                CheckNames.Schema,
                string.Create(CultureInfo.InvariantCulture, $"{what} as pg_dump {pgDump.Version} tells them of PostgreSQL {server.Version}; {differences.Count} in other words than pg_dump {content.Header.DumpVersion} used: {Shorten(differences)}"));
            return;
        }

        Judge(CheckNames.Schema, differences, $"{what} are the backup's");
    }

    private void Judge(string check, List<string> differences, string good)
    {
        _differences.AddRange(differences);
        if (differences.Count == 0)
        {
            checks.Pass(check, good);
        }
        else
        {
            checks.Fail(check, $"The restored database differs from the backup: {Shorten(differences)}.", "Do not rely on this backup alone; look at Differences, and make and rehearse another.");
        }
    }
}
