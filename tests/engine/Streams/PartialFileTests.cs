using CryoBackup.Storage;

namespace CryoBackup.Tests.Streams;

public sealed class PartialFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string PathOf(string name) => Path.Combine(_folder.Path, name);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void IsSeenOnlyWhenPublished()
    {
        using (var file = new PartialFile(PathOf("a.dump")))
        {
            file.Stream.Write("whole"u8);
            Assert.Equal([PathOf("a.dump.partial")], Directory.GetFiles(_folder.Path));
            file.Publish();
        }

        Assert.Equal([PathOf("a.dump")], Directory.GetFiles(_folder.Path));
        Assert.Equal("whole", File.ReadAllText(PathOf("a.dump")));
    }

    [Fact]
    public void IsGoneIfNotPublished()
    {
        using (var file = new PartialFile(PathOf("a.dump")))
        {
            file.Stream.Write("half"u8);
        }

        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    /// <summary>A folder keeps what was published until it is taken back.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void WhatIsPublishedStaysUnlessItIsTakenBack(bool isTakenBack)
    {
        using (BackupOutput file = new PartialFile(PathOf("a.dump")))
        {
            file.Stream.Write("whole"u8);
            file.Publish();
            Assert.False(file.MayStillCome);
            if (isTakenBack)
            {
                file.Withdraw();
            }
            else
            {
                file.Leave();
            }
        }

        Assert.Equal(!isTakenBack, File.Exists(PathOf("a.dump")));
    }

    [Fact]
    public void ReplacesNothing()
    {
        File.WriteAllText(PathOf("a.dump"), "older");
        using (var file = new PartialFile(PathOf("a.dump")))
        {
            CryoBackupException exception = Assert.Throws<CryoBackupException>(file.Publish);
            Assert.Equal(CryoBackupError.DestinationNotWritable, exception.Error);
        }

        Assert.Equal([PathOf("a.dump")], Directory.GetFiles(_folder.Path));
        Assert.Equal("older", File.ReadAllText(PathOf("a.dump")));
    }

    [Fact]
    public void NamesAFolderThatIsNotThere()
    {
        CryoBackupException exception = Assert.Throws<CryoBackupException>(() =>
            new PartialFile(Path.Combine(_folder.Path, "none", "a.dump"))
        );
        Assert.Equal(CryoBackupError.DestinationNotWritable, exception.Error);
        Assert.Equal(Path.Combine(_folder.Path, "none", "a.dump"), exception.Target);
    }

    [UnixFact]
    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    public void IsForItsOwnerAlone()
    {
        using var file = new PartialFile(PathOf("a.dump"));
        file.Publish();
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(PathOf("a.dump")));
    }

    [LinuxFact]
    public void TellsAFullDisk()
    {
        // Linux has a device that is always full.
        using var full = new FileStream("/dev/full", FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        IOException exception = Assert.ThrowsAny<IOException>(() => full.Write("x"u8));
        CryoBackupException told = PartialFile.Translate(exception, "/backups");
        Assert.Equal(CryoBackupError.DiskFull, told.Error);
        Assert.Equal("/backups", told.Target);
    }
}
