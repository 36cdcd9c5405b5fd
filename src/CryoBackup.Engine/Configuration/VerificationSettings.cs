namespace CryoBackup.Configuration;

/// <summary>How backups are tested: the section <c>verification</c>.</summary>
public record VerificationSettings : Settings
{
    /// <summary>How deep; null for the command's default.</summary>
    [Setting("How deep Test-CryoBackup goes: hash, content or restore; content unless said otherwise.", Example = "content")]
    public VerificationLevel? Level { get; init; }

    /// <summary>The age beyond which the newest good backup is too old; null for none.</summary>
    [Setting("The age beyond which the newest good backup is too old: 26h, 7d.", Example = "26h")]
    public TimeSpan? MaxAge { get; init; }

    /// <summary>The locale of a rehearsal's database; null for the source's.</summary>
    [Setting(
        "The locale of a rehearsal's database where the source's is not on its server: C, de_DE.UTF-8, icu:de-DE, builtin:C.UTF-8.",
        Example = "C"
    )]
    public string? Locale { get; init; }

    /// <summary>How long the proof of one backup may take; null for the command's default.</summary>
    [Setting("How long the proof of one backup may take; 24h unless said otherwise.", Example = "24h")]
    public TimeSpan? Timeout { get; init; }
}
