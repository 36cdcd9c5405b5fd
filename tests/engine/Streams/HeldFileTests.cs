using CryoBackup.Storage;
using CryoBackup.Streams;
using CryoBackup.Verification;

namespace CryoBackup.Tests.Streams;

/// <summary>Scanners, indexers and copies hold files for a moment on Windows.</summary>
public sealed class HeldFileTests : IDisposable
{
    private const int SharingViolation = unchecked((int)0x80070020);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void IsTriedAgainForAWhile()
    {
        int tries = 0;
        HeldFile.Patiently(
            () =>
            {
                if (++tries < 3)
                {
                    throw tries == 1 ? new IOException("held", SharingViolation) : new UnauthorizedAccessException();
                }
            },
            mayBeDenied: true,
            TimeSpan.FromMinutes(1)
        );
        Assert.Equal(3, tries);
        Assert.Equal("x", HeldFile.Patiently(() => "x"));

        // What is no matter of patience is told at once.
        Assert.Throws<UnauthorizedAccessException>(() =>
            HeldFile.Patiently(() => throw new UnauthorizedAccessException(), mayBeDenied: false, TimeSpan.FromMinutes(1))
        );
        Assert.Throws<FileNotFoundException>(() =>
            HeldFile.Patiently(() => throw new FileNotFoundException(), mayBeDenied: true, TimeSpan.FromMinutes(1))
        );
        IOException e = Assert.Throws<IOException>(() =>
            HeldFile.Patiently(() => throw new IOException("held", SharingViolation), mayBeDenied: true, TimeSpan.FromMilliseconds(100))
        );
        Assert.True(HeldFile.IsHeld(e));
    }

    [Fact]
    public void RenamesAndReplaces()
    {
        string from = _folder.Write("from", "new");
        string to = _folder.Write("to", "old");
        Assert.ThrowsAny<IOException>(() => HeldFile.Rename(from, to, overwrite: false));
        HeldFile.Rename(from, to, overwrite: true);
        Assert.Equal("new", File.ReadAllText(to));
        Assert.False(File.Exists(from));
        Assert.ThrowsAny<IOException>(() => HeldFile.Rename(from, to, overwrite: true));
    }

    [Theory]
    [InlineData(@"C:\short", @"C:\short")]
    [InlineData(@"C:\", null)]
    [InlineData(@"\\server\share\", null)]
    [InlineData(@"\\?\C:\", null)]
    [InlineData(@"\\.\NUL", @"\\.\NUL")]
    public void LongPathsAreWrittenAsWindowsTakesThem(string start, string? expected)
    {
        string path = expected is null ? start + new string('x', 300) : start;
        expected ??=
            start.StartsWith(@"\\?\", StringComparison.Ordinal) ? path
            : start.StartsWith(@"\\", StringComparison.Ordinal) ? @"\\?\UNC\" + path[2..]
            : @"\\?\" + path;
        Assert.Equal(expected, WindowsFile.Extended(path));
    }

    /// <summary>What holds the file or its manifest says nothing of the backup; once it lets go, the backup itself is judged.</summary>
    [WindowsFact]
    public void ABackupThatAnotherProgramHoldsIsInDoubt()
    {
        const string Name = "app_20260101_000000_full.dump.gz";
        string path = _folder.Write(Name, "x");
        foreach (string held in (string[])[Name, Name + ".meta.json"])
        {
            VerificationResult result;
            using (new FileStream(_folder.Write(held, "{}"), FileMode.Open, FileAccess.ReadWrite, FileShare.None))
            {
                result = Verify(path);
            }

            Assert.True(result.Verdict == Verdict.Inconclusive, result.Reason);
            Assert.Contains("held by another program", result.Reason, StringComparison.Ordinal);
        }

        Assert.Equal(Verdict.Failed, Verify(path).Verdict);
    }

    [WindowsFact]
    public async Task AScannerThatHoldsANewFileDelaysItsName()
    {
        string path = Path.Combine(_folder.Path, "app_20260101_000000_full.dump.gz");
        using var file = new PartialFile(path);
        file.Stream.Write("x"u8);
        file.Complete();
        var scanner = new FileStream(path + ".partial", FileMode.Open, FileAccess.Read, FileShare.Read);
        Task end = Task.Factory.StartNew(
            () =>
            {
                Thread.Sleep(TimeSpan.FromSeconds(1));
                scanner.Dispose();
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default
        );
        file.Publish();
        Assert.True(File.Exists(path));
        await end;
    }

    [WindowsFact]
    public void TheNullDeviceIsNoBackup()
    {
        foreach (string name in (string[])["NUL", @"\\.\NUL"])
        {
            Assert.Equal(Verdict.Failed, Verify(Path.GetFullPath(name)).Verdict);
        }
    }

    [UnixFact]
    public void NeitherIsThatOfUnix()
    {
        VerificationResult result = Verify("/dev/null");
        Assert.Equal(Verdict.Failed, result.Verdict);
        Assert.Contains("a device", result.Reason, StringComparison.Ordinal);
    }

    private static VerificationResult Verify(string path) =>
        BackupVerifier.Run(new VerificationRequest { Path = path }, _ => { }, CancellationToken.None);
}
