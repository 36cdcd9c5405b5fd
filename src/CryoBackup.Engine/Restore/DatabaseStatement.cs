using CryoBackup.Archive;
using CryoBackup.Postgres;
using CryoBackup.Text;

namespace CryoBackup.Restore;

/// <summary>
/// A statement of an archive on the database itself: comment, settings, privileges, security label. It is run on a database of another
/// name, which is put at the one place where the statement names its database; whatever words stand in literals, no other database is
/// changed.
/// </summary>
internal sealed class DatabaseStatement
{
    private readonly SqlStatement? _statement;
    private readonly int _name;
    private readonly string _text;

    private DatabaseStatement(TocEntry? entry, SqlStatement? statement, int name, string text)
    {
        Entry = entry;
        _statement = statement;
        _name = name;
        _text = text;
    }

    /// <summary>The entry that it is of; null for one of our own.</summary>
    public TocEntry? Entry { get; }

    /// <summary>The server setting that it gives the database; null for any other statement.</summary>
    public string? Setting =>
        _statement switch
        {
            { } own when own.Has(0, "ALTER", "DATABASE", null, "SET", null) => own.Tokens[4].Name,
            { } own when own.Has(0, ["ALTER", "ROLE", null, "IN", "DATABASE", null, "SET", null]) => own.Tokens[7].Name,
            _ => null,
        };

    /// <summary>The role in whose sessions the setting holds; null for those of all.</summary>
    public string? OfRole => _statement is { } own && own.Has(0, "ALTER", "ROLE", null, "IN", "DATABASE") ? own.Tokens[2].Name : null;

    /// <summary>The statement for a database.</summary>
    /// <param name="database">The database's name.</param>
    /// <returns>SQL without a semicolon.</returns>
    public string For(string database) =>
        _statement is null ? _text
        : _name < 0 ? _statement.Text
        : _statement.With(_name, Sql.Quote(database));

    /// <summary>A statement of our own that names no database.</summary>
    /// <param name="sql">The statement.</param>
    public static DatabaseStatement Preparing(string sql) => new(null, null, -1, sql);

    /// <summary>The one that gives the database its owner.</summary>
    /// <param name="database">The entry DATABASE.</param>
    public static DatabaseStatement OfOwner(TocEntry database) =>
        Make(
            database,
            SqlStatement.Split($"ALTER DATABASE {Sql.Quote(database.Name)} OWNER TO {Sql.Quote(database.Owner)}")[0],
            database.Name
        );

    /// <summary>Reads the statements of an entry.</summary>
    /// <param name="entry">COMMENT, ACL, SECURITY LABEL of the database, or DATABASE PROPERTIES.</param>
    /// <param name="database">The archive's name for its database.</param>
    /// <param name="standardStrings">False where the archive was written with standard_conforming_strings off.</param>
    /// <returns>The statements, in order.</returns>
    /// <exception cref="CryoBackupException">ArchiveCorrupt: a statement is of no form that pg_dump writes,
    /// or names another database.</exception>
    public static IReadOnlyList<DatabaseStatement> Read(TocEntry entry, string database, bool standardStrings) =>
        [.. SqlStatement.Split(entry.Definition, standardStrings).Select(statement => Make(entry, statement, database))];

    private static DatabaseStatement Make(TocEntry entry, SqlStatement statement, string database)
    {
        int name = FindName(statement);
        bool isOfDatabase =
            name >= 0
            && name < statement.Tokens.Count
            && statement.Tokens[name] is { IsName: true } token
            && string.Equals(token.Name, database, StringComparison.Ordinal);
        return isOfDatabase || IsOfSession(statement)
            ? new DatabaseStatement(entry, statement, isOfDatabase ? name : -1, "")
            : throw new CryoBackupException(
                CryoBackupError.ArchiveCorrupt,
                $"The archive's statement \"{Shorten(statement.Text)}\" ({entry}) is not one on its own database '{database}'; "
                    + "nothing was changed.",
                database,
                "pg_dump does not write such a statement: look where the backup comes from. To restore it without what it says of the "
                    + "database, create the target by hand and leave out -Create."
            );
    }

    /// <summary>Where the forms that pg_dump writes name the database: the index of the token; -1 for any other form.</summary>
    private static int FindName(SqlStatement statement)
    {
        if (statement.Has(0, "COMMENT", "ON", "DATABASE", null, "IS"))
        {
            return 3;
        }

        if (statement.Has(0, "ALTER", "DATABASE", null))
        {
            return 2;
        }

        if (statement.Has(0, ["ALTER", "ROLE", null, "IN", "DATABASE", null]))
        {
            return 5;
        }

        if (statement.Has(0, ["SECURITY", "LABEL", "FOR", null, "ON", "DATABASE", null, "IS"]))
        {
            return 6;
        }

        return statement.Has(0, "GRANT") || statement.Has(0, "REVOKE") ? FindGranted(statement) : -1;
    }

    /// <summary>GRANT CREATE, CONNECT ON DATABASE name TO …: of one database only.</summary>
    private static int FindGranted(SqlStatement statement)
    {
        for (int at = 1; at < statement.Tokens.Count; at++)
        {
            if (statement.Has(at, "ON"))
            {
                return statement.Has(at, "ON", "DATABASE", null, "TO") || statement.Has(at, "ON", "DATABASE", null, "FROM") ? at + 2 : -1;
            }
        }

        return -1;
    }

    /// <summary>Around privileges that somebody else than the owner has granted.</summary>
    private static bool IsOfSession(SqlStatement statement) =>
        (statement.Tokens.Count == 4 && statement.Has(0, "SET", "SESSION", "AUTHORIZATION", null))
        || (statement.Tokens.Count == 3 && statement.Has(0, "RESET", "SESSION", "AUTHORIZATION"));

    private static string Shorten(string text) => text.Length <= 200 ? text : text[..200] + "…";
}
