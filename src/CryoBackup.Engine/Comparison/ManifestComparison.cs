using System.Globalization;
using CryoBackup.Archive;
using CryoBackup.Storage;

namespace CryoBackup.Comparison;

/// <summary>Sets what an archive holds beside what its manifest records.</summary>
internal sealed class ManifestComparison
{
    private readonly BackupManifest? _manifest;
    private readonly ArchiveContent _content;

    /// <summary>Compares.</summary>
    /// <param name="manifest">The manifest; null where there is none that can be relied on.</param>
    /// <param name="content">What the archive holds.</param>
    public ManifestComparison(BackupManifest? manifest, ArchiveContent content)
    {
        _manifest = manifest;
        _content = content;
        var expected = (manifest?.Tables ?? []).ToDictionary(table => (table.Schema, table.Name));
        var comparisons = new List<TableComparison>();
        foreach (TableContent table in content.Tables)
        {
            expected.Remove((table.Entry.Schema, table.Entry.Name), out BackupManifest.TableRecord? record);
            comparisons.Add(
                new TableComparison
                {
                    Schema = table.Entry.Schema,
                    Name = table.Entry.Name,
                    ExpectedRows = record?.Rows,
                    ExpectedFingerprint = record?.Fingerprint ?? "",
                    FoundRows = table.Fingerprint?.Rows,
                    FoundFingerprint = table.Fingerprint?.Text ?? "",
                }
            );
        }

        int found = comparisons.Count;
        comparisons.AddRange(
            expected.Values.Select(record => new TableComparison
            {
                Schema = record.Schema,
                Name = record.Name,
                ExpectedRows = record.Rows,
                ExpectedFingerprint = record.Fingerprint,
            })
        );
        Tables = [.. comparisons];
        Difference = manifest?.Tables is null ? null : FindDifference(manifest, found);
    }

    /// <summary>Every table, recorded and found.</summary>
    public TableComparison[] Tables { get; }

    /// <summary>The first difference; null where there is none, or nothing to compare with.</summary>
    public string? Difference { get; }

    /// <summary>
    /// True if an archive that is whole is another than the one described. Bytes that change in place leave its length and its kinds
    /// of objects as they are, and touch hardly more than one table.
    /// </summary>
    public bool IsOther =>
        _manifest is not null
        && (
            !string.Equals(_manifest.Database, _content.Header.Database, StringComparison.Ordinal)
            || _manifest.UncompressedBytes != _content.Length
            || _manifest.Objects?.Values.Sum(count => (long)count) != _content.Entries.Count
            || Tables.Count(table => !table.Matches) > 1
        );

    /// <summary>What an archive holds of a table, and what is recorded of it.</summary>
    /// <param name="table">The table.</param>
    public static string Describe(TableComparison table) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{table} has {table.FoundRows} rows (fingerprint {table.FoundFingerprint}); "
                + $"recorded are {table.ExpectedRows} ({table.ExpectedFingerprint})"
        );

    private string? FindDifference(BackupManifest manifest, int found)
    {
        int first = Array.FindIndex(Tables, table => !table.Matches);
        if (first >= found)
        {
            return $"{Tables[first]} is in the manifest and not in the archive";
        }

        if (first >= 0)
        {
            TableComparison table = Tables[first];
            return table.ExpectedRows is null ? $"{table} is in the archive and not in the manifest" : Describe(table);
        }

        return
            manifest.LargeObjects is { } objects
            && (
                objects.Count != _content.LargeObjectCount
                || !string.Equals(objects.Fingerprint, TableFingerprint.Format(_content.LargeObjectFingerprint), StringComparison.Ordinal)
            )
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"the {_content.LargeObjectCount} large objects are not the {objects.Count} recorded ones"
            )
            : null;
    }
}
