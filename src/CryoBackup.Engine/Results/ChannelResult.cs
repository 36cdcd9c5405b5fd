namespace CryoBackup;

/// <summary>What became of a test through one channel of notification.</summary>
public sealed class ChannelResult
{
    /// <summary>The channel's key in the configuration.</summary>
    public string Channel { get; init; } = "";

    /// <summary>True if the other side took it.</summary>
    public bool Sent { get; init; }

    /// <summary>What happened, in our own words.</summary>
    public string Detail { get; init; } = "";

    /// <summary>The channel, and what happened.</summary>
    public override string ToString() => $"{Channel}: {Detail}";
}
