using System.Globalization;

namespace CryoBackup.Runs;

/// <summary>One run with everything that it worked on: what reports, notifications, metrics and the log tell of.</summary>
internal sealed class RunRecord
{
    /// <summary>What kind of work it was.</summary>
    public RunKind Kind { get; init; } = RunKind.Trial;

    /// <summary>When it began, in UTC.</summary>
    public DateTime Start { get; init; }

    /// <summary>When it ended, in UTC.</summary>
    public DateTime End { get; set; }

    /// <summary>The machine that ran it.</summary>
    public string Machine { get; init; } = Environment.MachineName;

    /// <summary>What it worked on, in the order in which it ended.</summary>
    public List<RunItem> Items { get; } = [];

    /// <summary>What became of every backup that Remove decided on, also of those that stay.</summary>
    public List<RemovalResult> Removals { get; } = [];

    /// <summary>Full paths of the reports that were written.</summary>
    public List<string> Reports { get; } = [];

    /// <summary>The worst state of all items.</summary>
    public RunState State => Items.Count == 0 ? RunState.Success : Items.Max(item => item.State);

    /// <summary>The run in one line.</summary>
    public string Title
    {
        get
        {
            if (Kind == RunKind.Trial)
            {
                return "CryoBackup test notification";
            }

            if (Items is [var only])
            {
                return $"{Noun} of {only.Name} {Outcome(only)}";
            }

            int failed = Items.Count(item => item.State == RunState.Failure);
            int warned = Items.Count(item => item.State == RunState.Warning);
            int unclear = Items.Count(item => item.IsInconclusive);
            string things = Kind.Things;
            string text =
                failed > unclear ? $"{Noun} failed for {failed - unclear} of {Items.Count} {things}"
                : failed > 0 ? $"{Noun} inconclusive for {failed} of {Items.Count} {things}"
                : warned == 0 && Kind.AllGood is { } allGood ? allGood(Items.Count)
                : $"{Noun} of {Items.Count} {things} completed";
            return warned > 0 ? string.Create(CultureInfo.InvariantCulture, $"{text}, {warned} with warnings") : text;
        }
    }

    /// <summary>Puts the items into the order in which they began, which that of their end is not where
    /// several were worked on at once.</summary>
    public void Sort()
    {
        RunItem[] ordered = [.. Items.OrderBy(item => item.Start)];
        Items.Clear();
        Items.AddRange(ordered);
    }

    private string Noun => Kind.Noun;

    private static string Outcome(RunItem item) =>
        item switch
        {
            { IsInconclusive: true } => "inconclusive",
            { State: RunState.Failure } => "failed",
            { Restore.Status: RestoreStatus.Planned } => "planned",
            { State: RunState.Warning } => "completed with warnings",
            _ => "completed successfully",
        };
}
