using CryoBackup.Archive;
using CryoBackup.Processes;

namespace CryoBackup.Restore;

/// <summary>
/// A restore by several sessions with no copy of the archive in clear. Its table of contents alone is an archive for pg_restore, which
/// makes the definitions from it and, when the rows are in, the indexes and constraints, several at once; the rows flow from the backup
/// to sessions of ours. What is neither, above all large objects, pg_restore takes from the same flow.
/// </summary>
/// <param name="runs">Runs pg_restore.</param>
/// <param name="plan">What is restored.</param>
/// <param name="serverMajor">The server's major version; 0 if it is not known to be older than pg_restore.</param>
/// <param name="jobs">How many sessions.</param>
internal sealed class ParallelRestore(PgRestoreRuns runs, RestorePlan plan, int serverMajor, int jobs)
{
    /// <summary>Whether a plan's rows can flow so: they are readable, and stand in the archive's order.</summary>
    /// <param name="plan">What is restored.</param>
    public static bool Suits(RestorePlan plan) =>
        plan is { IsTransaction: false, InArchiveOrder: true, HasReadableRows: true } && !plan.Split.After.Any(entry => entry.HasData);

    /// <summary>Runs it.</summary>
    /// <param name="head">The archive's table of contents.</param>
    /// <param name="isEncrypted">True if nothing of it may lie on a disk.</param>
    /// <param name="loading">Loads rows.</param>
    /// <param name="read">Reads the archive to its end: copies it, if there is where to, and shares its rows.</param>
    /// <returns>What the archive holds.</returns>
    public ArchiveContent Run(
        ReadOnlyMemory<byte> head,
        bool isEncrypted,
        RowLoading loading,
        Func<Stream?, RowLoading, ArchiveContent> read
    )
    {
        ArchiveContent Read(Stream? copyTo)
        {
            try
            {
                return read(copyTo, loading);
            }
            catch
            {
                // Where a session failed, the reading ended for that.
                loading.ThrowIfFailed();
                throw;
            }
        }

        (IReadOnlyList<TocEntry> together, IReadOnlyList<TocEntry> after) = plan.Split;
        ILookup<Step, TocEntry> steps = together.ToLookup(StepOf);
        bool flows = steps[Step.Flow].Any(entry => entry.HasData);
        byte[] definitions = Edited(head);

        runs.Feed([.. steps[Step.Definitions]], archive => archive.Write(definitions));
        ArchiveContent? content = null;
        loading.Start();
        if (flows)
        {
            runs.Feed(
                [.. steps[Step.Flow]],
                archive => content = Read(new ArchiveEdits(archive, ArchiveEdit.NewerWords(plan.Archive, serverMajor)))
            );
        }

        content ??= Read(copyTo: null);
        loading.Finish();

        TocEntry[] rest = [.. together.Where(entry => StepOf(entry) == Step.Rest || (!flows && StepOf(entry) == Step.Flow))];
        SpooledArchive.Locate(definitions, content);
        using var memory = MemoryFile.TryCreate(definitions);
        if ((memory?.Path ?? (isEncrypted ? null : WriteFile(definitions))) is { } file)
        {
            runs.Restore(file, rest, jobs);
            runs.Restore(file, after, 1);
        }
        else
        {
            runs.Feed(rest, archive => archive.Write(definitions));
            runs.Feed(after, archive => archive.Write(definitions));
        }

        return content;
    }

    private enum Step
    {
        Definitions,
        Rows,
        Flow,
        Rest,
    }

    private static Step StepOf(TocEntry entry) =>
        entry.Section switch
        {
            TocSection.PreData => Step.Definitions,
            TocSection.Data when entry is { IsTableData: true, CopyStatement.Length: > 0 } => Step.Rows,

            // The planner's statistics follow the rows that they are of.
            TocSection.Data when entry.Kind != "STATISTICS DATA" => Step.Flow,
            _ => Step.Rest,
        };

    private byte[] Edited(ReadOnlyMemory<byte> head)
    {
        using var edited = new MemoryStream();
        new ArchiveEdits(edited, ArchiveEdit.NewerWords(plan.Archive, serverMajor)).Write(head.Span);
        return edited.ToArray();
    }

    private string WriteFile(byte[] definitions)
    {
        string path = Path.Combine(runs.Folder, "definitions");
        File.WriteAllBytes(path, definitions);
        return path;
    }
}
