using System.Text.RegularExpressions;
using CryoBackup.Archive;
using CryoBackup.Restore.Selection;

namespace CryoBackup.Verification.Rehearsal;

/// <summary>
/// What becomes of each entry of an archive in a rehearsal: pg_restore takes it, it is made here from its names alone, it comes after
/// the others, or it is left out because it would reach outside.
/// </summary>
internal sealed partial class RehearsalSelection
{
    // What reaches other servers, watches over other objects, or says something of such an object.
    private static readonly Dictionary<string, string> Outward = new(StringComparer.Ordinal)
    {
        ["PUBLICATION"] = "a rehearsal publishes nothing",
        ["PUBLICATION TABLE"] = "a rehearsal publishes nothing",
        ["PUBLICATION TABLES IN SCHEMA"] = "a rehearsal publishes nothing",
        ["SUBSCRIPTION"] = "a rehearsal connects to no publisher",
        ["SUBSCRIPTION TABLE"] = "a rehearsal connects to no publisher",
        ["EVENT TRIGGER"] =
            "it would run during the rehearsal; Restore-CryoBackup makes it last, "
            + "but stock pg_restore before it refreshes materialized views",
        ["USER MAPPING"] = "it is there to connect to another server",
        ["FOREIGN DATA WRAPPER"] = "a rehearsal reads no foreign data",
        ["SECURITY LABEL"] = "its provider belongs to the server that was saved",
    };

    private static readonly Dictionary<string, string> Disabled = new(StringComparer.Ordinal)
    {
        ["SERVER"] = "made without options on a wrapper that does nothing, so that it reaches no other server",
    };

    // What PostgreSQL lets only a superuser create.
    private static readonly HashSet<string> OfSuperusers = new(StringComparer.Ordinal)
    {
        "ACCESS METHOD",
        "OPERATOR CLASS",
        "OPERATOR FAMILY",
        "TEXT SEARCH PARSER",
        "TEXT SEARCH TEMPLATE",
        "TRANSFORM",
        "PROCEDURAL LANGUAGE",
    };

    private RehearsalSelection() { }

    /// <summary>The dump IDs of what pg_restore takes.</summary>
    public HashSet<int> Restored { get; } = [];

    /// <summary>Schemas, made from their names.</summary>
    public List<TocEntry> Schemas { get; } = [];

    /// <summary>Extensions, made from their names.</summary>
    public List<TocEntry> Extensions { get; } = [];

    /// <summary>Foreign servers, made without a way to reach anything.</summary>
    public List<TocEntry> Servers { get; } = [];

    /// <summary>Materialized views to fill, in the archive's order.</summary>
    public List<TocEntry> Refreshes { get; } = [];

    /// <summary>GRANT and REVOKE, in the archive's order.</summary>
    public List<TocEntry> Privileges { get; } = [];

    /// <summary>What is not restored as it is, and why.</summary>
    public List<LeftOut> LeftOut { get; } = [];

    /// <summary>What only a superuser may create.</summary>
    public List<TocEntry> NeedSuperuser { get; } = [];

    /// <summary>What is to be found again with its definition.</summary>
    public List<TocEntry> Expected { get; } = [];

    /// <summary>Sorts the entries of an archive for a throwaway server of our own.</summary>
    /// <param name="entries">The table of contents.</param>
    /// <param name="asSuperuser">True if the restoring role is a superuser.</param>
    public static RehearsalSelection ForScratchServer(IReadOnlyList<TocEntry> entries, bool asSuperuser)
    {
        var selection = new RehearsalSelection();
        var reaching = ForeignReach.Of(entries).ToDictionary(item => item.Entry, item => item.Reason);
        foreach (TocEntry entry in entries.Where(TocKinds.IsObject))
        {
            if ((reaching.GetValueOrDefault(entry) ?? WhyOutward(entry)) is { } reason)
            {
                selection.LeftOut.Add(new LeftOut(entry, reason));
                continue;
            }

            if (Disabled.TryGetValue(entry.Kind, out string? how))
            {
                selection.LeftOut.Add(new LeftOut(entry, how));
                selection.Servers.Add(entry);
                continue;
            }

            if (!asSuperuser && IsSaidOfExtension(entry))
            {
                selection.LeftOut.Add(new LeftOut(entry, "only the extension's owner, a superuser here, may say it"));
                continue;
            }

            selection.Expected.Add(entry);
            switch (entry.Kind)
            {
                case "SCHEMA":
                    selection.Schemas.Add(entry);
                    break;
                case "EXTENSION":
                    selection.Extensions.Add(entry);
                    break;
                case "MATERIALIZED VIEW DATA":
                    selection.Refreshes.Add(entry);
                    break;
                // Privileges on many large objects name the first, and pg_restore knows the others.
                case "ACL" or "DEFAULT ACL" when !TocKinds.IsData(entry):
                    selection.Privileges.Add(entry);
                    break;
                default:
                    selection.Restored.Add(entry.DumpId);
                    if (!asSuperuser && NeedsSuperuser(entry))
                    {
                        selection.NeedSuperuser.Add(entry);
                    }

                    break;
            }
        }

        return selection;
    }

    /// <summary>Sorts the entries of an archive for a scratch database on somebody's server: without owners and privileges,
    /// and without anything foreign.</summary>
    /// <param name="entries">The table of contents.</param>
    /// <param name="asSuperuser">True if the restoring role is a superuser.</param>
    public static RehearsalSelection ForNamedServer(IReadOnlyList<TocEntry> entries, bool asSuperuser)
    {
        var selection = new RehearsalSelection();
        HashSet<int> gone = [];
        var reaching = ForeignReach.Of(entries).ToDictionary(item => item.Entry, item => item.Reason);
        foreach (TocEntry entry in entries.Where(TocKinds.IsObject))
        {
            string? reason =
                reaching.GetValueOrDefault(entry)
                ?? WhyOutward(entry)
                ?? (entry.Kind is "SERVER" or "FOREIGN TABLE" ? "it leads to another server" : null)
                ?? (TocKinds.IsPrivilege(entry) ? "the roles of another server are not this one's" : null)
                ?? (IsSaidOfExtension(entry) && !asSuperuser ? "only the extension's owner may say it" : null)
                ?? (Array.Exists(entry.Dependencies, gone.Contains) ? "what it needs is left out" : null);
            if (reason is not null)
            {
                gone.Add(entry.DumpId);
                selection.LeftOut.Add(new LeftOut(entry, reason));
                continue;
            }

            selection.Expected.Add(entry);
            selection.Restored.Add(entry.DumpId);
            if (!asSuperuser && NeedsSuperuser(entry))
            {
                selection.NeedSuperuser.Add(entry);
            }
        }

        return selection;
    }

    /// <summary>True for what is not compared: what was left out, or made in another form.</summary>
    /// <param name="entry">An entry of the archive, or of a dump of the restored database.</param>
    public bool IsBeyondComparison(TocEntry entry) =>
        WhyOutward(entry) is not null
        || Disabled.ContainsKey(entry.Kind)
        || !TocKinds.IsObject(entry)
        || LeftOut.Exists(item => item.Entry.Kind == entry.Kind && item.Entry.Schema == entry.Schema && item.Entry.Name == entry.Name);

    private static bool IsSaidOfExtension(TocEntry entry) =>
        entry.Kind == "COMMENT" && entry.Name.StartsWith("EXTENSION ", StringComparison.Ordinal);

    private static string? WhyOutward(TocEntry entry)
    {
        if (Outward.TryGetValue(entry.Kind, out string? reason))
        {
            return reason;
        }

        // "COMMENT PUBLICATION x", "ACL FOREIGN DATA WRAPPER x"
        return TocKinds.IsRemark(entry)
            ? Outward
                .FirstOrDefault(pair => entry.Schema.Length == 0 && entry.Name.StartsWith(pair.Key + " ", StringComparison.Ordinal))
                .Value
            : null;
    }

    private static bool NeedsSuperuser(TocEntry entry) =>
        OfSuperusers.Contains(entry.Kind)
        || (
            entry.Kind is "FUNCTION" or "PROCEDURE" && (UnsafeLanguage().IsMatch(entry.Definition) || Leakproof().IsMatch(entry.Definition))
        )
        || (entry.Kind == "AGGREGATE" && InternalState().IsMatch(entry.Definition))
        || (entry.Kind == "TYPE" && BaseType().IsMatch(entry.Definition))
        || (entry.Kind == "SHELL TYPE")
        || (entry.Kind == "CAST" && entry.Definition.Contains(" WITHOUT FUNCTION", StringComparison.Ordinal));

    [GeneratedRegex(
        """^[^\S\n]+LANGUAGE "?(?:c|internal|\w+u)"?(?:\s|$)""",
        RegexOptions.NonBacktracking | RegexOptions.Multiline | RegexOptions.CultureInvariant
    )]
    private static partial Regex UnsafeLanguage();

    [GeneratedRegex(
        """^[^\S\n]+LANGUAGE .* LEAKPROOF\b""",
        RegexOptions.NonBacktracking | RegexOptions.Multiline | RegexOptions.CultureInvariant
    )]
    private static partial Regex Leakproof();

    // Refused with the code of a faulty definition (42P13), not of missing privileges.
    [GeneratedRegex(
        """^[^\S\n]+M?STYPE = "?internal"?(?:,|$)""",
        RegexOptions.NonBacktracking | RegexOptions.Multiline | RegexOptions.CultureInvariant
    )]
    private static partial Regex InternalState();

    [GeneratedRegex("""^[^\S\n]+INPUT = """, RegexOptions.NonBacktracking | RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex BaseType();
}
