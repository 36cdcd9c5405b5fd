using System.Security.Cryptography;
using CryoBackup.Storage;
using CryoBackup.Verification;
using Xunit.Abstractions;

namespace CryoBackup.Tests.Backup;

/// <summary>
/// A backup by several sessions, killed or cancelled at random points: what looks whole is whole, and nothing of it is left: of one that
/// was cancelled at once, of one that was killed by the next run.
/// </summary>
[Collection("backup")]
[Trait("Runs", "Once")]
public sealed class ParallelDumpEndedTests(PostgresServer server, ITestOutputHelper output) : IDisposable
{
    private const string Database = "parallel_ended";

    private readonly TemporaryFolder _temporary = new();

    public void Dispose() => _temporary.Dispose();

    [PostgresFact(UnixOnly = true)]
    [Trait("Speed", "Slow")] // processes that are ended, and a whole backup after each
    public async Task AtRandomPointsNothingIsLeft()
    {
        // Several pieces of one table, tables of one, and what a second pg_dump reads.
        server.CreateDatabase(Database);
        server.Execute(
            Database,
            """
            CREATE TABLE large AS SELECT n, repeat(md5(n::text), 8) AS text FROM generate_series(1, 20000) n;
            CREATE TABLE one AS SELECT n FROM generate_series(1, 9000) n; CREATE TABLE two AS TABLE one; CREATE TABLE three AS TABLE one;
            SELECT lo_from_bytea(0, repeat('large object', 100000)::bytea);
            """
        );
        EndedRun whole = Finish();
        bool isShared = whole.Said.Any(line => line.Text.Contains("4 sessions read 4 tables", StringComparison.Ordinal));
        Assert.True(isShared == server.Cluster.Major >= 14, whole.ToString());

        var points = new RandomPoints(few: 3);
        (int Killed, int Cancelled, int Done) counted = default;
        for (int point = 0; point < points.Count; point++)
        {
            string told = points.Told(point);
            using var folder = new TemporaryFolder();
            using ChildRun run = Start(folder.Path);
            Ending how = RandomPoints.HowAt(point);
            EndedRun ended = points.End(run, whole, how);
            told += ended + "\n";
            int made = AssertWhole(folder.Path, told);
            output.WriteLine($"{how}: {string.Join(' ', Leftovers.Files(folder.Path))}, after {ended.Said[^1].Text}");
            if (ended.IsDone)
            {
                counted.Done++;
            }
            else if (how != Ending.Cancelled)
            {
                counted.Killed++;
            }
            else
            {
                Assert.True(ended.ExitCode == ChildRun.Cancelled, told);
                Assert.True(Leftovers.Files(folder.Path).Length == 0, told + string.Join(' ', Leftovers.Files(folder.Path)));
                AssertNoSecret(told);
                counted.Cancelled++;
            }

            await Leftovers.AssertNoneAsync(server, Database);
            using ChildRun next = Start(folder.Path);
            EndedRun finished = next.Finish();
            Assert.True(finished.IsDone, told + finished);
            AssertNoSecret(told);
            int backups = AssertWhole(folder.Path, told);
            Assert.InRange(backups, 1, made + 1);
            string[] files = Leftovers.Files(folder.Path);
            Assert.True(files.Length == 3 * backups, told + string.Join(' ', files));
            VerificationResult proof = BackupVerifier.Run(new VerificationRequest { Path = finished.Said[^1].Text }, _ => { }, default);
            Assert.True(proof.IsValid, told + proof.Reason);

            // As fast as this machine is by now.
            whole = finished;
        }

        output.WriteLine($"{points.Count} points, each behind one of {whole.Said.Count} lines: {counted}");
        Assert.Equal(points.Count, counted.Killed + counted.Cancelled + counted.Done);
    }

    /// <summary>A program that is stopped to be ended would stay so, with its session and its locks, if we were killed in that moment.</summary>
    [TracedFact]
    public async Task CancelledItStopsNoProgram()
    {
        const string Slow = "parallel_stopped";
        SlowDatabase.Create(server, Slow);
        using var folder = new TemporaryFolder();
        string trace = Path.Combine(_temporary.Path, "trace");
        using var run = new ChildRun(
            server.Connection,
            _temporary.Path,
            ["new", Slow, folder.Path],
            under: ["strace", "-f", "-qq", "-o", trace, "-e", "trace=kill", "-e", "signal=none", "--"]
        );
        EndedRun ended = run.CancelAt(SlowDatabase.Table);
        Assert.True(ended.ExitCode == ChildRun.Cancelled, ended.ToString());
        Assert.Contains("SIGKILL", File.ReadAllText(trace), StringComparison.Ordinal);
        Assert.DoesNotContain("SIGSTOP", File.ReadAllText(trace), StringComparison.Ordinal);
        await Leftovers.AssertNoneAsync(server, Slow);
    }

    private ChildRun Start(string folder) => new(server.Connection, _temporary.Path, ["new", Database, folder]);

    private EndedRun Finish()
    {
        using var folder = new TemporaryFolder();
        using ChildRun run = Start(folder.Path);
        EndedRun whole = run.Finish();
        Assert.True(whole.IsDone, whole.ToString());
        return whole;
    }

    private void AssertNoSecret(string told)
    {
        string[] folders = Directory.GetDirectories(_temporary.Path, "cryobackup-*");
        Assert.True(folders.Length == 0, told + string.Join(' ', folders));
    }

    /// <summary>What has its name is whole: a manifest has its files, and files without one are told of by that which was to be theirs.</summary>
    /// <returns>The number of backups.</returns>
    private static int AssertWhole(string folder, string told)
    {
        string[] files = [.. Directory.GetFiles(folder).Where(file => !file.EndsWith(".partial", StringComparison.Ordinal))];
        string[] backups = [.. files.Where(file => file.EndsWith(".dump.gz", StringComparison.Ordinal))];
        string[] manifests = [.. files.Where(BackupFolder.IsManifest)];
        Assert.True(manifests.Select(BackupFolder.BackupOf).Except(backups).ToArray() is [], told + "a manifest without its backup");
        foreach (string backup in backups)
        {
            string manifest = backup + BackupFileName.ManifestSuffix;
            var read = BackupManifest.Read(File.Exists(manifest) ? manifest : manifest + BackupFileName.PartialSuffix);
            Assert.True(read.Sha256 == HashOf(backup), told + backup);
            string globals = Path.Combine(folder, read.Globals!.File);
            Assert.True(File.Exists(globals) ? read.Globals.Sha256 == HashOf(globals) : !File.Exists(manifest), told + globals);
        }

        return manifests.Length;
    }

    private static string HashOf(string file) => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file))).ToLowerInvariant();
}
