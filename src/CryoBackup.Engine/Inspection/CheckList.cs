using System.Diagnostics;

namespace CryoBackup.Inspection;

/// <summary>What follows from a list of checks.</summary>
/// <param name="Verdict">The verdict.</param>
/// <param name="Reason">Why, in one sentence.</param>
/// <param name="Remedy">What the administrator can do; null where nothing is known to help, and for Passed.</param>
internal sealed record Conclusion(Verdict Verdict, string Reason, string? Remedy);

/// <summary>
/// The checks of one verification in their order, and what follows from them: one that failed decides, then a doubt, and only what
/// has neither is Passed. Nothing else makes a check or a verdict.
/// </summary>
/// <param name="observer">Takes each check as a verbose message; null for nobody.</param>
internal sealed class CheckList(Action<EngineMessage>? observer = null)
{
    private readonly List<CheckResult> _checks = [];
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private Conclusion? _failed;
    private Conclusion? _inDoubt;

    /// <summary>The checks until now.</summary>
    public IReadOnlyList<CheckResult> All => _checks;

    /// <summary>The first failure that was given as an error; null if there is none.</summary>
    public CryoBackupException? Failure { get; private set; }

    /// <summary>Goes on where a verification has ended.</summary>
    /// <param name="result">What it found.</param>
    public static CheckList After(VerificationResult result)
    {
        var list = new CheckList();
        list._checks.AddRange(result.Checks);
        var conclusion = new Conclusion(result.Verdict, result.Reason, result.Remedy);
        list._failed = result.Verdict == Verdict.Failed ? conclusion : null;
        list._inDoubt = result.Verdict == Verdict.Inconclusive ? conclusion : null;
        return list;
    }

    /// <summary>It ran, and what it looked at is good.</summary>
    /// <param name="name">The check.</param>
    /// <param name="detail">What was found.</param>
    public void Pass(string name, string detail) => Add(name, CheckOutcome.Passed, detail);

    /// <summary>It ran, and what it looked at is bad.</summary>
    /// <param name="name">The check.</param>
    /// <param name="failure">What a command that needs what was checked ends with.</param>
    public void Fail(string name, CryoBackupException failure)
    {
        Failure ??= failure;
        Fail(name, failure.Message, failure.Remedy, error: failure.Error);
    }

    /// <summary>It ran, and what it looked at is bad.</summary>
    /// <param name="name">The check.</param>
    /// <param name="detail">What was found.</param>
    /// <param name="remedy">What the administrator can do.</param>
    /// <param name="reason">The reason of the verdict, where the detail does not say it as a sentence.</param>
    /// <param name="error">Which error it is for a command that needs what was checked.</param>
    public void Fail(string name, string detail, string? remedy, string? reason = null, CryoBackupError? error = null)
    {
        _failed ??= new Conclusion(Verdict.Failed, reason ?? detail, remedy);
        Add(name, CheckOutcome.Failed, detail, error);
    }

    /// <summary>It could not run, so that the whole is in doubt.</summary>
    /// <param name="name">The check.</param>
    /// <param name="detail">Why.</param>
    /// <param name="remedy">What the administrator can do.</param>
    /// <param name="reason">The reason of the verdict, where the detail does not say it as a sentence.</param>
    public void Hinder(string name, string detail, string? remedy, string? reason = null)
    {
        Doubt(reason ?? detail, remedy);
        Add(name, CheckOutcome.NotRun, detail);
    }

    /// <summary>It was not asked for, there was nothing to look at, or what kept it from running is told by another check.</summary>
    /// <param name="name">The check.</param>
    /// <param name="detail">Why.</param>
    /// <param name="error">Which error it is for a command that needs what was not checked.</param>
    public void Skip(string name, string detail, CryoBackupError? error = null) => Add(name, CheckOutcome.NotRun, detail, error);

    /// <summary>Skips those that are not in the list yet.</summary>
    /// <param name="names">The checks.</param>
    /// <param name="detail">Why.</param>
    /// <param name="error">Which error it is for a command that needs what was not checked.</param>
    public void SkipRest(IEnumerable<string> names, string detail, CryoBackupError? error = null)
    {
        foreach (string name in names.Where(name => !_checks.Exists(check => check.Name == name)))
        {
            Skip(name, detail, error);
        }
    }

    /// <summary>Something that no check alone shows puts the whole in doubt, unless one fails.</summary>
    /// <param name="reason">The reason of the verdict.</param>
    /// <param name="remedy">What the administrator can do.</param>
    public void Doubt(string reason, string? remedy) => _inDoubt ??= new Conclusion(Verdict.Inconclusive, reason, remedy);

    /// <summary>Decides.</summary>
    /// <param name="good">The reason where all is good.</param>
    public Conclusion Conclude(string good) =>
        _failed is { } failed
            ? failed with
            {
                Remedy = failed.Remedy ?? _inDoubt?.Remedy,
            }
            : _inDoubt ?? new Conclusion(Verdict.Passed, good, Remedy: null);

    /// <summary>The result of a verification whose checks this list has, and more.</summary>
    /// <param name="result">The result without the checks that came later.</param>
    /// <param name="good">The reason where all is good.</param>
    public VerificationResult Conclude(VerificationResult result, string good)
    {
        (Verdict verdict, string reason, string? remedy) = Conclude(good);
        return result.With([.. _checks], verdict, reason, remedy);
    }

    private void Add(string name, CheckOutcome outcome, string detail, CryoBackupError? error = null)
    {
        _checks.Add(
            new CheckResult
            {
                Name = name,
                Outcome = outcome,
                Detail = detail,
                ErrorId = error,
                Duration = _clock.Elapsed,
            }
        );
        _clock.Restart();
        observer?.Invoke(new VerboseMessage($"{name}: {outcome}: {detail}"));
    }
}
