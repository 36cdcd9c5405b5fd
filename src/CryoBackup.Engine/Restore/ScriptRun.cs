using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using CryoBackup.Postgres;
using CryoBackup.Processes;

namespace CryoBackup.Restore;

/// <summary>Runs the script that pg_restore writes with psql, in one transaction,
/// and leaves out one line that the server would refuse.</summary>
internal sealed partial class ScriptRun : IDisposable
{
    // The settings stand in the first lines; behind them the same words could be a row.
    private const int HeadLines = 60;

    private readonly ToolProcess _writer;
    private readonly ToolProcess _psql;
    private readonly byte[] _leftOut;
    private readonly Action<string> _complain;
    private readonly Thread _pump;
    private readonly List<(long Line, string DumpId)> _entries = [];
    private bool _hasComplained;
    private volatile bool _isWhole;

    /// <summary>Starts psql.</summary>
    /// <param name="writer">Writes the script on its standard output.</param>
    /// <param name="pgRestore">Its program; psql is the one beside it, which knows the same meta-commands.</param>
    /// <param name="target">Where psql runs it.</param>
    /// <param name="complain">Takes psql's errors, in pg_restore's form.</param>
    /// <param name="leftOut">The line to leave out.</param>
    /// <param name="cancellationToken">Kills it.</param>
    public ScriptRun(
        ToolProcess writer,
        ClientTool pgRestore,
        RestoreTarget target,
        Action<string> complain,
        string leftOut,
        CancellationToken cancellationToken
    )
    {
        _writer = writer;
        _complain = complain;
        _leftOut = Encoding.ASCII.GetBytes(leftOut);
        string program = Path.Combine(Path.GetDirectoryName(pgRestore.Path)!, OperatingSystem.IsWindows() ? "psql.exe" : "psql");
        _psql = ToolProcess.Start(
            new ToolCommand(
                program,
                [
                    "--no-psqlrc",
                    "--quiet",
                    "--echo-errors",
                    "--no-password",
                    "--set=ON_ERROR_STOP=1",
                    $"--dbname={target.Environment.Conninfo}",
                    "--file=-",
                ]
            )
            {
                Environment = target.Environment.Variables,
                WritesInput = true,
                ErrorLine = Take,
            },
            cancellationToken
        );
        _pump = new Thread(Pump) { IsBackground = true, Name = "CryoBackup script" };
        _pump.Start();
    }

    /// <summary>Waits for both programs.</summary>
    /// <param name="cancellationToken">Kills them.</param>
    /// <returns>0 if the transaction was committed.</returns>
    public int WaitForExit(CancellationToken cancellationToken)
    {
        int exitCode = _psql.WaitForExit(cancellationToken);
        if (exitCode != 0 || !_isWhole)
        {
            _writer.Kill();
        }

        _pump.Join();
        return exitCode == 0 && _isWhole ? 0 : 1;
    }

    /// <summary>Ends psql if it still runs.</summary>
    public void Dispose()
    {
        _psql.Dispose();
        _writer.Kill();
        _pump.Join();
    }

    private void Pump()
    {
        try
        {
            Stream script = _psql.StandardInput;
            script.Write("BEGIN;\n"u8);
            Copy(_writer.StandardOutput, script);

            // At the end of a script that broke off, psql must not come to a COMMIT.
            if (_writer.WaitForExit(CancellationToken.None) == 0)
            {
                _isWhole = true;
                script.Write("COMMIT;\n"u8);
                script.Dispose();
                return;
            }
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // psql has ended, and says why.
        }

        _isWhole = false;
        _psql.Kill();
    }

    private void Copy(Stream from, Stream to)
    {
        byte[] buffer = new byte[1 << 16];
        int kept = 0;
        long line = 1;
        bool isLeftOut = false;
        for (int count; (count = from.Read(buffer, kept, buffer.Length - kept)) > 0; )
        {
            ReadOnlySpan<byte> rest = buffer.AsSpan(0, kept + count);
            while (rest.IndexOf((byte)'\n') is var end and >= 0)
            {
                line++;
                ReadOnlySpan<byte> text = rest[..end].TrimEnd((byte)'\r');
                if (!isLeftOut && line < HeadLines && text.SequenceEqual(_leftOut))
                {
                    isLeftOut = true;
                    to.Write("\n"u8);
                }
                else
                {
                    Note(text, line);
                    to.Write(rest[..(end + 1)]);
                }

                rest = rest[(end + 1)..];
            }

            if (rest.Length == buffer.Length)
            {
                // A row longer than the buffer.
                to.Write(rest);
                rest = [];
            }

            rest.CopyTo(buffer);
            kept = rest.Length;
        }

        to.Write(buffer, 0, kept);
    }

    private void Note(ReadOnlySpan<byte> text, long line)
    {
        if (
            text.StartsWith("-- TOC entry "u8)
            && EntryComment().Match(Encoding.ASCII.GetString(text[..Math.Min(text.Length, 80)])) is { Success: true } entry
        )
        {
            lock (_entries)
            {
                _entries.Add((line, entry.Groups[1].Value));
            }
        }
    }

    private void Take(string line)
    {
        Match said = FromPsql().Match(line);
        if (!said.Success)
        {
            _complain(line);
            return;
        }

        if (_hasComplained && said.Groups[2].Value is "STATEMENT:  ")
        {
            _complain($"Command was: {said.Groups[3].Value}");
        }
        else if (!_hasComplained && said.Groups[2].Value is "ERROR:  " or "FATAL:  " or "error: ")
        {
            _hasComplained = true;
            long number = long.Parse(said.Groups[1].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture);
            lock (_entries)
            {
                if (_entries.FindLast(entry => entry.Line <= number) is { DumpId: { } id })
                {
                    _complain($"pg_restore: from TOC entry {id}; 0 0 ");
                }
            }

            _complain($"pg_restore: error: {said.Groups[2].Value}{said.Groups[3].Value}");
        }
    }

    [GeneratedRegex("^-- TOC entry ([0-9]+) ", RegexOptions.CultureInvariant)]
    private static partial Regex EntryComment();

    [GeneratedRegex("^psql:<stdin>:([0-9]+): (ERROR:  |FATAL:  |error: |[A-Za-z]+: +)(.*)$", RegexOptions.CultureInvariant)]
    private static partial Regex FromPsql();
}
