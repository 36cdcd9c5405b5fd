using CryoBackup.Processes;

namespace CryoBackup.Tests.Postgres;

public sealed class TemporaryPlaceTests
{
    [Theory]
    [InlineData(false, false, "set TMPDIR to a larger disk")]
    [InlineData(true, false, "set TMP to a larger disk")]
    [InlineData(true, true, "run as another account than SYSTEM, which has this one whatever TMP says, with TMP set to a larger disk")]
    public void NamesTheVariableThatRules(bool onWindows, bool asSystem, string expected) =>
        Assert.Equal(expected, TemporaryPlace.SetTo("a larger disk", onWindows, asSystem));

    [Fact]
    public void TheFolderIsTheOneThatTheVariableNames() =>
        Assert.Equal(Path.TrimEndingDirectorySeparator(Path.GetTempPath()), Path.TrimEndingDirectorySeparator(TemporaryPlace.Folder));

    [Fact]
    public void ItsDiskIsMeasured()
    {
        long free = LocalDisk.FreeSpace(TemporaryPlace.Folder)!.Value;
        Assert.InRange(free, 1, long.MaxValue);
        Assert.InRange(LocalDisk.Reserve(TemporaryPlace.Folder), 1, 512L << 20);
    }

    [WindowsFact]
    public void SoIsThatOfAShare()
    {
        string share = $@"\\localhost\{Path.GetPathRoot(TemporaryPlace.Folder)![0]}$\";
        if (Directory.Exists(share))
        {
            Assert.InRange(LocalDisk.FreeSpace(share)!.Value, 1, long.MaxValue);
        }
    }
}
