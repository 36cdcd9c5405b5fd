namespace CryoBackup.Comparison;

/// <summary>One way in which a restored database is not what its backup holds.</summary>
/// <param name="Text">What is different, in words, without a full stop.</param>
/// <param name="Target">The table or the database that it is about.</param>
internal sealed record Finding(string Text, string Target);

/// <summary>What one part of a <see cref="DatabaseProof"/> found.</summary>
/// <param name="Check">The check that it is, by its name in <see cref="CheckNames"/>.</param>
/// <param name="Good">What holds if nothing was found.</param>
/// <param name="Findings">What was found.</param>
internal sealed record ProofPart(string Check, string Good, IReadOnlyList<Finding> Findings)
{
    /// <summary>What may have caused it.</summary>
    public string Suspects { get; init; } = "event triggers";

    /// <summary>What could not be compared, and why; null if everything was.</summary>
    public string? Unread { get; init; }
}
