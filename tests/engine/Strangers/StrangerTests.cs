using System.Globalization;
using CryoBackup.Tests.Restore;

namespace CryoBackup.Tests.Strangers;

[CollectionDefinition("strangers")]
public sealed class StrangerCollection : ICollectionFixture<ZooServer>;

/// <summary>
/// Databases that nobody here wrote: made by chance, from seeds. What stock pg_dump and pg_restore bring back passes its rehearsal
/// and comes back on every way; and whatever one thing is changed in it is found.
/// </summary>
/// <remarks>
/// CRYOBACKUP_TEST_STRANGERS names the seeds, for example <c>1-1000</c> or <c>17</c>; by default 20 are tried, with
/// CRYOBACKUP_TEST_ALL=1 a thousand. Each goes through all verbs and stock tools, a dozen programs, which takes long. A line for each is
/// added to the file that CRYOBACKUP_TEST_STRANGERS_REPORT names. A failing database is made smaller, for
/// CRYOBACKUP_TEST_STRANGERS_MINUTES minutes at most (3 by default), and then told.
/// </remarks>
[Collection("strangers")]
[Trait("Runs", "Once")]
[Trait("Speed", "Slow")]
public sealed class StrangerTests(ZooServer server)
{
    private static readonly string? Report = Environment.GetEnvironmentVariable("CRYOBACKUP_TEST_STRANGERS_REPORT");

    public static TheoryData<int> Seeds
    {
        get
        {
            string range = Environment.GetEnvironmentVariable("CRYOBACKUP_TEST_STRANGERS") ?? Thoroughness.Of("1-20", "1-1000");
            int[] ends = [.. range.Split('-').Select(text => int.Parse(text, CultureInfo.InvariantCulture))];
            return [.. Enumerable.Range(ends[0], ends[^1] - ends[0] + 1)];
        }
    }

    [PostgresTheory]
    [MemberData(nameof(Seeds))]
    public void ComesBack(int seed)
    {
        var draft = Draft.Write(seed, server.Cluster.Major);
        using var trial = new Trial(server, seed) { IsOrdinary = draft.IsOrdinary };
        Outcome outcome = trial.Run(draft.Statements);
        Tell(seed, draft, trial, outcome);
        if (outcome.IsFault)
        {
            Assert.Fail($"Seed {seed}, {outcome.Step}: {outcome.Says}\n{string.Join(";\n", Shrink(seed, draft, outcome.Step))}");
        }
    }

    private IReadOnlyList<string> Shrink(int seed, Draft draft, Step step)
    {
        string minutes = Environment.GetEnvironmentVariable("CRYOBACKUP_TEST_STRANGERS_MINUTES") ?? "3";
        return Shrinker.Shrink(
            draft.Statements,
            statements =>
            {
                using var trial = new Trial(server, seed) { IsOrdinary = draft.IsOrdinary, Only = step };
                return trial.Run(statements).Step == step;
            },
            DateTime.UtcNow.AddMinutes(double.Parse(minutes, CultureInfo.InvariantCulture))
        );
    }

    private static void Tell(int seed, Draft draft, Trial trial, Outcome outcome)
    {
        if (Report is not null)
        {
            int refused = trial.Notes.Count(static note => note.StartsWith("refused", StringComparison.Ordinal));
            string taken = $"{draft.Statements.Count - refused}/{draft.Statements.Count}";
            string line = string.Join('\t', seed, outcome.Step, taken, outcome.Says, string.Join(" ## ", trial.Notes));
            File.AppendAllText(Report, line.ReplaceLineEndings(" ") + "\n");
        }
    }
}
