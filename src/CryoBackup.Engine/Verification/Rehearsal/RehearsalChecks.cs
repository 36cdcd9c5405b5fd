using CryoBackup.Inspection;

namespace CryoBackup.Verification.Rehearsal;

/// <summary>The checks that come after those of the file.</summary>
/// <param name="checks">Those of the file; takes the others.</param>
internal sealed class RehearsalChecks(CheckList checks)
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

    /// <inheritdoc cref="CheckList.Pass"/>
    public void Pass(string name, string detail) => checks.Pass(name, detail);

    /// <summary>It ran, and what it looked at is bad.</summary>
    /// <param name="name">The check.</param>
    /// <param name="detail">What was found, as a sentence.</param>
    /// <param name="remedy">What the administrator can do.</param>
    public void Fail(string name, string detail, string? remedy) => checks.Fail(name, detail, remedy);

    /// <summary>It could not run, so that the rehearsal is not complete.</summary>
    /// <param name="name">The check.</param>
    /// <param name="detail">Why, as a sentence.</param>
    /// <param name="remedy">What the administrator can do.</param>
    public void Hinder(string name, string detail, string? remedy) =>
        checks.Hinder(name, detail, remedy, $"The rehearsal is not complete: {detail.TrimEnd('.')}.");

    /// <summary>Skips all that have not run until now.</summary>
    /// <param name="detail">Why.</param>
    /// <param name="withTime">False where no time was asked for.</param>
    public void SkipRest(string detail, bool withTime) =>
        checks.SkipRest(InOrder.Where(name => withTime || name != CheckNames.RestoreTime), detail);
}
