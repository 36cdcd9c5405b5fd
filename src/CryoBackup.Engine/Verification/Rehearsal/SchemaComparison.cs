using CryoBackup.Archive;
using CryoBackup.Postgres;
using CryoBackup.Restore.Selection;
using CryoBackup.Text;

namespace CryoBackup.Verification.Rehearsal;

/// <summary>
/// Compares definitions, owners and privileges by what they mean to the server. Where pg_dump's words of the restored database are not
/// those of the archive, a second database is made from the archive's definitions alone: the words that the same server has for it are what
/// the archive means.
/// </summary>
/// <param name="server">Where the restored database is.</param>
/// <param name="content">What the archive holds.</param>
/// <param name="pgDump">A pg_dump that fits the server.</param>
/// <param name="definitions">Makes the second database.</param>
/// <param name="cancellationToken">Ends the programs.</param>
internal sealed class SchemaComparison(
    RehearsalServer server,
    ArchiveContent content,
    ClientTool pgDump,
    DefinitionRestore definitions,
    CancellationToken cancellationToken
)
{
    // An extension's entry does not say who owns it.
    private readonly HashSet<int> _created =
    [
        .. content.Entries.Where(entry => entry.Owner.Length > 0 && !TocKinds.IsRemark(entry)).Select(entry => entry.DumpId),
    ];

    /// <summary>Dumps the restored database without rows and compares.</summary>
    /// <returns>One sentence a difference.</returns>
    /// <exception cref="CryoBackupException">A program failed.</exception>
    public async Task<List<string>> RunAsync()
    {
        List<TocEntry> wanted = Definitions(DefinitionDump.InOneForm(server.Selection.Expected));
        List<TocEntry> found = Definitions(Dump(server.Working, content.LargeObjectCount > 0));
        List<TocEntry> all = [.. found.Where(entry => !IsOfLargeObject(entry))];
        RemoveEqual(wanted, found, IsSameToTheLetter);

        // Large objects are not in a database of definitions alone; what is said of them has one form.
        List<string> differences = Pair(Take(wanted, IsOfLargeObject), Take(found, IsOfLargeObject));
        if (wanted.Count + found.Count > 0)
        {
            List<TocEntry> reference = Definitions(
                Dump(await definitions.RunAsync(cancellationToken).ConfigureAwait(false), withLargeObjects: false)
            );
            differences.AddRange(FindOwners(wanted, found));
            differences.AddRange(FindUnmade(wanted, all, reference));
            RemoveEqual(reference, all, IsSame);
            differences.AddRange(Pair(reference, all));
        }

        return [.. differences.Distinct(StringComparer.Ordinal)];
    }

    private IReadOnlyList<TocEntry> Dump(ServerEndpoint endpoint, bool withLargeObjects) =>
        DefinitionDump.Take(pgDump, endpoint, server.Application, withLargeObjects, cancellationToken);

    /// <summary>What is compared here: rows, the values of sequences and the content of large objects have checks of their own,
    /// statistics do not decide.</summary>
    private List<TocEntry> Definitions(IReadOnlyList<TocEntry> entries) =>
        [
            .. entries.Where(entry =>
                entry.Section != TocSection.Data
                && entry.Kind is not ("MATERIALIZED VIEW DATA" or "STATISTICS DATA")
                && !server.Selection.IsBeyondComparison(entry)
                && (server.HasOwners || !TocKinds.IsPrivilege(entry))
            ),
        ];

    private static (string, string, string) KeyOf(TocEntry entry) => (entry.Kind, entry.Schema, entry.Name);

    private static bool IsOfLargeObject(TocEntry entry) =>
        TocKinds.IsLargeObject(entry) || (TocKinds.IsRemark(entry) && entry.Name.StartsWith("LARGE OBJECT ", StringComparison.Ordinal));

    private static List<TocEntry> Take(List<TocEntry> entries, Predicate<TocEntry> which)
    {
        List<TocEntry> taken = entries.FindAll(which);
        entries.RemoveAll(which);
        return taken;
    }

    /// <summary>Removes what stands in both lists; of the same kind and name there may be several.</summary>
    private static void RemoveEqual(List<TocEntry> wanted, List<TocEntry> found, Func<TocEntry, TocEntry, bool> same)
    {
        var there = found.GroupBy(KeyOf).ToDictionary(group => group.Key, group => group.ToList());
        HashSet<TocEntry> matched = [];
        wanted.RemoveAll(entry =>
        {
            int index = there.TryGetValue(KeyOf(entry), out List<TocEntry>? candidates)
                ? candidates.FindIndex(candidate => same(entry, candidate))
                : -1;
            if (index >= 0)
            {
                matched.Add(candidates![index]);
                candidates.RemoveAt(index);
            }

            return index >= 0;
        });
        found.RemoveAll(matched.Contains);
    }

    private bool IsSameToTheLetter(TocEntry wanted, TocEntry found) =>
        IsSame(wanted, found) || (IsOwnedElsewhere(wanted) && SaysTheSame(wanted, found));

    private bool IsSame(TocEntry wanted, TocEntry found) =>
        SaysTheSame(wanted, found) && (!server.HasOwners || string.Equals(wanted.Owner, found.Owner, StringComparison.Ordinal));

    private static bool SaysTheSame(TocEntry wanted, TocEntry found) =>
        string.Equals(Normalised(wanted), Normalised(found), StringComparison.Ordinal);

    /// <summary>
    /// True for what is said of an object that the archive does not create: one of the catalog or of an extension, whose owner is whoever
    /// made that server or that extension.
    /// </summary>
    private bool IsOwnedElsewhere(TocEntry entry) =>
        TocKinds.IsRemark(entry)
        && !entry.Dependencies.Any(_created.Contains)
        && !entry.Name.StartsWith("LARGE OBJECT ", StringComparison.Ordinal);

    /// <summary>Owners have no second spelling: whoever owns an object in the archive is to own it here.</summary>
    private IEnumerable<string> FindOwners(List<TocEntry> wanted, List<TocEntry> found)
    {
        ILookup<(string, string, string), TocEntry> there = found.ToLookup(KeyOf);
        return wanted
            .Where(entry =>
                server.HasOwners
                && !IsOwnedElsewhere(entry)
                && there[KeyOf(entry)] is var same
                && same.Any()
                && same.All(candidate => candidate.Owner != entry.Owner)
            )
            .Select(entry => $"{entry} belongs to {there[KeyOf(entry)].First().Owner} instead of {entry.Owner}");
    }

    /// <summary>What the archive names, and neither database has. Privileges that are everybody's anyway leave no trace,
    /// and versions say some things elsewhere.</summary>
    private List<string> FindUnmade(List<TocEntry> wanted, List<TocEntry> found, List<TocEntry> reference)
    {
        HashSet<(string, string, string)> made = [.. found.Concat(reference).Select(KeyOf)];
        bool sameVersion =
            server.Major == ArchiveHeader.Major(content.Header.ServerVersion)
            && pgDump.Major == ArchiveHeader.Major(content.Header.DumpVersion);
        return
        [
            .. wanted
                .Where(entry => sameVersion && !TocKinds.IsRemark(entry) && !TocKinds.IsPrivilege(entry) && !made.Contains(KeyOf(entry)))
                .Select(entry => $"{entry} is missing"),
        ];
    }

    private static List<string> Pair(List<TocEntry> wanted, List<TocEntry> found)
    {
        ILookup<(string, string, string), TocEntry> there = found.ToLookup(KeyOf);
        ILookup<(string, string, string), TocEntry> were = wanted.ToLookup(KeyOf);
        return
        [
            .. were.SelectMany(group =>
                group.Select(
                    (entry, index) =>
                        there[group.Key].ElementAtOrDefault(index) is { } other ? Describe(entry, other) : $"{entry} is missing"
                )
            ),
            .. there.SelectMany(group => group.Skip(were[group.Key].Count())).Select(entry => $"{entry} is not in the backup"),
        ];
    }

    /// <summary>pg_dump names a policy's roles in the order in which they were once created.</summary>
    private static string Normalised(TocEntry entry)
    {
        IReadOnlyList<SqlToken> roles = entry.Kind == "POLICY" ? RoleNames.OfPolicy(entry.Definition) : [];
        return roles.Count < 2
            ? entry.Definition
            : entry.Definition[..roles[0].Start]
                + string.Join(", ", roles.Select(static role => role.Text.ToString()).Order(StringComparer.Ordinal))
                + entry.Definition[roles[^1].End..];
    }

    private static string Describe(TocEntry wanted, TocEntry found)
    {
        if (SaysTheSame(wanted, found))
        {
            return $"{wanted} belongs to {found.Owner} instead of {wanted.Owner}";
        }

        string[] before = wanted.Definition.Split('\n');
        string[] after = found.Definition.Split('\n');
        int line = 0;
        while (line < before.Length && line < after.Length && string.Equals(before[line], after[line], StringComparison.Ordinal))
        {
            line++;
        }

        string was = line < before.Length ? before[line].Trim() : "";
        string now = line < after.Length ? after[line].Trim() : "";
        return $"{wanted} differs: \"{now}\" instead of \"{was}\"";
    }
}
