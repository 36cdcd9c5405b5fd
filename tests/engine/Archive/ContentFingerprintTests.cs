using CryoBackup.Archive;
using CryoBackup.Comparison;
using Npgsql;

namespace CryoBackup.Tests.Archive;

/// <summary>A table's fingerprint depends on every cell, and on nothing else.</summary>
[Collection("postgres")]
public sealed class ContentFingerprintTests(PostgresServer server)
{
    private const string Types = """
        CREATE TYPE shade AS ENUM ('light', 'dark');
        CREATE TYPE point3 AS (x integer, y numeric, label text);
        CREATE DOMAIN grade AS integer CHECK (VALUE BETWEEN 1 AND 5);
        CREATE EXTENSION IF NOT EXISTS hstore;
        """;

    // Type, one value, and another that differs as little as the type allows.
    private static readonly (string Type, string One, string Other)[] CellsOfAllTypes =
    [
        ("boolean", "true", "false"),
        ("smallint", "-32768", "-32767"),
        ("integer", "2147483647", "2147483646"),
        ("bigint", "9223372036854775807", "9223372036854775806"),
        ("real", "'1.0000001'", "'1'"),
        ("double precision", "'0.1'", "'0.10000000000000002'"),
        ("double precision", "'-0'", "'0'"),
        ("double precision", "'NaN'", "'Infinity'"),
        ("numeric", "123456789012345678901234567890.1", "123456789012345678901234567890.2"),
        ("numeric", "1.5", "1.50"),
        ("money", "'12.34'", "'12.35'"),
        ("text", "''", "NULL"),
        ("text", "'\\N'", "NULL"),
        ("text", "'\\.'", "'.'"),
        ("text", "E'a\\tb'", "'a b'"),
        ("text", "E'line\\nfeed'", "E'line\\\\nfeed'"),
        ("text", "'Größe'", "'Grösse'"),
        ("text", "E'\\u00e9'", "E'e\\u0301'"),
        ("varchar(10)", "'a '", "'a'"),
        ("char(4)", "'ab'", "'abc'"),
        ("\"char\"", "'a'", "'b'"),
        ("name", "'a'", "'A'"),
        ("bytea", "'\\x00'", "'\\x'"),
        ("bytea", "'\\x0a5c2e0a'", "'\\x0a5c2e0b'"),
        ("date", "'2024-02-29'", "'2024-03-01'"),
        ("date", "'infinity'", "'-infinity'"),
        ("date", "'0044-03-15 BC'", "'0044-03-15'"),
        ("time", "'12:34:56.000001'", "'12:34:56'"),
        ("timetz", "'12:34:56+02'", "'12:34:56+03'"),
        ("timestamp", "'2024-08-06 12:34:56.789012'", "'2024-08-06 12:34:56.789013'"),
        ("timestamptz", "'2024-08-06 12:34:56+00'", "'2024-08-06 12:34:56+01'"),
        ("interval", "'1 month'", "'30 days'"),
        ("interval", "'1 day'", "'24 hours'"),
        ("uuid", "'00000000-0000-4000-8000-000000000000'", "'00000000-0000-4000-8000-000000000001'"),
        ("json", "'{\"a\": 1}'", "'{\"a\":1}'"),
        ("jsonb", "'{\"a\": 1}'", "'{\"a\": 1.0}'"),
        ("xml", "'<a/>'", "'<a></a>'"),
        ("jsonpath", "'$.a'", "'$.b'"),
        ("inet", "'10.0.0.1/24'", "'10.0.0.1/25'"),
        ("cidr", "'10.0.0.0/24'", "'10.0.0.0/25'"),
        ("macaddr", "'08:00:2b:01:02:03'", "'08:00:2b:01:02:04'"),
        ("macaddr8", "'08:00:2b:01:02:03:04:05'", "'08:00:2b:01:02:03:04:06'"),
        ("point", "'(1,2)'", "'(2,1)'"),
        ("line", "'{1,2,3}'", "'{1,2,4}'"),
        ("lseg", "'[(0,0),(1,1)]'", "'[(0,0),(1,2)]'"),
        ("box", "'(2,2),(0,0)'", "'(2,2),(0,1)'"),
        ("path", "'[(0,0),(1,1)]'", "'((0,0),(1,1))'"),
        ("polygon", "'((0,0),(1,1),(1,0))'", "'((0,0),(1,0),(1,1))'"),
        ("circle", "'<(0,0),1>'", "'<(0,0),2>'"),
        ("bit(5)", "B'10101'", "B'10100'"),
        ("bit varying", "B'1010'", "B'101'"),
        ("tsvector", "'a:1 b:2'", "'a:1 b:3'"),
        ("tsquery", "'a & b'", "'a | b'"),
        ("int4range", "'[1,5)'", "'[1,6)'"),
        ("numrange", "'[1,5)'", "'[1,5]'"),
        ("tstzrange", "'[2024-01-01,2024-01-02)'", "'[2024-01-01,2024-01-03)'"),
        ("int4multirange", "'{[1,3),[5,7)}'", "'{[1,3),[5,8)}'"),
        ("integer[]", "'{1,2,NULL}'", "'{1,2}'"),
        ("integer[]", "'{{1,2},{3,4}}'", "'{1,2,3,4}'"),
        ("text[]", "'{\"a,b\"}'", "'{a,b}'"),
        ("text[]", "'{NULL}'", "'{\"NULL\"}'"),
        ("oid", "4294967295", "4294967294"),
        ("pg_lsn", "'0/1'", "'0/2'"),
        ("regclass", "'pg_class'", "'pg_type'"),
        ("pg_snapshot", "'10:20:10,14'", "'10:20:10,15'"),
        ("shade", "'light'", "'dark'"),
        ("point3", "ROW(1,2,'a')", "ROW(1,2,'b')"),
        ("point3", "ROW(1,NULL,'')", "ROW(1,NULL,NULL)"),
        ("grade", "1", "2"),
        ("hstore", "'a=>1'", "'a=>NULL'"),
    ];

    // Multiranges came with 14.
    private (string Type, string One, string Other)[] Cells =>
        [.. CellsOfAllTypes.Where(cell => server.Cluster.Major >= 14 || !cell.Type.EndsWith("multirange", StringComparison.Ordinal))];

    [PostgresFact]
    public async Task OneChangedCellOfAnyTypeChangesIt()
    {
        const string database = "cells";
        server.CreateDatabase(database);
        server.Execute(
            database,
            Types
                + string.Concat(
                    Cells.Select(
                        (cell, i) =>
                            $"""
                                CREATE TABLE cell_{i} (id integer, value {cell.Type});
                                INSERT INTO cell_{i} VALUES (1, {cell.One}), (2, {cell.One}), (3, NULL);
                                """
                    )
                )
        );
        Dictionary<string, string> before = await FingerprintsAsync(database);
        server.Execute(database, string.Concat(Cells.Select((cell, i) => $"UPDATE cell_{i} SET value = {cell.Other} WHERE id = 2;")));
        Dictionary<string, string> after = await FingerprintsAsync(database);
        server.Execute(database, string.Concat(Cells.Select((cell, i) => $"UPDATE cell_{i} SET value = {cell.One} WHERE id = 2;")));
        Dictionary<string, string> back = await FingerprintsAsync(database);

        Assert.Equal(Cells.Length, before.Count);
        Assert.Empty(Cells.Where((_, i) => before[$"cell_{i}"] == after[$"cell_{i}"]));
        Assert.Empty(Cells.Where((_, i) => before[$"cell_{i}"] != back[$"cell_{i}"]));
    }

    [PostgresFact]
    public void AChangedLargeObjectChangesTheirs()
    {
        const string database = "objects";
        server.CreateDatabase(database);
        server.Execute(database, "SELECT lo_from_bytea(1, 'a'), lo_from_bytea(2, 'b'), lo_from_bytea(3, '')");
        UInt128 first = LargeObjects();
        foreach (
            string change in (string[])
                [
                    "SELECT lo_put(1, 0, 'c')",
                    "SELECT lo_put(3, 0, 'x')",
                    "SELECT lo_unlink(3), lo_from_bytea(4, '')",
                    "SELECT lo_put(1, 0, 'b'), lo_put(2, 0, 'a')",
                    "SELECT lo_unlink(3)",
                    "SELECT lo_from_bytea(5, '')",
                ]
        )
        {
            server.Execute(database, change);
            Assert.NotEqual(first, LargeObjects());
            server.Execute(database, "SELECT lo_unlink(oid) FROM pg_largeobject_metadata");
            server.Execute(database, "SELECT lo_from_bytea(3, ''), lo_from_bytea(2, 'b'), lo_from_bytea(1, 'a')");
            Assert.Equal(first, LargeObjects());
        }

        UInt128 LargeObjects() => ArchiveAssert.Read(StockDump.ToPipe(server, database, "-Z0")).LargeObjectFingerprint;
    }

    [PostgresFact]
    public async Task NeitherOrderNorSessionNorProcessChangesIt()
    {
        const string source = "sorted",
            target = "shuffled";
        server.CreateDatabase(source);
        server.Execute(
            source,
            $"""
            {Types}
            CREATE TABLE row_of_all ({string.Join(", ", Cells.Select((cell, i) => $"c{i} {cell.Type}"))});
            INSERT INTO row_of_all VALUES ({string.Join(", ", Cells.Select(cell => cell.One))});
            INSERT INTO row_of_all VALUES ({string.Join(", ", Cells.Select(cell => cell.Other))});
            CREATE TABLE times (id integer, at timestamptz, day date, took interval, price money, mass double precision);
            INSERT INTO times SELECT i, '2024-03-31 00:30:00+00'::timestamptz + i * interval '17 minutes', '2024-01-01'::date + i, i * interval '1 hour', i * 1.5::numeric, i / 3.0::float8
                FROM generate_series(1, 500) i;
            """
        );
        Dictionary<string, string> expected = await FingerprintsAsync(source);

        // Loaded in another order, by sessions that see other times, dates, numbers and languages.
        server.CreateDatabase(target);
        server.Execute(target, Types);
        string other = ArbitraryLocale();
        server.Execute(
            "postgres",
            $"""
            ALTER DATABASE {target} SET TimeZone = 'Asia/Kolkata';
            ALTER DATABASE {target} SET DateStyle = 'German, DMY';
            ALTER DATABASE {target} SET IntervalStyle = 'sql_standard';
            ALTER DATABASE {target} SET extra_float_digits = 0;
            ALTER DATABASE {target} SET bytea_output = 'escape';
            ALTER DATABASE {target} SET lc_numeric = '{other}';
            ALTER DATABASE {target} SET lc_time = '{other}';
            ALTER DATABASE {target} SET xmloption = 'document';
            """
        );
        ArchiveContent archive = ArchiveAssert.Read(StockDump.ToPipe(server, source, "-Z0"));
        Dictionary<string, byte[]> rows = Rows(source, archive);
        foreach (TableContent table in archive.Tables)
        {
            server.Execute(target, archive.Entries.Single(entry => entry.Kind == "TABLE" && entry.Name == table.Entry.Name).Definition);
            byte[][] lines = [.. Lines(rows[table.Entry.Name])];
            new Random(3).Shuffle(lines);
            Load(target, table.Entry.CopyStatement, lines);
        }

        Assert.NotEqual(
            server.Scalar(source, "SELECT string_agg(ctid::text, ' ' ORDER BY id) FROM times"),
            server.Scalar(target, "SELECT string_agg(ctid::text, ' ' ORDER BY id) FROM times")
        );
        Assert.Equal(expected, await FingerprintsAsync(target));
        server.Execute(target, "CREATE INDEX times_price ON times (price DESC); CLUSTER times USING times_price");
        Assert.Equal(expected, await FingerprintsAsync(target));
    }

    [PostgresFact]
    public async Task IsThatOfAFreshCopyOfTheTable()
    {
        ArchiveContent archive = ArchiveAssert.Read(Zoo.Dump(server, "-Z0"));
        await using NpgsqlConnection connection = TableReader.Open(
            server.Endpoint.WithDatabase(Zoo.Database),
            "CryoBackup tests",
            "UTF8",
            null,
            null
        );
        foreach (TableContent table in archive.Tables)
        {
            TableFingerprint read = TableReader.Read(
                connection,
                TableReader.ToStdout(table.Entry.CopyStatement, null, withPartitions: false),
                "UTF8",
                CancellationToken.None
            );
            Assert.Equal(
                $"{table.Entry} {table.Fingerprint!.Rows} {table.Fingerprint.Bytes} {table.Fingerprint.Text}",
                $"{table.Entry} {read.Rows} {read.Bytes} {read.Text}"
            );
        }
    }

    /// <summary>Each table's fingerprint from the archive, after it was found to be that of a fresh COPY too.</summary>
    private async Task<Dictionary<string, string>> FingerprintsAsync(string database)
    {
        ArchiveContent archive = ArchiveAssert.Read(StockDump.ToPipe(server, database, "-Z0"));
        var fingerprints = new Dictionary<string, string>(StringComparer.Ordinal);
        await using NpgsqlConnection connection = TableReader.Open(
            server.Endpoint.WithDatabase(database),
            "CryoBackup tests",
            "UTF8",
            null,
            null
        );
        foreach (TableContent table in archive.Tables)
        {
            TableFingerprint copied = TableReader.Read(
                connection,
                TableReader.ToStdout(table.Entry.CopyStatement, null, withPartitions: false),
                "UTF8",
                CancellationToken.None
            );
            Assert.Equal(table.Fingerprint!.Text, copied.Text);
            fingerprints.Add(table.Entry.Name, table.Fingerprint.Text);
        }

        return fingerprints;
    }

    /// <summary>Each table's COPY text, by a session of the engine's settings.</summary>
    private Dictionary<string, byte[]> Rows(string database, ArchiveContent archive)
    {
        var rows = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        using NpgsqlConnection connection = TableReader.Open(
            server.Endpoint.WithDatabase(database),
            "CryoBackup tests",
            "UTF8",
            null,
            null
        );
        foreach (TableContent table in archive.Tables)
        {
            using NpgsqlCopyTextReader reader = connection.BeginTextExport(
                table.Entry.CopyStatement.Replace("FROM stdin;\n", "TO STDOUT", StringComparison.Ordinal)
            );
            var output = new MemoryStream();
            reader.BaseStream.CopyTo(output);
            rows.Add(table.Entry.Name, output.ToArray());
        }

        return rows;
    }

    private static IEnumerable<byte[]> Lines(byte[] text)
    {
        for (int start = 0, end; start < text.Length; start = end)
        {
            end = Array.IndexOf(text, (byte)'\n', start) + 1;
            yield return text[start..end];
        }
    }

    private void Load(string database, string copyStatement, byte[][] lines)
    {
        // As pg_restore loads: what the archive's own settings say of dates is what its text is in.
        using NpgsqlConnection connection = server.Open(database);
        using (
            var command = new NpgsqlCommand(
                "SET DateStyle = 'ISO'; SET IntervalStyle = 'postgres'; SET xmloption = 'content'; SET lc_monetary = 'C'",
                connection
            )
        )
        {
            command.ExecuteNonQuery();
        }

        using NpgsqlCopyTextWriter writer = connection.BeginTextImport(copyStatement.TrimEnd('\n', ';'));
        foreach (byte[] line in lines)
        {
            writer.BaseStream.Write(line);
        }
    }

    /// <summary>A locale of the machine other than C; else C.</summary>
    private string ArbitraryLocale() =>
        server.Scalar(
            "postgres",
            "SELECT collcollate FROM pg_collation WHERE collprovider = 'c' AND collcollate ~ '^(de|fr|en)_..\\.(utf8|UTF-8)$' LIMIT 1"
        ) as string
        ?? "C";
}
