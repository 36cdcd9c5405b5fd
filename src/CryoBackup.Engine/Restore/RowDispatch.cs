using CryoBackup.Archive;
using CryoBackup.Streams;

namespace CryoBackup.Restore;

/// <summary>Rows of one table, as COPY text.</summary>
/// <param name="Entry">The table's entry.</param>
/// <param name="Bytes">The block that they lie in.</param>
/// <param name="Length">How much of it they fill.</param>
/// <param name="StartsRow">False where the first row began in a block before.</param>
/// <param name="OpensTable">True for a table's first block, if no other session is expected to share the table.</param>
internal readonly record struct RowBlock(TocEntry Entry, byte[] Bytes, int Length, bool StartsRow, bool OpensTable = false)
{
    /// <summary>True where there are no rows, but word that the ones before were the last of the table that the session has to itself.
    /// </summary>
    public bool EndsTable => Bytes.Length == 0;
}

/// <summary>
/// Hands the rows of an archive, which come one after the other, to several sessions. The rows of a table go to one of them, in their
/// order, until it is so large that all are to share it; then a run of rows at a time goes to the one that has the least to do. What waits
/// has a limit. The session that had a table to itself is told when it has it no longer, for others may wait for that.
/// </summary>
/// <param name="sessions">How many sessions there are.</param>
/// <param name="keptTogether">How much of a table goes to one session, in bytes.</param>
internal sealed class RowDispatch(int sessions, long keptTogether = RowDispatch.KeptTogether) : BlockExchange
{
    /// <summary>How much of a table goes to one session, in bytes, where nobody says.</summary>
    public const long KeptTogether = 32 << 20;

    private const long MostWaiting = 64 << 20;

    // As much as a BRIN index takes together by default, or neighbours in a column would be far apart.
    private const long Run = 1 << 20;

    private readonly Queue<RowBlock>[] _waiting = [.. Enumerable.Range(0, sessions).Select(static _ => new Queue<RowBlock>())];
    private readonly bool[] _works = new bool[sessions];
    private TocEntry? _table;
    private int _current;
    private long _ofTable;
    private long _ofRun;
    private bool _isShared;
    private bool _isComplete;

    /// <summary>Hands a block on, and waits while enough waits.</summary>
    /// <param name="block">The block, whose bytes <see cref="BlockExchange.Rent"/> gave.</param>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public void Add(RowBlock block)
    {
        lock (Gate)
        {
            WaitWhile(() => Held + BlockSize > MostWaiting);
            if (block.Entry != _table)
            {
                EndTable();
                (_table, _isShared, _ofTable, _ofRun, _current) = (block.Entry, false, 0, 0, LeastBusy());
            }
            else if (block.StartsRow && _ofTable >= keptTogether && _ofRun >= Run)
            {
                int next = LeastBusy();
                if (next != _current)
                {
                    EndTable();
                    _isShared = true;
                }

                (_ofRun, _current) = (0, next);
            }

            _ofTable += block.Length;
            _ofRun += block.Length;
            Hold();
            _waiting[_current].Enqueue(block);
            Monitor.PulseAll(Gate);
        }
    }

    /// <summary>Takes a session's next block, and waits for it.</summary>
    /// <param name="session">Which; counts from 0.</param>
    /// <param name="block">The block; to be given back with <see cref="BlockExchange.Return"/> if there are rows in it.</param>
    /// <returns>False when no more will come.</returns>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public bool TryTake(int session, out RowBlock block)
    {
        lock (Gate)
        {
            _works[session] = false;
            WaitWhile(() => !_isComplete && _waiting[session].Count == 0);
            if (!_waiting[session].TryDequeue(out block))
            {
                return false;
            }

            _works[session] = true;
            return true;
        }
    }

    /// <summary>No more blocks will come.</summary>
    public void Complete()
    {
        lock (Gate)
        {
            EndTable();
            _isComplete = true;
            Monitor.PulseAll(Gate);
        }
    }

    private void EndTable()
    {
        if (_table is not null && !_isShared)
        {
            _waiting[_current].Enqueue(new RowBlock(_table, [], 0, StartsRow: true));
        }
    }

    private int LeastBusy()
    {
        int best = 0;
        for (int i = 1; i < sessions; i++)
        {
            best = Load(i) < Load(best) ? i : best;
        }

        return best;
    }

    private int Load(int session) => _waiting[session].Count + (_works[session] ? 1 : 0);
}
