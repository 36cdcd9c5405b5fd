using System.Globalization;
using CryoBackup.Archive;
using CryoBackup.Backup;
using CryoBackup.Postgres;
using CryoBackup.Processes;

namespace CryoBackup.Restore;

/// <summary>The runs of pg_restore that a restore is made of, each on some entries of the plan.</summary>
/// <param name="session">What the parts of the restore have in common, with the database that is filled.</param>
/// <param name="plan">What is restored.</param>
/// <param name="pgRestore">The program.</param>
/// <param name="serverMajor">The server's major version; 0 where it is known not to be older than pg_restore.</param>
internal sealed class PgRestoreRuns(RestoreSession session, RestorePlan plan, ClientTool pgRestore, int serverMajor) : IDisposable
{
    private readonly LibpqEnvironment _environment = new(session.Endpoint, session.Application, settings: SettingsOf(plan));
    private readonly PrivateFolder _folder = PrivateFolder.Create("cryobackup-restore-");
    private readonly List<string> _warnings = [];
    private readonly CancellationToken _token = session.Limits.Token;
    private int _lists;

    /// <summary>What it warned of.</summary>
    public IReadOnlyList<string> Warnings => _warnings;

    /// <summary>A folder of this run's own, which only this account can read.</summary>
    public string Folder => _folder.Path;

    /// <summary>
    /// Settings of every session that restores. Indexes are built faster with more memory. What a crash would lose of a new database
    /// belongs to a restore that would begin anew.
    /// </summary>
    /// <param name="plan">What is restored.</param>
    public static IReadOnlyList<KeyValuePair<string, string>> SettingsOf(RestorePlan plan) =>
        [
            new("maintenance_work_mem", "256MB"),
            .. plan.Monetary is null ? (KeyValuePair<string, string>[])[] : [new("lc_monetary", plan.Monetary)],
            .. plan.Makes ? (KeyValuePair<string, string>[])[new("synchronous_commit", "off")] : [],
        ];

    /// <summary>Restores entries from an archive that it can seek in.</summary>
    /// <param name="path">The archive in clear.</param>
    /// <param name="entries">The entries, in their order.</param>
    /// <param name="jobs">How many sessions.</param>
    public void Restore(string path, IReadOnlyList<TocEntry> entries, int jobs)
    {
        if (entries.Count == 0)
        {
            return;
        }

        List<string> arguments = Arguments(entries);
        if (jobs > 1)
        {
            arguments.Add(string.Create(CultureInfo.InvariantCulture, $"--jobs={jobs}"));
        }

        arguments.Add(path);
        using PgRestore process = Start(arguments, writesInput: false);
        Finish(process);
    }

    /// <summary>Restores entries from an archive that is written to it.</summary>
    /// <param name="entries">The entries, in the archive's order.</param>
    /// <param name="write">Writes the archive.</param>
    public void Feed(IReadOnlyList<TocEntry> entries, Action<Stream> write)
    {
        if (entries.Count == 0)
        {
            return;
        }

        using PgRestore process = Start(Arguments(entries), writesInput: true);

        // pg_restore reads no further than what it restores lies; where it ended for another reason, its exit says why.
        using var feed = new ArchiveFeed(process.StandardInput, () => Finish(process));
        write(feed);
        feed.Complete();
    }

    /// <summary>Has it write the SQL of entries instead of running it.</summary>
    /// <param name="entries">The entries, none with data.</param>
    /// <param name="write">Writes the archive's table of contents.</param>
    /// <returns>The script, with the number of each entry.</returns>
    /// <exception cref="CryoBackupException">RestoreFailed: it could not.</exception>
    public string Script(IReadOnlyList<TocEntry> entries, Action<Stream> write)
    {
        if (entries.Count == 0)
        {
            return "";
        }

        string[] transaction = plan.IsTransaction ? ["--single-transaction"] : [];
        var command = new ToolCommand(pgRestore.Path, ["--verbose", "--file=-", .. transaction, .. Arguments(entries)])
        {
            WritesInput = true,
            ReadsOutput = true,
        };
        using var process = ToolProcess.Start(command, _token);
        void Finish()
        {
            int exitCode = process.WaitForExit(_token);
            if (exitCode != 0)
            {
                throw new CryoBackupException(
                    CryoBackupError.RestoreFailed,
                    $"pg_restore {DumpDiagnostics.Ending(exitCode)} and did not write the plan's SQL: "
                        + $"{process.StandardErrorTail.LastOrDefault()?.TrimEnd('.')}. Nothing was changed.",
                    session.Request.Path,
                    "Plan without -Script, or with the pg_restore of another version.",
                    process.StandardErrorTail
                );
            }
        }

        // It writes nothing before it has read the table of contents.
        var feed = new ArchiveFeed(process.StandardInput, Finish);
        write(feed);
        process.StandardInput.Dispose();
        using var copy = new MemoryStream();
        process.StandardOutput.CopyTo(copy);
        Finish();
        return ServerEncoding.Decode(copy.GetBuffer().AsSpan(0, checked((int)copy.Length)), ServerEncoding.Find(plan.Encoding));
    }

    /// <summary>Removes the folder.</summary>
    public void Dispose()
    {
        _folder.Dispose();
        _environment.Dispose();
    }

    private List<string> Arguments(IReadOnlyList<TocEntry> entries)
    {
        string list = _folder.WriteFile(
            string.Create(CultureInfo.InvariantCulture, $"entries-{++_lists}"),
            string.Concat(entries.Select(entry => string.Create(CultureInfo.InvariantCulture, $"{entry.DumpId};\n")))
        );
        List<string> arguments = [$"--use-list={list}"];
        if (session.Request.NoOwner)
        {
            arguments.Add("--no-owner");
        }

        if (session.Request.NoPrivileges)
        {
            arguments.Add("--no-privileges");
        }

        if (plan.IsInOneTablespace)
        {
            arguments.Add("--no-tablespaces");
        }

        if (plan.Mode == RestoreMode.Clean)
        {
            arguments.AddRange(["--clean", "--if-exists"]);
        }

        return arguments;
    }

    private PgRestore Start(List<string> arguments, bool writesInput) =>
        new(pgRestore, arguments, new RestoreTarget(session.Endpoint, serverMajor, plan.IsTransaction, _environment), writesInput, _token);

    private void Finish(PgRestore process)
    {
        int exitCode = process.WaitForExit(_token);
        foreach (string warning in process.Warnings)
        {
            _warnings.Add(warning);
            session.Observer(new WarningMessage(warning));
        }

        if (exitCode == 0)
        {
            return;
        }

        RestoreComplaint complaint = process.Complaint;
        TocEntry? entry = plan.Archive.FirstOrDefault(entry => entry.DumpId == complaint.DumpId);

        // Into what was there before, and is there again after a rollback, no statement is sent twice.
        string? sqlState = plan.IsTransaction
            ? null
            : FailedStatement
                .FindSqlStateAsync(complaint, entry, session.Endpoint, session.Application, plan.Encoding)
                .GetAwaiter()
                .GetResult();
        throw RestoreFailure.Explain(exitCode, complaint, process.StandardErrorTail, entry, sqlState, session.Endpoint);
    }
}
