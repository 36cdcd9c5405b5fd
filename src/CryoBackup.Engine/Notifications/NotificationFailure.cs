namespace CryoBackup.Notifications;

/// <summary>A channel could not deliver.</summary>
internal sealed class NotificationFailure : Exception
{
    /// <summary>Describes the failure.</summary>
    /// <param name="message">What happened, in one sentence without secrets.</param>
    /// <param name="isTransient">True if the same attempt may succeed a little later.</param>
    /// <param name="inner">The cause, where there is one.</param>
    public NotificationFailure(string message, bool isTransient, Exception? inner = null)
        : base(message, inner) => IsTransient = isTransient;

    /// <summary>True if the same attempt may succeed a little later.</summary>
    public bool IsTransient { get; }

    /// <summary>What the other side or the platform said, as it came, secrets included; null where it said nothing.</summary>
    public string? Answer { get; init; }

    /// <summary>How long the other side asks to wait; null where it does not say.</summary>
    public TimeSpan? RetryAfter { get; init; }
}
