using System.Globalization;
using System.Runtime.CompilerServices;
using CryoBackup.Archive;
using CryoBackup.Postgres;
using Npgsql;

namespace CryoBackup.Comparison;

/// <summary>
/// Proves that a database holds what a backup holds, whatever pg_restore said of its work: rows, large objects, objects and their state. A
/// restore throws the first finding, a rehearsal records all.
/// </summary>
internal sealed class DatabaseProof(ServerEndpoint endpoint, string application, Action<EngineMessage> observer)
{
    private const int Named = 3;

    /// <summary>What the archive holds.</summary>
    public required ArchiveContent Content { get; init; }

    /// <summary>What was restored.</summary>
    public required IReadOnlyList<TocEntry> Entries { get; init; }

    /// <summary>The tables whose rows were restored.</summary>
    public required IReadOnlyList<TableContent> Restored { get; init; }

    /// <summary>The state of the source, as its manifest or else its archive tells it; null where nothing does.</summary>
    public IReadOnlyList<ObjectState>? Source { get; init; }

    /// <summary>The source's lc_monetary, in which values of type money are written; null for the database's own.</summary>
    public string? Monetary { get; init; }

    /// <summary>What the database is called while it is compared; null for its own name, which may be a passing one.</summary>
    public string? Called { get; init; }

    /// <summary>True if the database holds no large object but the backup's.</summary>
    public bool HasOnlyOurLargeObjects { get; init; } = true;

    /// <summary>True to look for every object too, which pg_restore has said it made.</summary>
    public bool LooksForObjects { get; init; }

    /// <summary>Every table, expected and found; null until they were read.</summary>
    public TableComparison[]? Tables { get; private set; }

    /// <summary>Compares part by part.</summary>
    /// <param name="cancellationToken">Has the server end what is read.</param>
    /// <returns>Each part as soon as it is known.</returns>
    /// <exception cref="NpgsqlException">The server failed.</exception>
    public async IAsyncEnumerable<ProofPart> RunAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        yield return await CompareRowsAsync(cancellationToken).ConfigureAwait(false);
        await using NpgsqlConnection target = await TargetDatabase
            .OpenAsync(endpoint, application, Content.Encoding, cancellationToken)
            .ConfigureAwait(false);
        if (HasOnlyOurLargeObjects)
        {
            yield return await CompareLargeObjectsAsync(target, cancellationToken).ConfigureAwait(false);
        }

        if (LooksForObjects)
        {
            yield return await LookForObjectsAsync(target, cancellationToken).ConfigureAwait(false);
        }

        List<string> differences = await new RestoredState(target, Entries, Source, cancellationToken)
            .FindDifferencesAsync()
            .ConfigureAwait(false);
        yield return new ProofPart(
            CheckNames.State,
            "sequences, indexes, constraints, triggers and materialized views are as they were",
            OfDatabase(differences)
        );
    }

    /// <summary>The first few of many texts, and how many more there are.</summary>
    /// <param name="texts">The texts.</param>
    public static string Shorten(IEnumerable<string> texts)
    {
        string[] all = [.. texts];
        string more = all.Length > Named ? string.Create(CultureInfo.InvariantCulture, $", and {all.Length - Named} more") : "";
        return string.Join("; ", all.Take(Named)) + more;
    }

    private async Task<ProofPart> CompareRowsAsync(CancellationToken cancellationToken)
    {
        var comparison = new DatabaseComparison(endpoint, application, observer) { Monetary = Monetary, Called = Called };
        TableComparison[] tables = await comparison.CompareAsync(Restored, Content.Encoding, cancellationToken).ConfigureAwait(false);
        Tables = tables;
        string[] unread = [.. tables.Where(table => table.ExpectedRows is null).Select(table => table.ToString())];
        return new ProofPart(
            CheckNames.Rows,
            string.Create(
                CultureInfo.InvariantCulture,
                $"{tables.Length} tables with {tables.Sum(table => table.FoundRows ?? 0)} rows, each with its fingerprint"
            ),
            [
                .. tables
                    .Where(table => table.ExpectedRows is not null && !table.Matches)
                    .Select(table => new Finding(Describe(table), table.ToString())),
            ]
        )
        {
            Suspects = "triggers, rules",
            Unread =
                unread.Length == 0
                    ? null
                    : $"the archive has the rows of {Shorten(unread)} in a form that is not read here, so they were not compared",
        };
    }

    private static string Describe(TableComparison table) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{table} has {table.FoundRows} rows (fingerprint {table.FoundFingerprint}) "
                + $"instead of {table.ExpectedRows} ({table.ExpectedFingerprint})"
        );

    private async Task<ProofPart> CompareLargeObjectsAsync(NpgsqlConnection target, CancellationToken cancellationToken)
    {
        (long count, UInt128 fingerprint) = await LargeObjectReader.ReadAllAsync(target, cancellationToken).ConfigureAwait(false);
        bool same = count == Content.LargeObjectCount && (fingerprint == Content.LargeObjectFingerprint || !Content.LargeObjectsWereRead);
        return new ProofPart(
            CheckNames.LargeObjects,
            string.Create(CultureInfo.InvariantCulture, $"{count}, each with its content"),
            same
                ? []
                : OfDatabase([
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"the {count} large objects are not the {Content.LargeObjectCount} of the backup, by OID and content"
                    ),
                ])
        )
        {
            Unread = Content.LargeObjectsWereRead
                ? null
                : "the archive's own form of the large objects is not read here, so they were only counted",
        };
    }

    private async Task<ProofPart> LookForObjectsAsync(NpgsqlConnection target, CancellationToken cancellationToken)
    {
        TargetContent found = await TargetCatalog.ReadAsync(target, cancellationToken).ConfigureAwait(false);
        TocEntry[] looked = [.. Entries.Where(entry => TargetCatalog.Tells(entry.Kind))];
        return new ProofPart(
            CheckNames.Objects,
            string.Create(CultureInfo.InvariantCulture, $"{looked.Length} objects are there"),
            OfDatabase([.. looked.Where(entry => !IsThere(found, entry)).Select(entry => $"{entry} is missing")])
        );
    }

    /// <summary>A type that was never more than a shell is a TYPE to pg_dump; the shell of one that was completed is no more.</summary>
    private static bool IsThere(TargetContent found, TocEntry entry) =>
        found.Has(entry)
        || entry.Kind switch
        {
            "TYPE" => found.Has(
                new TocEntry
                {
                    Kind = "SHELL TYPE",
                    Schema = entry.Schema,
                    Name = entry.Name,
                }
            ),
            "SHELL TYPE" => found.Has(
                new TocEntry
                {
                    Kind = "TYPE",
                    Schema = entry.Schema,
                    Name = entry.Name,
                }
            ),
            _ => false,
        };

    private Finding[] OfDatabase(List<string> texts) => [.. texts.Select(text => new Finding(text, endpoint.Database))];
}
