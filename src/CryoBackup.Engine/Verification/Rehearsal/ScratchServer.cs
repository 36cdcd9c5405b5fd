using System.Security.Cryptography;
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
internal sealed class ScratchServer : RehearsalServer
{
    private const string DatabaseName = "rehearsal";
    private const string ReferenceName = "reference";

    private readonly ScratchCluster _cluster;
    private readonly bool _asSuperuser;
    private readonly Action<EngineMessage> _observer;
    private readonly string _restorer = "cryobackup_restorer_" + RandomNumberGenerator.GetHexString(12, lowercase: true);
    private readonly string _wrapper = "cryobackup_disabled_" + RandomNumberGenerator.GetHexString(12, lowercase: true);
    private readonly ConnectionRequest _restorerConnection;
    private RehearsalSelection? _selection;
    private string[] _roles = [];
    private readonly Dictionary<string, ScratchDatabase> _databases = new(StringComparer.Ordinal);

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
                SuperUser = null,
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
        return new ScratchServer(cluster, request.AllowSuperuser, observer) { Locale = request.Locale };
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
        _databases[DatabaseName].FinishAsync(Selection.Refreshes, content, cancellationToken);

    /// <inheritdoc/>
    public override async Task<ServerEndpoint> PrepareReferenceAsync(ArchiveContent content, CancellationToken cancellationToken)
    {
        await PrepareDatabaseAsync(ReferenceName, content, cancellationToken).ConfigureAwait(false);
        return Resolve(_restorerConnection, ReferenceName);
    }

    /// <inheritdoc/>
    public override Task FinishReferenceAsync(ArchiveContent content, CancellationToken cancellationToken) =>
        _databases[ReferenceName].FinishAsync([], content, cancellationToken);

    private async Task PrepareDatabaseAsync(string name, ArchiveContent content, CancellationToken cancellationToken)
    {
        // What CREATE DATABASE says comes from the archive too.
        await using (NpgsqlConnection powerful = await OpenAsync(_cluster.Endpoint, cancellationToken).ConfigureAwait(false))
        await using (
            NpgsqlConnection server = await OpenAsync(Resolve(_restorerConnection, "postgres"), cancellationToken).ConfigureAwait(false)
        )
        {
            string role = $"ALTER ROLE {Sql.Quote(_restorer)}";
            await powerful.ExecuteAsync(_asSuperuser ? [] : [$"{role} CREATEDB"], cancellationToken).ConfigureAwait(false);
            await CreateDatabaseAsync(server, name, content, cancellationToken).ConfigureAwait(false);
            await powerful.ExecuteAsync(_asSuperuser ? [] : [$"{role} NOCREATEDB"], cancellationToken).ConfigureAwait(false);
        }

        _databases[name] = new ScratchDatabase(
            Resolve(_cluster.Connection, name),
            Resolve(_restorerConnection, name),
            Application,
            Selection,
            new ScratchRoles(_restorer, _asSuperuser, _roles, _wrapper)
        );
        await _databases[name].PrepareAsync(content, cancellationToken).ConfigureAwait(false);
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
        string Shared(string role) => Sql.Quote(ServerEncoding.OfRole(role, encoding));
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
            statements.Add($"CREATE ROLE {Sql.Quote(_restorer)} LOGIN BYPASSRLS PASSWORD '{_restorerConnection.Password}'");
        }

        foreach (string role in _roles)
        {
            // At home the owner of a view may have been a superuser, who reads everything; before 14 no role but such a one does.
            string superuser = _asSuperuser && Major < 14 ? " SUPERUSER" : "";
            statements.Add($"CREATE ROLE {Shared(role)} NOLOGIN BYPASSRLS{superuser}");
            if (!_asSuperuser)
            {
                statements.Add($"GRANT {Shared(role)} TO {Sql.Quote(_restorer)}");
            }
        }

        if (Major >= 14)
        {
            statements.AddRange(_roles.Select(role => $"GRANT pg_read_all_data TO {Shared(role)}"));
            if (!_asSuperuser)
            {
                statements.Add($"GRANT pg_read_all_data TO {Sql.Quote(_restorer)}");
            }
        }

        await server.ExecuteAsync(statements, cancellationToken).ConfigureAwait(false);
    }

    private Task<NpgsqlConnection> OpenAsync(ServerEndpoint endpoint, CancellationToken cancellationToken) =>
        TargetDatabase.OpenAsync(endpoint, Application, encoding: null, cancellationToken);

    // Nothing of the user's environment is meant for this server.
    private ServerEndpoint Resolve(ConnectionRequest connection, string database) =>
        ServerEndpoint.Resolve(connection, database, _observer, new PostgresEnvironment(static _ => null));
}
