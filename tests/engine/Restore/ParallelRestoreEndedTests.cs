using CryoBackup.Tests.Backup;
using Xunit.Abstractions;

namespace CryoBackup.Tests.Restore;

/// <summary>
/// A restore by several sessions, killed or cancelled at random points: the target is as the way promises and as is told, and nothing is
/// left: of one that was cancelled at once, of one that was killed by the next run.
/// </summary>
[Collection("zoo")]
[Trait("Runs", "Once")]
public sealed class ParallelRestoreEndedTests(ZooServer server, ITestOutputHelper output) : IDisposable
{
    private const string Source = "ended_source";
    private const string Target = "ended_target";
    private const string Next = "ended_next";

    private static readonly string[] Ways = ["create", "swap", "into an empty one"];

    private readonly TemporaryFolder _temporary = new();
    private string? _empty;

    public void Dispose() => _temporary.Dispose();

    private enum Found
    {
        Nothing,
        Empty,
        Old,
        Part,
        Whole,
    }

    [PostgresFact(UnixOnly = true)]
    [Trait("Speed", "Slow")] // processes that are ended, and a whole restore after each
    public async Task AtRandomPointsItIsTold()
    {
        string backup = Make();
        string content = server.Dump(Source);
        EndedRun whole = Finish(Ways[0], backup, Next);
        var points = new RandomPoints(few: 3);
        (int Killed, int Cancelled, int Done) counted = default;
        for (int point = 0; point < points.Count; point++)
        {
            string way = Ways[points.Random.Next(Ways.Length)];
            Ending how = RandomPoints.HowAt(point);
            Prepare(way, Target);
            using ChildRun run = Start(way, backup, Target);
            EndedRun ended = points.End(run, whole, how);
            string told = $"{points.Told(point)}{way}, {ended}\n";
            await Leftovers.AssertNoneAsync(server);
            Found found = Look(content);
            string[] left = Temporary();
            output.WriteLine($"{way}, {how}: {found}, {left.Length} left, after {ended.Said[^1].Text}");
            if (ended.IsDone)
            {
                Assert.True(found == Found.Whole, told + found);
                counted.Done++;
            }
            else if (how != Ending.Cancelled)
            {
                Assert.True(found == Before(way) || found == Found.Whole || (way == Ways[2] && found == Found.Part), told + found);
                Assert.True(left.Length < 2, told + string.Join(' ', left));
                counted.Killed++;
            }
            else
            {
                Assert.True(ended.ExitCode == ChildRun.Cancelled, told);
                string state = ended.Warnings.LastOrDefault() ?? "";
                Assert.True(IsTrue(state, way, found), told + found);
                Assert.True(left.All(name => state.Contains(name, StringComparison.Ordinal)), told + string.Join(' ', left));
                AssertNoSecret(told);
                counted.Cancelled++;
            }

            AssertOldIsKept(way, found, told);

            // It also tells how fast this machine is by now.
            whole = Finish(Ways[points.Random.Next(Ways.Length)], backup, Next);
            AssertNoSecret(told);
            Assert.True(left.All(name => whole.Warnings.Any(text => text.Contains($"Removed the database '{name}'"))), told + whole);
            Assert.True(Temporary() is [], told + string.Join(' ', Temporary()));
        }

        output.WriteLine($"{points.Count} points: {counted}");
        Assert.Equal(points.Count, counted.Killed + counted.Cancelled + counted.Done);
    }

    /// <summary>Whether what is told of the target is so.</summary>
    private static bool IsTrue(string state, string way, Found found) =>
        state switch
        {
            "" => found == Before(way),
            _ when state.Contains($"There is no database '{Target}'.", StringComparison.Ordinal) => found == Found.Nothing,
            _ when state.Contains("serves on as it was", StringComparison.Ordinal) => found == Found.Old,
            _ when state.Contains("is as it was before", StringComparison.Ordinal) => found == Found.Empty,
            _ when state.Contains("but was not compared to the end", StringComparison.Ordinal) => found == Found.Whole,

            // All of it, where that was the last moment.
            _ when state.Contains("holds a part of the backup", StringComparison.Ordinal) => found is Found.Part or Found.Whole,
            _ when state.Contains("is the restored one", StringComparison.Ordinal) => found == Found.Whole,
            _ => false,
        };

    private static Found Before(string way) =>
        way switch
        {
            "create" => Found.Nothing,
            "swap" => Found.Old,
            _ => Found.Empty,
        };

    private string Make()
    {
        server.CreateDatabase(Source);
        _empty = server.Dump(Source);
        server.Execute(
            Source,
            string.Concat(
                Enumerable
                    .Range(1, 6)
                    .Select(table =>
                        $"CREATE TABLE t{table} AS SELECT n, repeat(md5(n::text), 8) AS text FROM generate_series(1, 6000) n; "
                        + $"ALTER TABLE t{table} ADD PRIMARY KEY (n); CREATE INDEX ON t{table} (text);"
                    )
            ) + "ALTER TABLE t1 ADD FOREIGN KEY (n) REFERENCES t2; SELECT lo_from_bytea(4711, repeat('large object', 100000)::bytea)"
        );
        return server.BackUp(Source);
    }

    private void Prepare(string way, string target)
    {
        server.Drop(target);
        foreach (string previous in PreviousOnes(target))
        {
            server.Drop(previous);
        }

        if (way != "create")
        {
            server.CreateDatabase(target);
        }

        if (way == "swap")
        {
            server.Execute(target, "CREATE TABLE mine (id int); INSERT INTO mine VALUES (1), (2)");
        }
    }

    private ChildRun Start(string way, string backup, string target) => new(server.Connection, _temporary.Path, [way, backup, target]);

    private EndedRun Finish(string way, string backup, string target)
    {
        Prepare(way, target);
        using ChildRun run = Start(way, backup, target);
        EndedRun whole = run.Finish();
        Assert.True(whole.IsDone, whole.ToString());
        return whole;
    }

    private Found Look(string content)
    {
        if (server.Scalar("postgres", $"SELECT 1 FROM pg_database WHERE datname = '{Target}'") is null)
        {
            return Found.Nothing;
        }

        string dump = server.Dump(Target);
        return dump == content ? Found.Whole
            : server.Scalar(Target, "SELECT 1 FROM pg_class WHERE relname = 'mine'") is not null ? Found.Old
            : dump == _empty ? Found.Empty
            : Found.Part;
    }

    private void AssertOldIsKept(string way, Found found, string told)
    {
        string[] kept = PreviousOnes(Target);
        Assert.True(kept.Length == (way == "swap" && found == Found.Whole ? 1 : 0), told + string.Join(' ', kept));
        foreach (string old in kept.Concat(found == Found.Old ? [Target] : []))
        {
            Assert.Equal(2L, server.Scalar(old, "SELECT count(*) FROM mine"));
        }
    }

    private void AssertNoSecret(string told)
    {
        string[] folders = Directory.GetDirectories(_temporary.Path, "cryobackup-*");
        Assert.True(folders.Length == 0, told + string.Join(' ', folders));
    }

    private string[] PreviousOnes(string target) => Databases(target + "_before_%");

    private string[] Temporary() => Databases("cryobackup_restore_%");

    private string[] Databases(string pattern) =>
        (string[])
            server.Scalar(
                "postgres",
                $"SELECT coalesce(array_agg(datname::text), ARRAY[]::text[]) FROM pg_database WHERE datname LIKE '{pattern}'"
            )!;
}
