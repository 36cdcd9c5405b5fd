using System.Globalization;
using CryoBackup.Archive;
using CryoBackup.Processes;

namespace CryoBackup.Backup;

/// <summary>Counts the rows of every table beside the dump, in the dump's own snapshot, and compares them with what the tap saw.</summary>
internal sealed class RowCounter : IAsyncDisposable
{
    private const long SmallBytes = 1 << 20;
    private const int MostTogether = 100;

    private readonly DumpSnapshot _snapshot;
    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<uint, long> _rows = [];
    private readonly Task _counting;
    private int _finished;

    /// <summary>Begins to count.</summary>
    /// <param name="snapshot">The snapshot; its connection is in use until the count has ended.</param>
    /// <param name="failed">Called once if the count fails, on any thread: the dump cannot be proven any more.</param>
    public RowCounter(DumpSnapshot snapshot, Action failed)
    {
        _snapshot = snapshot;
        _counting = Task.Run(CountAsync);
        _counting.ContinueWith(_ => failed(), CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
    }

    /// <summary>The number of tables counted. May be read from another thread.</summary>
    public int Finished => Volatile.Read(ref _finished);

    /// <summary>Why the count has failed; null if it has not.</summary>
    public Exception? Failure => _counting.Exception?.InnerException;

    /// <summary>Waits for the last table, and proves the dump.</summary>
    /// <param name="content">What the tap saw.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="CryoBackupException">DumpFailed: a table has other rows than the snapshot.</exception>
    public async Task ProveAsync(ArchiveContent content, CancellationToken cancellationToken)
    {
        await _counting.WaitAsync(cancellationToken).ConfigureAwait(false);
        foreach (TableContent table in content.Tables)
        {
            long counted = _rows[table.Entry.Oid];
            long found = table.Fingerprint?.Rows ?? 0;
            if (counted != found)
            {
                throw new CryoBackupException(
                    CryoBackupError.DumpFailed,
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{table.Entry.Schema}.{table.Entry.Name} has {counted} rows in the snapshot, and pg_dump wrote {found}."
                    ),
                    $"{table.Entry.Schema}.{table.Entry.Name}",
                    "Back up again; if it happens again, look for TRUNCATE or table rewrites at the time of the backup, "
                        + "and check the table's indexes."
                );
            }
        }
    }

    /// <summary>Ends the count.</summary>
    public async ValueTask DisposeAsync()
    {
        _ = Task.Run(_stop.Cancel);
        await Patience.EndAsync(_counting).ConfigureAwait(false);
    }

    private async Task CountAsync()
    {
        foreach (List<DumpTable> together in Together(_snapshot.Tables.Values.Where(_snapshot.Selection!.TakesRows)))
        {
            long[] rows = await _snapshot.CountAsync(together, _stop.Token).ConfigureAwait(false);
            foreach ((DumpTable table, long count) in together.Zip(rows))
            {
                _rows.Add(table.Oid, count);
            }

            Volatile.Write(ref _finished, _finished + together.Count);
        }
    }

    /// <summary>A large table is a question of its own, which the server may share out among its processes; of small ones to ask takes
    /// longer than to count.</summary>
    private static IEnumerable<List<DumpTable>> Together(IEnumerable<DumpTable> tables)
    {
        List<DumpTable> small = [];
        foreach (DumpTable table in tables)
        {
            if (table.Bytes > SmallBytes || table.Condition is not null)
            {
                yield return [table];
                continue;
            }

            small.Add(table);
            if (small.Count == MostTogether)
            {
                yield return small;
                small = [];
            }
        }

        if (small.Count > 0)
        {
            yield return small;
        }
    }
}
