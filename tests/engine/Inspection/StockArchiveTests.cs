using System.Diagnostics;
using System.Globalization;
using CryoBackup.Tests.Archive;
using CryoBackup.Tests.Streams;

namespace CryoBackup.Tests.Inspection;

/// <summary>Archives that pg_dump, gzip and pigz made without us are verified to what they can be.</summary>
[Collection("postgres")]
[Trait("Runs", "Once")]
public sealed class StockArchiveTests(PostgresServer server) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private string Write(string name, byte[] content)
    {
        string path = Path.Combine(_folder.Path, name);
        File.WriteAllBytes(path, content);
        return path;
    }

    [PostgresFact]
    public void ReadsWhatPgDumpWrote()
    {
        byte[] zlib = Zoo.Dump(server),
            plain = Zoo.Dump(server, "-Z0");
        string file = Path.Combine(_folder.Path, "file.dump");
        StockDump.ToFile(server, Zoo.Database, file, "-Z0");
        string[] paths =
        [
            file,
            Write("zlib.dump", zlib),
            Write("plain.dump", plain),
            Write("zlib.dump.gz", GzipSamples.Stock(zlib)),
            Write("plain.dump.gz", GzipSamples.Stock(plain)),
            Write("header.dump.gz", GzipSamples.WithFullHeader(plain)),
            Write(
                "members.dump.gz",
                [
                    .. GzipSamples.Stock(plain[..5000]),
                    .. GzipSamples.Stock(plain[5000..3_000_000]),
                    .. GzipSamples.Stock(plain[3_000_000..]),
                ]
            ),
        ];
        string[]? tables = null;
        foreach (string path in paths)
        {
            VerificationResult result = VerifyAssert.Unrecorded(path);
            Assert.Equal(Zoo.Database, result.Database);
            Assert.Equal(CheckOutcome.NotRun, result.Check("metadata").Outcome);
            Assert.Equal(CheckOutcome.Passed, result.Check("backup_format").Outcome);
            Assert.Equal(
                path.EndsWith(".gz", StringComparison.Ordinal) ? CheckOutcome.Passed : CheckOutcome.NotRun,
                result.Check("compression").Outcome
            );
            Assert.Contains(
                path.EndsWith(".gz", StringComparison.Ordinal) ? "gzip's own checksum is good"
                    : path.EndsWith("plain.dump", StringComparison.Ordinal) || path == file ? "it carries no checksum"
                    : "zlib's checksums of the rows are good, but its definitions carry none",
                result.Reason,
                StringComparison.Ordinal
            );

            string[] found = [.. result.Tables.Select(table => $"{table} {table.FoundRows} {table.FoundFingerprint}")];
            Assert.Equal(tables ??= found, found);

            VerificationResult hash = VerifyAssert.Run(path, VerificationLevel.Hash);
            Assert.Equal(Verdict.Inconclusive, hash.Verdict);
            Assert.Equal(64, hash.Hash.Length);
        }
    }

    [ProgramTheory("gzip")]
    [InlineData("-c")]
    [InlineData("-c -1")]
    public void ReadsWhatGzipPacked(string arguments) => ReadsWhatAProgramPacked("gzip", arguments);

    [ProgramTheory("pigz")]
    [InlineData("-c -p 2 -b 128")]
    [InlineData("-c -i")]
    public void ReadsWhatPigzPacked(string arguments) => ReadsWhatAProgramPacked("pigz", arguments);

    private void ReadsWhatAProgramPacked(string program, string arguments)
    {
        var image = ArchiveImage.CreateSample();
        string rows = string.Concat(
            Enumerable.Range(0, 200_000).Select(i => string.Create(CultureInfo.InvariantCulture, $"{i}\t{i * 7919L % 100_003}\n"))
        );
        image.Blocks[0] = image.Blocks[0] with
        {
            Content = [.. ArchiveImage.Chunk(rows), .. ArchiveImage.Chunk("\\.\n\n\n"), .. ArchiveImage.Integer(0)],
        };
        string plain = Write("plain.dump", image.ToBytes());
        string packed = plain + ".gz";
        using (Process process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", $"{program} {arguments} '{plain}' > '{packed}'"]))!)
        {
            process.WaitForExit();
            Assert.Equal(0, process.ExitCode);
        }

        Assert.Contains("2 tables with 200000 rows", VerifyAssert.Unrecorded(packed).Reason, StringComparison.Ordinal);

        byte[] bytes = File.ReadAllBytes(packed);
        foreach (int missing in (int[])[1, 4, 8, 9, 100, bytes.Length / 2])
        {
            File.WriteAllBytes(packed, bytes[..^missing]);
            VerifyAssert.Failed(packed, "compression", packed);
        }

        File.WriteAllBytes(packed, [.. bytes, 0]);
        VerifyAssert.Failed(packed, "compression", "what follows");
    }

    [PostgresFact]
    public void ReadsInsertStatementsWithoutCountingThem()
    {
        foreach (byte[] dump in (byte[][])[Zoo.Dump(server, "--inserts"), Zoo.Dump(server, "-Z0", "--rows-per-insert=100")])
        {
            VerificationResult result = VerifyAssert.Unrecorded(Write("inserts.dump", dump));
            Assert.Equal(14, result.Tables.Length);
            Assert.All(result.Tables, table => Assert.Null(table.FoundRows));
            Assert.Contains("written as INSERT statements, are not counted", result.Check("content").Detail, StringComparison.Ordinal);
        }
    }

    [PostgresFact]
    public void ReadsADumpWithoutData()
    {
        VerificationResult result = VerifyAssert.Unrecorded(Write("schema.dump", Zoo.Dump(server, "--schema-only")));
        Assert.Empty(result.Tables);
        VerifyAssert.Unrecorded(Write("data.dump", Zoo.Dump(server, "--data-only")));
        VerifyAssert.Unrecorded(Write("section.dump", Zoo.Dump(server, "--section=post-data")));
    }

    [Theory]
    [InlineData("pg_dump-18.3-none.dump")]
    [InlineData("pg_dump-18.3-gzip.dump")]
    public void ReadsPgDump18(string name)
    {
        byte[] archive = TestData.Read(name);
        Assert.Contains("3 tables with 38 rows", VerifyAssert.Unrecorded(Write("a.dump", archive)).Reason, StringComparison.Ordinal);
        Assert.Contains(
            "3 tables with 38 rows",
            VerifyAssert.Unrecorded(Write("a.dump.gz", GzipSamples.Stock(archive))).Reason,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void SaysWhatItCannotDecompress()
    {
        ArchiveImage image = ArchiveImage.CreateSample().ToVersion(16);
        image.Compression = 3;
        VerificationResult result = VerifyAssert.Run(Write("zstd.dump", image.ToBytes()));
        Assert.Equal(Verdict.Inconclusive, result.Verdict);
        Assert.Contains("Zstd", result.Reason, StringComparison.Ordinal);
        Assert.Equal(CheckOutcome.Passed, result.Check("backup_format").Outcome);
    }

    [Theory]
    [InlineData("none")]
    [InlineData("zlib")]
    [InlineData("gzip")]
    public void FailsTruncations(string packing)
    {
        byte[] plain = ArchiveImage.CreateSample().ToBytes();
        byte[] file = packing switch
        {
            "none" => plain,
            "zlib" => Deflated.Sample().ToBytes(),
            _ => GzipSamples.Stock(plain),
        };
        string path = Write("a.dump", file);
        VerifyAssert.Unrecorded(path);
        for (int length = 0; length < file.Length; length += Thoroughness.Of(5, 1))
        {
            File.WriteAllBytes(path, file[..length]);
            Assert.Equal(Verdict.Failed, VerifyAssert.Run(path).Verdict);
        }
    }
}
