using System.Diagnostics;
using System.Globalization;
using CryoBackup.Archive;
using CryoBackup.Postgres;
using CryoBackup.Storage;

namespace CryoBackup.Backup;

/// <summary>The programs that read a database under a snapshot.</summary>
/// <param name="PgDump">pg_dump.</param>
/// <param name="Psql">The path of psql.</param>
/// <param name="Environment">Lets both connect.</param>
/// <param name="LockWait">How long each waits for a lock that is ours already.</param>
internal sealed record ArchivePrograms(ClientTool PgDump, string Psql, LibpqEnvironment Environment, TimeSpan LockWait);

/// <summary>Puts an archive together from what pg_dump writes and what several sessions read beside it.</summary>
/// <param name="session">What the parts of the backup have in common.</param>
/// <param name="snapshot">The moment that is read, whose connection is not used here.</param>
/// <param name="programs">What reads it.</param>
/// <param name="ending">Ends all of it when one part fails; linked to what ends the run.</param>
internal sealed class ArchiveAssembly(
    BackupSession session,
    DumpSnapshot snapshot,
    ArchivePrograms programs,
    CancellationTokenSource ending
)
{
    // What lies between the sessions and the writer at most, whatever the number of sessions.
    private const long MostHeld = 48L << 20;

    private static readonly byte[] EndOfRows = "\\.\n\n\n"u8.ToArray();

    private readonly CancellationToken _token = ending.Token;
    private readonly RowQueue _queue = new(MostHeld);
    private readonly DumpWarnings _warnings = new();
    private readonly Dictionary<int, TableFingerprint> _rows = [];
    private readonly LargeObjectSum _largeObjects = new();
    private RowReaders? _readers;
    private ArchiveOutput? _output;
    private ArchiveBlocks? _blocks;
    private TocEntry? _current;
    private Exception? _failure;

    /// <summary>What failed first; null for nothing.</summary>
    public Exception? Failure => Volatile.Read(ref _failure);

    /// <summary>The number of bytes that came so far. May be read from another thread.</summary>
    public long BytesRead => (Volatile.Read(ref _readers)?.BytesRead ?? 0) + (Volatile.Read(ref _blocks)?.BytesRead ?? 0);

    /// <summary>The number of bytes of the archive so far. May be read from another thread.</summary>
    public long BytesWritten => Volatile.Read(ref _output)?.BytesWritten ?? 0;

    /// <summary>The entry whose data is being written. May be read from another thread.</summary>
    public TocEntry? Current => Volatile.Read(ref _current);

    /// <summary>What was read by whom, in words.</summary>
    public string Account { get; private set; } = "";

    /// <summary>Ends all of it.</summary>
    public void Stop()
    {
        _queue.Stop();
        try
        {
            ending.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has ended.
        }
    }

    /// <summary>Makes the archive.</summary>
    /// <param name="file">Takes the bytes as stored.</param>
    /// <param name="arguments">pg_dump's arguments for the whole dump.</param>
    /// <param name="tables">The tables that sessions can read.</param>
    /// <param name="sessions">How many sessions.</param>
    /// <param name="begin">Called once it is certain that there will be an archive, or a failure.</param>
    /// <returns>What came; null if nothing was written, for pg_dump alone must do it.</returns>
    public DumpOutcome? Run(Stream file, string[] arguments, SharedTables tables, int sessions, Action begin)
    {
        using CancellationTokenRegistration stopping = _token.Register(_queue.Stop);
        long start = Stopwatch.GetTimestamp();
        ArchiveHead head = ReadHead(arguments);
        TimeSpan patience = session.Request.SessionPatience + (3 * Stopwatch.GetElapsedTime(start));
        TocEntry[] withData = [.. head.Entries.Where(entry => entry.HasData)];
        HashSet<TocEntry> shared = [.. tables.Choose(withData, head.Encoding, sessions)];
        TocEntry[] rest = [.. withData.Where(entry => !shared.Contains(entry))];
        if (shared.Count == 0 || head.Header.Compression != ArchiveCompression.None || withData.Any(entry => entry.DataOffset is not null))
        {
            return null;
        }

        RowPiece[] pieces = [.. withData.Where(shared.Contains).SelectMany(tables.Cut)];
        using var readers = new RowReaders(pieces, _queue, Fail, OpenSession);
        Volatile.Write(ref _readers, readers);
        bool isUnasked = session.Request.Jobs is null;
        try
        {
            if (isUnasked)
            {
                // A pool before the server may have none left, and lets whoever comes wait.
                ending.CancelAfter(patience);
            }

            readers.Start(Math.Min(sessions, pieces.Length), Preparation([.. shared.Select(tables.TableOf)]));
            using PgDump? others = rest.Length == 0 ? null : StartOthers(arguments, shared.Select(tables.TableOf));
            using ArchiveBlocks? blocks = others?.Read(archive => ArchiveBlocks.Open(archive, _token));
            Volatile.Write(ref _blocks, blocks);
            if (blocks is not null && !blocks.Entries.Select(Identity).SequenceEqual(rest.Select(Identity)))
            {
                return null;
            }

            readers.WaitUntilReady(_token);
            ending.CancelAfter(Timeout.InfiniteTimeSpan);
            _token.ThrowIfCancellationRequested();
            isUnasked = false;
            begin();
            Account = Tell(Math.Min(sessions, pieces.Length), shared.Count, pieces.Length, rest.Length);
            return Make(file, arguments, head, withData, pieces, others);
        }
        catch (Exception exception) when (isUnasked && CanDoWithout(exception))
        {
            session.Observer(new VerboseMessage($"pg_dump reads alone, for several sessions were not to be had: {Reason(exception)}"));
            return null;
        }
        catch (Exception exception)
        {
            Fail(exception);
            throw;
        }
        finally
        {
            Stop();
        }
    }

    private DumpOutcome Make(Stream file, string[] arguments, ArchiveHead head, TocEntry[] withData, RowPiece[] pieces, PgDump? others)
    {
        using var sink = new BackupSink(file, session.Request.Compression, session.Request.CompressionLevel, session.Encryption, _token);
        Write(head, withData, pieces, others, sink);
        others?.Finish(_token);
        _readers!.Finish();
        _token.ThrowIfCancellationRequested();
        return new DumpOutcome(Describe(head, withData), sink.BytesWritten, sink.Hash, sink.Ranges, arguments, _warnings.Texts);
    }

    /// <summary>Whoever waits for our locks is in the way of pg_dump alone as well.</summary>
    private bool CanDoWithout(Exception exception) =>
        !session.Limits.Token.IsCancellationRequested
        && (Failure ?? exception) is not CryoBackupException { Error: CryoBackupError.LockTimeout };

    private string Reason(Exception exception) =>
        (Failure ?? exception) is CryoBackupException failure ? failure.Message : "they were not ready in time.";

    private static (string Kind, string Schema, string Name, uint Oid) Identity(TocEntry entry) =>
        (entry.Kind, entry.Schema, entry.Name, entry.Oid);

    private static string Tell(int sessions, int tables, int pieces, int blocks) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{sessions} sessions read {tables} tables in {pieces} pieces; pg_dump wrote {blocks} blocks."
        );

    private ArchiveHead ReadHead(string[] arguments)
    {
        using var whole = new PgDump(programs.PgDump, arguments, session.Endpoint, programs.Environment, _warnings, _token);
        ArchiveHead head = whole.Read(archive => ArchiveHead.Read(archive, _token));
        whole.KillAlone();
        return head;
    }

    private PgDump StartOthers(string[] arguments, IEnumerable<DumpTable> shared) =>
        new(
            programs.PgDump,
            [.. arguments, .. shared.Select(snapshot.Selection!.WithoutRows)],
            session.Endpoint,
            programs.Environment,
            new DumpWarnings(),
            _token
        );

    private RowSession OpenSession() => new(programs.Psql, session.Endpoint, programs.Environment, snapshot.Facts.Encoding, _token);

    /// <summary>
    /// What each session says first. All its locks at once: one that is not granted at once is awaited by somebody who also waits for us,
    /// in vain, and that is to show before the first row.
    /// </summary>
    private IReadOnlyList<string> Preparation(IReadOnlyList<DumpTable> shared) =>
        [
            SessionSettings.First(snapshot.Facts.Major, session.Endpoint.Options),
            .. SessionSettings.ForReading,
            "SET synchronize_seqscans = off",
            "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY",
            $"SET TRANSACTION SNAPSHOT '{snapshot.Id}'",
            $"SET lock_timeout = {DumpSnapshot.Milliseconds(programs.LockWait)}",
            .. shared
                .Chunk(100)
                .Select(tables =>
                    $"LOCK TABLE {string.Join(", ", tables.Select(table => "ONLY " + table.QuotedName))} IN ACCESS SHARE MODE"
                ),
            "SET lock_timeout = 0",
        ];

    private void Write(ArchiveHead head, TocEntry[] withData, RowPiece[] pieces, PgDump? others, BackupSink sink)
    {
        var output = new ArchiveOutput(sink.Input);
        Volatile.Write(ref _output, output);
        output.Write(head.Bytes.Span);
        Dictionary<(string, string, string, uint), TocEntry> theirs = (_blocks?.Entries ?? []).ToDictionary(Identity);
        int piece = 0;
        foreach (TocEntry entry in withData)
        {
            Volatile.Write(ref _current, entry);
            if (piece < pieces.Length && ReferenceEquals(pieces[piece].Entry, entry))
            {
                output.BeginBlock(ArchiveBlocks.Data, entry.DumpId);
                for (; piece < pieces.Length && ReferenceEquals(pieces[piece].Entry, entry); piece++)
                {
                    while (_queue.Take(piece, rows => output.WriteChunk(rows.Span))) { }
                }

                output.WriteChunk(EndOfRows);
                output.EndRun();
                continue;
            }

            TocEntry there = theirs[Identity(entry)];
            others!.Read(_ =>
            {
                if (entry.IsLargeObjects)
                {
                    _blocks!.CopyLargeObjects(there, entry.DumpId, output, _largeObjects);
                }
                else
                {
                    _rows[entry.DumpId] = _blocks!.CopyTable(there, entry.DumpId, output);
                }

                return true;
            });
        }

        others?.Read(_ =>
        {
            _blocks!.ReadEnd();
            return true;
        });
        output.Flush();
        sink.Complete();
    }

    private ArchiveContent Describe(ArchiveHead head, TocEntry[] withData) =>
        new()
        {
            Header = head.Header,
            Encoding = head.Encoding,
            Entries = head.Entries,
            Tables =
            [
                .. withData
                    .Where(entry => entry.IsTableData)
                    .Select(entry => new TableContent
                    {
                        Entry = entry,
                        Fingerprint = _rows.GetValueOrDefault(entry.DumpId) ?? _readers!.RowsOf(entry),
                    }),
            ],
            LargeObjectCount = _largeObjects.Count,
            LargeObjectBytes = _largeObjects.Bytes,
            LargeObjectFingerprint = _largeObjects.Fingerprint,
            LargeObjectsWereRead = _largeObjects.WereRead,
            Length = BytesWritten,
        };

    private void Fail(Exception exception)
    {
        Interlocked.CompareExchange(ref _failure, exception, null);
        Stop();
    }
}
