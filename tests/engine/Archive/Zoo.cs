namespace CryoBackup.Tests.Archive;

/// <summary>A database of many kinds of objects and awkward values.</summary>
internal static class Zoo
{
    public const string Database = "zoo";

    private const string Sql = """
        CREATE SCHEMA "Odd ""Schema""; é";
        CREATE EXTENSION hstore;
        CREATE TYPE mood AS ENUM ('calm', 'Größe', 'it''s');
        CREATE TYPE pair AS (a integer, b text);
        CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
        CREATE SEQUENCE counter START 17;
        CREATE FUNCTION twice(integer) RETURNS integer LANGUAGE sql AS 'SELECT $1 * 2';
        CREATE TABLE plain (id integer PRIMARY KEY DEFAULT nextval('counter'), label text, flag boolean, data bytea);
        INSERT INTO plain (label, flag, data) VALUES
            ('one', true, '\x00ff5c2e0a'), (NULL, NULL, NULL), ('', false, ''), ('\.', NULL, '\x5c2e'), ('\\.', NULL, NULL), ('\N', NULL, NULL),
            (E'\\', NULL, NULL), (E'a\nb\r\n\\.\n\tc\bd\fe\vf', NULL, NULL), ('Größe 🧊 試料', NULL, NULL), (E'\\.\n', NULL, NULL), (E'\n', NULL, NULL);
        CREATE TABLE "Odd ""Schema""; é"."Tab\le with 'quotes'" ("col umn" integer, "ü" mood, p pair, d positive, h hstore);
        INSERT INTO "Odd ""Schema""; é"."Tab\le with 'quotes'" VALUES (1, 'Größe', ROW(1, E'x\ty'), 5, 'a=>1'), (NULL, NULL, NULL, NULL, NULL);
        CREATE TABLE no_columns ();
        INSERT INTO no_columns DEFAULT VALUES;
        INSERT INTO no_columns DEFAULT VALUES;
        CREATE TABLE no_rows (a integer, b text);
        CREATE TABLE long_rows (id integer, body text);
        INSERT INTO long_rows SELECT i, repeat(md5(i::text), 100000) FROM generate_series(1, 2) i;
        INSERT INTO long_rows VALUES (3, repeat(E'\\\n', 700000)), (4, 'short');
        CREATE TABLE many_rows (id serial, word text);
        INSERT INTO many_rows SELECT i, md5(i::text) FROM generate_series(1, 20000) i;
        CREATE TABLE reading (day date NOT NULL, value double precision) PARTITION BY RANGE (day);
        CREATE TABLE reading_2023 PARTITION OF reading FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
        CREATE TABLE reading_2024 PARTITION OF reading FOR VALUES FROM ('2024-01-01') TO ('2025-01-01') PARTITION BY RANGE (day);
        CREATE TABLE reading_2024_h1 PARTITION OF reading_2024 FOR VALUES FROM ('2024-01-01') TO ('2024-07-01');
        CREATE TABLE reading_rest PARTITION OF reading DEFAULT;
        INSERT INTO reading SELECT '2023-06-01'::date + i * 10, i / 7.0 FROM generate_series(0, 35) i;
        CREATE TABLE generated (a integer, b integer GENERATED ALWAYS AS (a * 2) STORED, c text);
        INSERT INTO generated (a, c) VALUES (1, 'x'), (2, 'y');
        CREATE TABLE parent (a integer);
        CREATE TABLE child (b integer) INHERITS (parent);
        INSERT INTO parent VALUES (1);
        INSERT INTO child VALUES (2, 3);
        CREATE UNLOGGED TABLE unlogged (a integer);
        INSERT INTO unlogged VALUES (1);
        CREATE VIEW seen AS SELECT label FROM plain;
        CREATE MATERIALIZED VIEW kept AS SELECT count(*) FROM plain;
        CREATE INDEX ON many_rows (word);
        CREATE TABLE secret (owner text);
        INSERT INTO secret VALUES ('a'), ('b');
        ALTER TABLE secret ENABLE ROW LEVEL SECURITY;
        CREATE POLICY own ON secret USING (owner = current_user);
        CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$;
        CREATE TRIGGER touched BEFORE INSERT ON plain FOR EACH ROW EXECUTE FUNCTION touch();
        COMMENT ON TABLE plain IS E'a comment\nof two lines';
        GRANT SELECT ON plain TO PUBLIC;
        SELECT lo_from_bytea(4711, 'text'), lo_from_bytea(4712, ''), lo_from_bytea(3000000001, decode(repeat('00ff5c0a', 300000), 'hex'));
        """;

    private static readonly Dictionary<string, byte[]> Dumps = new(StringComparer.Ordinal);
    private static bool s_created;

    /// <summary>The zoo as an archive; made once.</summary>
    public static byte[] Dump(PostgresServer server, params string[] arguments)
    {
        // The tests of a collection run one after another.
        Create(server);
        string key = string.Join(' ', arguments);
        if (!Dumps.TryGetValue(key, out byte[]? dump))
        {
            Dumps.Add(key, dump = StockDump.ToPipe(server, Database, arguments));
        }

        return dump;
    }

    public static void Create(PostgresServer server)
    {
        if (!s_created)
        {
            server.CreateDatabase(Database);
            server.Execute(Database, Sql);
            s_created = true;
        }
    }
}
