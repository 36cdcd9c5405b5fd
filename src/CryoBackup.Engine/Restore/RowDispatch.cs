using CryoBackup.Archive;
using CryoBackup.Streams;

namespace CryoBackup.Restore;

/// <summary>Rows of one table, as COPY text.</summary>
/// <param name="Entry">The table's entry.</param>
/// <param name="Bytes">The block that they lie in.</param>
/// <param name="Length">How much of it they fill.</param>
/// <param name="StartsRow">False where the first row began in a block before.</param>
internal readonly record struct RowBlock(TocEntry Entry, byte[] Bytes, int Length, bool StartsRow);

/// <summary>
/// Hands the rows of an archive, which come one after the other, to several sessions. The rows of a table go to one of them, in their
/// order, until it is so large that all are to share it; then a run of rows at a time goes to the one that has the least to do. What waits
/// has a limit.
/// </summary>
/// <param name="sessions">How many sessions there are.</param>
/// <param name="keptTogether">How much of a table goes to one session, in bytes.</param>
internal sealed class RowDispatch(int sessions, long keptTogether = 32 << 20) : BlockExchange
{
    private const long MostWaiting = 64 << 20;

    // As much as a BRIN index takes together by default, or neighbours in a column would be far apart.
    private const long Run = 1 << 20;

    private readonly Queue<RowBlock>[] _waiting = [.. Enumerable.Range(0, sessions).Select(static _ => new Queue<RowBlock>())];
    private readonly bool[] _works = new bool[sessions];
    private TocEntry? _table;
    private int _current;
    private long _ofTable;
    private long _ofRun;
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
                (_table, _ofTable, _ofRun, _current) = (block.Entry, 0, 0, LeastBusy());
            }
            else if (block.StartsRow && _ofTable >= keptTogether && _ofRun >= Run)
            {
                (_ofRun, _current) = (0, LeastBusy());
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
    /// <param name="block">The block; to be given back with <see cref="BlockExchange.Return"/>.</param>
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
            _isComplete = true;
            Monitor.PulseAll(Gate);
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
