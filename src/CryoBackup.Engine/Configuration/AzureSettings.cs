namespace CryoBackup.Configuration;

/// <summary>The section <c>azure</c>: how what is put to the locations azblob://… of the file is kept from being removed.</summary>
public sealed record AzureSettings : Settings
{
    /// <summary>How strictly what is put is immutable.</summary>
    [Setting(
        "Makes what is put immutable: unlocked, which who may change policies can end, or locked, which nobody can.",
        Example = "unlocked"
    )]
    public string? ImmutabilityMode { get; init; }

    /// <summary>For how many days it is immutable.</summary>
    [Setting("For how many days it is immutable.", Example = "30", Minimum = 1, Maximum = 36500)]
    public int? ImmutabilityDays { get; init; }
}
