using CryoBackup.Archive;
using CryoBackup.Processes;

namespace CryoBackup.Restore;

/// <summary>
/// Loads the rows of tables by several sessions at once, as the archive flows by: whole rows of a table go to whichever session has the
/// least to do. None of them touches this machine's disk.
/// </summary>
/// <param name="session">What the parts of the restore have in common, with the database that is filled.</param>
/// <param name="plan">What is restored.</param>
/// <param name="sessions">How many sessions.</param>
internal sealed class RowLoading(RestoreSession session, RestorePlan plan, int sessions) : IDisposable
{
    private readonly CancellationToken _cancellationToken = session.Limits.Token;

    // Not disposed of: a session that was given up may still ask it.
    private readonly CancellationTokenSource _ended = CancellationTokenSource.CreateLinkedTokenSource(session.Limits.Token);
    private readonly Dictionary<int, TableContent> _tables = plan.Tables.ToDictionary(table => table.Entry.DumpId);
    private readonly LoadTargets _targets = new(plan, session.Limits.Token);
    private readonly RowDispatch _dispatch = new(sessions);
    private Task[] _work = [];
    private Exception? _failure;

    /// <summary>Cancelled as soon as one has failed.</summary>
    public CancellationToken Ended => _ended.Token;

    /// <summary>Starts them, each on a thread of its own.</summary>
    public void Start()
    {
        _ended.Token.Register(_dispatch.Stop);
        _work =
        [
            .. Enumerable
                .Range(0, sessions)
                .Select(number =>
                    Task.Factory.StartNew(
                        () => Load(number),
                        CancellationToken.None,
                        TaskCreationOptions.LongRunning,
                        TaskScheduler.Default
                    )
                ),
        ];
    }

    /// <summary>Takes a table's COPY text.</summary>
    /// <param name="entry">The table's entry.</param>
    /// <returns>What takes the text, and nothing at its end; null where its rows are not wanted.</returns>
    public ChunkReader.DataHandler? Take(TocEntry entry)
    {
        if (!_tables.TryGetValue(entry.DumpId, out TableContent? table))
        {
            return null;
        }

        // Where nothing is known of its size, it is taken for one that is not shared.
        bool opens = (table.Fingerprint?.Bytes ?? 0) < RowDispatch.KeptTogether;
        var cutter = new RowCutter(
            _dispatch.Rent,
            (bytes, length, startsRow) =>
            {
                _dispatch.Add(new RowBlock(entry, bytes, length, startsRow, opens));
                opens = false;
            }
        );
        return data =>
        {
            if (data.IsEmpty)
            {
                cutter.End();
            }
            else
            {
                cutter.Take(data);
            }
        };
    }

    /// <summary>All rows have come; waits until all are loaded.</summary>
    /// <exception cref="CryoBackupException">They could not be loaded.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public void Finish()
    {
        _dispatch.Complete();
        Task.WaitAll(_work, _cancellationToken);
        ThrowIfFailed();
    }

    /// <summary>Throws what a session failed by.</summary>
    /// <exception cref="CryoBackupException">One has failed.</exception>
    public void ThrowIfFailed()
    {
        if (Volatile.Read(ref _failure) is { } failure)
        {
            throw failure;
        }
    }

    /// <summary>Ends those that have not ended, and waits no longer for a server that does not answer than others do.</summary>
    public void Dispose()
    {
        _ended.Cancel();
        Patience.EndAsync(Task.WhenAll(_work)).GetAwaiter().GetResult();
    }

    private void Load(int number)
    {
        var loader = new RowLoader(session, plan, _targets, _ended.Token);
        try
        {
            while (_dispatch.TryTake(number, out RowBlock block))
            {
                if (block.EndsTable)
                {
                    loader.EndCopy();
                    continue;
                }

                loader.Write(block);
                _dispatch.Return(block.Bytes);
            }

            loader.End();
        }
        catch (Exception exception)
        {
            // The first failure is the reason of those that follow.
            if (!_ended.IsCancellationRequested)
            {
                Interlocked.CompareExchange(ref _failure, loader.Translate(exception), null);
            }

            _ended.Cancel();
        }
        finally
        {
            Release(loader);
        }
    }

    /// <summary>Ends a loader's session. One that was given up in the middle of a COPY may refuse that, which is not why the restore
    /// fails.</summary>
    private void Release(RowLoader loader)
    {
        try
        {
            loader.Dispose();
        }
        catch (Exception) when (_ended.IsCancellationRequested)
        {
            // The server ends the session with the connection.
        }
    }
}
