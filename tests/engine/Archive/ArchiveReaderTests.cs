using CryoBackup.Archive;
using CryoBackup.Postgres;

namespace CryoBackup.Tests.Archive;

/// <summary>The tap on archives of the real pg_dump.</summary>
[Collection("postgres")]
public sealed class ArchiveReaderTests(PostgresServer server)
{
    public static TheoryData<string> Compressions => ["-Z0", "-Z6"];

    [PostgresTheory]
    [MemberData(nameof(Compressions))]
    public void CountsWhatTheServerCounts(string compression)
    {
        ArchiveContent content = ArchiveAssert.Read(Zoo.Dump(server, compression));

        Assert.Equal(Zoo.Database, content.Header.Database);
        Assert.Equal("UTF8", content.Encoding);
        Assert.Equal(14, content.Tables.Count);
        foreach (TableContent table in content.Tables)
        {
            string name = $"{PostgresServer.Quote(table.Entry.Schema)}.{PostgresServer.Quote(table.Entry.Name)}";
            Assert.Equal(server.Scalar(Zoo.Database, $"SELECT count(*) FROM ONLY {name}"), table.Fingerprint!.Rows);
        }

        Assert.Equal(server.Scalar(Zoo.Database, "SELECT count(*) FROM pg_largeobject_metadata"), content.LargeObjectCount);
        Assert.Equal(server.Scalar(Zoo.Database, "SELECT sum(length(data)) FROM pg_largeobject"), content.LargeObjectBytes);
    }

    [PostgresFact]
    public void KnowsEveryObject()
    {
        ArchiveContent content = ArchiveAssert.Read(Zoo.Dump(server, "-Z0"));
        string[] kinds =
        [
            "ENCODING",
            "STDSTRINGS",
            "SEARCHPATH",
            "DATABASE",
            "SCHEMA",
            "EXTENSION",
            "TYPE",
            "DOMAIN",
            "SEQUENCE",
            "FUNCTION",
            "TABLE",
            "TABLE DATA",
            "VIEW",
            "MATERIALIZED VIEW",
            "MATERIALIZED VIEW DATA",
            "INDEX",
            "CONSTRAINT",
            "DEFAULT",
            "TRIGGER",
            "POLICY",
            "ROW SECURITY",
            "COMMENT",
            "ACL",
            "BLOBS",
            "SEQUENCE SET",
            server.Cluster.Major < 17 ? "BLOB" : "BLOB METADATA",
        ];
        Assert.Empty(kinds.Except(content.Entries.Select(entry => entry.Kind)));
        // Before 14 it stands in the partition's entry TABLE.
        Assert.Equal(server.Cluster.Major >= 14, content.Entries.Any(entry => entry.Kind == "TABLE ATTACH"));

        TocEntry odd = Assert.Single(content.Entries, entry => entry is { Kind: "TABLE", Name: "Tab\\le with 'quotes'" });
        Assert.Equal(("Odd \"Schema\"; é", "postgres", TocSection.PreData), (odd.Schema, odd.Owner, odd.Section));
        Assert.StartsWith("CREATE TABLE", odd.Definition, StringComparison.Ordinal);
        TocEntry data = Assert.Single(content.Entries, entry => entry.IsTableData && entry.Name == odd.Name);
        Assert.Equal([odd.DumpId], data.Dependencies);
        Assert.Equal(
            "COPY \"Odd \"\"Schema\"\"; é\".\"Tab\\le with 'quotes'\" (\"col umn\", \"ü\", p, d, h) FROM stdin;\n",
            data.CopyStatement
        );
        Assert.Equal(
            server.Scalar(Zoo.Database, "SELECT 'plain'::regclass::oid"),
            content.Entries.Single(entry => entry is { Kind: "TABLE", Name: "plain" }).Oid
        );
    }

    [PostgresFact]
    public void ReadsTheSameThroughZlib()
    {
        ArchiveContent plain = ArchiveAssert.Read(Zoo.Dump(server, "-Z0")),
            zlib = ArchiveAssert.Read(Zoo.Dump(server, "-Z6"));
        Assert.Equal((ArchiveCompression.None, ArchiveCompression.Gzip), (plain.Header.Compression, zlib.Header.Compression));
        Assert.Equal(ArchiveAssert.DescribeTables(plain), ArchiveAssert.DescribeTables(zlib));
        Assert.Equal(plain.LargeObjectFingerprint, zlib.LargeObjectFingerprint);
    }

    [PostgresTheory]
    [MemberData(nameof(Compressions))]
    public void AnySplitGivesTheSame(string compression)
    {
        byte[] archive = Zoo.Dump(server, compression);
        string expected = ArchiveAssert.Describe(ArchiveAssert.Read(archive));
        var random = new Random(20240806);

        // One byte at a time once; then pieces of a few bytes, of a page, and of about the reader's own buffer.
        Assert.Equal(expected, Read(() => 1));
        foreach (int most in (int[])[7, 100, 5000, 1 << 17, 1 << 20, (1 << 20) + 1])
        {
            for (int round = 0; round < (most < 1000 ? 2 : 12); round++)
            {
                Assert.Equal(expected, Read(() => random.Next(1, most + 1)));
            }
        }

        string Read(Func<int> size)
        {
            var copy = new MemoryStream(archive.Length);
            string found = ArchiveAssert.Describe(ArchiveAssert.Read(new SplitStream(archive, size), copy));
            Assert.True(archive.AsSpan().SequenceEqual(copy.GetBuffer().AsSpan(0, (int)copy.Length)));
            return found;
        }
    }

    [PostgresFact]
    public void ReadsAFileWithOffsets()
    {
        Zoo.Create(server);
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "zoo.dump");
        StockDump.ToFile(server, Zoo.Database, path, "-Z0");
        ArchiveContent file = ArchiveAssert.Read(File.OpenRead(path));
        ArchiveContent pipe = ArchiveAssert.Read(Zoo.Dump(server, "-Z0"));

        Assert.All(file.Entries.Where(entry => entry.HasData), entry => Assert.NotNull(entry.DataOffset));
        Assert.All(pipe.Entries, entry => Assert.Null(entry.DataOffset));
        Assert.Equal(ArchiveAssert.DescribeTables(pipe), ArchiveAssert.DescribeTables(file));
    }

    [PostgresTheory]
    [InlineData(15)]
    [InlineData(16)]
    public void ReadsTheZooInNewerVersions(byte minor)
    {
        byte[] archive = Zoo.Dump(server, "-Z6");
        var image = ArchiveImage.Parse(archive);
        Assert.True(archive.AsSpan().SequenceEqual(image.ToBytes()));

        // What pg_dump 16 or later has written is of such a version.
        byte[] newer = image.Minor < minor ? image.ToVersion(minor).ToBytes(offsets: true) : archive;
        ArchiveContent original = ArchiveAssert.Read(archive),
            rewritten = ArchiveAssert.Read(newer);
        Assert.Equal(ArchiveAssert.DescribeTables(original), ArchiveAssert.DescribeTables(rewritten));
        Assert.Equal(original.LargeObjectFingerprint, rewritten.LargeObjectFingerprint);
        Assert.Equal(Math.Max(minor, image.Minor) == 16, rewritten.Entries.Any(entry => entry.Kind == "BLOB METADATA"));
    }

    [PostgresFact]
    public void TakesInsertStatementsAsTheyAre()
    {
        ArchiveContent content = ArchiveAssert.Read(Zoo.Dump(server, "-Z6", "--inserts"));
        Assert.Equal(14, content.Tables.Count);
        Assert.All(content.Tables, table => Assert.Null(table.Fingerprint));
        Assert.Equal(3, content.LargeObjectCount);
    }

    [PostgresTheory]
    [InlineData("SQL_ASCII", "C")]
    [InlineData("LATIN1", "C")]
    [InlineData("EUC_JP", "C")]
    public void ReadsNamesInTheDatabasesEncoding(string encoding, string locale)
    {
        string database = "in " + encoding;
        ServerEndpoint endpoint = server.CreateDatabase(database, $"ENCODING '{encoding}' LOCALE '{locale}'");
        string name = encoding == "EUC_JP" ? "試料" : "Größe";
        using (Npgsql.NpgsqlConnection connection = server.Open(database))
        using (
            var command = new Npgsql.NpgsqlCommand(
                $"CREATE TABLE \"{name}\" (a text); INSERT INTO \"{name}\" VALUES ('{name}')",
                connection
            )
        )
        {
            command.ExecuteNonQuery();
        }

        ArchiveContent content = ArchiveAssert.Read(StockDump.ToPipe(server, endpoint.Database, "-Z0"));
        Assert.Equal(encoding, content.Encoding);
        TableContent table = Assert.Single(content.Tables);
        Assert.Equal(1, table.Fingerprint!.Rows);

        // Of SQL_ASCII nobody knows what its bytes mean; each stands for itself.
        Assert.Equal(encoding == "SQL_ASCII" ? "GrÃ¶Ã\u009fe" : name, table.Entry.Name);
    }

    [PostgresFact]
    public void HoldsNoMoreThanItsBuffer()
    {
        byte[] archive = Zoo.Dump(server, "-Z0");
        ArchiveAssert.Read(archive);
        long before = GC.GetAllocatedBytesForCurrentThread();
        ArchiveAssert.Read(archive);

        // Rows of 1 to 3 MB lie in it; the table of contents is what takes memory.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 3 << 20);
        Assert.True(archive.Length > 10_000_000);
    }

    [PostgresFact]
    public void EndsWithItsToken()
    {
        byte[] archive = Zoo.Dump(server, "-Z0");
        using var source = new CancellationTokenSource();
        int reads = 0;
        var stream = new SplitStream(
            archive,
            () =>
            {
                if (++reads == 20)
                {
                    source.Cancel();
                }

                return 10_000;
            }
        );
        Assert.Throws<OperationCanceledException>(() => ArchiveReader.Read(stream, null, null, source.Token));
        Assert.InRange(reads, 20, 21);
    }

    [PostgresFact]
    public void TellsWhereItIs()
    {
        byte[] archive = Zoo.Dump(server, "-Z0");
        ArchiveReader? reader = null;
        int called = 0;
        ArchiveContent content = ArchiveReader.Read(
            new MemoryStream(archive),
            null,
            started =>
            {
                called++;
                reader = started;
                Assert.NotNull(started.Header);
                Assert.Null(started.Current);
                Assert.Contains(started.Entries, entry => entry.IsTableData);
            },
            CancellationToken.None
        );
        Assert.Equal(1, called);
        Assert.Equal(archive.Length, reader!.BytesRead);
        Assert.Equal(archive.Length, content.Length);
        Assert.NotNull(reader.Current);
    }
}
