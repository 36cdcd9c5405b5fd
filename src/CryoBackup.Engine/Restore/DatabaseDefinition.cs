using CryoBackup.Archive;

namespace CryoBackup.Restore;

/// <summary>What an archive tells of the database itself.</summary>
internal static class DatabaseDefinition
{
    /// <summary>The options of the archive's CREATE DATABASE: template, encoding and locale.</summary>
    /// <param name="entries">The archive's table of contents.</param>
    /// <exception cref="CryoBackupException">ArchiveCorrupt if the archive does not define a database.</exception>
    public static DatabaseOptions Options(IReadOnlyList<TocEntry> entries)
    {
        string definition =
            entries.FirstOrDefault(entry => string.Equals(entry.Kind, "DATABASE", StringComparison.Ordinal))?.Definition ?? "";
        int options = definition.LastIndexOf("WITH TEMPLATE = template0", StringComparison.Ordinal);
        if (options < 0)
        {
            throw new CryoBackupException(
                CryoBackupError.ArchiveCorrupt,
                "The archive does not say with which encoding and locale its database was made.",
                remedy: "Create the target database by hand, from template0, and restore without -Create."
            );
        }

        return DatabaseOptions.Parse(definition[options..].TrimEnd().TrimEnd(';'));
    }

    /// <summary>The statements on the database itself (owner, settings, comment, privileges), for a database of any name.</summary>
    /// <param name="ofDatabase">The entries that hold them.</param>
    /// <param name="entries">The archive's table of contents.</param>
    /// <param name="noOwner">True to leave the database to the restoring role.</param>
    /// <returns>The statements, in the order in which they are run.</returns>
    /// <exception cref="CryoBackupException">ArchiveCorrupt: one of them says something of anything but the
    /// archive's own database.</exception>
    public static IReadOnlyList<DatabaseStatement> Statements(
        IReadOnlyList<TocEntry> ofDatabase,
        IReadOnlyList<TocEntry> entries,
        bool noOwner
    )
    {
        if (entries.FirstOrDefault(entry => entry.Kind == "DATABASE") is not { } database)
        {
            return [];
        }

        // Strings are read as the archive's own session wrote them, whatever the role or the server prefers.
        bool standardStrings = TocKinds.HasStandardStrings(entries);
        return
        [
            DatabaseStatement.Preparing($"SET LOCAL standard_conforming_strings = {(standardStrings ? "on" : "off")}"),
            .. noOwner || database.Owner.Length == 0 ? (DatabaseStatement[])[] : [DatabaseStatement.OfOwner(database)],
            .. ofDatabase.SelectMany(entry => DatabaseStatement.Read(entry, database.Name, standardStrings)),
        ];
    }
}
