using CryoBackup.Archive;

namespace CryoBackup.Backup;

/// <summary>The sessions that share the pieces of tables, each on a thread of its own.</summary>
/// <param name="pieces">The pieces, in the order in which they are written.</param>
/// <param name="queue">Takes their rows.</param>
/// <param name="fail">Told of a session's failure, on its thread.</param>
/// <param name="open">Opens a session.</param>
internal sealed class RowReaders(RowPiece[] pieces, RowQueue queue, Action<Exception> fail, Func<RowSession> open) : IDisposable
{
    private readonly List<Thread> _threads = [];
    private readonly List<RowSession> _sessions = [];
    private readonly Dictionary<TocEntry, TableFingerprint> _rows = [];
    private readonly CountdownEvent _unready = new(1);
    private int _next = -1;

    /// <summary>The number of bytes that came so far. May be read from another thread.</summary>
    public long BytesRead
    {
        get
        {
            lock (_sessions)
            {
                return _sessions.Sum(session => session.BytesRead);
            }
        }
    }

    /// <summary>Starts them.</summary>
    /// <param name="count">How many.</param>
    /// <param name="preparation">What each says first.</param>
    public void Start(int count, IReadOnlyList<string> preparation)
    {
        _unready.Reset(count);
        for (int i = 0; i < count; i++)
        {
            var thread = new Thread(() => Read(preparation)) { IsBackground = true, Name = "CryoBackup rows" };
            _threads.Add(thread);
            thread.Start();
        }
    }

    /// <summary>Waits until each has connected and said what it says first.</summary>
    /// <param name="cancellationToken">Cancelled where one could not.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public void WaitUntilReady(CancellationToken cancellationToken) => _unready.Wait(cancellationToken);

    /// <summary>Waits until all have ended.</summary>
    public void Finish()
    {
        foreach (Thread thread in _threads)
        {
            thread.Join();
        }
    }

    /// <summary>What was read of a table.</summary>
    /// <param name="entry">Its entry.</param>
    public TableFingerprint RowsOf(TocEntry entry)
    {
        lock (_rows)
        {
            return _rows[entry];
        }
    }

    /// <summary>Waits until all have ended, which they do once their sessions and the queue were stopped.</summary>
    public void Dispose()
    {
        Finish();
        _unready.Dispose();
    }

    private void Read(IReadOnlyList<string> preparation)
    {
        try
        {
            using RowSession session = open();
            lock (_sessions)
            {
                _sessions.Add(session);
            }

            session.Run(preparation);
            _unready.Signal();
            for (int index = Interlocked.Increment(ref _next); index < pieces.Length; index = Interlocked.Increment(ref _next))
            {
                TableFingerprint part = session.Read(pieces[index].Copy, index, queue);
                lock (_rows)
                {
                    if (!_rows.TryGetValue(pieces[index].Entry, out TableFingerprint? whole))
                    {
                        _rows.Add(pieces[index].Entry, whole = new TableFingerprint());
                    }

                    whole.Add(part);
                }
            }

            session.End();
        }
        catch (Exception exception)
        {
            fail(exception);
        }
    }
}
