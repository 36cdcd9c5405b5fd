using System.Runtime.Versioning;
using CryoBackup.Postgres.Scratch;

namespace CryoBackup.Tests.Postgres;

/// <summary>Where throwaway servers lie unless another place is asked for.</summary>
[Collection("environment")]
public sealed class ScratchPlaceTests
{
    [UnixFact]
    [UnsupportedOSPlatform("windows")]
    public void OthersMayPassThroughItsPlace()
    {
        // Root's own folder is closed to the account that the server runs as.
        using var place = new TemporaryFolder();
        string? before = Environment.GetEnvironmentVariable("TMPDIR");
        Environment.SetEnvironmentVariable("TMPDIR", place.Path);
        try
        {
            File.SetUnixFileMode(place.Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            Assert.Equal("/tmp", ScratchFolder.DefaultBase(forOtherAccount: true));
        }
        finally
        {
            Environment.SetEnvironmentVariable("TMPDIR", before);
        }
    }
}
