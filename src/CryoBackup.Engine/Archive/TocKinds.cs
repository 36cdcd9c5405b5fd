using System.Text.RegularExpressions;

namespace CryoBackup.Archive;

/// <summary>What pg_dump's kinds of entries mean for a selective restore (the names are those of pg_dump.c).</summary>
internal static partial class TocKinds
{
    /// <summary>How the archive is written, and the database itself: pg_restore does not restore these as objects.</summary>
    private static readonly HashSet<string> NoObjects = new(StringComparer.Ordinal)
    {
        "ENCODING",
        "STDSTRINGS",
        "SEARCHPATH",
        "DATABASE",
        "DATABASE PROPERTIES",
    };

    private static readonly HashSet<string> Relations = new(StringComparer.Ordinal)
    {
        "TABLE",
        "FOREIGN TABLE",
        "VIEW",
        "MATERIALIZED VIEW",
    };

    /// <summary>What belongs to a relation, and comes and goes with it.</summary>
    private static readonly HashSet<string> PartsOfRelations = new(StringComparer.Ordinal)
    {
        "TABLE DATA",
        "DEFAULT",
        "CONSTRAINT",
        "CHECK CONSTRAINT",
        "FK CONSTRAINT",
        "INDEX",
        "TRIGGER",
        "RULE",
        "POLICY",
        "ROW SECURITY",
        "STATISTICS",
        "STATISTICS DATA",
        "TABLE ATTACH",
        "INDEX ATTACH",
        "SEQUENCE OWNED BY",
        "MATERIALIZED VIEW DATA",
        "PUBLICATION TABLE",
        "PUBLICATION TABLES IN SCHEMA",
    };

    /// <summary>What is said about any object.</summary>
    private static readonly HashSet<string> Remarks = new(StringComparer.Ordinal) { "COMMENT", "ACL", "SECURITY LABEL" };

    /// <summary>What lives in a schema's name or the database's, and is not brought in because a table needs it.</summary>
    private static readonly HashSet<string> NeverPulled = new(StringComparer.Ordinal)
    {
        "TABLE",
        "FOREIGN TABLE",
        "VIEW",
        "MATERIALIZED VIEW",
        "CONSTRAINT",
        "INDEX",
        "PUBLICATION",
        "SUBSCRIPTION",
        "EVENT TRIGGER",
    };

    /// <summary>True if pg_restore restores the entry as an object.</summary>
    /// <param name="entry">The entry.</param>
    public static bool IsObject(TocEntry entry) => !NoObjects.Contains(entry.Kind) && !IsOfDatabase(entry);

    /// <summary>True for a table, foreign table, view or materialized view.</summary>
    /// <param name="entry">The entry.</param>
    public static bool IsRelation(TocEntry entry) => Relations.Contains(entry.Kind);

    /// <summary>True for what belongs to a relation.</summary>
    /// <param name="entry">The entry.</param>
    public static bool IsPart(TocEntry entry) => PartsOfRelations.Contains(entry.Kind);

    /// <summary>True for a comment, privileges or a security label.</summary>
    /// <param name="entry">The entry.</param>
    public static bool IsRemark(TocEntry entry) => Remarks.Contains(entry.Kind);

    /// <summary>True for what holds rows, computes them, or sets a sequence, and for large objects with what is said about them.</summary>
    /// <param name="entry">The entry.</param>
    public static bool IsData(TocEntry entry) =>
        entry.Section == TocSection.Data
        || entry.Kind is "MATERIALIZED VIEW DATA"
        || IsLargeObject(entry)
        || (IsRemark(entry) && entry.Name.StartsWith("LARGE OBJECT", StringComparison.Ordinal));

    /// <summary>True for what creates large objects: until PostgreSQL 16 an entry each, whose name is the OID.</summary>
    /// <param name="entry">The entry.</param>
    public static bool IsLargeObject(TocEntry entry) => entry.Kind is "BLOB" or "BLOB METADATA";

    /// <summary>The large objects that an entry creates: one until PostgreSQL 16,
    /// many of one owner and with the same privileges from 17 on.</summary>
    /// <param name="entry">The entry.</param>
    /// <returns>Their OIDs.</returns>
    public static IReadOnlyList<string> LargeObjectsOf(TocEntry entry) =>
        entry.Kind switch
        {
            "BLOB" => [entry.Name],
            "BLOB METADATA" => [.. entry.Definition.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)],
            _ => [],
        };

    /// <summary>True for what defines columns of type money, whose text depends on the server's lc_monetary.</summary>
    /// <param name="entry">The entry.</param>
    public static bool SpeaksOfMoney(TocEntry entry) => entry.Kind is "TABLE" or "TYPE" or "DOMAIN" && Money().IsMatch(entry.Definition);

    /// <summary>True for an event trigger and what is said of one. They come last:
    /// one that forbids DDL would stop whatever comes after it.</summary>
    /// <param name="entry">The entry.</param>
    public static bool IsOfEventTrigger(TocEntry entry) =>
        entry.Kind is "EVENT TRIGGER" || (IsRemark(entry) && entry.Name.StartsWith("EVENT TRIGGER ", StringComparison.Ordinal));

    /// <summary>True for GRANT and REVOKE.</summary>
    /// <param name="entry">The entry.</param>
    public static bool IsPrivilege(TocEntry entry) => entry.Kind is "ACL" or "DEFAULT ACL";

    /// <summary>True for what a part may not bring in by itself: another table is restored only when it was asked for.</summary>
    /// <param name="entry">The entry.</param>
    public static bool IsNeverPulled(TocEntry entry) => NeverPulled.Contains(entry.Kind);

    /// <summary>True for comments, privileges and labels of the database itself, which pg_restore leaves to --create.</summary>
    /// <param name="entry">The entry.</param>
    public static bool IsOfDatabase(TocEntry entry) => IsRemark(entry) && entry.Name.StartsWith("DATABASE ", StringComparison.Ordinal);

    /// <summary>False if the archive was written with standard_conforming_strings off: in its strings a backslash escapes.</summary>
    /// <param name="entries">The table of contents.</param>
    public static bool HasStandardStrings(IReadOnlyList<TocEntry> entries) =>
        !entries.Any(static entry => entry.Kind == "STDSTRINGS" && entry.Definition.Contains("'off'", StringComparison.Ordinal));

    [GeneratedRegex(@"\bmoney\b", RegexOptions.CultureInvariant)]
    private static partial Regex Money();
}
