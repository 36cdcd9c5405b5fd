using System.Text.RegularExpressions;
using CryoBackup.Archive;

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

    [GeneratedRegex("""\s+TABLESPACE\s*=\s*("([^"]|"")+"|[^\s"]+)""", RegexOptions.CultureInvariant)]
    private static partial Regex Tablespace();
}
