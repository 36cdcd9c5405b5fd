using System.Runtime.Versioning;
using CryoBackup.Hosting;
using CryoBackup.Processes;

namespace CryoBackup.Tests.Backup;

/// <summary>However a run ends, the next one, whatever it does, leaves no secret of it in the temporary folder.</summary>
[Collection("environment")]
[Trait("Runs", "Once")]
public sealed class DeadRunTests(PostgresServer server) : IDisposable
{
    private readonly TemporaryFolder _destination = new();
    private readonly TemporaryFolder _temporary = new();

    public void Dispose()
    {
        _destination.Dispose();
        _temporary.Dispose();
    }

    [PostgresFact(UnixOnly = true)]
    public async Task KilledWithoutMercy()
    {
        const string Password = "canary of the killed";
        SlowDatabase.Create(server, "killed_with_password", milliseconds: 10, rows: 3000);
        using (
            var child = new ChildBackup(
                server.Connection,
                "killed_with_password",
                _destination.Path,
                environment: new Dictionary<string, string> { ["TMPDIR"] = _temporary.Path, ["PGPASSWORD"] = Password }
            )
        )
        {
            await child.WaitForRowsAsync();
            int[] tools = [.. LinuxProcesses.Tree(child.Id).Where(id => id != child.Id)];
            child.Kill();
            Assert.Contains(Files(), file => File.ReadAllText(file).Contains(Password, StringComparison.Ordinal));
            InTemporaryFolder(DeadRuns.Remove);
            Assert.Empty(Files());
            Signals.Send("KILL", tools);
        }
    }

    [UnixFact]
    public void TheLivingOthersAndOtherMachinesKeepTheirs()
    {
        InTemporaryFolder(() =>
        {
            using var own = PrivateFolder.Create("cryobackup-pass-");
            string machine = ProcessMark.Current.Split('-')[1];
            foreach (string prefix in (string[])["pass", "restore", "age", "filter", "reference"])
            {
                _temporary.Write($"cryobackup-{prefix}-{int.MaxValue}-{machine}-dead/x", "x");
            }

            string[] kept =
            [
                own.WriteFile("pgpass", "x"),
                _temporary.Write($"cryobackup-pass-{int.MaxValue}-00000000-elsewhere/x", "x"),
                _temporary.Write("cryobackup-pass-mine/x", "x"),
                _temporary.Write("cryobackup-of-somebody/x", "x"),
            ];
            DeadRuns.Remove();
            Assert.Equal(kept.Order(StringComparer.Ordinal), Files().Order(StringComparer.Ordinal));
        });
        Assert.Throws<ArgumentException>(() => PrivateFolder.Create("cryobackup-forgotten-"));
    }

    [RootFact]
    [UnsupportedOSPlatform("windows")]
    public void WhatAnotherAccountPlantedStays()
    {
        string machine = ProcessMark.Current.Split('-')[1];
        string file = _temporary.Write($"cryobackup-pass-{int.MaxValue}-{machine}-planted/x", "x");
        new UnixAccount("stranger", 54321, 54321).Own(Path.GetDirectoryName(file)!);
        InTemporaryFolder(DeadRuns.Remove);
        Assert.True(File.Exists(file));
    }

    // .NET keeps pipes of its own there.
    private string[] Files() =>
        [
            .. Directory
                .GetDirectories(_temporary.Path, "cryobackup-*")
                .SelectMany(folder => Directory.GetFiles(folder, "*", SearchOption.AllDirectories)),
        ];

    private void InTemporaryFolder(Action act)
    {
        string? before = Environment.GetEnvironmentVariable("TMPDIR");
        Environment.SetEnvironmentVariable("TMPDIR", _temporary.Path);
        try
        {
            act();
        }
        finally
        {
            Environment.SetEnvironmentVariable("TMPDIR", before);
        }
    }
}
