using System.Globalization;

namespace CryoBackup.Tests;

/// <summary>Random points at which runs are ended: a few, or as many as the environment variable CRYOBACKUP_TEST_POINTS says.</summary>
internal sealed class RandomPoints
{
    private readonly int _seed = Environment.TickCount;

    /// <summary>Chooses a seed.</summary>
    /// <param name="few">How many are tried where nobody says.</param>
    public RandomPoints(int few)
    {
        string? count = Environment.GetEnvironmentVariable("CRYOBACKUP_TEST_POINTS");
        Count = count is null ? few : int.Parse(count, CultureInfo.InvariantCulture);
        Random = new Random(_seed);
    }

    public int Count { get; }

    public Random Random { get; }

    /// <summary>How a run is ended at one of them: each way in turn.</summary>
    /// <param name="point">Which of them it is.</param>
    public static Ending HowAt(int point) => (Ending)(point % Enum.GetValues<Ending>().Length);

    /// <summary>What a finding is told with.</summary>
    /// <param name="point">Which of them it is.</param>
    public string Told(int point) => string.Create(CultureInfo.InvariantCulture, $"seed {_seed}, point {point}: ");

    /// <summary>Ends a run at a point: behind any line that a whole one said, within the time that it took to the next. Most lie behind
    /// its first step, in which it does nothing yet.</summary>
    /// <param name="run">The run.</param>
    /// <param name="whole">A whole one.</param>
    /// <param name="how">How it is ended.</param>
    public EndedRun End(ChildRun run, EndedRun whole, Ending how)
    {
        const int Seldom = 5;
        const int LongestClearing = 100;
        int begun = whole.Said.Select(line => line.Text).TakeWhile(text => !text.Contains("step 2", StringComparison.Ordinal)).Count();
        int line = Random.Next(Random.Next(Seldom) == 0 ? 1 : begun + 1, whole.Said.Count);
        TimeSpan next = whole.Said[line].Time - whole.Said[line - 1].Time;
        return run.End(line, [next * Random.NextDouble(), TimeSpan.FromMilliseconds(Random.Next(LongestClearing))], how);
    }
}
