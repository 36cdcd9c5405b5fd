using System.Globalization;
using System.Text;
using CryoBackup.Archive;
using CryoBackup.Backup;
using CryoBackup.Encryption;
using CryoBackup.Postgres;
using CryoBackup.Restore;
using CryoBackup.Restore.Selection;
using CryoBackup.Text;
using CryoBackup.Verification.Rehearsal;

namespace CryoBackup.Tests.Security;

/// <summary>
/// What an archive says is a stranger's text. Every parser of it takes time in proportion to its length: a text that would keep a pattern
/// which backtracks, or a loop within a loop, for hours is done within the budget.
/// </summary>
[Trait("Runs", "Once")]
public sealed class HostileTextTests
{
    private const int Length = 200_000;

    // A hundred times what they take; the faults that this is to find take hours.
    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(60);

    private static readonly Dictionary<string, Action<string>> Parsers = new(StringComparer.Ordinal)
    {
        ["COPY statements"] = text => Ignore(() => CopyStatement.Parse(text)),
        ["owners and grantees"] = text =>
            RoleNames.Of(
                Entries(text, "ACL", "DEFAULT ACL", "POLICY", "USER MAPPING", "DATABASE PROPERTIES"),
                noOwner: false,
                noPrivileges: false
            ),
        ["the selection of a rehearsal"] = text =>
        {
            RehearsalSelection.ForScratchServer(
                Entries(text, "FUNCTION", "PROCEDURE", "TYPE", "EXTENSION", "SERVER", "VIEW", "TABLE"),
                asSuperuser: false
            );
            RehearsalSelection.ForNamedServer(
                Entries(text, "FUNCTION", "PROCEDURE", "TYPE", "EXTENSION", "SERVER", "VIEW", "TABLE"),
                asSuperuser: false
            );
        },
        ["globals"] = text => _ = new GlobalsScript(text),
        ["SQL"] = text => SqlStatement.Split(text),
        ["the database's own statements"] = text =>
            Ignore(() =>
                DatabaseDefinition.Statements(
                    Entries(text, "DATABASE", "DATABASE PROPERTIES", "COMMENT", "ACL"),
                    Entries(text, "DATABASE"),
                    noOwner: false
                )
            ),
        ["the database's options"] = text => Ignore(() => DatabaseDefinition.Options(Entries(text, "DATABASE")).Locale.ToString()),
        ["what pg_restore says"] = text =>
        {
            var complaint = new RestoreComplaint();
            foreach (string line in ("pg_restore: error: could not execute query: ERROR:  x\nDETAIL:  " + text).Split('\n'))
            {
                complaint.Take(line);
            }

            _ = (complaint.Statement, complaint.StatementStart, complaint.Detail);
        },
        ["what pg_dump says"] = text =>
            _ = (DumpDiagnostics.Classify(text.Split('\n'), CryoBackupError.DumpFailed), DumpDiagnostics.Warnings(text.Split('\n'))),
        ["the header of an encrypted file"] = text =>
            Ignore(() => AgeHeader.Read(new MemoryStream(Encoding.UTF8.GetBytes("age-encryption.org/v1\n" + text)))),
        ["money"] = text => TocKinds.SpeaksOfMoney(Entries(text, "TABLE")[0]),
    };

    public static TheoryData<string> Names => [.. Parsers.Keys];

    /// <summary>Beginnings, and what is repeated behind them without end.</summary>
    private static readonly string[] Starts =
    [
        "",
        "COPY ",
        "COPY public.t (",
        "CREATE POLICY p ON t TO ",
        "CREATE USER MAPPING FOR ",
        "ALTER ROLE ",
        "GRANT ALL ON t TO ",
        "REVOKE ",
        "COMMENT ON DATABASE d IS '",
        "CREATE ROLE ",
        "SECURITY LABEL FOR ",
        "ALTER DATABASE d SET a TO ",
        "CREATE DATABASE d WITH TEMPLATE = template0 ",
        "CREATE FUNCTION f()\n",
        "CREATE EXTENSION x WITH SCHEMA ",
        "$$",
        "\n",
    ];

    private static readonly string[] Pumps =
    [
        "\"",
        "\"\"",
        "\"a\"",
        "a",
        "a, ",
        "\"\", ",
        " ",
        "\n",
        "\n ",
        "\t\n",
        " \n LANGUAGE ",
        "\n    LANGUAGE x",
        "(",
        ")",
        "'",
        "''",
        "\\'",
        "$",
        "$a$",
        "$a",
        "/*",
        "*/",
        "--\n",
        ";",
        ";\n",
        " TO ",
        " FROM ",
        " TO a",
        " IS ",
        " TABLESPACE = ",
        " TABLESPACE = \"",
        "E'\\",
        "U&\"",
        ".",
        " WITH SCHEMA a;",
        "GRANT a TO b;\n",
        "SET SESSION AUTHORIZATION a;\n",
        ", 1, true);",
        "BEGIN ATOMIC ",
        "CASE ",
        "é",
    ];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task TakesTimeInProportionToTheText(string parser)
    {
        foreach (string text in Pumped().Concat(Random()))
        {
            Task parsing = Task.Factory.StartNew(
                () => Parsers[parser](text),
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default
            );
            Task first = await Task.WhenAny(parsing, Task.Delay(Budget));
            Assert.True(first == parsing, $"{parser}: {text[..60]}… takes longer than {Budget}");
            await parsing;
        }
    }

    [Fact]
    public void ACopyStatementIsNothingElse()
    {
        Assert.Equal(("public.t", "a, \"b c\""), Parts("COPY public.t (a, \"b c\") FROM stdin;\n"));
        Assert.Equal(("\"a\"\"b\".\"COPY (\"", "\"FROM stdin\""), Parts("COPY \"a\"\"b\".\"COPY (\" (\"FROM stdin\") FROM stdin;\n"));
        Assert.Equal(("public.empty", ""), Parts("COPY public.empty  FROM stdin;\n"));
        foreach (
            string text in (string[])
                [
                    "",
                    "COPY",
                    "COPY public.t (a FROM stdin;",
                    "COPY (SELECT 1) TO STDOUT;",
                    "COPY public.t (a) FROM stdin; DROP TABLE t;",
                    "COPY public.t (a) FROM PROGRAM 'x';",
                    "COPY public.t (f(a)) FROM stdin;",
                    "COPY public.t () FROM stdin;",
                    "COPY public.t (a,) FROM stdin;",
                    "COPY t.u.v (a) FROM stdin;",
                    "COPY 't' FROM stdin;",
                    "COPY public.t (a) FROM stdin",
                    "INSERT INTO t",
                    new string('"', 3),
                ]
        )
        {
            Assert.Equal(CryoBackupError.ArchiveCorrupt, Assert.Throws<CryoBackupException>(() => CopyStatement.Parse(text)).Error);
        }

        static (string, string) Parts(string text) => (CopyStatement.Parse(text).Table, CopyStatement.Parse(text).Columns);
    }

    [Fact]
    public void EveryRoleOfAPolicyIsFound()
    {
        Assert.Equal(
            ["a b", "c", "x\"y"],
            RoleNames.Of(
                Entries("CREATE POLICY p ON t TO c, \"a b\", \"x\"\"y\" USING ((a = 1));\n", "POLICY"),
                noOwner: true,
                noPrivileges: false
            )
        );
        Assert.Equal(
            ["one", "two"],
            RoleNames.Of(
                Entries("GRANT SELECT ON TABLE t TO two;\nSET SESSION AUTHORIZATION one;\nGRANT SELECT ON TABLE t TO PUBLIC;\n", "ACL"),
                noOwner: true,
                noPrivileges: false
            )
        );
    }

    [Fact]
    public void AChainOfTablesIsNoStack()
    {
        const int Tables = 100_000;
        var entries = new List<TocEntry>();
        for (int i = 1; i <= Tables; i++)
        {
            entries.Add(
                new TocEntry
                {
                    DumpId = i,
                    Kind = "TABLE",
                    Schema = "public",
                    Name = $"t{i}",
                }
            );
            entries.Add(
                new TocEntry
                {
                    DumpId = Tables + i,
                    Kind = "TABLE DATA",
                    Schema = "public",
                    Name = $"t{i}",
                    Dependencies = [i],
                }
            );
            entries.Add(
                new TocEntry
                {
                    DumpId = (2 * Tables) + i,
                    Kind = "FK CONSTRAINT",
                    Schema = "public",
                    Name = $"t{i} fk",
                    Dependencies = [i, i == Tables ? 1 : i + 1],
                }
            );
        }

        (IReadOnlyList<TocEntry> sorted, IReadOnlyList<string> circular) = DataOrder.Sort(
            [.. entries.Where(entry => entry.IsTableData)],
            entries
        );
        Assert.Equal(Tables, sorted.Count);
        Assert.Equal(Tables, circular.Count);
        Assert.Equal($"t{Tables}", sorted[0].Name);
    }

    [Fact]
    public void ATableOfContentsIsBounded()
    {
        var archive = new Tests.Archive.ArchiveImage
        {
            Database = "d"u8.ToArray(),
            ServerVersion = "15"u8.ToArray(),
            DumpVersion = "15"u8.ToArray(),
        };
        for (int i = 1; i <= 20_000; i++)
        {
            archive.Add(i, "BLOB", i.ToString(CultureInfo.InvariantCulture), TocSection.PreData, "");
        }

        byte[] bytes = archive.ToBytes();
        Assert.Equal(20_000, Read(1L << 30));
        CryoBackupException refusal = Assert.Throws<CryoBackupException>(() => Read(1 << 20));
        Assert.Equal(CryoBackupError.ArchiveCorrupt, refusal.Error);
        Assert.Contains($"of its 20000 entries already take {SizeText.Of(1 << 20)}", refusal.Message, StringComparison.Ordinal);
        Assert.NotNull(refusal.Remedy);

        int Read(long largest)
        {
            using var input = new ArchiveInput(new MemoryStream(bytes), copyTo: null, CancellationToken.None);
            var toc = new TocReader(input, largest);
            toc.Read();
            return toc.Entries.Count;
        }
    }

    private static IEnumerable<string> Pumped()
    {
        foreach (string start in Starts)
        {
            foreach (string pump in Pumps)
            {
                yield return new StringBuilder(start).Insert(start.Length, pump, Length / 10 / pump.Length).Append('x').ToString();
            }
        }

        // The worst of them at full length.
        foreach (string pump in Pumps)
        {
            yield return "COPY " + new StringBuilder().Insert(0, pump, Length / pump.Length);
        }
    }

    private static IEnumerable<string> Random()
    {
        string[] words = [.. Starts, .. Pumps];
        for (int seed = 0; seed < 50; seed++)
        {
            var random = new Random(seed);
            var text = new StringBuilder();
            while (text.Length < Length / 4)
            {
                text.Insert(text.Length, words[random.Next(words.Length)], random.Next(1, 30));
            }

            yield return text.ToString();
        }
    }

    private static TocEntry[] Entries(string definition, params string[] kinds) =>
        [
            .. kinds.Select(
                (kind, index) =>
                    new TocEntry
                    {
                        DumpId = index + 1,
                        Kind = kind,
                        Name = "d",
                        Schema = "public",
                        Definition = definition,
                        Section = TocSection.PreData,
                    }
            ),
        ];

    private static void Ignore(Action parse)
    {
        try
        {
            parse();
        }
        catch (Exception exception) when (exception is CryoBackupException or InvalidDataException)
        {
            // That is an answer too.
        }
    }
}
