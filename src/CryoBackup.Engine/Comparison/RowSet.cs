using CryoBackup.Archive;

namespace CryoBackup.Comparison;

/// <summary>
/// Rows that are compared as one: those of a table, or those of all partitions that the archive loads through their root. Which partition
/// such a row lies in is the server's choice, as where the hash of a value is not the same everywhere.
/// </summary>
internal sealed class RowSet
{
    private RowSet(QualifiedName name, IReadOnlyList<TableContent> tables)
    {
        Name = name;
        IsOfRoot = tables.Count > 1 || RootRows.RootOf(tables[0].Entry) is not null;
        CopyStatement = tables[0].Entry.CopyStatement;
        IEnumerable<TableFingerprint?> rows = tables.Select(static table => table.Fingerprint);
        if (tables.Any(table => !string.Equals(table.Entry.CopyStatement, CopyStatement, StringComparison.Ordinal)))
        {
            CopyStatement = tables[0].RootRows?.CopyStatement ?? CopyStatement;
            rows = tables.Select(static table => table.RootRows?.Fingerprint);
        }

        if (rows.All(static part => part is not null))
        {
            Expected = new TableFingerprint();
            foreach (TableFingerprint? part in rows)
            {
                Expected.Add(part!);
            }
        }
    }

    /// <summary>The table, or the partitions' root.</summary>
    public QualifiedName Name { get; }

    /// <summary>The archive's COPY … FROM stdin; of the rows.</summary>
    public string CopyStatement { get; }

    /// <summary>True if the rows are read from a root with all its partitions.</summary>
    public bool IsOfRoot { get; }

    /// <summary>What the archive holds; null where that cannot be read here, or not be compared.</summary>
    public TableFingerprint? Expected { get; }

    /// <summary>The rows of an archive's tables.</summary>
    /// <param name="tables">The tables.</param>
    /// <returns>Sets that hold each row once, in the order of their first tables.</returns>
    public static IReadOnlyList<RowSet> Of(IReadOnlyList<TableContent> tables) =>
        [.. tables.GroupBy(table => RootRows.RootOf(table.Entry) ?? NameOf(table)).Select(group => new RowSet(group.Key, [.. group]))];

    /// <summary>What was found beside what was to be found.</summary>
    /// <param name="found">The rows of the database; null if they were not read.</param>
    public TableComparison Compare(TableFingerprint? found) =>
        new()
        {
            Schema = Name.Schema,
            Name = Name.Name,
            ExpectedRows = Expected?.Rows,
            ExpectedFingerprint = Expected?.Text ?? "",
            FoundRows = found?.Rows,
            FoundFingerprint = found?.Text ?? "",
        };

    private static QualifiedName NameOf(TableContent table) => new(table.Entry.Schema, table.Entry.Name);
}
