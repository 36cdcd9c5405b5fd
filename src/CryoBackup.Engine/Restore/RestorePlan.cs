using CryoBackup.Archive;
using CryoBackup.Comparison;
using CryoBackup.Postgres;
using CryoBackup.Restore.Selection;

namespace CryoBackup.Restore;

/// <summary>What a restore will do: its mode and the very entries that pg_restore is given.
/// A plan and a restore are made from the same.</summary>
internal sealed class RestorePlan
{
    private readonly Lazy<(IReadOnlyList<TocEntry> Together, IReadOnlyList<TocEntry> After)> _split;

    /// <summary>Plans a restore.</summary>
    /// <param name="request">What was asked for.</param>
    /// <param name="content">What the archive holds.</param>
    /// <param name="target">What the target has and keeps.</param>
    /// <param name="keeps">Tells what stands in the target already and is kept, whatever was chosen: extensions; null for nothing.</param>
    /// <param name="takes">Tells which entries may be restored; a rehearsal leaves out those that reach outside; null for all.</param>
    /// <exception cref="CryoBackupException">ConfigurationInvalid, ObjectNotFound.</exception>
    public RestorePlan(
        RestoreRequest request,
        ArchiveContent content,
        TargetContent target,
        Func<TocEntry, bool>? keeps = null,
        Func<TocEntry, bool>? takes = null
    )
    {
        Mode = ModeOf(request);
        Archive = content.Entries;
        ArchiveLength = content.Length;
        Encoding = content.Encoding;
        HasReadableRows = content.Header.Compression is ArchiveCompression.None or ArchiveCompression.Gzip;
        bool partial = IsPartial(request);
        RestoreSelection selection = partial
            ? RestoreSelection.Of(content.Entries, request.Schema, request.Table, target)
            : RestoreSelection.All(content.Entries);
        selection = selection.Only(request.SchemaOnly, request.DataOnly);
        bool Wanted(TocEntry entry) => (!request.NoPrivileges || !TocKinds.IsPrivilege(entry)) && takes?.Invoke(entry) != false;
        HashSet<TocEntry> chosen = [.. selection.Entries.Where(Wanted)];
        LeftOut[] outward = [.. ForeignReach.Of(content.Entries).Where(item => chosen.Remove(item.Entry))];
        LeftOut[] kept = [.. KeptIn(chosen, content.Entries, keeps ?? (static _ => false))];
        chosen.ExceptWith(kept.Select(item => item.Entry));
        LeftOut = [.. selection.LeftOut.Where(item => Wanted(item.Entry)), .. outward, .. kept];
        ToTell = [.. selection.Unpopulated.Where(item => Wanted(item.Entry)), .. outward];
        TocEntry[] entries = [.. selection.Entries.Where(chosen.Contains).OrderBy(TocKinds.IsOfEventTrigger)];
        (Entries, Circular) = Mode == RestoreMode.Data ? DataOrder.Sort(entries, content.Entries) : (entries, []);

        // pg_restore reads a pipe from front to back, so data can be streamed only in the archive's own order.
        InArchiveOrder = Entries.Where(entry => entry.HasData).SequenceEqual(entries.Where(entry => entry.HasData));
        _split = new(() => ParallelEntries.Split(Entries, Archive));
        HashSet<int> ids = [.. Entries.Select(entry => entry.DumpId)];
        Tables = [.. content.Tables.Where(table => ids.Contains(table.Entry.DumpId))];
        OfDatabase = partial
            ? []
            : [.. content.Entries.Where(entry => (entry.Kind == "DATABASE PROPERTIES" || TocKinds.IsOfDatabase(entry)) && Wanted(entry))];
        DatabaseStatements = Makes ? DatabaseDefinition.Statements(OfDatabase, content.Entries, request.NoOwner) : [];
    }

    /// <summary>The source's lc_monetary, where values of type money depend on it; null where there are none, or it is not known.</summary>
    public string? Monetary { get; init; }

    /// <summary>True to put everything into the target's own tablespace.</summary>
    public bool IsInOneTablespace { get; init; }

    /// <summary>Into what.</summary>
    public RestoreMode Mode { get; }

    /// <summary>The archive's whole table of contents.</summary>
    public IReadOnlyList<TocEntry> Archive { get; }

    /// <summary>The archive's size in bytes, uncompressed.</summary>
    public long ArchiveLength { get; }

    /// <summary>PostgreSQL's name of the archive's encoding.</summary>
    public string Encoding { get; }

    /// <summary>True if rows can be read out of the archive: it is not compressed within by what is not read here.</summary>
    public bool HasReadableRows { get; }

    /// <summary>The entries, in the order in which they are restored.</summary>
    public IReadOnlyList<TocEntry> Entries { get; }

    /// <summary>The entries, split for several sessions: <see cref="ParallelEntries.Split"/>.</summary>
    public (IReadOnlyList<TocEntry> Together, IReadOnlyList<TocEntry> After) Split => _split.Value;

    /// <summary>The tables whose rows are restored.</summary>
    public IReadOnlyList<TableContent> Tables { get; private set; }

    /// <summary>What belongs to something chosen and is left out, and why.</summary>
    public IReadOnlyList<LeftOut> LeftOut { get; }

    /// <summary>Of these, what nobody asked to leave out: rows that only a foreign server could give or take,
    /// and views that would be computed from no rows.</summary>
    public IReadOnlyList<LeftOut> ToTell { get; }

    /// <summary>Tables whose foreign keys form a circle, so that no order of rows satisfies them all.</summary>
    public IReadOnlyList<string> Circular { get; }

    /// <summary>True if the entries with data stand in the archive's order.</summary>
    public bool InArchiveOrder { get; }

    /// <summary>Settings, privileges and comment of the database itself, for a database that is made.</summary>
    public IReadOnlyList<TocEntry> OfDatabase { get; }

    /// <summary>What is said of the database itself, as statements for a database of any name; empty where none is made.</summary>
    public IReadOnlyList<DatabaseStatement> DatabaseStatements { get; }

    /// <summary>True if a new database is made.</summary>
    public bool Makes => Mode is RestoreMode.Create or RestoreMode.Swap;

    /// <summary>True if nothing is in the target but what is restored.</summary>
    public bool HasTargetToItself => Makes || Mode == RestoreMode.Empty;

    /// <summary>True if the restore is one transaction: it is done, or nothing was changed.</summary>
    public bool IsTransaction => Mode is RestoreMode.Clean or RestoreMode.Data;

    /// <summary>The roles that the server must have.</summary>
    /// <param name="noOwner">True if objects are left to the restoring role.</param>
    /// <param name="noPrivileges">True if privileges are left out.</param>
    /// <returns>Their names, each once, sorted.</returns>
    public IReadOnlyCollection<string> RolesNeeded(bool noOwner, bool noPrivileges)
    {
        IEnumerable<TocEntry> database = Makes ? Archive.Where(entry => entry.Kind == "DATABASE") : [];
        return RoleNames.Of(Entries.Concat(OfDatabase).Concat(database), noOwner, noPrivileges);
    }

    /// <summary>Takes what only the reading of the whole archive tells: the rows and fingerprints of the tables.</summary>
    /// <param name="content">The same archive, read to its end.</param>
    public void Learn(ArchiveContent content)
    {
        HashSet<int> ids = [.. Tables.Select(table => table.Entry.DumpId)];
        Tables = [.. content.Tables.Where(table => ids.Contains(table.Entry.DumpId))];
    }

    /// <summary>True if only a part of the backup was asked for.</summary>
    /// <param name="request">What was asked for.</param>
    public static bool IsPartial(RestoreRequest request) => request.Schema.Count + request.Table.Count > 0;

    /// <summary>The mode that was asked for.</summary>
    /// <param name="request">What was asked for.</param>
    /// <exception cref="CryoBackupException">ConfigurationInvalid: the wishes contradict each other.</exception>
    public static RestoreMode ModeOf(RestoreRequest request)
    {
        if (Convert.ToInt32(request.Create) + Convert.ToInt32(request.Clean) + Convert.ToInt32(request.Swap) > 1)
        {
            throw Contradiction("Only one of -Create, -Clean and -Swap can be given.", "Choose how the target comes to be.");
        }

        if (request is { SchemaOnly: true, DataOnly: true })
        {
            throw Contradiction("-SchemaOnly and -DataOnly leave nothing to restore.", "Give one of them, or neither.");
        }

        if (request.DataOnly && (request.Create || request.Clean || request.Swap))
        {
            throw Contradiction(
                "-DataOnly restores into tables that are there; it goes with none of -Create, -Clean and -Swap.",
                "Leave one of them out."
            );
        }

        if (request is { SkipVerification: true, Force: false })
        {
            throw Contradiction(
                "-SkipVerification restores what nobody has looked at; it goes only with -Force.",
                "Leave it out, or give -Force as well."
            );
        }

        CheckWays(request);
        return request.Create ? RestoreMode.Create
            : request.Clean ? RestoreMode.Clean
            : request.Swap ? RestoreMode.Swap
            : request.DataOnly ? RestoreMode.Data
            : RestoreMode.Empty;
    }

    /// <summary>What does not go with the way in which the target comes to be.</summary>
    private static void CheckWays(RestoreRequest request)
    {
        if (request.Locale is not null && !(request.Create || request.Swap))
        {
            throw Contradiction(
                "-Locale is the locale of a database that is created; it goes only with -Create or -Swap.",
                "Leave it out, or give one of them as well."
            );
        }

        if (request is { Script: true, PlanOnly: false })
        {
            throw Contradiction("-Script is the SQL of a plan; it goes only with -PlanOnly.", "Leave it out, or give -PlanOnly as well.");
        }

        if (request.Swap && IsPartial(request))
        {
            throw Contradiction(
                "-Swap replaces a whole database; with -Schema or -Table the rest would be gone.",
                "Restore the part with -Clean, or into another database with -Create."
            );
        }

        if (request.Swap && TargetDatabase.Maintenance.Contains(request.TargetDatabase, StringComparer.Ordinal))
        {
            throw Contradiction(
                $"-Swap would rename '{request.TargetDatabase}', by which programs reach the server; nothing was changed.",
                "Restore into a database of its own with -Create, or replace the backup's objects in this one with -Clean."
            );
        }

        if ((request.Clean || request.DataOnly) && request.Jobs > 1)
        {
            throw Contradiction(
                "-Clean and -DataOnly are one transaction, which one session runs; they go with no more than one job.",
                "Leave out -Jobs."
            );
        }
    }

    /// <summary>What is left out because an extension stands in the target, and with it, where the backup's objects replace others,
    /// its rows.</summary>
    private IEnumerable<LeftOut> KeptIn(HashSet<TocEntry> chosen, IReadOnlyList<TocEntry> archive, Func<TocEntry, bool> keeps)
    {
        HashSet<int> kept = [];
        foreach (TocEntry entry in chosen.Where(keeps))
        {
            kept.Add(entry.DumpId);
            yield return new LeftOut(entry, "the target has it, and it is kept as it is there");
        }

        if (kept.Count > 0 && Mode == RestoreMode.Clean)
        {
            HashSet<int> tables = [.. archive.Where(TocKinds.IsRelation).Select(entry => entry.DumpId)];
            foreach (TocEntry rows in chosen.Where(entry => entry.IsTableData && !entry.Dependencies.Any(tables.Contains)))
            {
                yield return new LeftOut(rows, "it belongs to an extension, which is kept with its rows");
            }
        }
    }

    private static CryoBackupException Contradiction(string message, string remedy) =>
        new(CryoBackupError.ConfigurationInvalid, message, "Restore-CryoBackup", remedy);
}
