using System.Diagnostics;

namespace CryoBackup.Verification.Rehearsal;

/// <summary>The checks that come after those of the file, in their order, and what follows from them.</summary>
internal sealed class RehearsalChecks(Action<EngineMessage> observer)
{
    private static readonly string[] InOrder =
    [
        CheckNames.Restore,
        CheckNames.RestoreTime,
        CheckNames.Rows,
        CheckNames.LargeObjects,
        CheckNames.Objects,
        CheckNames.State,
        CheckNames.Schema,
    ];

    private readonly List<CheckResult> _checks = [];
    private readonly Stopwatch _clock = Stopwatch.StartNew();

    /// <summary>The checks.</summary>
    public IReadOnlyList<CheckResult> All => _checks;

    /// <summary>The first failure's sentence; null if none failed.</summary>
    public string? Failure { get; private set; }

    /// <summary>What kept something from being checked; null if nothing did.</summary>
    public string? Obstacle { get; private set; }

    /// <summary>What helps.</summary>
    public string? Remedy { get; private set; }

    /// <summary>It ran and passed.</summary>
    public void Pass(string name, string detail) => Add(name, CheckOutcome.Passed, detail);

    /// <summary>It ran and failed.</summary>
    public void Fail(string name, string detail, string? remedy)
    {
        if (Failure is null)
        {
            Failure = detail;
            Remedy = remedy;
        }

        Add(name, CheckOutcome.Failed, detail);
    }

    /// <summary>It did not run, so that nothing can be concluded.</summary>
    public void Hinder(string name, string detail, string? remedy)
    {
        Obstacle ??= detail;
        Remedy ??= remedy;
        Add(name, CheckOutcome.NotRun, detail);
    }

    /// <summary>It was not asked for, or there was nothing to look at.</summary>
    public void Skip(string name, string detail) => Add(name, CheckOutcome.NotRun, detail);

    /// <summary>All that have not run until now.</summary>
    /// <param name="detail">Why.</param>
    /// <param name="withTime">False where no time was asked for.</param>
    public void SkipRest(string detail, bool withTime)
    {
        foreach (
            string name in InOrder.Where(name =>
                (withTime || name != CheckNames.RestoreTime) && !_checks.Exists(check => check.Name == name)
            )
        )
        {
            Skip(name, detail);
        }
    }

    private void Add(string name, CheckOutcome outcome, string detail)
    {
        _checks.Add(
            new CheckResult
            {
                Name = name,
                Outcome = outcome,
                Detail = detail,
                Duration = _clock.Elapsed,
            }
        );
        _clock.Restart();
        observer(new VerboseMessage($"{name}: {outcome}: {detail}"));
    }
}
