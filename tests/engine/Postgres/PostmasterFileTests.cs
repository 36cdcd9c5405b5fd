using System.Diagnostics;
using System.Globalization;
using System.Runtime.Versioning;
using CryoBackup.Postgres.Scratch;
using CryoBackup.Processes;

namespace CryoBackup.Tests.Postgres;

/// <summary>No server but one of ours is ended, whatever an abandoned postmaster.pid says.</summary>
[Collection("postgres")]
public sealed class PostmasterFileTests(PostgresServer server) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void TellsWhoWroteItByTheStart()
    {
        DateTime noted = new(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc);
        var file = new PostmasterFile(1, "C:/Temp/data", noted);
        Assert.True(file.IsStartOf(noted));
        Assert.True(file.IsStartOf(noted.AddSeconds(1.5)));
        Assert.True(file.IsStartOf(noted.AddSeconds(-20)));
        Assert.False(file.IsStartOf(noted.AddSeconds(3)));
        Assert.False(file.IsStartOf(noted.AddMinutes(-2)));
        Assert.True(file.IsOf(@"C:\Temp\data\"));
        Assert.False(file.IsOf(@"C:\Temp\data2"));
        Assert.Equal(OperatingSystem.IsWindows(), file.IsOf(@"c:\temp\DATA"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("12\n/data\n")]
    [InlineData("x\n/data\n1700000000\n")]
    [InlineData("-12\n/data\n1700000000\n")]
    [InlineData("12\n/data\nnever\n")]
    [InlineData("12\n/data\n999999999999999999\n")]
    public void WhatIsSomethingElseNamesNobody(string text)
    {
        _folder.Write("postmaster.pid", text);
        Assert.Null(PostmasterFile.Read(_folder.Path));
        Assert.Null(ScratchProcesses.FindServer(_folder.Path));
    }

    /// <summary>As where the system tells nobody the arguments of a process: Windows and macOS.</summary>
    [PostgresFact]
    public void AServerIsItsOwnAndNoOthers()
    {
        string data = Path.Combine(server.Cluster.Folder, ScratchFolder.Data);
        PostmasterFile own = PostmasterFile.Read(data)!;
        Assert.Equal(server.Cluster.ProcessId, own.Id);
        Assert.True(ScratchProcesses.IsServerByStart(own, data));

        // The file of a server that died, whose ID another server has now.
        Assert.False(ScratchProcesses.IsServerByStart(own with { Started = own.Started.AddHours(-1) }, data));
        Assert.False(ScratchProcesses.IsServerByStart(own with { Started = own.Started.AddHours(1) }, data));
        Assert.False(ScratchProcesses.IsServerByStart(own, Path.Combine(_folder.Path, "data")));

        // A process of that start that is no server.
        using var process = Process.GetCurrentProcess();
        Assert.False(ScratchProcesses.IsServerByStart(own with { Id = process.Id, Started = process.StartTime.ToUniversalTime() }, data));
        Assert.False(ScratchProcesses.IsServerByStart(own with { Id = int.MaxValue }, data));
    }

    /// <summary>pg_ctl signals whatever has the ID that the file names.</summary>
    [PostgresFact]
    public void WhatIsLeftOfADeadServerStopsNoOther()
    {
        var cluster = ScratchCluster.Start(new ScratchClusterOptions { SharedBuffers = "16MB" }, CancellationToken.None);
        try
        {
            string data = Path.Combine(cluster.Folder, ScratchFolder.Data);
            string[] lines = File.ReadAllLines(Path.Combine(data, "postmaster.pid"));
            ScratchProcesses.KillServer(data);
            lines[0] = server.Cluster.ProcessId.ToString(CultureInfo.InvariantCulture);
            File.WriteAllLines(Path.Combine(data, "postmaster.pid"), lines);
        }
        finally
        {
            cluster.Dispose();
        }

        Assert.False(Directory.Exists(cluster.Folder));
        Assert.Equal(1, server.Scalar("postgres", "SELECT 1"));
    }

    /// <summary>What another account puts into a shared folder under a name of ours is looked at by nobody.</summary>
    [RootFact]
    [UnsupportedOSPlatform("windows")]
    public void WhatOthersPlantedStays()
    {
        string planted = Path.Combine(_folder.Path, $"cryobackup-scratch-{ProcessMark.Current}-planted");
        _folder.Write(Path.Combine(planted, "owner"), (ProcessIdentity.Current with { Started = "earlier" }).ToString());
        Assert.True(TrustedPlace.IsOurFolder(planted));
        new UnixAccount("stranger", 54321, 54321).Own(planted);
        Assert.False(TrustedPlace.IsOurFolder(planted));
        Assert.True(TrustedPlace.IsOurFolder(planted, alsoOf: 54321));
        Assert.Equal(0, ScratchFolder.RemoveAbandoned(_folder.Path));
        Assert.True(Directory.Exists(planted));
    }

    [UnixFact]
    public void ALinkIsNoFolderOfOurs()
    {
        string link = Path.Combine(_folder.Path, $"cryobackup-scratch-{ProcessMark.Current}-link");
        string elsewhere = Path.Combine(_folder.Path, "elsewhere");
        _folder.Write("elsewhere/owner", (ProcessIdentity.Current with { Started = "earlier" }).ToString());
        Directory.CreateSymbolicLink(link, elsewhere);
        Assert.False(TrustedPlace.IsOurFolder(link));
        Assert.Equal(0, ScratchFolder.RemoveAbandoned(_folder.Path));
        Assert.True(File.Exists(Path.Combine(elsewhere, "owner")));
    }
}
