using CryoBackup.Postgres;
using CryoBackup.Postgres.Scratch;
using Npgsql;

namespace CryoBackup.Tests;

/// <summary>
/// One real throwaway server for all test classes marked <c>[Collection("postgres")]</c>; they take it as a constructor parameter.
/// It is started by the first use, so a run without server programs can skip its tests.
/// </summary>
public class PostgresServer : IDisposable
{
    private readonly Lazy<ScratchCluster> _cluster;

    public PostgresServer()
        : this(static () => new ScratchClusterOptions()) { }

    /// <summary>A server with more of its own than the tests' settings.</summary>
    private protected PostgresServer(Func<ScratchClusterOptions> options) =>
        _cluster = new(() =>
            ScratchCluster.Start(
                options() with
                {
                    SharedBuffers = "64MB",
                    Settings = new Dictionary<string, string> { ["max_connections"] = "60", ["max_prepared_transactions"] = "2" },
                },
                CancellationToken.None
            )
        );

    internal ScratchCluster Cluster => _cluster.Value;

    /// <summary>The database postgres as superuser.</summary>
    internal ServerEndpoint Endpoint => Cluster.Endpoint;

    /// <summary>The superuser's connection, a fresh object at each call.</summary>
    internal ConnectionRequest Connection => Cluster.Connection;

    /// <summary>Makes a database from template0, anew if it exists.</summary>
    /// <param name="name">Its name, quoted here.</param>
    /// <param name="options">More of CREATE DATABASE, for example <c>ENCODING 'LATIN1' LOCALE 'C'</c>.</param>
    /// <returns>Its endpoint.</returns>
    internal ServerEndpoint CreateDatabase(string name, string options = "")
    {
        Execute("postgres", $"DROP DATABASE IF EXISTS {Quote(name)} WITH (FORCE)");
        Execute("postgres", $"CREATE DATABASE {Quote(name)} TEMPLATE template0 {options}");
        return Endpoint.WithDatabase(name);
    }

    /// <summary>Drops a database, with the subscriptions that would forbid it.</summary>
    internal void Drop(string database)
    {
        if (Scalar("postgres", $"SELECT 1 FROM pg_database WHERE datname = '{database}'") is null)
        {
            return;
        }

        while (
            Scalar(
                database,
                "SELECT subname FROM pg_subscription WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())"
            )
                is string subscription
        )
        {
            Execute(database, $"ALTER SUBSCRIPTION {Quote(subscription)} DISABLE");
            Execute(database, $"ALTER SUBSCRIPTION {Quote(subscription)} SET (slot_name = NONE)");
            Execute(database, $"DROP SUBSCRIPTION {Quote(subscription)}");
        }

        Execute("postgres", $"DROP DATABASE {Quote(database)} WITH (FORCE)");
    }

    /// <summary>Runs SQL, as many statements as it has.</summary>
    internal void Execute(string database, string sql)
    {
        using NpgsqlConnection connection = Open(database);
        using var command = new NpgsqlCommand(sql, connection);
        command.ExecuteNonQuery();
    }

    /// <summary>The first column of the first row; null for SQL's null or no row.</summary>
    internal object? Scalar(string database, string sql)
    {
        using NpgsqlConnection connection = Open(database);
        using var command = new NpgsqlCommand(sql, connection);
        return command.ExecuteScalar() is var value && value is DBNull ? null : value;
    }

    /// <summary>An open connection as superuser.</summary>
    internal NpgsqlConnection Open(string database, string applicationName = "CryoBackup tests") =>
        Open(Endpoint.WithDatabase(database), applicationName);

    /// <summary>An open connection with the search path of the role and the database, as users have it.</summary>
    internal static NpgsqlConnection Open(ServerEndpoint endpoint, string applicationName = "CryoBackup tests")
    {
        NpgsqlConnection connection = ServerConnection
            .OpenAsync(endpoint, applicationName, clientEncoding: null, CancellationToken.None)
            .GetAwaiter()
            .GetResult();
        using var path = new NpgsqlCommand("SET search_path TO DEFAULT", connection);
        path.ExecuteNonQuery();
        return connection;
    }

    internal static string Quote(string name) => "\"" + name.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";

    public virtual void Dispose()
    {
        GC.SuppressFinalize(this);
        if (_cluster.IsValueCreated)
        {
            _cluster.Value.Dispose();
        }
    }
}

[CollectionDefinition("postgres")]
public sealed class PostgresCollection : ICollectionFixture<PostgresServer>;

/// <summary>Beside the other collections, on a server of its own, as a core would idle else.</summary>
[CollectionDefinition("backup")]
public sealed class BackupCollection : ICollectionFixture<PostgresServer>;

/// <summary>Beside the other collections, on a server of its own: rehearsals and encryption keep a core busy without it.</summary>
[CollectionDefinition("rehearsed and encrypted")]
public sealed class RehearsedAndSealedCollection : ICollectionFixture<PostgresServer>;

/// <summary>Alone: what it sets in this process's environment, every other test would meet too.</summary>
[CollectionDefinition("environment", DisableParallelization = true)]
public sealed class EnvironmentCollection : ICollectionFixture<PostgresServer>;
