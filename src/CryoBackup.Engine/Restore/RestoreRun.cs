using CryoBackup.Archive;
using CryoBackup.Encryption;
using CryoBackup.Postgres;
using CryoBackup.Storage;
using CryoBackup.Text;

namespace CryoBackup.Restore;

/// <summary>The entries of a plan, restored from the backup's file through the tap, in the way that suits them.</summary>
/// <param name="session">What the parts of the restore have in common, with the database that is filled.</param>
/// <param name="plan">What is restored.</param>
/// <param name="pgRestore">The program.</param>
internal sealed class RestoreRun(RestoreSession session, RestorePlan plan, ClientTool pgRestore)
{
    private readonly RestoreRequest _request = session.Request;
    private readonly CancellationToken _token = session.Limits.Token;
    private readonly List<string> _warnings = [];
    private RestoreProgress? _progress;

    /// <summary>The server's major version; 0 where it is known not to be older than pg_restore.</summary>
    public int ServerMajor { get; init; }

    /// <summary>Tells whether what flows is what is known of it; null where nothing flows.</summary>
    public FlowProof? Proof { get; init; }

    /// <summary>What pg_restore warned of, and what is to be known of the way.</summary>
    public IReadOnlyList<string> Warnings => _warnings;

    /// <summary>What the archive held as it flowed by.</summary>
    public ArchiveContent? Content { get; private set; }

    /// <summary>The SHA-256 of the stored bytes as they flowed by, in upper-case hexadecimal.</summary>
    public string? Hash { get; private set; }

    /// <summary>How many sessions a restore has where nobody says: a new database gets one for each core.</summary>
    /// <param name="request">What was asked for.</param>
    /// <param name="plan">What is restored.</param>
    public static int Jobs(RestoreRequest request, RestorePlan plan) =>
        request.Jobs ?? (plan.Makes && ParallelRestore.Suits(plan) ? Environment.ProcessorCount : 1);

    /// <summary>Whether the archive has to lie in clear in a temporary file: pg_restore works in parallel, and in another order than the
    /// archive's, only from a file that it can seek in.</summary>
    /// <param name="request">What was asked for.</param>
    /// <param name="plan">What is restored.</param>
    public static bool Spools(RestoreRequest request, RestorePlan plan) =>
        !plan.InArchiveOrder || (Jobs(request, plan) > 1 && !ParallelRestore.Suits(plan));

    /// <summary>Runs it.</summary>
    public void Run()
    {
        using RestoreProgress progress = new(
            session.Endpoint,
            session.Application,
            $"Restoring {Path.GetFileName(_request.Path)}",
            session.Observer
        );
        _progress = progress;
        using var runs = new PgRestoreRuns(session, plan, pgRestore, ServerMajor);
        using LockWatch? watch = plan.Makes
            ? null
            : new LockWatch(session.Endpoint, session.Application, _request.LockTimeout, session.Limits);
        int jobs = Jobs(_request, plan);
        if (Spools(_request, plan))
        {
            RunSpooled(runs, jobs);
        }
        else if (jobs > 1)
        {
            RunParallel(runs, jobs);
        }
        else
        {
            using BackupSource source = Open();
            runs.Feed(plan.Entries, archive => Read(source, new ArchiveEdits(archive, [.. Drops(), .. Words()]), null));
            if (Content is null)
            {
                // Of nothing, pg_restore is asked nothing; the archive is read to its end all the same.
                Read(source, null, null);
            }
        }

        _warnings.AddRange(runs.Warnings);
    }

    /// <summary>Has pg_restore write what it would run, and change nothing.</summary>
    /// <returns>Its script of the plan's entries that have no rows.</returns>
    public string Script()
    {
        using var runs = new PgRestoreRuns(session, plan, pgRestore, ServerMajor);
        ReadOnlyMemory<byte> head = ReadHead(out _);
        return runs.Script(
            [.. plan.Entries.Where(static entry => !entry.HasData)],
            archive => new ArchiveEdits(archive, [.. Drops(), .. Words()]).Write(head.Span)
        );
    }

    private void RunParallel(PgRestoreRuns runs, int jobs)
    {
        ReadOnlyMemory<byte> head = ReadHead(out bool isEncrypted);
        using var loading = new RowLoading(session, plan, jobs);
        new ParallelRestore(runs, plan, ServerMajor, jobs).Run(
            head,
            isEncrypted,
            loading,
            (copyTo, rows) =>
            {
                using BackupSource source = Open();
                return Read(source, new SameHead(head, copyTo, _request.Path), rows.Take);
            }
        );
    }

    private void RunSpooled(PgRestoreRuns runs, int jobs)
    {
        using var spool = new SpooledArchive();
        using (BackupSource source = Open())
        {
            CheckEncrypted(source.IsEncrypted, jobs);
            session.Observer(
                new VerboseMessage($"Spooling the archive to '{spool.Folder}', which only this account can read; it is removed at the end.")
            );
            try
            {
                spool.Locate(Read(source, spool.Input, null));
            }
            catch (IOException exception)
            {
                throw PartialFile.Translate(exception, spool.Folder);
            }
        }

        foreach (ArchiveEdit edit in Words())
        {
            spool.Change(edit.Offset, edit.Bytes);
        }

        if (jobs == 1)
        {
            runs.Restore(spool.Path, plan.Entries, jobs);
            return;
        }

        (IReadOnlyList<TocEntry> together, IReadOnlyList<TocEntry> after) = plan.Split;
        runs.Restore(spool.Path, together, jobs);
        runs.Restore(spool.Path, after, 1);
    }

    private void CheckEncrypted(bool isEncrypted, int jobs)
    {
        if (!isEncrypted)
        {
            return;
        }

        if (jobs == 1 && !_request.Force)
        {
            throw new CryoBackupException(
                CryoBackupError.ConfigurationInvalid,
                $"What was chosen of '{_request.Path}' is restored in another order than the archive's, "
                    + "for which it must lie decrypted in a private temporary file.",
                "Force",
                "Permit that with -Force."
            );
        }

        string warning = $"The content of '{_request.Path}' lies decrypted in a private temporary file until the restore ends.";
        _warnings.Add(warning);
        session.Observer(new WarningMessage(warning));
    }

    private IEnumerable<ArchiveEdit> Words() => ArchiveEdit.NewerWords(plan.Archive, ServerMajor);

    private IEnumerable<ArchiveEdit> Drops() =>
        plan.Mode != RestoreMode.Clean
            ? []
            :
            [
                .. ArchiveEdit.DropsOfPartitions(plan.Archive),
                .. _request.NoPrivileges
                    ? []
                    : DefaultPrivileges.Drops(plan.Entries, plan.Encoding, TocKinds.HasStandardStrings(plan.Archive)),
            ];

    private BackupSource Open() =>
        new(_request.File(session.Observer), new AgeDecryption(_request.Path, _request.Identities, [], _token), _token);

    private ReadOnlyMemory<byte> ReadHead(out bool isEncrypted)
    {
        using BackupSource source = Open();
        isEncrypted = source.IsEncrypted;
        try
        {
            return ArchiveHead.Read(source.Output, _token).Bytes;
        }
        catch (InvalidDataException exception)
        {
            throw BackupSource.CompressionDamaged(_request.Path, exception);
        }
    }

    private ArchiveContent Read(BackupSource source, Stream? destination, Func<TocEntry, ChunkReader.DataHandler?>? rowsOf)
    {
        ArchiveReader? reader = null;
        var known = plan.Tables.ToDictionary(table => table.Entry.DumpId, table => table.Fingerprint);
        _progress?.Follow(() =>
            (
                Volatile.Read(ref reader)?.Current is { } entry ? $"{entry.Schema}.{entry.Name}, {SizeText.Of(source.BytesRead)} read" : "",
                (double)source.BytesRead / source.Length
            )
        );
        try
        {
            Content = ArchiveReader.Read(
                source.Output,
                destination,
                started =>
                {
                    started.TableRead = table =>
                        Proof?.CheckTable(table, known.GetValueOrDefault(table.Entry.DumpId), () => source.FinishHash(_token));
                    Volatile.Write(ref reader, started);
                },
                rowsOf,
                _token
            );
            Hash = source.FinishHash(_token);
            return Content;
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
        finally
        {
            _progress?.Follow(null);
        }
    }
}
