using Npgsql;

namespace CryoBackup.Postgres;

/// <summary>Who is who on foreign servers. pg_dump leaves out without a word the options that its role may not see:
/// user names and passwords there.</summary>
internal static class UserMappings
{
    // As the view pg_user_mappings decides; that options are null there may also mean that there are none.
    private const string HiddenQuery = """
        SELECT (CASE WHEN m.umuser = 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(m.usename) END) || ' at '
            || pg_catalog.quote_ident(m.srvname) AS mapping
        FROM pg_catalog.pg_user_mappings m
        JOIN pg_catalog.pg_foreign_server s ON s.oid = m.srvid
        WHERE m.umoptions IS NULL
          AND NOT (SELECT r.rolsuper FROM pg_catalog.pg_roles r WHERE r.rolname = CURRENT_USER)
          AND NOT CASE WHEN m.umuser = 0 THEN pg_catalog.pg_has_role(s.srvowner, 'USAGE')
                       ELSE m.usename = CURRENT_USER
                            AND (pg_catalog.pg_has_role(s.srvowner, 'USAGE') OR pg_catalog.has_server_privilege(s.oid, 'USAGE')) END
        ORDER BY mapping
        """;

    /// <summary>Looks for mappings whose options the role may not see.</summary>
    /// <param name="connection">The database.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    /// <returns>What speaks against a backup by this role; null if nothing does.</returns>
    public static async Task<CryoBackupException?> FindHiddenAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        List<string> hidden = await connection.ListAsync(HiddenQuery, cancellationToken).ConfigureAwait(false);
        string all = string.Join(", ", hidden);
        return hidden.Count == 0
            ? null
            : new CryoBackupException(
                CryoBackupError.PermissionDenied,
                $"The role may not see the options of the user mappings of {all}. A backup by it would leave them out: "
                    + "names and passwords at foreign servers.",
                all,
                "Back up as a superuser; or go without user mappings and name the schemas with -IncludeSchema."
            );
    }
}
