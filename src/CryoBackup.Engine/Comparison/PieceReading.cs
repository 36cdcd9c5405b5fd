using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using CryoBackup.Archive;
using CryoBackup.Postgres;
using Npgsql;

namespace CryoBackup.Comparison;

/// <summary>Tables that several sessions read, piece by piece; each takes the next piece that nobody has.</summary>
internal sealed class PieceReading : IDisposable
{
    private readonly IReadOnlyList<RowSet> _sets;
    private readonly IReadOnlyDictionary<(string, string), string> _conditions;
    private readonly string _encoding;
    private readonly TablePiece[] _pieces;
    private readonly TableFingerprint[] _found;
    private readonly ConcurrentBag<int> _sessions = [];
    private readonly CancellationTokenSource _ending;
    private int _next = -1;
    private int _done;
    private Exception? _failure;

    /// <summary>Cuts the tables.</summary>
    /// <param name="sets">What is read.</param>
    /// <param name="conditions">By schema and table, which of its rows are.</param>
    /// <param name="divisible">The tables that can be cut.</param>
    /// <param name="encoding">The archive's encoding, as PostgreSQL names it.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public PieceReading(
        IReadOnlyList<RowSet> sets,
        IReadOnlyDictionary<(string, string), string> conditions,
        HashSet<(string, string)> divisible,
        string encoding,
        CancellationToken cancellationToken
    )
    {
        _sets = sets;
        _conditions = conditions;
        _encoding = encoding;
        _pieces =
        [
            .. TablePiece
                .Cut([.. sets.Select(set => set.Expected is { } rows && divisible.Contains(KeyOf(set)) ? TablePiece.PagesOf(rows) : 0)])
                .Where(piece => sets[piece.Table].Expected is not null),
        ];
        _found = new TableFingerprint[sets.Count];
        _ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Ending = _ending.Token;
    }

    /// <summary>Cancelled when one session fails, or all are to end.</summary>
    public CancellationToken Ending { get; }

    /// <summary>The server's own numbers of the sessions that read.</summary>
    public int[] Sessions => [.. _sessions];

    /// <summary>How far it has come. May be called on any thread.</summary>
    public (string Status, double? Fraction) Look() =>
        ($"{_done} of {_pieces.Length} parts of {_sets.Count} tables", _pieces.Length == 0 ? 1 : (double)_done / _pieces.Length);

    /// <summary>Starts the sessions, as many as there are processors.</summary>
    /// <param name="open">Opens one, told whether others read already; null where the server has none left.</param>
    /// <returns>Ends with the last of them.</returns>
    public Task Start(Func<Func<bool>, NpgsqlConnection?> open) =>
        Task.WhenAll(
            Enumerable
                .Range(0, Math.Min(Environment.ProcessorCount, _pieces.Length))
                .Select(_ =>
                    Task.Factory.StartNew(
                        () => RunSession(open),
                        CancellationToken.None,
                        TaskCreationOptions.LongRunning,
                        TaskScheduler.Default
                    )
                )
        );

    /// <summary>What was read beside what was expected.</summary>
    /// <exception cref="Exception">What the first session that failed met.</exception>
    public TableComparison[] Compare()
    {
        if (_failure is not null)
        {
            ExceptionDispatchInfo.Throw(_failure);
        }

        return [.. _sets.Select((set, index) => set.Compare(_found[index]))];
    }

    /// <inheritdoc/>
    public void Dispose() => _ending.Dispose();

    private static (string, string) KeyOf(RowSet set) => (set.Name.Schema, set.Name.Name);

    private void RunSession(Func<Func<bool>, NpgsqlConnection?> open)
    {
        try
        {
            using NpgsqlConnection? session = open(() => !_sessions.IsEmpty);
            if (session is null)
            {
                return;
            }

            _sessions.Add(TransactionPool.Ask(session));

            // Whoever ends the sessions may not have seen this one.
            Ending.ThrowIfCancellationRequested();
            Read(session);
        }
        catch (Exception exception)
        {
            // The others need not read on.
            Interlocked.CompareExchange(ref _failure, exception, null);
            _ending.Cancel();
        }
    }

    private void Read(NpgsqlConnection session)
    {
        for (int index = Interlocked.Increment(ref _next); index < _pieces.Length; index = Interlocked.Increment(ref _next))
        {
            TablePiece piece = _pieces[index];
            RowSet set = _sets[piece.Table];
            string? condition = piece.Condition ?? _conditions.GetValueOrDefault(KeyOf(set));
            TableFingerprint part = TableReader.Read(
                session,
                TableReader.ToStdout(set.CopyStatement, condition, set.IsOfRoot),
                _encoding,
                Ending
            );
            lock (_found)
            {
                (_found[piece.Table] ??= new TableFingerprint()).Add(part);
            }

            Interlocked.Increment(ref _done);
        }
    }
}
