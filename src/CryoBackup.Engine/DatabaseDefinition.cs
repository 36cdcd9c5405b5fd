using System.Text.RegularExpressions;
using CryoBackup.Archive;
using CryoBackup.Postgres;

namespace CryoBackup;

/// <summary>What an archive tells of the database itself.</summary>
internal static partial class DatabaseDefinition
{
    /// <summary>The options of the archive's CREATE DATABASE: template, encoding and locale; the tablespace is the target server's choice.</summary>
    /// <param name="entries">The archive's table of contents.</param>
    /// <returns>What follows the name in CREATE DATABASE.</returns>
    /// <exception cref="CryoBackupException">ArchiveCorrupt if the archive does not define a database.</exception>
    public static string CreateOptions(IReadOnlyList<TocEntry> entries)
    {
        string definition = entries.FirstOrDefault(entry => string.Equals(entry.Kind, "DATABASE", StringComparison.Ordinal))?.Definition ?? "";
        int options = definition.LastIndexOf("WITH TEMPLATE = template0", StringComparison.Ordinal);
        if (options < 0)
        {
            throw new CryoBackupException(
                CryoBackupError.ArchiveCorrupt,
                "The archive does not say with which encoding and locale its database was made.",
                remedy: "Create the target database by hand, from template0, and restore without -Create.");
        }

        return Tablespace().Replace(definition[options..].TrimEnd().TrimEnd(';'), "");
    }

    /// <summary>The statements on the database itself (settings, comment, privileges, owner), for a database of another name.</summary>
    /// <param name="plan">The plan, which holds their entries.</param>
    /// <param name="entries">The archive's table of contents.</param>
    /// <param name="target">The name of the database that was made.</param>
    /// <param name="noOwner">True to leave the database to the restoring role.</param>
    /// <returns>Statements to run on the server.</returns>
    public static IReadOnlyList<string> Statements(RestorePlan plan, IReadOnlyList<TocEntry> entries, string target, bool noOwner)
    {
        var statements = new List<string>();
        if (entries.FirstOrDefault(entry => entry.Kind == "DATABASE") is not { } database)
        {
            return statements;
        }

        string quoted = TargetDatabase.Quote(target);
        if (!noOwner && plan.OfDatabase.Count + plan.Entries.Count > 0 && database.Owner.Length > 0)
        {
            statements.Add($"ALTER DATABASE {quoted} OWNER TO {TargetDatabase.Quote(database.Owner)}");
        }

        foreach (string statement in plan.OfDatabase.SelectMany(entry => entry.Definition.Split(";\n", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)))
        {
            statements.Add(Rename(statement, database.Name, quoted));
        }

        return statements;
    }

    /// <summary>Puts another database's name after the first DATABASE of a statement; pg_dump quotes a name only where it must.</summary>
    private static string Rename(string statement, string name, string quoted)
    {
        foreach (string form in (string[])["DATABASE " + TargetDatabase.Quote(name), "DATABASE " + name])
        {
            int at = statement.IndexOf(form, StringComparison.Ordinal);
            if (at >= 0)
            {
                return string.Concat(statement.AsSpan(0, at), "DATABASE ", quoted, statement.AsSpan(at + form.Length));
            }
        }

        throw new CryoBackupException(CryoBackupError.ArchiveCorrupt, $"The archive's statement \"{statement}\" does not name the database '{name}'.", name);
    }

    [GeneratedRegex("""\s+TABLESPACE\s*=\s*("([^"]|"")+"|[^\s"]+)""", RegexOptions.CultureInvariant)]
    private static partial Regex Tablespace();
}
