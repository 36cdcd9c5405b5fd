using System.Text.RegularExpressions;
using CryoBackup.Postgres;
using CryoBackup.Processes;

namespace CryoBackup.Restore;

/// <summary>Where pg_restore restores.</summary>
/// <param name="Endpoint">The server, with the database.</param>
/// <param name="ServerMajor">The server's major version; 0 if it is not older than the program.</param>
/// <param name="IsTransaction">True to restore all or nothing.</param>
/// <param name="Environment">Lets it connect.</param>
internal sealed record RestoreTarget(ServerEndpoint Endpoint, int ServerMajor, bool IsTransaction, LibpqEnvironment Environment);

/// <summary>
/// A running pg_restore, and what it says. From 17 on it sets transaction_timeout in each of its sessions, which servers before 17 do not
/// know and answer with an error. Where only that fails, nothing has failed: it is let go on, and ended at the first error of another kind.
/// In a transaction, which that error would undo, it writes its script instead, and psql runs that, without the one line.
/// </summary>
internal sealed partial class PgRestore : IDisposable
{
    private const int FirstToSetTransactionTimeout = 17;
    private const string Setting = "transaction_timeout";
    private const string Failed = "pg_restore: error: ";

    private readonly RestoreComplaint _complaint = new();
    private readonly List<string> _warnings = [];
    private readonly bool _isNewer;
    private readonly ToolProcess _process;
    private readonly ScriptRun? _script;
    private volatile bool _hasFailed;
    private volatile bool _onlySettingFailed;

    /// <summary>Starts it.</summary>
    /// <param name="pgRestore">The program.</param>
    /// <param name="arguments">What it restores, and from where; neither the database nor how it deals with errors.</param>
    /// <param name="target">Where to.</param>
    /// <param name="writesInput">True to feed it the archive.</param>
    /// <param name="cancellationToken">Kills it.</param>
    public PgRestore(
        ClientTool pgRestore,
        IReadOnlyList<string> arguments,
        RestoreTarget target,
        bool writesInput,
        CancellationToken cancellationToken
    )
    {
        (_, int serverMajor, bool isTransaction, LibpqEnvironment environment) = target;
        _isNewer = pgRestore.Major >= FirstToSetTransactionTimeout && serverMajor is > 0 and < FirstToSetTransactionTimeout;
        bool isScript = _isNewer && isTransaction;
        string database = environment.Conninfo;
        string[] how =
        [
            // Only so does it name the entry that an error belongs to.
            "--verbose",
            .. isScript ? ["--file=-"] : (string[])["--no-password", $"--dbname={database}"],
            .. isTransaction && !isScript ? ["--single-transaction"] : (string[])[],
            .. _isNewer && !isScript ? (string[])[] : ["--exit-on-error"],
        ];
        var command = new ToolCommand(pgRestore.Path, [.. how, .. arguments])
        {
            Environment = environment.Variables,
            WritesInput = writesInput,
            ReadsOutput = isScript,
            ErrorLine = Take,
        };
        _process = ToolProcess.Start(command, cancellationToken);
        try
        {
            _script = isScript
                ? new ScriptRun(_process, pgRestore, target, _complaint.Take, $"SET {Setting} = 0;", cancellationToken)
                : null;
        }
        catch
        {
            _process.Dispose();
            throw;
        }
    }

    /// <summary>Takes the archive.</summary>
    public Stream StandardInput => _process.StandardInput;

    /// <summary>The first error that it reported.</summary>
    public RestoreComplaint Complaint => _complaint;

    /// <summary>What it warned of.</summary>
    public IReadOnlyList<string> Warnings
    {
        get
        {
            lock (_warnings)
            {
                return [.. _warnings];
            }
        }
    }

    /// <summary>The last lines of its standard error.</summary>
    public IReadOnlyList<string> StandardErrorTail => _process.StandardErrorTail;

    /// <summary>Waits for its end.</summary>
    /// <param name="cancellationToken">Kills it.</param>
    /// <returns>0 if all was restored.</returns>
    public int WaitForExit(CancellationToken cancellationToken)
    {
        if (_script is not null)
        {
            return _script.WaitForExit(cancellationToken);
        }

        int exitCode = _process.WaitForExit(cancellationToken);
        return _isNewer switch
        {
            true when exitCode == 1 && _onlySettingFailed && !_hasFailed => 0,

            // Ended by us after its own error.
            true when _hasFailed => 1,
            _ => exitCode,
        };
    }

    /// <summary>Ends it if it still runs.</summary>
    public void Dispose()
    {
        _script?.Dispose();
        _process.Dispose();
    }

    private void Take(string line)
    {
        if (
            _isNewer
            && line.Contains(Setting, StringComparison.Ordinal)
            && (line.StartsWith(Failed, StringComparison.Ordinal) || line.StartsWith("Command was: SET ", StringComparison.Ordinal))
        )
        {
            return;
        }

        if (_isNewer && IgnoredErrors().IsMatch(line))
        {
            _onlySettingFailed = true;
            return;
        }

        _complaint.Take(line);
        if (_isNewer && _hasFailed && line.StartsWith("pg_restore: ", StringComparison.Ordinal))
        {
            // The error was told to its end, and all that follows would be for nothing.
            _process.Kill();
        }

        _hasFailed |= line.StartsWith(Failed, StringComparison.Ordinal);
        if (line.StartsWith("pg_restore: warning: ", StringComparison.Ordinal))
        {
            lock (_warnings)
            {
                _warnings.Add(line);
            }
        }
    }

    [GeneratedRegex(@"^pg_restore: warning: errors ignored on restore: \d+$", RegexOptions.CultureInvariant)]
    private static partial Regex IgnoredErrors();
}
