using System.Globalization;

namespace CryoBackup.Benchmarks;

/// <summary>What the measured database looks like.</summary>
internal enum Shape
{
    /// <summary>Many narrow rows as instruments write them, and a tenth as many wide jsonb rows.</summary>
    Sample,

    /// <summary>The narrow rows alone, in one table.</summary>
    Huge,

    /// <summary>Small tables of 44 rows each, with a key.</summary>
    Tables,

    /// <summary>Large objects, one for every three rows of the other shapes.</summary>
    Objects,
}

/// <summary>The database that is measured.</summary>
internal static class SampleData
{
    public const string Database = "cryobackup_bench";

    /// <summary>A question whose answer is another where a restore brought too little.</summary>
    public static string Witness(Shape shape) =>
        shape switch
        {
            Shape.Tables => "SELECT count(*), (SELECT count(*) FROM small_1) FROM pg_class WHERE relkind = 'r' AND relname LIKE 'small%'",
            Shape.Objects => "SELECT count(*) FROM pg_largeobject",
            _ => "SELECT count(*) FROM readings",
        };

    /// <summary>What it holds, for people.</summary>
    public static string Describe(long rows, Shape shape) =>
        shape switch
        {
            Shape.Tables => string.Create(CultureInfo.InvariantCulture, $"{rows / 44:N0} small tables"),
            Shape.Objects => string.Create(CultureInfo.InvariantCulture, $"{rows / 3:N0} large objects"),
            _ => string.Create(CultureInfo.InvariantCulture, $"{rows:N0} readings, {(shape == Shape.Sample ? rows / 10 : 0):N0} molecules"),
        };

    /// <summary>Drops and makes the database. 4,400,000 rows give about 1 GB of uncompressed archive as a sample, or 100,000 tables.</summary>
    public static void Create(long rows, Shape shape)
    {
        Drop();
        Shell.Do($"createdb -T template0 {Database}");
        string count = rows.ToString(CultureInfo.InvariantCulture);
        string sql = shape switch
        {
            // Each in a transaction of its own: their locks in one would be too many.
            Shape.Tables => $"""
                SELECT format('CREATE TABLE small_%s AS SELECT i AS id, %s * i AS value, md5(i::text) AS note FROM generate_series(1, 44) AS i;
                    ALTER TABLE small_%s ADD PRIMARY KEY (id);', t, t, t)
                FROM generate_series(1, {count} / 44) AS t \gexec
                """,
            Shape.Objects =>
                $"SELECT count(lo_from_bytea(0, convert_to(repeat(md5(i::text), 4), 'UTF8'))) FROM generate_series(1, {count} / 3) AS i \\g /dev/null",
            _ => Rows(count, shape == Shape.Sample ? count : "0"),
        };
        Shell.Do($"psql -Xq -v ON_ERROR_STOP=1 -d {Database} <<'SQL'\nSET synchronous_commit = off;\n{sql}\nVACUUM ANALYZE;\nSQL\n");
    }

    public static void Drop() => Shell.Do($"dropdb --if-exists {Database} 2>/dev/null");

    // hashint8extended is arithmetic: the same rows on every server, without a random generator's state.
    private static string Rows(string count, string tenMolecules) =>
        $$"""
            CREATE TABLE readings (
                id bigint, experiment_id integer, run uuid, sensor text, taken_at timestamptz, temperature real, pressure double precision,
                flags integer, state text, batch text);
            INSERT INTO readings
            SELECT i, i / 1000, lpad(to_hex(hashint8extended(i / 1000, 7)), 32, '5c0d1e2f')::uuid, 'TC-' || lpad((i % 64)::text, 3, '0'),
                   timestamptz '2023-01-01 00:00:00+00' + i * interval '1.237 seconds',
                   -196 + (hashint8extended(i, 1) & 262143) / 1000.0, 101325 + (hashint8extended(i, 2) & 1048575) / 4096.0,
                   hashint8extended(i, 3) & 4095, (ARRAY['ok', 'ok', 'ok', 'drift', 'saturated'])[1 + (hashint8extended(i, 4) & 1023) % 5], 'B2023-' || lpad((i / 50000)::text, 5, '0')
            FROM generate_series(1::bigint, {{count}}) AS i;
            CREATE TABLE molecules (id bigint, data jsonb);
            INSERT INTO molecules
            SELECT i, jsonb_build_object(
                'name', 'Compound ' || i, 'smiles', repeat('C', (i % 9)::integer) || 'OCC1OC(OC2(CO)OC(CO)C(O)C2O)C(O)C(O)C1O' || repeat('CCO', (i % 5)::integer),
                'logP', (hashint8extended(i, 1) & 1023) / 100.0, 'tpsa', (hashint8extended(i, 2) & 65535) / 256.0, 'weight', (hashint8extended(i, 3) & 1048575) / 1000.0,
                'donors', i % 7, 'acceptors', i % 11, 'toxic', i % 13 = 0, 'source', 'https://compounds.example/entry/' || (hashint8extended(i, 4) & 268435455),
                'synonyms', jsonb_build_array('CP-' || i, 'Kryoschutzmittel ' || i % 1000, 'cryoprotectant'),
                'description', 'A ' || (ARRAY['permeating', 'non-permeating', 'vitrifying', 'membrane stabilising'])[1 + i % 4] || ' agent of series ' || i % 500
                    || ', recorded by laboratory ' || i % 40 || '; glass transition ' || (hashint8extended(i, 5) & 16383) / 100.0 || ' K, see report ' || (hashint8extended(i, 6) & 1048575),
                'assays', (SELECT jsonb_agg(jsonb_build_object('assay', 'A' || a, 'survival', (hashint8extended(i * 8 + a, 8) & 1048575) / 1048576.0, 'cells', hashint8extended(i * 8 + a, 9) & 65535, 'passed', a % 3 > 0))
                           FROM generate_series(1, 6) AS a))
            FROM generate_series(1::bigint, {{tenMolecules}} / 10) AS i;
            ALTER TABLE readings ADD PRIMARY KEY (id);
            CREATE INDEX readings_experiment ON readings (experiment_id, taken_at);
            ALTER TABLE molecules ADD PRIMARY KEY (id);
            CREATE INDEX molecules_name ON molecules ((data ->> 'name'));
            """;
}
