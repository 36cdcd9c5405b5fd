using System.Globalization;
using CryoBackup.Archive;
using CryoBackup.Postgres;
using CryoBackup.Storage;
using Npgsql;

namespace CryoBackup.Verification.Rehearsal;

/// <summary>
/// A scratch database on a server that the user named. A session that bears the database's name lives as long as the rehearsal: a database
/// without such a session was left by one that died, and the next one removes it.
/// </summary>
internal sealed class NamedServer : RehearsalServer
{
    private const string Prefix = "cryobackup_rehearsal_";

    private static int s_count;

    private readonly ServerEndpoint _endpoint;
    private readonly NpgsqlConnection _server;
    private readonly DatabaseFacts _facts;
    private readonly bool _asSuperuser;
    private RehearsalSelection? _selection;
    private bool _made;
    private ServerEndpoint? _reference;
    private NpgsqlConnection? _keeper;

    private NamedServer(ServerEndpoint endpoint, string application, NpgsqlConnection server, DatabaseFacts facts, bool asSuperuser)
    {
        _endpoint = endpoint;
        Application = application;
        _server = server;
        _facts = facts;
        _asSuperuser = asSuperuser;
    }

    /// <inheritdoc/>
    public override int Major => _facts.Major;

    /// <inheritdoc/>
    public override string Version => _facts.Version;

    /// <inheritdoc/>
    public override string Application { get; }

    /// <inheritdoc/>
    public override ServerEndpoint Working => _endpoint;

    /// <inheritdoc/>
    public override ServerEndpoint Powerful => _endpoint;

    /// <inheritdoc/>
    public override bool HasOwners => false;

    /// <inheritdoc/>
    public override RehearsalSelection Selection =>
        _selection ?? throw new InvalidOperationException("The rehearsal has not been prepared.");

    /// <summary>Connects, and looks at what speaks against a rehearsal there.</summary>
    /// <param name="request">What was asked for.</param>
    /// <param name="manifest">The backup's manifest; null for none.</param>
    /// <param name="observer">Takes messages.</param>
    /// <param name="cancellationToken">Ends the connecting and the queries.</param>
    /// <exception cref="CryoBackupException">PermissionDenied: it is the backup's own server, or the role is a superuser;
    /// or the connection's errors.</exception>
    public static async Task<NamedServer> ConnectAsync(
        VerificationRequest request,
        BackupManifest? manifest,
        Action<EngineMessage> observer,
        CancellationToken cancellationToken
    )
    {
        string name = NewName();
        string application = "CryoBackup " + name;
        var endpoint = ServerEndpoint.Resolve(request.Connection, name, observer);
        NpgsqlConnection server = await TargetDatabase.ConnectToServerAsync(endpoint, application, cancellationToken).ConfigureAwait(false);
        try
        {
            DatabaseFacts facts = await DatabaseFacts.ReadAsync(server, cancellationToken).ConfigureAwait(false);
            if (!request.Force && IsOwnServer(manifest, endpoint, facts))
            {
                throw new CryoBackupException(
                    CryoBackupError.PermissionDenied,
                    $"{endpoint.Address} is the server that the backup came from; a rehearsal would take its disk and its time.",
                    endpoint.Address,
                    "Leave out -ComputerName to rehearse on a throwaway server, name another server, or give -Force."
                );
            }

            bool superuser =
                (
                    await ListAsync(
                            server,
                            "SELECT rolsuper::text FROM pg_catalog.pg_roles WHERE rolname = current_user",
                            cancellationToken
                        )
                        .ConfigureAwait(false)
                )[0] == "true";
            if (superuser && !request.AllowSuperuser)
            {
                throw new CryoBackupException(
                    CryoBackupError.PermissionDenied,
                    $"The role '{endpoint.UserName}' is a superuser, and what a backup's functions do as a superuser nobody could stop.",
                    endpoint.UserName,
                    "Connect as a role that has only CREATEDB, or give -AllowSuperuser if you trust the backup."
                );
            }

            await RemoveAbandonedAsync(server, endpoint, application, observer, cancellationToken).ConfigureAwait(false);
            return new NamedServer(endpoint, application, server, facts, superuser) { Locale = request.Locale };
        }
        catch
        {
            await server.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <inheritdoc/>
    public override async Task PrepareAsync(ArchiveContent content, CancellationToken cancellationToken)
    {
        _selection = RehearsalSelection.ForNamedServer(content.Entries, _asSuperuser);
        await CheckExtensionsAsync(_server, content, cancellationToken).ConfigureAwait(false);
        _made = true;
        await CreateDatabaseAsync(_server, _endpoint.Database, content, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override Task FinishAsync(ArchiveContent content, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public override async Task<ServerEndpoint> PrepareReferenceAsync(ArchiveContent content, CancellationToken cancellationToken)
    {
        ServerEndpoint reference = _endpoint.WithDatabase(NewName());
        _keeper = await TargetDatabase
            .ConnectToServerAsync(reference, "CryoBackup " + reference.Database, cancellationToken)
            .ConfigureAwait(false);
        _reference = reference;
        await CreateDatabaseAsync(_server, reference.Database, content, cancellationToken).ConfigureAwait(false);
        return reference;
    }

    /// <inheritdoc/>
    public override Task FinishReferenceAsync(ArchiveContent content, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public override async Task<string> KeepAsync()
    {
        string database = _endpoint.Database;
        await _server
            .ExecuteAsync($"COMMENT ON DATABASE {database} IS 'Kept by a rehearsal of CryoBackup'", CancellationToken.None)
            .ConfigureAwait(false);
        _made = false;
        string server = string.Create(CultureInfo.InvariantCulture, $"-h {_endpoint.Host} -p {_endpoint.Port} -U {_endpoint.UserName}");
        return $"Connect: psql {server} -d {database}. Remove: dropdb {server} {database}";
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync().ConfigureAwait(false);
        if (_reference is not null)
        {
            await TargetDatabase.TryDropAsync(_reference, Application).ConfigureAwait(false);
            await _keeper!.DisposeAsync().ConfigureAwait(false);
            _reference = null;
        }

        if (_made)
        {
            _made = false;
            await TargetDatabase.TryDropAsync(_endpoint, Application).ConfigureAwait(false);
        }
    }

    private static string NewName() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{Prefix}{DateTime.UtcNow:yyyyMMdd_HHmmss}_{Environment.ProcessId}_{Interlocked.Increment(ref s_count)}"
        );

    private static bool IsOwnServer(BackupManifest? manifest, ServerEndpoint endpoint, DatabaseFacts facts)
    {
        if (manifest?.Server?.SystemIdentifier is { } recorded && facts.SystemIdentifier is { } found)
        {
            return string.Equals(recorded, found, StringComparison.Ordinal);
        }

        return manifest is not null
            && string.Equals(manifest.Host, endpoint.Host, StringComparison.OrdinalIgnoreCase)
            && manifest.Port == endpoint.Port;
    }

    private static async Task RemoveAbandonedAsync(
        NpgsqlConnection server,
        ServerEndpoint endpoint,
        string application,
        Action<EngineMessage> observer,
        CancellationToken cancellationToken
    )
    {
        List<string> abandoned = await ListAsync(
                server,
                $"""
                SELECT d.datname::text
                FROM pg_catalog.pg_database d
                WHERE d.datname ~ '^{Prefix}[0-9]+_[0-9]+_[0-9]+_[0-9]+$' AND pg_catalog.pg_has_role(d.datdba, 'USAGE')
                  AND pg_catalog.shobj_description(d.oid, 'pg_database') IS NULL
                  AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_activity a
                      WHERE a.application_name = 'CryoBackup ' || d.datname AND a.datname <> d.datname)
                """,
                cancellationToken
            )
            .ConfigureAwait(false);
        foreach (string name in abandoned)
        {
            observer(
                new VerboseMessage(
                    await TargetDatabase.TryDropAsync(endpoint.WithDatabase(name), application).ConfigureAwait(false) is { } reason
                        ? $"The database '{name}', which a rehearsal that died had left, could not be removed: {reason}"
                        : $"Removed the database '{name}', which a rehearsal that died had left."
                )
            );
        }
    }
}
