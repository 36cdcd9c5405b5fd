using System.Globalization;
using CryoBackup.Archive;
using CryoBackup.Backup;
using CryoBackup.Postgres;
using CryoBackup.Processes;
using CryoBackup.Tests.Archive;

namespace CryoBackup.Tests.Backup;

/// <summary>A selection out of very many objects is told to pg_dump in a way that the platform takes, or there is an error of its own.</summary>
[Collection("backup")]
public sealed class DumpArgumentsTests(PostgresServer server) : IDisposable
{
    private static readonly string[] Common = ["--format=custom"];
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void FewNamesAreArguments()
    {
        using DumpArguments arguments = For(17, Select(10, request => request with { ExcludeTable = ["t1", "t2"] }));
        Assert.Equal(["--format=custom", "--exclude-table=\"public\".\"t1\"", "--exclude-table=\"public\".\"t2\""], arguments.Given);
    }

    [Fact]
    public void ManyNamesStandInAFileThatIsRemoved()
    {
        string file;
        using (DumpArguments arguments = For(17, Select(5_000, request => request with { IncludeTable = ["t1"] })))
        {
            Assert.Equal(
                [.. Common, "--filter=", "--no-blobs"],
                arguments.Given.Select(word => word.Split('=')[0] is "--filter" ? "--filter=" : word)
            );
            file = arguments.Given[1]["--filter=".Length..];
            string[] lines = File.ReadAllLines(file);
            Assert.Equal(4_999, lines.Length);
            Assert.Contains("exclude table \"public\".\"t2\"", lines);
            Assert.DoesNotContain("exclude table \"public\".\"t1\"", lines);
        }

        Assert.False(Path.Exists(file));
        using DumpArguments rows = For(17, Select(5_000, request => request with { ExcludeTableData = ["*"] }));
        Assert.Contains("exclude table_data \"public\".\"t2\"", File.ReadAllLines(rows.Given[1]["--filter=".Length..]));
    }

    [Fact]
    public void ManyNamesAreOnePatternForAllOthersWherePgDumpReadsNoFile()
    {
        using DumpArguments arguments = For(16, Select(5_000, request => request with { IncludeTable = ["t1", "t12"] }));
        Assert.Equal(
            [.. Common, "--exclude-table=\"public\".([^\"t\"]*|\"t\"(|[^\"1\"]*|\"1\"([^\"2\"]*|\"2\"?*)))", "--no-blobs"],
            arguments.Given
        );
    }

    [Fact]
    public void WhatNoWayCanSayIsAnErrorOfItsOwn()
    {
        DumpSelection half = Select(
            10_000,
            request => request with { ExcludeTable = ["*1_*", "*3_*", "*5_*", "*7_*", "*9_*"] },
            "_" + new string('x', 50)
        );
        For(17, half).Dispose();
        CryoBackupException e = Assert.Throws<CryoBackupException>(() => For(15, half));
        Assert.Equal((CryoBackupError.ConfigurationInvalid, "app"), (e.Error, e.Target));
        Assert.Contains("leaves out 5000 objects of 'app'", e.Message, StringComparison.Ordinal);
        Assert.Contains("PostgreSQL 17", e.Remedy, StringComparison.Ordinal);
    }

    [PostgresFact]
    public void ThePatternMeansAllOthersToPgDump()
    {
        string[] names =
        [
            "a",
            "ab",
            "abc",
            "Ab",
            "AB",
            "b",
            "a-b",
            "a]b",
            "a^b",
            "a$b",
            "a\"b",
            "a.b",
            "a\\b",
            "a b",
            "a*",
            "a?",
            "a|b",
            "(a)",
            "[a",
            "-",
            "ü",
            "a\nb",
            "größe",
            "x+",
            "{1}",
        ];
        server.CreateDatabase("others", "ENCODING 'UTF8' LOCALE 'C'");
        server.Execute("others", string.Concat(names.Select(name => $"CREATE TABLE {PostgresServer.Quote(name)} ();")));
        foreach (
            string[] kept in (string[][])
                [
                    [],
                    ["a"],
                    ["abc"],
                    ["a", "ab", "abc"],
                    ["Ab", "b"],
                    ["a-b", "a]b", "a^b", "a\\b"],
                    ["-", "ü", "(a)"],
                    names[3..],
                    names,
                ]
        )
        {
            byte[] archive = StockDump.ToPipe(server, "others", "--schema-only", $"--exclude-table=\"public\".{PatternOfOthers.Of(kept)}");
            ArchiveContent content = ArchiveReader.Read(new MemoryStream(archive), null, null, CancellationToken.None);
            Assert.Equal(
                kept.Order(StringComparer.Ordinal),
                content.Entries.Where(entry => entry.Kind == "TABLE").Select(entry => entry.Name).Order(StringComparer.Ordinal)
            );
        }
    }

    /// <summary>With any client: the file's way or the pattern's.</summary>
    [PostgresFact]
    public void OneTableOfThousandsIsBackedUp()
    {
        server.CreateDatabase("thousands");
        server.Execute(
            "thousands",
            "CREATE TABLE public.wanted AS SELECT 1 AS a; CREATE TABLE public.wanted_too (a int); CREATE TYPE public.mood AS ENUM ('good')"
        );
        const int Tables = 8_200;
        const int AtOnce = 400; // locks of one transaction
        for (int first = 0; first < Tables; first += AtOnce)
        {
            server.Execute(
                "thousands",
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"DO $$ BEGIN FOR i IN {first}..{first + AtOnce - 1} LOOP EXECUTE format('CREATE TABLE public.%I ()', rpad('t' || i || '_', 62, 'x')); END LOOP; END $$"
                )
            );
        }

        BackupInfo backup = BackupWriter.Run(
            new BackupRequest
            {
                Connection = server.Connection,
                Database = "thousands",
                Folder = _folder.Path,
                IncludeTable = ["wanted*"],
            },
            static _ => { },
            CancellationToken.None
        );
        Assert.Equal(["public.wanted", "public.wanted_too"], backup.Tables.Select(table => table.ToString()));
        server.Execute("postgres", "DROP DATABASE thousands");
    }

    private static DumpArguments For(int major, DumpSelection selection) =>
        DumpArguments.For(
            new ClientTool("pg_dump", "pg_dump.exe", $"{major}.0", major),
            Common,
            selection,
            "app",
            (program, arguments) => CommandLength.Fits(program, arguments, onWindows: true)
        );

    private static DumpSelection Select(int tables, Func<BackupRequest, BackupRequest> change, string end = "")
    {
        BackupRequest request = change(new BackupRequest { Database = "app" });
        return DumpSelection.Resolve(
            request,
            [
                .. Enumerable
                    .Range(1, tables)
                    .Select(i => new DumpTable
                    {
                        Oid = (uint)i,
                        Schema = "public",
                        Name = $"t{i}{end}",
                        QuotedName = $"public.t{i}{end}",
                        Kind = 'r',
                    }),
            ],
            [new DumpSchema("public", "public", HasExtension: false)],
            asciiOnly: false
        );
    }
}
