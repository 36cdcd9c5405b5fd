using System.Globalization;
using CryoBackup.Storage;
using CryoBackup.Text;

namespace CryoBackup.Retention;

/// <summary>
/// Tells a backup that holds suspiciously less than the newest proven one before it: the sign of a deletion by mistake, of a server that
/// was restored half, of rows that somebody may not see any more.
/// </summary>
internal static class Degradation
{
    /// <summary>By how many percent the rows of a table may fall, unless something else is said.</summary>
    public const int UsualShrink = 50;

    /// <summary>Tables of fewer rows come and go.</summary>
    private const long LeastRows = 1000;

    /// <summary>An archive without rows has about this size; smaller ones tell nothing.</summary>
    private const long LeastBytes = 1 << 20;

    /// <summary>Compares.</summary>
    /// <param name="made">The new backup's manifest, not yet without its tables for being encrypted.</param>
    /// <param name="before">The manifest of the newest proven backup before it.</param>
    /// <param name="maxShrink">By how many percent it may shrink; 100 permits everything.</param>
    /// <returns>What fell, one sentence without its full stop each; none where all is well.</returns>
    public static IReadOnlyList<string> Find(BackupManifest made, BackupManifest before, int maxShrink)
    {
        if (maxShrink >= 100)
        {
            return [];
        }

        if (before.Tables is not { } tables || made.Tables is null)
        {
            // An encrypted backup tells of the whole alone.
            return before.UncompressedBytes is { } old and >= LeastBytes && Falls(old, made.UncompressedBytes ?? 0, maxShrink)
                ? [$"the archive fell from {SizeText.Of(old)} to {SizeText.Of(made.UncompressedBytes ?? 0)}"]
                : [];
        }

        var now = made.Tables.ToDictionary(table => (table.Schema, table.Name));
        List<string> findings = [];
        foreach (BackupManifest.TableRecord table in tables)
        {
            string name = VisibleText.Of($"{table.Schema}.{table.Name}");
            if (!now.TryGetValue((table.Schema, table.Name), out BackupManifest.TableRecord? found))
            {
                findings.Add(string.Create(CultureInfo.InvariantCulture, $"table {name} ({table.Rows} rows) is gone"));
            }
            else if (table.Rows > LeastRows && Falls(table.Rows, found.Rows, maxShrink))
            {
                findings.Add(string.Create(CultureInfo.InvariantCulture, $"table {name} fell from {table.Rows} to {found.Rows} rows"));
            }
            else if (table.Rows > LeastRows && Falls(table.Bytes, found.Bytes, maxShrink))
            {
                findings.Add($"table {name} fell from {SizeText.Of(table.Bytes)} to {SizeText.Of(found.Bytes)}");
            }
        }

        return findings;
    }

    /// <summary>The newest proven backup of the same database of the same server that is itself not degraded.</summary>
    /// <param name="listing">What lies where the new backup is to lie.</param>
    /// <param name="made">The new backup's manifest.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>Null where there is none, or nobody knows whose it is.</returns>
    public static StoredBackup? Before(BackupListing listing, BackupManifest made, CancellationToken cancellationToken)
    {
        BackupGroup group = StoredBackup.GroupOf(made);
        DateTime now = made.ReadStart();
        return group.Server.Length == 0
            ? null
            : StoredBackup
                .ReadAll(listing, now, StoredBackup.MayBeOf(made.Database), static _ => { }, cancellationToken)
                .Where(backup => backup.Kept is { IsProven: true, IsDegraded: false } kept && kept.Group == group && kept.Start <= now)
                .MaxBy(backup => backup.Kept!.Start);
    }

    private static bool Falls(long before, long now, int maxShrink) => now < before * (double)(100 - maxShrink) / 100;
}
