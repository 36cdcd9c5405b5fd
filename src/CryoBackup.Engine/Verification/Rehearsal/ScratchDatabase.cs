using System.Text.RegularExpressions;
using CryoBackup.Archive;
using CryoBackup.Postgres;
using CryoBackup.Text;
using Npgsql;

namespace CryoBackup.Verification.Rehearsal;

/// <summary>The roles of a throwaway server, and what stands there for all foreign data wrappers.</summary>
/// <param name="Restorer">The role that restores.</param>
/// <param name="IsSuperuser">True if that is a superuser, as was permitted.</param>
/// <param name="Others">Those that the archive names.</param>
/// <param name="Wrapper">A foreign data wrapper that reaches nothing.</param>
internal sealed record ScratchRoles(string Restorer, bool IsSuperuser, IReadOnlyList<string> Others, string Wrapper);

/// <summary>
/// A database of a throwaway server: the rehearsed one, or the one that its definitions are compared with. What an archive needs of a
/// superuser is made here before pg_restore runs, by statements that are written here, and taken back behind it.
/// </summary>
/// <param name="powerful">The database, as the superuser.</param>
/// <param name="working">The database, as the role that restores.</param>
/// <param name="application">The name of the sessions.</param>
/// <param name="selection">What becomes of each entry.</param>
/// <param name="roles">The server's roles.</param>
internal sealed partial class ScratchDatabase(
    ServerEndpoint powerful,
    ServerEndpoint working,
    string application,
    RehearsalSelection selection,
    ScratchRoles roles
)
{
    // Extensions whose functions reach the network, and which anybody may call.
    private static readonly string[] NetworkExtensions = ["dblink", "http", "pg_net", "plproxy", "pg_curl", "pg_http"];

    private string[] _undo = [];

    /// <summary>Makes what pg_restore does not make. The database is empty: nothing of the archive is there yet that an extension's script
    /// could be led to.</summary>
    /// <param name="content">What the archive holds.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task PrepareAsync(ArchiveContent content, CancellationToken cancellationToken)
    {
        await using NpgsqlConnection database = await OpenAsync(powerful, content, cancellationToken).ConfigureAwait(false);
        await CreateSchemasAsync(database, cancellationToken).ConfigureAwait(false);
        await CreateExtensionsAsync(database, cancellationToken).ConfigureAwait(false);
        await CreateServersAsync(database, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Does what comes after pg_restore: fills materialized views, grants privileges.</summary>
    /// <param name="refreshes">The views to fill.</param>
    /// <param name="content">What the archive holds.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task FinishAsync(IEnumerable<TocEntry> refreshes, ArchiveContent content, CancellationToken cancellationToken)
    {
        await using NpgsqlConnection database = await OpenAsync(powerful, content, cancellationToken).ConfigureAwait(false);
        await using NpgsqlConnection session = await OpenAsync(working, content, cancellationToken).ConfigureAwait(false);
        await session.ExecuteAsync("SET row_security = off; SET check_function_bodies = off", cancellationToken).ConfigureAwait(false);
        foreach (TocEntry view in refreshes)
        {
            await RunOfArchiveAsync(session, view, $"REFRESH MATERIALIZED VIEW {Sql.Quote(view.Schema, view.Name)}", cancellationToken)
                .ConfigureAwait(false);
        }

        // Owners needed it to be given their objects.
        await database.ExecuteAsync([.. GrantsOnSchemas("REVOKE", "FROM")], cancellationToken).ConfigureAwait(false);

        // Who may grant nothing of an object but sees it is only warned (01007, and 01006 for REVOKE).
        string? refusal = null;
        session.Notice += (_, told) => refusal = told.Notice.SqlState is "01006" or "01007" ? told.Notice.MessageText : refusal;
        foreach (TocEntry privilege in selection.Privileges)
        {
            await RunOfArchiveAsync(session, privilege, AsRole(privilege.Definition), cancellationToken).ConfigureAwait(false);
            if (!roles.IsSuperuser && refusal is not null)
            {
                throw new CryoBackupException(
                    CryoBackupError.PermissionDenied,
                    $"{privilege} cannot be restored: {refusal}.",
                    privilege.ToString()
                );
            }
        }

        await database.ExecuteAsync(_undo, cancellationToken).ConfigureAwait(false);
    }

    private async Task CreateSchemasAsync(NpgsqlConnection database, CancellationToken cancellationToken)
    {
        var statements = new List<string>();
        foreach (TocEntry schema in selection.Schemas)
        {
            string owner = schema.Owner.Length > 0 ? Sql.Quote(schema.Owner) : "CURRENT_USER";
            statements.Add(
                schema.Name == "public"
                    ? $"ALTER SCHEMA public OWNER TO {owner}"
                    : $"CREATE SCHEMA {Sql.Quote(schema.Name)} AUTHORIZATION {owner}"
            );
        }

        await database.ExecuteAsync([.. statements, .. GrantsOnSchemas("GRANT", "TO")], cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Who is given an object must be allowed to create in its schema, and the archive grants that only at its end.</summary>
    private IEnumerable<string> GrantsOnSchemas(string verb, string preposition)
    {
        var owners = selection.Schemas.ToDictionary(schema => schema.Name, schema => schema.Owner, StringComparer.Ordinal);
        owners.TryAdd("public", "");
        foreach ((string schema, string owner) in owners)
        {
            string[] others = [.. roles.Others.Where(role => role != owner).Select(Sql.Quote)];
            if (!roles.IsSuperuser && others.Length > 0)
            {
                yield return $"{verb} CREATE ON SCHEMA {Sql.Quote(schema)} {preposition} {string.Join(", ", others)}";
            }
        }
    }

    private async Task CreateExtensionsAsync(NpgsqlConnection database, CancellationToken cancellationToken)
    {
        foreach (TocEntry extension in selection.Extensions)
        {
            Match schema = WithSchema().Match(extension.Definition);
            string name = schema.Groups[1].Value;
            name = name.StartsWith('"') ? name[1..^1].Replace("\"\"", "\"", StringComparison.Ordinal) : name;
            string statement =
                $"CREATE EXTENSION IF NOT EXISTS {Sql.Quote(extension.Name)}" + (schema.Success ? $" WITH SCHEMA {Sql.Quote(name)}" : "");
            await RunOfArchiveAsync(database, extension, statement, cancellationToken).ConfigureAwait(false);
        }

        if (!roles.IsSuperuser)
        {
            await OpenExtensionsAsync(database, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The rows of configuration tables are the archive's; their tables are the extension's. And nobody calls what reaches the
    /// network.</summary>
    private async Task OpenExtensionsAsync(NpgsqlConnection database, CancellationToken cancellationToken)
    {
        List<string> config = await database
            .ListAsync(
                """
                SELECT pg_catalog.format('%s %I.%I', CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, n.nspname, c.relname)
                FROM pg_catalog.pg_extension e CROSS JOIN LATERAL pg_catalog.unnest(e.extconfig) AS config (relation)
                JOIN pg_catalog.pg_class c ON c.oid = config.relation JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                """,
                cancellationToken
            )
            .ConfigureAwait(false);
        List<string> network = await database
            .ListAsync(
                $"""
                SELECT 'FUNCTION ' || p.oid::regprocedure
                FROM pg_catalog.pg_extension e
                JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_extension'::regclass AND d.refobjid = e.oid AND d.deptype = 'e'
                JOIN pg_catalog.pg_proc p ON d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid
                WHERE e.extname IN ({string.Join(
                    ", ",
                    NetworkExtensions.Select(name => $"'{name}'")
                )}) AND pg_catalog.has_function_privilege('public', p.oid, 'EXECUTE')
                """,
                cancellationToken
            )
            .ConfigureAwait(false);
        await database
            .ExecuteAsync(
                [
                    .. config.Select(relation => $"GRANT ALL ON {relation} TO {roles.Restorer}"),
                    .. network.Select(function => $"REVOKE EXECUTE ON {function} FROM PUBLIC"),
                ],
                cancellationToken
            )
            .ConfigureAwait(false);
        _undo =
        [
            .. config.Select(relation => $"REVOKE ALL ON {relation} FROM {roles.Restorer}"),
            .. network.Select(function => $"GRANT EXECUTE ON {function} TO PUBLIC"),
        ];
    }

    private async Task CreateServersAsync(NpgsqlConnection database, CancellationToken cancellationToken)
    {
        if (selection.Servers.Count == 0)
        {
            return;
        }

        var statements = new List<string>
        {
            $"CREATE FOREIGN DATA WRAPPER {roles.Wrapper} NO HANDLER NO VALIDATOR",
            $"GRANT USAGE ON FOREIGN DATA WRAPPER {roles.Wrapper} TO PUBLIC",
        };
        foreach (TocEntry server in selection.Servers)
        {
            statements.Add($"CREATE SERVER {Sql.Quote(server.Name)} FOREIGN DATA WRAPPER {roles.Wrapper}");
            if (server.Owner.Length > 0)
            {
                statements.Add($"ALTER SERVER {Sql.Quote(server.Name)} OWNER TO {Sql.Quote(server.Owner)}");
            }
        }

        await database.ExecuteAsync(statements, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Runs something on behalf of an entry, whose name the failure bears.</summary>
    private static async Task RunOfArchiveAsync(
        NpgsqlConnection connection,
        TocEntry entry,
        string text,
        CancellationToken cancellationToken
    )
    {
        try
        {
            await connection.ExecuteAsync(text, cancellationToken).ConfigureAwait(false);
        }
        catch (PostgresException exception)
        {
            throw new CryoBackupException(
                exception.SqlState == PostgresErrorCodes.InsufficientPrivilege
                    ? CryoBackupError.PermissionDenied
                    : CryoBackupError.RestoreFailed,
                $"{entry} cannot be restored: {exception.MessageText}.",
                entry.ToString(),
                inner: exception
            );
        }
    }

    /// <summary>Who grants on behalf of another: only a superuser may become another user, a member of a role may take it.</summary>
    private static string AsRole(string privileges) =>
        string.Join(
            ";\n",
            SqlStatement
                .Enumerate(privileges)
                .Select(static statement =>
                    statement.Has(0, "SET", "SESSION", "AUTHORIZATION", null) ? $"SET ROLE {statement.Tokens[3].Text}"
                    : statement.Has(0, "RESET", "SESSION", "AUTHORIZATION") ? "RESET ROLE"
                    : statement.Text
                )
        );

    private Task<NpgsqlConnection> OpenAsync(ServerEndpoint endpoint, ArchiveContent content, CancellationToken cancellationToken) =>
        TargetDatabase.OpenAsync(endpoint, application, content.Encoding, cancellationToken);

    [GeneratedRegex("""\bWITH SCHEMA ("(?:[^"]|"")+"|[^\s";]+);\s*$""", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant)]
    private static partial Regex WithSchema();
}
