using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using CryoBackup.Verification;

namespace CryoBackup.Tests.Inspection;

/// <summary>Files of other tools are known by what is in them, whatever they are called, and answered with the way that works.</summary>
[Trait("Runs", "Once")]
public sealed class ForeignFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("--\n-- PostgreSQL database dump\n--\n\nSET statement_timeout = 0;\n", "an SQL script of pg_dump", "psql")]
    [InlineData("--\n-- PostgreSQL database cluster dump\n--\n\nCREATE ROLE a;\n", "pg_dumpall", "psql")]
    [InlineData("TAPE\0\0\u0003\0", "SQL Server", "server that it is of")]
    [InlineData("-- MySQL dump 10.13  Distrib 8.0.36\n", "MySQL", "server that it is of")]
    [InlineData("SQLite format 3\0\u0010\0", "SQLite", "server that it is of")]
    [InlineData("PK\u0003\u0004\u0014\0", "zip", "unzip")]
    [InlineData("BZh91AY", "bzip2", "bzip2 -d")]
    [InlineData("no dump of any kind", "it begins neither as", "New-CryoBackup")]
    public void IsKnownByItsContent(string text, string what, string remedy)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(text);
        AssertSays(Write("app_full.dump.gz", bytes), what, remedy);

        // Compressed too, as far as what is in it is known.
        if (!what.StartsWith("it begins", StringComparison.Ordinal))
        {
            AssertSays(Write("packed.dump.gz", Gzip(bytes)), what, remedy);
        }
    }

    [Fact]
    public void ContainersOfBytes()
    {
        AssertSays(Write("a.gz", [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c, 0, 4]), "7z", "7z x");
        AssertSays(Write("b.gz", [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0, 4]), "xz", "xz -d");
        AssertSays(Write("c.gz", Tar("toc.dat")), "pg_dump's tar format", "pg_restore -d NAME FILE");
        AssertSays(Write("d.gz", Gzip(Tar("toc.dat"))), "pg_dump's tar format", "pg_restore -d NAME FILE");
        AssertSays(Write("e.gz", Tar("backup_label")), "pg_basebackup", "data directory");
        AssertSays(Write("f.gz", Tar("letter.txt")), "a tar file", "tar -xf");
        AssertSays(Write("g.gz", [0xff, 0xfe, .. Encoding.Unicode.GetBytes("PGDMP")]), "PowerShell", "-f FILE");
    }

    [Fact]
    public void PgDumpsFolder()
    {
        string folder = Directory.CreateDirectory(Path.Combine(_folder.Path, "dump")).FullName;
        File.WriteAllText(Path.Combine(folder, "toc.dat"), "PGDMP");
        AssertSays(folder, "directory format", "pg_restore -d NAME FOLDER");
    }

    private static void AssertSays(string path, string what, string remedy)
    {
        VerificationResult result = BackupVerifier.Run(new VerificationRequest { Path = path }, static _ => { }, CancellationToken.None);
        Assert.NotEqual(Verdict.Passed, result.Verdict);
        Assert.Contains(what, result.Reason, StringComparison.Ordinal);
        Assert.Contains(remedy, result.Remedy, StringComparison.Ordinal);
    }

    private static byte[] Gzip(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(bytes);
        }

        return packed.ToArray();
    }

    private static byte[] Tar(string name)
    {
        using var packed = new MemoryStream();
        using (var tar = new TarWriter(packed, TarEntryFormat.Ustar, leaveOpen: true))
        {
            tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream("PGDMP"u8.ToArray()) });
        }

        return packed.ToArray();
    }

    private string Write(string name, byte[] bytes)
    {
        string path = Path.Combine(_folder.Path, name);
        File.WriteAllBytes(path, bytes);
        return path;
    }
}
