using System.Diagnostics;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using CryoBackup.Archive;
using CryoBackup.Configuration;
using CryoBackup.Processes;
using CryoBackup.Storage;
using CryoBackup.Tests.Archive;
using CryoBackup.Tests.Restore;
using static CryoBackup.Tests.Archive.ArchiveImage;

namespace CryoBackup.Tests.Inspection;

/// <summary>What is small and becomes large, or has no end: each is refused at a limit, which the error tells.</summary>
[Trait("Runs", "Once")]
[Collection("environment")]
public sealed class BombTests : IDisposable
{
    private const int Megabyte = 1 << 20;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void AnArchiveFarBeyondItsRecordIsNotReadOn()
    {
        ArchiveImage image = CreateSample();
        byte[] row = Encoding.ASCII.GetBytes(new string('1', Megabyte - 1) + "\n");
        image.Blocks[0] = new Block(
            1,
            5,
            [.. Enumerable.Repeat(ArchiveImage.Text(row), 80).SelectMany(chunk => chunk), .. Chunk("\\.\n\n\n"), .. Integer(0)]
        );
        string path = Path.Combine(_folder.Path, "app_20260131_120000_full.dump.gz");
        WriteGzip(path, stream => stream.Write(image.ToBytes()));
        byte[] bytes = File.ReadAllBytes(path);
        Assert.InRange(bytes.Length, 1, Megabyte);
        var manifest = new BackupManifest
        {
            Timestamp = "2026-01-31T12:00:00Z",
            Database = "app",
            BackupFile = Path.GetFileName(path),
            SizeBytes = bytes.Length,
            SchemaVersion = 1,
            Sha256 = Convert.ToHexString(SHA256.HashData(bytes)).ToLowerInvariant(),
            Compression = "gzip",
            UncompressedBytes = 1000,
            Tables = [],
            ManifestSha256 = new string('0', 64),
        };
        File.WriteAllBytes(path + ".meta.json", manifest.Serialize());
        VerifyAssert.Failed(path, "backup_format", "goes on beyond", "1000 bytes are recorded");
    }

    [Fact]
    public void RolesThatFillTheMemoryAreNotRead()
    {
        string backup = Path.Combine(_folder.Path, "app_20260131_120000_full.dump.gz");
        string globals = backup + GlobalsFile.Suffix(isEncrypted: false);
        WriteGzip(
            globals,
            stream =>
            {
                byte[] blanks = new byte[Megabyte];
                Array.Fill(blanks, (byte)' ');
                for (int i = 0; i < 1024; i++)
                {
                    stream.Write(blanks);
                }
            }
        );
        Assert.InRange(new FileInfo(globals).Length, 1, 16 * Megabyte);
        var record = new BackupManifest.GlobalsRecord
        {
            File = Path.GetFileName(globals),
            Sha256 = Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(globals))),
        };
        long before = GC.GetAllocatedBytesForCurrentThread();
        CryoBackupException failure = Assert.Throws<CryoBackupException>(() =>
            GlobalsFile.Read(StoredFile.At(backup), record, isEncrypted: false, [], CancellationToken.None)
        );
        Assert.Equal(CryoBackupError.ArchiveCorrupt, failure.Error);
        Assert.Contains("more than 32.0 MB", failure.Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 256 * Megabyte);
    }

    /// <summary>A role's label that makes its pattern try every quote from every other.</summary>
    [Fact]
    public void AStatementThatIsMadeToBeTriedForEverIsGivenUp()
    {
        string backup = Path.Combine(_folder.Path, "app_20260131_120000_full.dump.gz");
        string globals = backup + GlobalsFile.Suffix(isEncrypted: false);
        string label = "SECURITY LABEL FOR " + string.Concat(Enumerable.Repeat("x ON ROLE \"\"", 80_000)) + ";\nCREATE ROLE a;\n";
        WriteGzip(globals, stream => stream.Write(Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(label, 8)))));
        var record = new BackupManifest.GlobalsRecord
        {
            File = Path.GetFileName(globals),
            Sha256 = Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(globals))),
        };
        Exception? failure = Record.Exception(() =>
            GlobalsFile.Read(StoredFile.At(backup), record, isEncrypted: false, [], CancellationToken.None)
        );
        Assert.True(failure is null or CryoBackupException { Error: CryoBackupError.ArchiveCorrupt }, failure?.ToString());
    }

    [UnixTheory]
    [InlineData("/dev/zero", "a pipe, a socket or a device")]
    [InlineData("pipe", "a pipe, a socket or a device")]
    [InlineData("/", "a folder")]
    [InlineData("long", "too long for a value, which has at most 65536 bytes")]
    public void AValueFromAFileHasAnEnd(string file, string reason)
    {
        using (var make = Process.Start("mkfifo", [Path.Combine(_folder.Path, "pipe")]))
        {
            make.WaitForExit();
        }

        _folder.Write("long", new string('x', 65_537));
        string path = _folder.Write("c.yaml", $"database: {{password: '${{file:{file}}}'}}\n");
        BackupConfiguration configuration = ConfigurationFile.Read(path, static _ => { });
        CryoBackupException failure = Assert.Throws<CryoBackupException>(() => configuration.Require(ConfigurationUse.Check));
        Assert.Contains(reason, failure.Message, StringComparison.Ordinal);
    }

    /// <summary>A manifest may say that the archive is small; what else is on the temporary disk still has room.</summary>
    [FullDiskFact]
    public void ALieAboutTheSizeDoesNotFillTheDisk()
    {
        using SmallDisk disk = SmallDisk.TryMount(_folder.Path, 64)!;
        string? before = Environment.GetEnvironmentVariable("TMPDIR");
        Environment.SetEnvironmentVariable("TMPDIR", _folder.Path);
        try
        {
            using var spool = new SpooledArchive();
            Assert.StartsWith("No space left", Assert.Throws<IOException>(() => Fill(spool.Input)).Message, StringComparison.Ordinal);
            Assert.InRange(LocalDisk.FreeSpace(_folder.Path)!.Value, 64 * Megabyte / 20, 64 * Megabyte);
        }
        finally
        {
            Environment.SetEnvironmentVariable("TMPDIR", before);
        }

        static void Fill(Stream stream)
        {
            for (int i = 0; i < 100; i++)
            {
                stream.Write(new byte[Megabyte]);
            }
        }
    }

    private static void WriteGzip(string path, Action<Stream> write)
    {
        using var stream = new GZipStream(File.Create(path), CompressionLevel.Fastest);
        write(stream);
    }
}
