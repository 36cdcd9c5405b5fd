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

    [WindowsFact]
    public void ABackupThatAnotherProgramHoldsIsInDoubt()
    {
        string path = _folder.Write("app_20260101_000000_full.dump.gz", "x");
        VerificationResult result;
        using (new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None))
        {
            result = BackupVerifier.Run(new VerificationRequest { Path = path }, _ => { }, CancellationToken.None);
        }

        Assert.Equal(Verdict.Inconclusive, result.Verdict);
        Assert.Contains("held by another program", result.Reason, StringComparison.Ordinal);
        result = BackupVerifier.Run(new VerificationRequest { Path = path }, _ => { }, CancellationToken.None);
        Assert.Equal(Verdict.Failed, result.Verdict);
    }

    [WindowsFact]
    public async Task AScannerThatHoldsANewFileDelaysItsName()
    {
        string path = Path.Combine(_folder.Path, "app_20260101_000000_full.dump.gz");
        using var file = new PartialFile(path);
        file.Stream.Write("x"u8);
        file.Complete();
        var scanner = new FileStream(path + ".partial", FileMode.Open, FileAccess.Read, FileShare.Read);
        Task end = Task.Delay(TimeSpan.FromSeconds(1)).ContinueWith(_ => scanner.Dispose(), TaskScheduler.Default);
        file.Publish();
        Assert.True(File.Exists(path));
        await end;
    }

    [WindowsFact]
    public void TheNullDeviceIsNoBackup()
    {
        foreach (string name in (string[])["NUL", @"\\.\NUL"])
        {
            VerificationResult result = BackupVerifier.Run(
                new VerificationRequest { Path = Path.GetFullPath(name) },
                _ => { },
                CancellationToken.None
            );
            Assert.Equal(Verdict.Failed, result.Verdict);
        }
    }

    [UnixFact]
    public void NeitherIsThatOfUnix()
    {
        VerificationResult result = BackupVerifier.Run(new VerificationRequest { Path = "/dev/null" }, _ => { }, CancellationToken.None);
        Assert.Equal(Verdict.Failed, result.Verdict);
        Assert.Contains("a device", result.Reason, StringComparison.Ordinal);
    }
}
