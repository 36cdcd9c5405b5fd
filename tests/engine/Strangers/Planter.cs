using CryoBackup.Postgres;
using Npgsql;

namespace CryoBackup.Tests.Strangers;

/// <summary>Plants one difference in a database.</summary>
internal static class Planter
{
    /// <summary>Plants the kind whose turn it is, or the next one that the database has something for.</summary>
    /// <param name="endpoint">The database, as its superuser.</param>
    /// <param name="turn">Which kind is tried first.</param>
    /// <returns>What was done, after the name of its kind.</returns>
    public static string Plant(ServerEndpoint endpoint, int turn)
    {
        using NpgsqlConnection connection = PostgresServer.Open(endpoint);
        Execute(connection, "SET session_replication_role = replica");
        Execute(connection, "SET search_path = pg_catalog");
        for (int next = turn; ; next++)
        {
            Plant plant = Plants.All[next % Plants.All.Length];
            string[] candidates = List(connection, plant.Candidates);
            int first = candidates.Length == 0 ? 0 : turn % candidates.Length;
            foreach (string statement in candidates.Skip(first).Concat(candidates.Take(first)))
            {
                if (Changes(connection, statement, plant.ChangesRows))
                {
                    return $"{plant.Kind}: {statement}";
                }
            }
        }
    }

    private static bool Changes(NpgsqlConnection connection, string statement, bool rows)
    {
        try
        {
            int changed = Execute(connection, statement);
            return !rows || changed > 0;
        }
        catch (PostgresException)
        {
            // A constraint forbids it, or something hangs on it: another will do.
            return false;
        }
    }

    private static string[] List(NpgsqlConnection connection, string query)
    {
        using var command = new NpgsqlCommand(Plants.Prelude + query, connection);
        using NpgsqlDataReader row = command.ExecuteReader();
        var statements = new List<string>();
        while (row.Read())
        {
            statements.Add(row.GetString(0));
        }

        return [.. statements.Order(StringComparer.Ordinal)];
    }

    private static int Execute(NpgsqlConnection connection, string sql)
    {
        using var command = new NpgsqlCommand(sql, connection);
        return command.ExecuteNonQuery();
    }
}
