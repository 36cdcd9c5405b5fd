using System.Security.Cryptography;
using System.Text.RegularExpressions;
using CryoBackup.Archive;
using CryoBackup.Postgres;
using CryoBackup.Postgres.Scratch;
using CryoBackup.Restore;
using CryoBackup.Restore.Selection;
using Npgsql;

namespace CryoBackup.Verification.Rehearsal;

/// <summary>
/// A throwaway server for one rehearsal. Archives are text that a server carries out, so this one is made for untrusted ones: its superuser
/// runs only statements that are written here, with names quoted; everything that the archive says is run by an ordinary role that owns
/// the database. Both have names and passwords that nobody can know.
/// </summary>
internal sealed partial class ScratchServer : RehearsalServer
{
    private const string DatabaseName = "rehearsal";
    private const string ReferenceName = "reference";

    // Extensions whose functions reach the network, and which anybody may call.
    private static readonly string[] NetworkExtensions = ["dblink", "http", "pg_net", "plproxy", "pg_curl", "pg_http"];

    private readonly ScratchCluster _cluster;
    private readonly bool _asSuperuser;
    private readonly Action<EngineMessage> _observer;
    private readonly string _restorer = "cryobackup_restorer_" + RandomNumberGenerator.GetHexString(12, lowercase: true);
    private readonly string _wrapper = "cryobackup_disabled_" + RandomNumberGenerator.GetHexString(12, lowercase: true);
    private readonly ConnectionRequest _restorerConnection;
    private RehearsalSelection? _selection;
    private string[] _roles = [];
    private readonly Dictionary<string, List<string>> _undo = new(StringComparer.Ordinal);

    private ScratchServer(ScratchCluster cluster, bool asSuperuser, Action<EngineMessage> observer)
    {
        _cluster = cluster;
        _asSuperuser = asSuperuser;
        _observer = observer;
        _restorerConnection = asSuperuser
            ? cluster.Connection
            : new ConnectionRequest
            {
                ComputerName = cluster.Connection.ComputerName,
                Port = cluster.Connection.Port,
                UserName = _restorer,
                Password = RandomNumberGenerator.GetHexString(32, lowercase: true),
            };
    }

    /// <inheritdoc/>
    public override int Major => _cluster.Major;

    /// <inheritdoc/>
    public override string Version => _cluster.Version;

    /// <inheritdoc/>
    public override string Application { get; } = TemporaryDatabase.NewApplicationName();

    /// <inheritdoc/>
    public override ServerEndpoint Working => Resolve(_restorerConnection, DatabaseName);

    /// <inheritdoc/>
    public override ServerEndpoint Powerful => Resolve(_cluster.Connection, DatabaseName);

    /// <inheritdoc/>
    public override bool HasOwners => true;

    /// <inheritdoc/>
    public override RehearsalSelection Selection =>
        _selection ?? throw new InvalidOperationException("The rehearsal has not been prepared.");

    /// <summary>Starts it.</summary>
    /// <param name="request">What was asked for.</param>
    /// <param name="minimumMajor">The major version of the server that was saved; 0 if not known.</param>
    /// <param name="observer">Takes messages.</param>
    /// <param name="cancellationToken">Ends and removes it.</param>
    /// <exception cref="CryoBackupException">PgToolNotFound, PgToolTooOld, DiskFull, DestinationNotWritable, ConnectionFailed.</exception>
    public static ScratchServer Start(
        VerificationRequest request,
        int minimumMajor,
        Action<EngineMessage> observer,
        CancellationToken cancellationToken
    )
    {
        if (request.ServerPath is { } programs)
        {
            CheckPrograms(programs);
        }

        var cluster = ScratchCluster.Start(
            new ScratchClusterOptions
            {
                MinimumMajor = request.ServerPath is null ? minimumMajor : 0,
                ProgramFolder = request.ServerPath,
                SuperUser = "cryobackup_" + RandomNumberGenerator.GetHexString(12, lowercase: true),
                AsksPassword = true,
                Observer = observer,
                Settings = new Dictionary<string, string>
                {
                    // Who reads large objects is the archive's business; that they are all read is ours.
                    ["lo_compat_privileges"] = "on",
                    ["max_connections"] = "50",
                },
            },
            cancellationToken
        );
        return new ScratchServer(cluster, request.AllowSuperuser, observer);
    }

    /// <inheritdoc/>
    public override async Task PrepareAsync(ArchiveContent content, CancellationToken cancellationToken)
    {
        _selection = RehearsalSelection.ForScratchServer(content.Entries, _asSuperuser);
        _roles = [.. RoleNames.Of(content.Entries, noOwner: false, noPrivileges: false)];
        await using (NpgsqlConnection server = await OpenAsync(_cluster.Endpoint, cancellationToken).ConfigureAwait(false))
        {
            await CheckExtensionsAsync(server, content, cancellationToken).ConfigureAwait(false);
            await CreateRolesAsync(server, content.Encoding, cancellationToken).ConfigureAwait(false);
        }

        await PrepareDatabaseAsync(DatabaseName, content, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override Task FinishAsync(ArchiveContent content, CancellationToken cancellationToken) =>
        FinishDatabaseAsync(DatabaseName, Selection.Refreshes, content, cancellationToken);

    /// <inheritdoc/>
    public override async Task<ServerEndpoint> PrepareReferenceAsync(ArchiveContent content, CancellationToken cancellationToken)
    {
        await PrepareDatabaseAsync(ReferenceName, content, cancellationToken).ConfigureAwait(false);
        return Resolve(_restorerConnection, ReferenceName);
    }

    /// <inheritdoc/>
    public override Task FinishReferenceAsync(ArchiveContent content, CancellationToken cancellationToken) =>
        FinishDatabaseAsync(ReferenceName, [], content, cancellationToken);

    private async Task PrepareDatabaseAsync(string name, ArchiveContent content, CancellationToken cancellationToken)
    {
        // What CREATE DATABASE says comes from the archive too.
        await using (NpgsqlConnection powerful = await OpenAsync(_cluster.Endpoint, cancellationToken).ConfigureAwait(false))
        await using (
            NpgsqlConnection server = await OpenAsync(Resolve(_restorerConnection, "postgres"), cancellationToken).ConfigureAwait(false)
        )
        {
            string role = $"ALTER ROLE {Quote(_restorer)}";
            await RunAsync(powerful, _asSuperuser ? [] : [$"{role} CREATEDB"], cancellationToken).ConfigureAwait(false);
            await CreateDatabaseAsync(server, name, content, cancellationToken).ConfigureAwait(false);
            await RunAsync(powerful, _asSuperuser ? [] : [$"{role} NOCREATEDB"], cancellationToken).ConfigureAwait(false);
        }

        // An empty database: nothing of the archive is there yet that an extension's script could be led to.
        await using NpgsqlConnection database = await TargetDatabase
            .OpenAsync(Resolve(_cluster.Connection, name), Application, content.Encoding, cancellationToken)
            .ConfigureAwait(false);
        await CreateSchemasAsync(database, cancellationToken).ConfigureAwait(false);
        await CreateExtensionsAsync(database, cancellationToken).ConfigureAwait(false);
        await CreateServersAsync(database, cancellationToken).ConfigureAwait(false);
    }

    private async Task FinishDatabaseAsync(
        string name,
        IEnumerable<TocEntry> refreshes,
        ArchiveContent content,
        CancellationToken cancellationToken
    )
    {
        await using NpgsqlConnection powerful = await TargetDatabase
            .OpenAsync(Resolve(_cluster.Connection, name), Application, content.Encoding, cancellationToken)
            .ConfigureAwait(false);
        await using NpgsqlConnection working = await TargetDatabase
            .OpenAsync(Resolve(_restorerConnection, name), Application, content.Encoding, cancellationToken)
            .ConfigureAwait(false);
        await RunAsync(working, ["SET row_security = off; SET check_function_bodies = off"], cancellationToken).ConfigureAwait(false);
        foreach (TocEntry view in refreshes)
        {
            await RunOfArchiveAsync(working, view, $"REFRESH MATERIALIZED VIEW {Quote(view.Schema)}.{Quote(view.Name)}", cancellationToken)
                .ConfigureAwait(false);
        }

        // Owners needed it to be given their objects.
        await RunAsync(powerful, [.. GrantsOnSchemas("REVOKE", "FROM")], cancellationToken).ConfigureAwait(false);

        // Who may grant nothing of an object but sees it is only warned (01007, and 01006 for REVOKE).
        string? refusal = null;
        working.Notice += (_, told) => refusal = told.Notice.SqlState is "01006" or "01007" ? told.Notice.MessageText : refusal;
        foreach (TocEntry privilege in Selection.Privileges)
        {
            string text = SessionAuthorization()
                .Replace(privilege.Definition, "SET ROLE ")
                .Replace("RESET SESSION AUTHORIZATION;", "RESET ROLE;", StringComparison.Ordinal);
            await RunOfArchiveAsync(working, privilege, text, cancellationToken).ConfigureAwait(false);
            if (!_asSuperuser && refusal is not null)
            {
                throw new CryoBackupException(
                    CryoBackupError.PermissionDenied,
                    $"{privilege} cannot be restored: {refusal}.",
                    privilege.ToString()
                );
            }
        }

        await RunAsync(powerful, _undo.GetValueOrDefault(name, []), cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override Task<string> KeepAsync() => Task.FromResult(_cluster.Keep(DatabaseName));

    /// <inheritdoc/>
    public override ValueTask DisposeAsync()
    {
        _cluster.Dispose();
        return ValueTask.CompletedTask;
    }

    private static void CheckPrograms(string folder)
    {
        foreach (string name in (string[])["initdb", "pg_ctl", "postgres"])
        {
            string path = Path.Combine(folder, OperatingSystem.IsWindows() ? name + ".exe" : name);
            if (!File.Exists(path))
            {
                throw new CryoBackupException(
                    CryoBackupError.PgToolNotFound,
                    $"The folder '{folder}' holds no {name}.",
                    path,
                    "Give the folder (bin) of a PostgreSQL server's programs: initdb, pg_ctl, postgres."
                );
            }
        }
    }

    private async Task CreateRolesAsync(NpgsqlConnection server, string encoding, CancellationToken cancellationToken)
    {
        string Shared(string role) => Quote(ServerEncoding.OfRole(role, encoding));
        List<string> existing = await ListAsync(server, "SELECT rolname::text FROM pg_catalog.pg_roles", cancellationToken)
            .ConfigureAwait(false);

        // Roles that are PostgreSQL's own may have power over files and programs: nobody is made a member of them.
        _roles = [.. _roles.Except(existing, StringComparer.Ordinal)];
        if (Array.Find(_roles, role => role.StartsWith("pg_", StringComparison.Ordinal)) is { } unknown)
        {
            throw new CryoBackupException(
                CryoBackupError.ObjectNotFound,
                $"The backup names PostgreSQL's own role {unknown}, which PostgreSQL {Version} does not have.",
                unknown,
                "Rehearse on the version that the backup was made of."
            );
        }

        var statements = new List<string>();
        if (!_asSuperuser)
        {
            statements.Add($"CREATE ROLE {Quote(_restorer)} LOGIN BYPASSRLS PASSWORD '{_restorerConnection.Password}'");
        }

        foreach (string role in _roles)
        {
            // At home the owner of a view may have been a superuser, who reads everything; before 14 no role but such a one does.
            string superuser = _asSuperuser && Major < 14 ? " SUPERUSER" : "";
            statements.Add($"CREATE ROLE {Shared(role)} NOLOGIN BYPASSRLS{superuser}");
            if (!_asSuperuser)
            {
                statements.Add($"GRANT {Shared(role)} TO {Quote(_restorer)}");
            }
        }

        if (Major >= 14)
        {
            statements.AddRange(_roles.Select(role => $"GRANT pg_read_all_data TO {Shared(role)}"));
            if (!_asSuperuser)
            {
                statements.Add($"GRANT pg_read_all_data TO {Quote(_restorer)}");
            }
        }

        await RunAsync(server, statements, cancellationToken).ConfigureAwait(false);
    }

    private async Task CreateSchemasAsync(NpgsqlConnection database, CancellationToken cancellationToken)
    {
        var statements = new List<string>();
        foreach (TocEntry schema in Selection.Schemas)
        {
            string owner = schema.Owner.Length > 0 ? Quote(schema.Owner) : "CURRENT_USER";
            statements.Add(
                schema.Name == "public"
                    ? $"ALTER SCHEMA public OWNER TO {owner}"
                    : $"CREATE SCHEMA {Quote(schema.Name)} AUTHORIZATION {owner}"
            );
        }

        await RunAsync(database, [.. statements, .. GrantsOnSchemas("GRANT", "TO")], cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Who is given an object must be allowed to create in its schema, and the archive grants that only at its end.</summary>
    private IEnumerable<string> GrantsOnSchemas(string verb, string preposition)
    {
        var owners = Selection.Schemas.ToDictionary(schema => schema.Name, schema => schema.Owner, StringComparer.Ordinal);
        owners.TryAdd("public", "");
        foreach ((string schema, string owner) in owners)
        {
            string[] others = [.. _roles.Where(role => role != owner).Select(Quote)];
            if (!_asSuperuser && others.Length > 0)
            {
                yield return $"{verb} CREATE ON SCHEMA {Quote(schema)} {preposition} {string.Join(", ", others)}";
            }
        }
    }

    private async Task CreateExtensionsAsync(NpgsqlConnection database, CancellationToken cancellationToken)
    {
        foreach (TocEntry extension in Selection.Extensions)
        {
            Match schema = WithSchema().Match(extension.Definition);
            string name = schema.Groups[1].Value;
            name = name.StartsWith('"') ? name[1..^1].Replace("\"\"", "\"", StringComparison.Ordinal) : name;
            string statement =
                $"CREATE EXTENSION IF NOT EXISTS {Quote(extension.Name)}" + (schema.Success ? $" WITH SCHEMA {Quote(name)}" : "");
            await RunOfArchiveAsync(database, extension, statement, cancellationToken).ConfigureAwait(false);
        }

        if (_asSuperuser)
        {
            return;
        }

        // The rows of configuration tables are the archive's; their tables are the extension's. And nobody calls what reaches the network.
        List<string> config = await ListAsync(
                database,
                """
                SELECT pg_catalog.format('%s %I.%I', CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, n.nspname, c.relname)
                FROM pg_catalog.pg_extension e CROSS JOIN LATERAL pg_catalog.unnest(e.extconfig) AS config (relation)
                JOIN pg_catalog.pg_class c ON c.oid = config.relation JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                """,
                cancellationToken
            )
            .ConfigureAwait(false);
        List<string> network = await ListAsync(
                database,
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
        await RunAsync(
                database,
                [
                    .. config.Select(relation => $"GRANT ALL ON {relation} TO {_restorer}"),
                    .. network.Select(function => $"REVOKE EXECUTE ON {function} FROM PUBLIC"),
                ],
                cancellationToken
            )
            .ConfigureAwait(false);
        _undo[database.Database] =
        [
            .. config.Select(relation => $"REVOKE ALL ON {relation} FROM {_restorer}"),
            .. network.Select(function => $"GRANT EXECUTE ON {function} TO PUBLIC"),
        ];
    }

    private async Task CreateServersAsync(NpgsqlConnection database, CancellationToken cancellationToken)
    {
        if (Selection.Servers.Count == 0)
        {
            return;
        }

        var statements = new List<string>
        {
            $"CREATE FOREIGN DATA WRAPPER {_wrapper} NO HANDLER NO VALIDATOR",
            $"GRANT USAGE ON FOREIGN DATA WRAPPER {_wrapper} TO PUBLIC",
        };
        foreach (TocEntry server in Selection.Servers)
        {
            statements.Add($"CREATE SERVER {Quote(server.Name)} FOREIGN DATA WRAPPER {_wrapper}");
            if (server.Owner.Length > 0)
            {
                statements.Add($"ALTER SERVER {Quote(server.Name)} OWNER TO {Quote(server.Owner)}");
            }
        }

        await RunAsync(database, statements, cancellationToken).ConfigureAwait(false);
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
            await RunAsync(connection, [text], cancellationToken).ConfigureAwait(false);
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

    private static Task RunAsync(NpgsqlConnection connection, IReadOnlyList<string> statements, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(statements, cancellationToken);

    private Task<NpgsqlConnection> OpenAsync(ServerEndpoint endpoint, CancellationToken cancellationToken) =>
        TargetDatabase.OpenAsync(endpoint, Application, encoding: null, cancellationToken);

    // Nothing of the user's environment is meant for this server.
    private ServerEndpoint Resolve(ConnectionRequest connection, string database) =>
        ServerEndpoint.Resolve(connection, database, _observer, new PostgresEnvironment(static _ => null));

    private static string Quote(string name) => Sql.Quote(name);

    [GeneratedRegex("""\bWITH SCHEMA ("(?:[^"]|"")+"|[^\s";]+);\s*$""", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant)]
    private static partial Regex WithSchema();

    [GeneratedRegex("^SET SESSION AUTHORIZATION ", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex SessionAuthorization();
}
