using System.Text;
using CryoBackup.Archive;
using CryoBackup.Comparison;
using CryoBackup.Processes;
using CryoBackup.Restore;
using Npgsql;

namespace CryoBackup.Tests.Restore;

/// <summary>A table that this restore made and one session fills has rows that nobody need ever write again; what the server does not let
/// be loaded so is loaded as ever.</summary>
[Collection("zoo")]
public sealed class FrozenRowsTests(ZooServer server)
{
    private const string Source = "frozen_source";
    private const string Target = "frozen_target";
    private const string Rows = "SELECT n, repeat('row ', 10) || n FROM generate_series(1, 8000) n";

    private const string Sql = $"""
        CREATE TABLE plain (id int PRIMARY KEY, text text CHECK (length(text) > 3)); INSERT INTO plain {Rows};
        CREATE TABLE referring (id int REFERENCES plain, text text); INSERT INTO referring {Rows};
        CREATE TABLE parent (id int, text text); INSERT INTO parent {Rows};
        CREATE TABLE child () INHERITS (parent); INSERT INTO child {Rows};
        CREATE TABLE parts (id int, text text) PARTITION BY RANGE (id);
        CREATE TABLE part PARTITION OF parts DEFAULT; INSERT INTO parts {Rows};
        CREATE UNLOGGED TABLE quick (id int, text text); INSERT INTO quick {Rows};
        CREATE TABLE owned (id int, text text); INSERT INTO owned {Rows}; ALTER TABLE owned OWNER TO frozen_owner;
        CREATE TYPE mood AS ENUM ('well');
        CREATE TABLE typed (id int, text text, mood mood DEFAULT 'well', moods mood[], day date DEFAULT now()); INSERT INTO typed {Rows};
        CREATE TABLE wide AS SELECT n AS id, string_agg(md5(i::text), '') AS text FROM generate_series(1, 200) n, generate_series(1, 200) i
            GROUP BY n;

        CREATE FUNCTION fits(int) RETURNS boolean LANGUAGE sql AS 'SELECT true';
        CREATE TABLE checked (id int CHECK (public.fits(id)), text text); INSERT INTO checked {Rows};
        CREATE DOMAIN number AS int CHECK (public.fits(VALUE));
        CREATE TABLE bounded (id number, text text); INSERT INTO bounded {Rows};
        CREATE TABLE few (id int, text text); INSERT INTO few VALUES (1, 'a');
        """;

    private static readonly string[] Frozen = ["plain", "referring", "parent", "child", "part", "quick", "owned", "typed", "wide"];
    private static readonly string[] NotFrozen = ["checked", "bounded", "few"];

    [PostgresFact]
    public void WhereOneSessionFillsATableOfOurs()
    {
        Make();
        string backup = server.BackUp(Source);
        server.Drop(Target);
        server.Restore(backup, Target, request => request with { Create = true, Jobs = 2 });
        Assert.Equal(server.Dump(Source), server.Dump(Target));
        Assert.All(Frozen, table => Assert.True(IsFrozen(table), table));
        Assert.All(NotFrozen, table => Assert.False(IsFrozen(table), table));

        // A database that was there belongs to others, too.
        server.Drop(Target);
        server.CreateDatabase(Target);
        server.Restore(backup, Target, request => request with { Jobs = 2 });
        Assert.Equal(server.Dump(Source), server.Dump(Target));
        Assert.All([.. Frozen, .. NotFrozen], table => Assert.False(IsFrozen(table), table));
    }

    [PostgresFact]
    public void WhereAnOrdinaryRoleRestores()
    {
        Make();
        string backup = server.BackUp(Source);
        server.Drop(Target);
        server.Execute(
            "postgres",
            "DROP ROLE IF EXISTS frozen_restorer; CREATE ROLE frozen_restorer LOGIN CREATEDB PASSWORD 'secret'; GRANT frozen_owner TO "
                + "frozen_restorer"
        );
        server.Restore(
            backup,
            Target,
            request =>
                request with
                {
                    Create = true,
                    Jobs = 2,
                    NoOwner = true,
                    Connection = request.Connection with { UserName = "frozen_restorer", Password = "secret" },
                }
        );
        Assert.All(Frozen, table => Assert.True(IsFrozen(table), table));
        server.Drop(Target);
        server.Execute("postgres", "DROP ROLE frozen_restorer");
    }

    /// <summary>Nobody is waited for, and what a table holds, or is loaded a second time, stays.</summary>
    [PostgresFact]
    public void WhatIsRefusedIsLoadedAsEver()
    {
        server.Drop(Target);
        server.CreateDatabase(Target);
        server.Execute(Target, "CREATE TABLE held (text text); CREATE TABLE free (text text); CREATE TABLE full_one (text text)");
        server.Execute(Target, "INSERT INTO full_one VALUES ('was there')");
        TocEntry[] entries = [.. ((string[])["held", "free", "full_one", "twice", "twice"]).Select(EntryOf)];
        server.Execute(Target, "CREATE TABLE twice (text text)");
        var content = new ArchiveContent
        {
            Header = new ArchiveHeader { Version = new Version(1, 14) },
            Encoding = "UTF8",
            Entries = entries,
            Tables = [.. entries.Select(entry => new TableContent { Entry = entry })],
        };
        RestoreRequest request = Requests.Restore(server.Connection, "/none", Target) with { Create = true };
        var plan = new RestorePlan(request, content, TargetContent.Nothing);
        using var limits = new RunLimits(null, CancellationToken.None);
        var session = new RestoreSession(request, server.Endpoint.WithDatabase(Target), "CryoBackup frozen tests", _ => { }, limits);
        using (NpgsqlConnection reader = server.Open(Target))
        using (NpgsqlTransaction reading = reader.BeginTransaction())
        {
            using var command = new NpgsqlCommand("SELECT FROM held", reader, reading);
            command.ExecuteNonQuery();
            using var loader = new RowLoader(session, plan, new LoadTargets(plan, CancellationToken.None), CancellationToken.None);
            byte[] rows = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("a row of thirty-two characters.\n", 8000)));
            foreach (TocEntry entry in entries)
            {
                loader.Write(new RowBlock(entry, rows, rows.Length, StartsRow: true, OpensTable: true));
            }

            loader.End();
        }

        Assert.Equal(8000L, server.Scalar(Target, "SELECT count(*) FROM held"));
        Assert.Equal(8000L, server.Scalar(Target, "SELECT count(*) FROM free"));
        Assert.Equal(8001L, server.Scalar(Target, "SELECT count(*) FROM full_one"));
        Assert.Equal(16000L, server.Scalar(Target, "SELECT count(*) FROM twice"));
        server.Execute(Target, "ANALYZE");
        Assert.True(IsFrozen("free"));
        Assert.All((string[])["held", "full_one", "twice"], table => Assert.False(IsFrozen(table), table));

        static TocEntry EntryOf(string table, int index) =>
            new()
            {
                DumpId = index + 1,
                Kind = "TABLE DATA",
                Schema = "public",
                Name = table,
                Section = TocSection.Data,
                HasData = true,
                CopyStatement = $"COPY public.{table} (text) FROM stdin;\n",
            };
    }

    /// <summary>A trigger that an extension makes is there before the rows, and takes one away: the server says so at once.</summary>
    [PostgresFact(UnixOnly = true)]
    public void WhatTheServerDidNotTakeIsToldAtOnce()
    {
        server.Installation.Add(
            "frozen_guard",
            """
            CREATE TABLE guarded (id int, text text); SELECT pg_catalog.pg_extension_config_dump('guarded', '');
            CREATE FUNCTION guard() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN IF NEW.id = 7 THEN RETURN NULL; END IF; RETURN NEW; END $$;
            CREATE TRIGGER guard BEFORE INSERT ON guarded FOR EACH ROW EXECUTE FUNCTION guard();
            """
        );
        server.Drop(Source);
        server.CreateDatabase(Source);
        server.Execute(Source, $"CREATE EXTENSION frozen_guard; ALTER TABLE guarded DISABLE TRIGGER guard; INSERT INTO guarded {Rows}");
        string backup = server.BackUp(Source);
        server.Drop(Target);
        CryoBackupException failure = server.Fail(backup, Target, request => request with { Create = true, Jobs = 2 });
        Assert.Equal(CryoBackupError.RestoreFailed, failure.Error);
        Assert.Contains("guarded: of 8000 rows the server took 7999", failure.Message, StringComparison.Ordinal);
        Assert.Equal(0, server.CountTemporary());
    }

    private void Make()
    {
        server.Drop(Source);
        server.CreateDatabase(Source);
        server.Execute(
            Source,
            "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'frozen_owner') THEN CREATE ROLE frozen_owner; END IF; END $$"
        );
        server.Execute(Source, Sql);
    }

    /// <summary>By the first page's own bits, where the server can show them; else by what it knows of all pages.</summary>
    private bool IsFrozen(string table)
    {
        bool shows = (bool)server.Scalar(Target, "SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pageinspect')")!;
        if (!shows)
        {
            return (int)server.Scalar(Target, $"SELECT relallvisible FROM pg_class WHERE relname = '{table}'")! > 0;
        }

        server.Execute(Target, "CREATE SCHEMA IF NOT EXISTS inspect; CREATE EXTENSION IF NOT EXISTS pageinspect SCHEMA inspect");
        return (bool)
            server.Scalar(
                Target,
                $"SELECT bool_and(t_infomask & 768 = 768) FROM inspect.heap_page_items(inspect.get_raw_page('{table}', 0)) WHERE lp_len > 0"
            )!;
    }
}
