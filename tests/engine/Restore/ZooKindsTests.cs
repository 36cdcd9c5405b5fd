using Npgsql;

namespace CryoBackup.Tests.Restore;

/// <summary>The zoo has what it says: an object of every kind that the server keeps a catalog of.</summary>
[Collection("zoo")]
public sealed class ZooKindsTests(ZooServer server)
{
    // The first number that objects of users get.
    private const int FirstOfUsers = 16384;

    [PostgresFact]
    public void HasAnObjectOfEveryCatalog()
    {
        string[] catalogs = Ask(
            """
            SELECT relname FROM pg_catalog.pg_class c WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind = 'r' AND NOT relisshared
            AND EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid = c.oid AND attname = 'oid')
            """
        );
        Assert.True(catalogs.Length > 25);
        Assert.DoesNotContain(
            catalogs,
            catalog => Ask($"SELECT 1 FROM pg_catalog.{catalog} WHERE oid >= {FirstOfUsers} LIMIT 1").Length == 0
        );
    }

    [PostgresTheory]
    [InlineData("pg_class", "relkind", "r i S v m c f p I")]
    [InlineData("pg_type", "typtype", "b c d e r m")]
    [InlineData("pg_proc", "prokind", "f p a w")]
    [InlineData("pg_constraint", "contype", "c f p u x t")]
    public void HasEachKindWithinACatalog(string catalog, string column, string kinds)
    {
        // Multiranges came with 14.
        IEnumerable<string> known = kinds.Split(' ').Where(kind => catalog != "pg_type" || kind != "m" || ServerPrograms.Has(14));
        Assert.Empty(known.Except(Ask($"SELECT DISTINCT {column}::text FROM pg_catalog.{catalog} WHERE oid >= {FirstOfUsers}")));
    }

    private string[] Ask(string sql)
    {
        Assert.NotEmpty(server.Backup);
        using NpgsqlConnection connection = server.Open(ZooServer.Database);
        using var command = new NpgsqlCommand(sql, connection);
        using NpgsqlDataReader reader = command.ExecuteReader();
        List<string> rows = [];
        while (reader.Read())
        {
            rows.Add(reader.GetValue(0).ToString()!);
        }

        return [.. rows];
    }
}
