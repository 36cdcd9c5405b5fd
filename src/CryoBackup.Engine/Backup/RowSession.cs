using System.Text;
using CryoBackup.Archive;
using CryoBackup.Postgres;
using CryoBackup.Processes;

namespace CryoBackup.Backup;

/// <summary>
/// A session that reads rows as COPY text. It is psql's: that connects, signs in and fails as pg_dump does, and takes rows out of the
/// server's messages at a third of what it costs here.
/// </summary>
internal sealed class RowSession : IDisposable
{
    // In COPY text no row reads so, for a backslash of a value is doubled.
    private static readonly byte[] Mark = "\\.\n"u8.ToArray();
    private static readonly byte[] MarkBehindRow = "\n\\.\n"u8.ToArray();

    private readonly ServerEndpoint _endpoint;
    private readonly Encoding _encoding;
    private readonly CancellationToken _cancellationToken;
    private readonly ToolProcess _psql;
    private long _bytesRead;

    /// <summary>Starts psql.</summary>
    /// <param name="program">Its path.</param>
    /// <param name="endpoint">The server, with the database.</param>
    /// <param name="environment">Lets it connect, in the database's encoding.</param>
    /// <param name="encoding">PostgreSQL's name of that encoding.</param>
    /// <param name="cancellationToken">Kills it.</param>
    public RowSession(
        string program,
        ServerEndpoint endpoint,
        LibpqEnvironment environment,
        string encoding,
        CancellationToken cancellationToken
    )
    {
        _endpoint = endpoint;
        _encoding = ServerEncoding.Find(encoding) ?? new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        _cancellationToken = cancellationToken;
        string database = environment.Conninfo;
        _psql = ToolProcess.Start(
            new ToolCommand(
                program,
                [
                    "--no-psqlrc",
                    "--quiet",
                    "--tuples-only",
                    "--no-align",
                    "--no-password",
                    "--set=ON_ERROR_STOP=1",
                    $"--dbname={database}",
                    "--file=-",
                ]
            )
            {
                Environment = environment.Variables,
                WritesInput = true,
                ReadsOutput = true,
            },
            cancellationToken
        );
    }

    /// <summary>The number of bytes that came so far. May be read from another thread.</summary>
    public long BytesRead => Volatile.Read(ref _bytesRead);

    /// <summary>Runs statements whose results nobody wants.</summary>
    /// <param name="statements">The statements, in order.</param>
    /// <exception cref="CryoBackupException">One failed.</exception>
    public void Run(IEnumerable<string> statements)
    {
        Send(string.Concat(statements.Select(statement => statement + ";\n")));
        byte[] answer = new byte[1 << 12];
        for (int filled = 0; !EndsWithMark(answer.AsSpan(0, filled), isStart: filled < MarkBehindRow.Length); )
        {
            if (filled == answer.Length)
            {
                answer.AsSpan(filled - MarkBehindRow.Length).CopyTo(answer);
                filled = MarkBehindRow.Length;
            }

            filled += Receive(answer.AsSpan(filled));
        }
    }

    /// <summary>Reads rows to their end.</summary>
    /// <param name="copy">COPY … TO STDOUT.</param>
    /// <param name="piece">Whose rows they are to the queue.</param>
    /// <param name="queue">Takes them.</param>
    /// <returns>What was handed over.</returns>
    /// <exception cref="CryoBackupException">They did not all come.</exception>
    public TableFingerprint Read(string copy, int piece, RowQueue queue)
    {
        Send(copy + ";\n");
        var rows = new TableFingerprint();
        bool isStart = true;
        byte[] block = queue.Rent();
        for (int filled = 0; ; )
        {
            filled += Receive(block.AsSpan(filled));
            if (EndsWithMark(block.AsSpan(0, filled), isStart))
            {
                HandOver(block, filled - Mark.Length);
                break;
            }

            if (filled == block.Length)
            {
                // The mark may begin in this block and end in the next.
                byte[] next = queue.Rent();
                block.AsSpan(filled - MarkBehindRow.Length).CopyTo(next);
                HandOver(block, filled - MarkBehindRow.Length);
                (block, filled, isStart) = (next, MarkBehindRow.Length, false);
            }
        }

        if (rows.Terminated || rows.HasPartialRow)
        {
            throw new CryoBackupException(
                CryoBackupError.DumpFailed,
                $"What psql read of '{_endpoint.Database}' does not end as COPY text does.",
                _endpoint.Database,
                "Back up with -Jobs 1, which reads through pg_dump alone."
            );
        }

        queue.End(piece);
        return rows;

        void HandOver(byte[] bytes, int length)
        {
            rows.Append(bytes.AsSpan(0, length));
            queue.Add(piece, bytes, length);
        }
    }

    /// <summary>Lets it end, which it must do well.</summary>
    /// <exception cref="CryoBackupException">It did not.</exception>
    public void End()
    {
        _psql.StandardInput.Dispose();
        if (_psql.WaitForExit(_cancellationToken) != 0)
        {
            throw Failure();
        }
    }

    /// <summary>Ends it if it still runs.</summary>
    public void Dispose() => _psql.Dispose();

    private static bool EndsWithMark(ReadOnlySpan<byte> bytes, bool isStart) =>
        bytes.EndsWith(MarkBehindRow) || (isStart && bytes.SequenceEqual(Mark));

    private void Send(string script)
    {
        try
        {
            _psql.StandardInput.Write(_encoding.GetBytes(script + "\\echo '\\\\.'\n"));
            _psql.StandardInput.Flush();
        }
        catch (IOException)
        {
            throw Failure();
        }
    }

    private int Receive(Span<byte> buffer)
    {
        int count = _psql.StandardOutput.Read(buffer);
        Volatile.Write(ref _bytesRead, _bytesRead + count);
        return count > 0 ? count : throw Failure();
    }

    private CryoBackupException Failure()
    {
        int exitCode = _psql.WaitForExit(_cancellationToken);
        return DumpDiagnostics.Explain("psql", exitCode, _psql.StandardErrorTail, CryoBackupError.DumpFailed, _endpoint);
    }
}
