using System.Text;
using CryoBackup.Archive;

namespace CryoBackup.Tests.Archive;

/// <summary>The formats of PostgreSQL 16 (1.15) and of 17 and later (1.16), in archives of pg_dump 18 and in rewritten ones.</summary>
public sealed class ArchiveVersionTests
{
    [Theory]
    [InlineData("pg_dump-18.3-none.dump", nameof(ArchiveCompression.None))]
    [InlineData("pg_dump-18.3-gzip.dump", nameof(ArchiveCompression.Gzip))]
    public void ReadsWhatPgDump18Wrote(string file, string compression)
    {
        ArchiveContent content = ArchiveAssert.Read(TestData.Read(file));

        Assert.Equal(new Version(1, 16, 0), content.Header.Version);
        Assert.Equal(compression, content.Header.Compression.ToString());
        Assert.Equal(("postgres", "18.3", "18.3"), (content.Header.Database, content.Header.ServerVersion, content.Header.DumpVersion));
        Assert.Equal("UTF8", content.Encoding);
        Assert.Equal(
            ["lab.empty 0", "lab.molecule 28", "lab.reading_2024 10"],
            content
                .Tables.Select(table => $"{table.Entry.Schema}.{table.Entry.Name} {table.Fingerprint!.Rows}")
                .Order(StringComparer.Ordinal)
        );
        Assert.Equal((3, 16 + 600), (content.LargeObjectCount, content.LargeObjectBytes));
        Assert.Contains(
            content.Entries,
            entry => entry is { Kind: "BLOB METADATA", Name: "4711..4000000000", Definition: "4711\n4712\n4000000000\n" }
        );
        Assert.All(content.Entries, entry => Assert.All(entry.Dependencies, id => Assert.True(id > 0)));
        Assert.Contains(
            content.Entries,
            entry => entry is { Kind: "TYPE", Schema: "lab", Name: "state", Owner: "postgres", Section: TocSection.PreData }
        );
        Assert.Contains(
            content.Entries,
            entry => entry is { Kind: "SEQUENCE SET", Schema: "lab", Name: "number", Section: TocSection.Data }
        );
    }

    [Fact]
    public void FingerprintsTheRowsOfPgDump18()
    {
        ArchiveContent plain = ArchiveAssert.Read(TestData.Read("pg_dump-18.3-none.dump"));
        ArchiveContent zlib = ArchiveAssert.Read(TestData.Read("pg_dump-18.3-gzip.dump"));
        Assert.Equal(ArchiveAssert.DescribeTables(plain), ArchiveAssert.DescribeTables(zlib));
        Assert.Equal(plain.LargeObjectFingerprint, zlib.LargeObjectFingerprint);

        var expected = new TableFingerprint();
        for (int i = 1; i <= 25; i++)
        {
            expected.Append(Encoding.UTF8.GetBytes($"{i + 6}\tC{new string('O', i)}\t{(i % 2 == 0 ? "frozen" : "\\N")}\t\\\\x{i:x4}\n"));
        }

        expected.Append("32\t\\\\.\t\\N\t\\N\n33\ttab\\there\\nnewline\t\\N\t\\N\n34\tGröße 🧊\t\\N\t\\N\n"u8);
        Assert.Equal(expected.Text, plain.Tables.Single(table => table.Entry.Name == "molecule").Fingerprint!.Text);
    }

    [Theory]
    [InlineData(15)]
    [InlineData(16)]
    public void ReadsARewrittenArchiveAsTheOriginal(byte minor)
    {
        var original = ArchiveImage.CreateSample();
        ArchiveContent expected = ArchiveAssert.Read(original.ToBytes());
        ArchiveContent found = ArchiveAssert.Read(original.ToVersion(minor).ToBytes());

        Assert.Equal(minor, found.Header.Version.Minor);
        Assert.Equal(ArchiveAssert.DescribeTables(expected), ArchiveAssert.DescribeTables(found));
        Assert.Equal(expected.LargeObjectFingerprint, found.LargeObjectFingerprint);
        Assert.Equal(expected.Entries.Count, found.Entries.Count);
    }

    [Fact]
    public void TheHelperWritesWhatItParsed()
    {
        // Else its rewritten archives would prove nothing.
        foreach (string file in (string[])["pg_dump-18.3-none.dump", "pg_dump-18.3-gzip.dump"])
        {
            byte[] archive = TestData.Read(file);
            Assert.Equal(archive, ArchiveImage.Parse(archive).ToBytes());
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void StepsOverDataThatItCannotDecompress(byte algorithm)
    {
        ArchiveImage image = ArchiveImage.CreateSample().ToVersion(16);
        image.Compression = algorithm;
        ArchiveContent content = ArchiveAssert.Read(image.ToBytes());

        Assert.Equal((ArchiveCompression)algorithm, content.Header.Compression);
        Assert.All(content.Tables, table => Assert.Null(table.Fingerprint));
        Assert.Equal((2, 2), (content.Tables.Count, content.LargeObjectCount));
    }
}
