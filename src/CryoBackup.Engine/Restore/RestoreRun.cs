using System.Globalization;
using CryoBackup.Archive;
using CryoBackup.Encryption;
using CryoBackup.Postgres;
using CryoBackup.Processes;
using CryoBackup.Storage;

namespace CryoBackup.Restore;

/// <summary>One run of pg_restore on the entries of a plan, fed from the backup's file through the tap.</summary>
/// <param name="session">What the parts of the restore have in common, with the database that is filled.</param>
/// <param name="plan">What is restored.</param>
/// <param name="pgRestore">The program.</param>
/// <param name="spooling">Where the archive lies in clear, if it does.</param>
internal sealed class RestoreRun(RestoreSession session, RestorePlan plan, ClientTool pgRestore, ArchiveSpooling spooling)
{
    private readonly List<string> _warnings = [];
    private readonly RestoreRequest _request = session.Request;
    private readonly CancellationToken _token = session.Limits.Token;

    /// <summary>The server's major version; 0 where it is known not to be older than pg_restore.</summary>
    public int ServerMajor { get; init; }

    /// <summary>pg_restore's warnings.</summary>
    public IReadOnlyList<string> Warnings => _warnings;

    /// <summary>What the archive held as it flowed by; null where it was spooled before.</summary>
    public ArchiveContent? Content { get; private set; }

    /// <summary>The SHA-256 of the stored bytes as they flowed by, in upper-case hexadecimal; null where the archive was spooled
    /// before.</summary>
    public string? Hash { get; private set; }

    /// <summary>Runs it.</summary>
    public void Run()
    {
        using var environment = new LibpqEnvironment(session.Endpoint, session.Application, settings: SessionSettings());
        using var folder = PrivateFolder.Create("cryobackup-restore-");
        using LockWatch? watch = plan.Makes
            ? null
            : new LockWatch(session.Endpoint, session.Application, _request.LockTimeout, session.Limits);
        SpooledArchive? spool = spooling.Spooled;
        int jobs = spool is null ? 0 : spooling.Jobs(isEncrypted: false, plan.ArchiveLength);
        if (spool is null)
        {
            using var source = new BackupSource(
                _request.File(session.Observer),
                new AgeDecryption(_request.Path, _request.Identities, [], _token),
                _token
            );
            jobs = spooling.Jobs(source.IsEncrypted, plan.ArchiveLength);
            if (jobs == 1 && plan.InArchiveOrder)
            {
                Feed(source, Arguments(folder, "entries", plan.Entries), environment);
                return;
            }

            // pg_restore works in parallel, and in another order, only from a file that it can seek in.
            CheckEncrypted(source.IsEncrypted, jobs);
            spool = spooling.Open();
            Spool(source, spool);
        }

        foreach (ArchiveEdit edit in ArchiveEdit.NewerWords(plan.Archive, ServerMajor))
        {
            spool.Change(edit.Offset, edit.Bytes);
        }

        if (jobs == 1)
        {
            RunOn(spool, Arguments(folder, "entries", plan.Entries), environment);
            return;
        }

        (IReadOnlyList<TocEntry> together, IReadOnlyList<TocEntry> after) = ParallelEntries.Split(plan.Entries, plan.Archive);
        RunOn(
            spool,
            [.. Arguments(folder, "together", together), string.Create(CultureInfo.InvariantCulture, $"--jobs={jobs}")],
            environment
        );
        RunOn(spool, Arguments(folder, "after", after), environment);
    }

    private List<string> Arguments(PrivateFolder folder, string name, IReadOnlyList<TocEntry> entries)
    {
        string list = folder.WriteFile(
            name,
            string.Concat(entries.Select(entry => string.Create(CultureInfo.InvariantCulture, $"{entry.DumpId};\n")))
        );
        List<string> arguments = [$"--use-list={list}"];
        if (_request.NoOwner)
        {
            arguments.Add("--no-owner");
        }

        if (_request.NoPrivileges)
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

    private void Spool(BackupSource source, SpooledArchive spool)
    {
        try
        {
            Read(source, spool.Input, "Spooling");
            spool.Locate(Content!);
        }
        catch (IOException exception)
        {
            throw PartialFile.Translate(exception, spool.Folder);
        }
    }

    private void RunOn(SpooledArchive spool, List<string> arguments, LibpqEnvironment environment)
    {
        arguments.Add(spool.Path);
        using PgRestore process = Start(arguments, environment, writesInput: false);
        Finish(process);
    }

    private void CheckEncrypted(bool isEncrypted, int jobs)
    {
        if (isEncrypted && jobs == 1 && !_request.Force)
        {
            throw new CryoBackupException(
                CryoBackupError.ConfigurationInvalid,
                $"What was chosen of '{_request.Path}' is restored in another order than the archive's, "
                    + "for which it must lie decrypted in a private temporary file.",
                "Force",
                "Permit that with -Force."
            );
        }
    }

    /// <summary>Indexes are built faster with more memory. What a crash would lose of a new database belongs
    /// to a restore that would begin anew.</summary>
    private KeyValuePair<string, string>[] SessionSettings() =>
        [
            new("maintenance_work_mem", "256MB"),
            .. plan.Monetary is null ? (KeyValuePair<string, string>[])[] : [new("lc_monetary", plan.Monetary)],
            .. plan.Makes ? (KeyValuePair<string, string>[])[new("synchronous_commit", "off")] : [],
        ];

    private void Feed(BackupSource source, List<string> arguments, LibpqEnvironment environment)
    {
        using PgRestore process = Start(arguments, environment, writesInput: true);
        IEnumerable<ArchiveEdit> drops = plan.Mode == RestoreMode.Clean ? Drops() : [];

        // pg_restore reads no further than what it restores lies; where it ended for another reason, its exit says why.
        using var feed = new ArchiveFeed(process.StandardInput, () => Finish(process));
        Read(source, new ArchiveEdits(feed, [.. drops, .. ArchiveEdit.NewerWords(plan.Archive, ServerMajor)]), "Restoring");
        feed.Complete();
    }

    private IEnumerable<ArchiveEdit> Drops() =>
        [
            .. ArchiveEdit.DropsOfPartitions(plan.Archive),
            .. _request.NoPrivileges ? [] : DefaultPrivileges.Drops(plan.Entries, plan.Encoding, TocKinds.HasStandardStrings(plan.Archive)),
        ];

    private void Read(BackupSource source, Stream destination, string activity)
    {
        ArchiveReader? reader = null;
        using var progress = new ProgressReporter(
            $"{activity} {Path.GetFileName(_request.Path)}",
            session.Observer,
            () =>
                (
                    Volatile.Read(ref reader)?.Current is { } entry ? $"{entry.Schema}.{entry.Name}" : "",
                    (double)source.BytesRead / source.Length
                )
        );
        try
        {
            Content = ArchiveReader.Read(source.Output, destination, started => Volatile.Write(ref reader, started), _token);
            Hash = source.FinishHash(_token);
        }
        catch (InvalidDataException exception)
        {
            throw BackupSource.CompressionDamaged(_request.Path, exception);
        }
        catch (IOException exception) when (exception.InnerException is CryoBackupException failure)
        {
            // A store's, which is none of the spool's or the program's.
            throw failure;
        }
    }

    private PgRestore Start(List<string> arguments, LibpqEnvironment environment, bool writesInput) =>
        new(pgRestore, arguments, new RestoreTarget(session.Endpoint, ServerMajor, plan.IsTransaction, environment), writesInput, _token);

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
