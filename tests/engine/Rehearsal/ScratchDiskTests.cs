using CryoBackup.Postgres.Scratch;
using CryoBackup.Verification.Rehearsal;

namespace CryoBackup.Tests.Rehearsal;

[Trait("Runs", "Once")]
public sealed class ScratchDiskTests
{
    /// <summary>No disk holds an exbibyte: that is told before a server is made.</summary>
    [Fact]
    public void ABackupThatTheDiskCannotHoldIsRefused()
    {
        CryoBackupException failure = Assert.Throws<CryoBackupException>(() => ScratchDisk.Require(1L << 60));
        Assert.Equal((CryoBackupError.DiskFull, ScratchFolder.DefaultBase()), (failure.Error, failure.Target));
        Assert.Contains("a rehearsal of this backup needs about", failure.Message, StringComparison.Ordinal);
        Assert.NotNull(failure.Remedy);
    }
}
