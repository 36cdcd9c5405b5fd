using CryoBackup.Storage;

namespace CryoBackup.Tests.Rehearsal;

/// <summary>
/// Definitions are compared by what they mean to the server. Here every definition is one that the server writes differently after one
/// round trip, so that none passes because its letters are the same; and whatever is changed in what came back is found all the same.
/// </summary>
[Collection("rehearsed and encrypted")]
[Trait("Runs", "Once")]
public sealed class MeaningTests(PostgresServer server) : IDisposable
{
    private const string Sql = """
        DO $$ BEGIN CREATE ROLE meaning_owner; CREATE ROLE meaning_reader; EXCEPTION WHEN duplicate_object THEN END $$;
        CREATE DOMAIN colour AS varchar(9) CHECK (VALUE IN ('red', 'green'));
        CREATE TABLE ticket (id int PRIMARY KEY, status varchar(20) CHECK (status IN ('new', 'open')), paint colour, at timestamptz, CHECK (extract('YEAR' from at) > 1900));
        INSERT INTO ticket VALUES (1, 'new', 'red', '2026-01-01Z'), (2, 'open', NULL, NULL);
        CREATE INDEX by_status ON ticket (id) WHERE status IN ('new', 'open');
        CREATE VIEW active AS SELECT id, NULL AS nothing FROM ticket WHERE status IN ('new', 'open') UNION VALUES (3, NULL::text);
        CREATE MATERIALIZED VIEW years AS SELECT extract('YEAR' from at) AS y FROM ticket WHERE status IN ('new', 'open');
        CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
        CREATE TRIGGER stamp BEFORE UPDATE ON ticket FOR EACH ROW WHEN (NEW.status IN ('new', 'open')) EXECUTE FUNCTION stamp();
        CREATE RULE quiet AS ON DELETE TO ticket WHERE OLD.status IN ('new', 'open') DO INSTEAD NOTHING;
        ALTER TABLE ticket ENABLE ROW LEVEL SECURITY;
        CREATE POLICY own ON ticket TO meaning_reader USING (status IN ('new', 'open'));
        CREATE FUNCTION plain(int) RETURNS int LANGUAGE sql SET search_path = pg_catalog AS 'SELECT $1 + 1';
        CREATE SEQUENCE down INCREMENT -1; SELECT setval('down', -30);
        ALTER TABLE ticket OWNER TO meaning_owner;
        GRANT SELECT ON ticket TO meaning_reader;
        """;

    // Since 14 a function may hold what was parsed, not its text.
    private const string Since14 = "CREATE FUNCTION is_new(s varchar) RETURNS boolean LANGUAGE sql IMMUTABLE RETURN s IN ('new', 'open');";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private string Content => server.Cluster.Major < 14 ? Sql : Sql + Since14;

    [PostgresFact]
    public void IsTheSameAfterARoundTrip() =>
        Rehearse.AssertPassed(Rehearse.Run(Rehearse.BackUp(server, _folder.Path, "meaning", Content)));

    [PostgresFact]
    public void FindsEveryPlantedDifference()
    {
        (string Plant, string Says)[] plants =
        [
            ("DELETE FROM ONLY ticket WHERE id = 1", "public.ticket has 1 rows"),
            (
                "ALTER TABLE ticket DROP CONSTRAINT ticket_status_check, ADD CONSTRAINT ticket_status_check CHECK (status IN ('new', "
                    + "'open', 'lost'))",
                "TABLE public.ticket differs"
            ),
            ("DROP INDEX by_status; CREATE INDEX by_status ON ticket (id) WHERE status IN ('new')", "INDEX public.by_status differs"),
            (
                "CREATE OR REPLACE VIEW active AS SELECT id, NULL AS nothing FROM ticket WHERE status IN ('new') UNION VALUES (3, "
                    + "NULL::text)",
                "VIEW public.active differs"
            ),
            (
                "ALTER DOMAIN colour DROP CONSTRAINT colour_check; ALTER DOMAIN colour ADD CONSTRAINT colour_check CHECK (VALUE IN "
                    + "('red'))",
                "DOMAIN public.colour differs"
            ),
            ("ALTER POLICY own ON ticket USING (status IN ('new'))", "POLICY public.ticket own differs"),
            (
                "CREATE OR REPLACE RULE quiet AS ON DELETE TO ticket WHERE OLD.status IN ('new') DO INSTEAD NOTHING",
                "RULE public.ticket quiet differs"
            ),
            (
                "CREATE OR REPLACE FUNCTION plain(int) RETURNS int LANGUAGE sql SET search_path = pg_catalog AS 'SELECT $1 + 2'",
                "FUNCTION public.plain(integer) differs"
            ),
            ("ALTER FUNCTION stamp() SET search_path = public", "FUNCTION public.stamp() differs"),
            ("ALTER TABLE ticket DISABLE TRIGGER stamp", "the trigger stamp of public.ticket is disabled"),
            ("ALTER TABLE ticket DISABLE RULE quiet", "the rule quiet of public.ticket is disabled"),
            (
                "ALTER TABLE ticket NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY",
                "the table public.ticket is not row security enabled, as it was"
            ),
            ("REFRESH MATERIALIZED VIEW years WITH NO DATA", "public.years is not populated"),
            ("SELECT setval('down', -29)", "public.down stands at -29, behind the recorded -30"),
            ("ALTER VIEW active OWNER TO meaning_owner", "VIEW public.active belongs to meaning_owner instead of"),
            ("REVOKE SELECT ON ticket FROM meaning_reader", "ACL public.TABLE ticket"),
            ("GRANT SELECT ON years TO meaning_reader", "ACL public.TABLE years is not in the backup"),
            ("CREATE TABLE more (id int)", "TABLE public.more is not in the backup"),
        ];
        if (server.Cluster.Major >= 14)
        {
            plants =
            [
                .. plants,
                (
                    "CREATE OR REPLACE FUNCTION is_new(s varchar) RETURNS boolean LANGUAGE sql IMMUTABLE RETURN s IN ('new')",
                    "FUNCTION public.is_new(character varying) differs"
                ),
            ];
        }

        VerificationResult result = Rehearse.Run(
            Rehearse.BackUp(server, _folder.Path, "meaning", Content),
            restored: endpoint =>
                Rehearse.Execute(
                    endpoint,
                    "SET session_replication_role = replica; SET search_path = public;"
                        + string.Join(";\n", plants.Select(plant => plant.Plant))
                )
        );
        Assert.True(result.Verdict == Verdict.Failed, result.Reason);
        Assert.All(plants, plant => Assert.Contains(result.Differences, line => line.Contains(plant.Says, StringComparison.Ordinal)));
    }

    /// <summary>Sequences are not part of a snapshot: the dump may hold a later value than the rows need,
    /// in the sequence's own direction.</summary>
    [PostgresFact]
    public void LetsASequenceBeFurther() =>
        Rehearse.AssertPassed(
            Rehearse.Run(
                Rehearse.BackUp(server, _folder.Path, "meaning", Content),
                restored: endpoint => Rehearse.Execute(endpoint, "SELECT setval('public.down', -31)")
            )
        );

    /// <summary>What was not as it is made is recorded, and right when it comes back so.</summary>
    [PostgresFact]
    public void TakesTheSourceAsTheMeasure()
    {
        string backup = Rehearse.BackUp(
            server,
            _folder.Path,
            "meaning_state",
            """
            CREATE TABLE p (id int NOT NULL, d date) PARTITION BY RANGE (id);
            CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10); CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (20);
            CREATE INDEX p_d ON ONLY p (d); INSERT INTO p VALUES (1, NULL), (11, NULL);
            ALTER TABLE p ADD CONSTRAINT positive CHECK (id > 1) NOT VALID;
            CREATE TABLE parent (id int); CREATE TABLE child () INHERITS (parent); INSERT INTO child VALUES (-1);
            ALTER TABLE parent ADD CONSTRAINT above CHECK (id > 0) NOT VALID;
            CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
            CREATE TRIGGER off BEFORE UPDATE ON parent FOR EACH ROW EXECUTE FUNCTION stamp(); ALTER TABLE parent DISABLE TRIGGER off;
            CREATE RULE always AS ON DELETE TO parent DO INSTEAD NOTHING; ALTER TABLE parent ENABLE ALWAYS RULE always;
            CREATE MATERIALIZED VIEW empty AS SELECT 1 AS n WITH NO DATA;
            CREATE MATERIALIZED VIEW of_empty AS SELECT n FROM empty WITH NO DATA;
            ALTER TABLE p FORCE ROW LEVEL SECURITY;
            ALTER DATABASE meaning_state SET quote_all_identifiers = on;
            """
        );
        var manifest = BackupManifest.Read(backup + ".meta.json");
        Assert.Equal(
            [
                "constraint public.child above: not validated, as inherited",
                "constraint public.p positive: not validated",
                "constraint public.p1 positive: not validated, as inherited",
                "constraint public.p2 positive: not validated, as inherited",
                "constraint public.parent above: not validated",
                "index public.p p_d: incomplete",
                "materialized view public.empty : not populated",
                "materialized view public.of_empty : not populated",
                "rule public.parent always: always enabled",
                "table public.p : row security forced",
                "trigger public.parent off: disabled",
            ],
            manifest.State!.Select(state => $"{state.Kind} {state.Schema}.{state.Relation} {state.Name}: {state.State}")
        );
        Rehearse.AssertPassed(Rehearse.Run(backup));

        // Of a backup without its manifest the archive alone tells.
        File.Delete(backup + ".meta.json");
        VerificationResult alone = Rehearse.Run(backup);
        Assert.True(Rehearse.Check(alone, "state").Passed && Rehearse.Check(alone, "schema").Passed, alone.Reason);
    }
}
