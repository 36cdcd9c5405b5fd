using CryoBackup.Backup;
using CryoBackup.Storage;
using CryoBackup.Streams;
using CryoBackup.Tests.Encryption;

namespace CryoBackup.Tests.Backup;

/// <summary>However a backup dies, the next one leaves nothing of it in the folder, no password hash above all,
/// and takes nothing else away.</summary>
[Collection("environment")]
[Trait("Runs", "Once")]
public sealed class KilledBackupTests(PostgresServer server) : IDisposable
{
    private const string Database = "killed";

    private readonly TemporaryFolder _destination = new();

    public void Dispose() => _destination.Dispose();

    [PostgresFact(UnixOnly = true)]
    public void InTheDump() => AssertNothingStays(dump: "\"$PG_DUMP\" \"$@\" | head -c 2000", dumpall: null, files => files.Length == 2);

    [PostgresFact(UnixOnly = true)]
    public void InTheGlobals() =>
        AssertNothingStays(
            dump: null,
            dumpall: "\"$PG_DUMPALL\" \"$@\"",
            files => Array.Exists(files, file => file.EndsWith(".globals.sql.gz.partial", StringComparison.Ordinal))
        );

    /// <summary>Every call that gives a file its name waits long enough to be killed in.</summary>
    [TracedTheory]
    [InlineData("full.dump.gz.partial globals.sql.gz.partial meta.json.partial")]
    [InlineData("full.dump.gz globals.sql.gz.partial meta.json.partial")]
    [InlineData("full.dump.gz globals.sql.gz meta.json.partial")]
    public void BetweenTheNamesOfItsFiles(string state)
    {
        const string Calls = "rename,renameat,renameat2,link,linkat";
        string[] suffixes = [.. state.Split(' ').Order(StringComparer.Ordinal)];
        Prepare();
        using var child = new ChildBackup(
            server.Connection,
            Database,
            _destination.Path,
            includeGlobals: true,
            under: ["strace", "-f", "-qq", "-o", "/dev/null", "-e", $"trace={Calls}", "-e", $"inject={Calls}:delay_enter=6000000", "--"]
        );
        WaitFor(files =>
            suffixes.SequenceEqual(
                files
                    .Where(file =>
                        file.StartsWith(Database + "_2", StringComparison.Ordinal) && !file.Contains("_2024", StringComparison.Ordinal)
                    )
                    .Select(file => Array.Find(suffixes, suffix => file.EndsWith(suffix, StringComparison.Ordinal)) ?? file)
                    .Order(StringComparer.Ordinal)
            )
        );
        Signals.Send("KILL", [.. LinuxProcesses.Tree(child.Id).Where(id => id != child.Id)]);
        child.WaitForExit();
        AssertCleared();
    }

    /// <summary>Versions before this one gave the globals their name before all else.</summary>
    [PostgresFact]
    public void WithGlobalsUnderTheirName()
    {
        Prepare();
        _destination.Write($"{Database}_20250101_000000_full.dump.gz.partial", "x");
        _destination.Write($"{Database}_20250101_000000_full.dump.gz.globals.sql.gz", "x");
        AssertCleared();
    }

    /// <summary>A Test that writes its verdict in that moment lives; a link leads to what is somebody's.</summary>
    [PostgresFact(UnixOnly = true)]
    public void WhatALivingTestWritesStays()
    {
        Prepare();
        string verdict = Path.Combine(_destination.Path, "killed_20240102_000000_full.dump.gz.proof.json.partial");
        string somebodys = _destination.Write("somebody's", "x");
        string link = Path.Combine(_destination.Path, "killed_20240103_000000_full.dump.gz.partial");
        File.CreateSymbolicLink(link, somebodys);
        using (RegularFile.Create(verdict, FileAccess.Write, FileShare.None))
        {
            Assert.Contains(Next(), text => text.Contains(link, StringComparison.Ordinal));
            Assert.True(File.Exists(verdict));
        }

        Assert.Equal((false, true), (Path.Exists(link), File.Exists(somebodys)));
        Assert.Contains(Next(), text => text.Contains(verdict, StringComparison.Ordinal));
        Assert.False(File.Exists(verdict));
    }

    [PostgresFact]
    public void GlobalsWithoutABackupAreToldOfAndStay()
    {
        server.CreateDatabase(Database);
        string lonely = _destination.Write($"{Database}_20240101_000000_full.dump.gz.globals.sql.gz", "x");
        string[] warnings = Next();
        Assert.Contains(
            warnings,
            text => text.Contains(lonely, StringComparison.Ordinal) && text.Contains("password hashes", StringComparison.Ordinal)
        );
        Assert.True(File.Exists(lonely));
    }

    private static string Hang(string? command) =>
        command is null ? "" : command + "\ntouch \"$MARKS/hangs\"; while [ -d \"$MARKS\" ]; do sleep 0.1; done";

    private void AssertNothingStays(string? dump, string? dumpall, Predicate<string[]> isThere)
    {
        Prepare();
        using (
            var wrapped = new WrappedPgDump(
                dump is null ? "exec \"$PG_DUMP\" \"$@\"" : Hang(dump),
                dumpall is null ? "exec \"$PG_DUMPALL\" \"$@\"" : Hang(dumpall)
            )
        )
        {
            using var child = new ChildBackup(server.Connection, Database, _destination.Path, includeGlobals: true);
            wrapped.WaitFor("hangs");
            WaitFor(files => isThere([.. files.Where(file => !file.Contains("_2024", StringComparison.Ordinal))]));
            child.Kill();
        }

        AssertCleared();
    }

    /// <summary>What is somebody's: another database's leftovers, a backup whose manifest was lost, one that is whole.</summary>
    private void Prepare()
    {
        server.CreateDatabase(Database);
        server.Execute(Database, "CREATE TABLE t AS SELECT 1 AS a");
        foreach (
            string name in (string[])
                [
                    "killed_20240101_000000_full.dump.gz",
                    "killed_20240102_000000_full.dump.gz",
                    "killed_20240102_000000_full.dump.gz.meta.json",
                    "killed_20240102_000000_full.dump.gz.globals.sql.gz",
                    "killed_other_20240101_000000_full.dump.gz.partial",
                ]
        )
        {
            _destination.Write(name, "x");
        }
    }

    private void WaitFor(Predicate<string[]> state) =>
        Assert.True(
            SpinWait.SpinUntil(() => state(Leftovers.Files(_destination.Path)), TimeSpan.FromMinutes(2)),
            $"The child has not come so far: {string.Join(' ', Leftovers.Files(_destination.Path))}"
        );

    private void AssertCleared()
    {
        string[] others = [.. Leftovers.Files(_destination.Path).Where(file => file.Contains("_2024", StringComparison.Ordinal))];
        Assert.NotEmpty(others);
        Assert.NotEmpty(Next());
        string[] left = [.. Leftovers.Files(_destination.Path).Except(others, StringComparer.Ordinal)];
        Assert.Equal(2, left.Length);
        Assert.All(others, file => Assert.True(File.Exists(Path.Combine(_destination.Path, file)), file));
        Assert.EndsWith("_full.dump.gz", left[0], StringComparison.Ordinal);
        Assert.Equal(left[0] + ".meta.json", left[1]);
        Assert.Equal(left[0], BackupManifest.Read(Path.Combine(_destination.Path, left[1])).BackupFile);
    }

    /// <summary>A test under strace.</summary>
    private sealed class TracedTheoryAttribute : ServerTheoryAttribute
    {
        public TracedTheoryAttribute() => Skip = ServerPrograms.ReasonToSkip ?? TracedTool.ReasonToSkip;
    }

    private string[] Next()
    {
        var warnings = new List<string>();
        BackupWriter.Run(
            Requests.Backup(server.Connection, Database, _destination.Path),
            message => warnings.AddRange(message is WarningMessage warning ? [warning.Text] : []),
            CancellationToken.None
        );
        return [.. warnings];
    }
}
