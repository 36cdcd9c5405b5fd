namespace CryoBackup;

/// <summary>What a verb has to say while it works. May arrive on any thread.</summary>
public abstract record EngineMessage;

/// <summary>What is being done.</summary>
/// <param name="Text">One sentence.</param>
public sealed record VerboseMessage(string Text) : EngineMessage;

/// <summary>Something unexpected that does not stop the work.</summary>
/// <param name="Text">One sentence.</param>
public sealed record WarningMessage(string Text) : EngineMessage
{
    /// <summary>One sentence, in the words of the host.</summary>
    public string Text { get; init; } = HostWords.Of(Text);
}

/// <summary>How far the work is.</summary>
/// <param name="Activity">What is being done, for example "Backing up app".</param>
/// <param name="Status">Where it is, for example the table that flows by.</param>
/// <param name="Fraction">The part that is done, 0 to 1; null while unknown.</param>
/// <param name="Remaining">The time left; null while unknown.</param>
/// <param name="Completed">True once, with the last message of an activity.</param>
public sealed record ProgressMessage(string Activity, string Status, double? Fraction, TimeSpan? Remaining, bool Completed = false)
    : EngineMessage;
