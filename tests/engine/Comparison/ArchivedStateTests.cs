using CryoBackup.Archive;
using CryoBackup.Comparison;
using CryoBackup.Encryption;
using CryoBackup.Postgres;
using CryoBackup.Storage;
using CryoBackup.Tests.Restore;
using Npgsql;
using static CryoBackup.Tests.Restore.Toc;

namespace CryoBackup.Tests.Comparison;

/// <summary>What an archive tells of its source's switches is what the source's catalogs tell, and is what a restored database is held to.</summary>
[Collection("zoo")]
public sealed class ArchivedStateTests(ZooServer server)
{
    [Fact]
    public void ReadsTheStatementsAndNothingElse()
    {
        TocEntry[] entries =
        [
            Defined(1, "TABLE", "t", "CREATE TABLE public.t (a text DEFAULT 'FORCE ROW LEVEL SECURITY');\n"),
            Defined(2, "TABLE", "u", "CREATE TABLE public.u (a int);\n\nALTER TABLE ONLY public.u FORCE ROW LEVEL SECURITY;\n"),
            Defined(3, "TABLE", "v", "CREATE TABLE public.v (a int);\n\nALTER TABLE ONLY public.v FORCE ROW LEVEL SECURITY;\n"),
            Defined(4, "TABLE", "Odd \"one\"", "CREATE TABLE public.\"Odd \"\"one\"\"\" (a int);\n"),
            Entry(5, "ROW SECURITY", "t", 1),
            Entry(6, "ROW SECURITY", "v", 3),
            Trigger(10, "t plain", "CREATE TRIGGER plain WHEN ('; ALTER TABLE public.t DISABLE TRIGGER plain;') EXECUTE FUNCTION f();\n"),
            Trigger(11, "t off", "CREATE TRIGGER off EXECUTE FUNCTION f();\n\nALTER TABLE public.t DISABLE TRIGGER off;\n"),
            Trigger(12, "t r", "CREATE TRIGGER r EXECUTE FUNCTION f();\n\nALTER TABLE public.t ENABLE REPLICA TRIGGER r;\n"),
            Trigger(
                13,
                "f on",
                "CREATE TRIGGER \"on\" EXECUTE FUNCTION f();\n\nALTER FOREIGN TABLE public.f ENABLE ALWAYS TRIGGER \"on\";\n"
            ),
            // A partition's follows the one that it was made for.
            Trigger(14, "part off", "ALTER TABLE public.part DISABLE TRIGGER off;\n"),
            Defined(
                15,
                "RULE",
                "Odd \"one\" r",
                "CREATE RULE r AS ON DELETE DO NOTHING;\nALTER TABLE public.\"Odd \"\"one\"\"\" DISABLE RULE r;\n"
            ),
        ];
        Assert.Equal(
            [
                "rule public.Odd \"one\" r disabled",
                "table public.t  row security enabled",
                "table public.u  row security forced",
                "table public.v  row security enabled and forced",
                "trigger public.f on always enabled",
                "trigger public.t off disabled",
                "trigger public.t r for replicas",
            ],
            Texts(ArchivedState.Of(entries))
        );
    }

    /// <summary>The zoo has every kind of switch.</summary>
    [PostgresFact]
    public async Task IsWhatTheSourceTells()
    {
        IReadOnlyList<TocEntry> entries = ReadToc(server.Backup);
        await using NpgsqlConnection source = server.Open(ZooServer.Database);
        HashSet<string> relations = [.. entries.Where(TocKinds.IsRelation).Select(entry => $"{entry.Schema}.{entry.Name}")];
        List<ObjectState> told = await ObjectState.ReadAsync(source, CancellationToken.None);
        string[] expected = Texts(
            told.Where(state => state.Kind is "trigger" or "rule" or "table" && relations.Contains($"{state.Schema}.{state.Relation}"))
        );
        Assert.Equal(expected, Texts(ArchivedState.Of(entries)));
        Assert.NotEmpty(expected);
    }

    [PostgresFact]
    public async Task WhatWasSwitchedOtherwiseIsFound()
    {
        server.Drop("switched");
        server.CreateDatabase("switched");
        server.Execute(
            "switched",
            """
            CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
            CREATE TABLE t (a int); CREATE TRIGGER off BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f(); ALTER TABLE t DISABLE TRIGGER off;
            CREATE TRIGGER plain BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();
            CREATE RULE r AS ON DELETE TO t DO ALSO NOTHING; ALTER TABLE t ENABLE ALWAYS RULE r;
            ALTER TABLE t ENABLE ROW LEVEL SECURITY; ALTER TABLE t FORCE ROW LEVEL SECURITY;
            """
        );
        IReadOnlyList<TocEntry> entries = ReadToc(server.BackUp("switched"));
        Assert.Empty(await Differences());
        server.Execute("switched", "ALTER TABLE t ENABLE TRIGGER off");
        Assert.Equal(["the trigger off of public.t is not disabled, as it was"], await Differences());
        server.Execute(
            "switched",
            "ALTER TABLE t DISABLE TRIGGER ALL; ALTER TABLE t ENABLE RULE r; ALTER TABLE t NO FORCE ROW LEVEL SECURITY"
        );
        Assert.Equal(
            [
                "the rule r of public.t is not always enabled, as it was",
                "the table public.t is not row security enabled and forced, as it was",
                "the table public.t is row security enabled",
                "the trigger plain of public.t is disabled",
            ],
            (await Differences()).Order(StringComparer.Ordinal)
        );
        server.Drop("switched");

        async Task<List<string>> Differences()
        {
            await using NpgsqlConnection target = server.Open("switched");
            return await new RestoredState(target, entries, ArchivedState.Of(entries), CancellationToken.None).FindDifferencesAsync();
        }
    }

    private static TocEntry Trigger(int id, string name, string definition) => Defined(id, "TRIGGER", name, definition);

    private static string[] Texts(IEnumerable<ObjectState> states) =>
        [
            .. states
                .Select(state => $"{state.Kind} {state.Schema}.{state.Relation} {state.Name} {state.State}")
                .Order(StringComparer.Ordinal),
        ];

    private static IReadOnlyList<TocEntry> ReadToc(string backup)
    {
        using var source = new BackupSource(backup, new AgeDecryption(backup, [], [], CancellationToken.None));
        return ArchiveReader.ReadTableOfContents(source.Output, 0, CancellationToken.None).Entries;
    }
}
