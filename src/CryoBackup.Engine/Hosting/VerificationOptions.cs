using CryoBackup.Configuration;
using CryoBackup.Postgres;
using CryoBackup.Stores;
using CryoBackup.Verification;

namespace CryoBackup.Hosting;

/// <summary>
/// What was said about a verification, by parameters or by a configuration; null is what was not said. The section <c>verification</c> of
/// the configuration is part of it. A limit of <see cref="Timeout.InfiniteTimeSpan"/> says that there is none.
/// </summary>
public sealed record VerificationOptions : VerificationSettings
{
    /// <summary>Nothing was said.</summary>
    public VerificationOptions() { }

    private VerificationOptions(VerificationSettings said)
        : base(said) { }

    /// <summary>As <see cref="VerificationRequest.Connection"/>; a configuration says nothing of it.</summary>
    public ConnectionRequest? Connection { get; init; }

    /// <summary>As <see cref="VerificationRequest.Identities"/>; none is nothing said.</summary>
    public IReadOnlyList<string>? Identities { get; init; }

    /// <summary>As <see cref="VerificationRequest.Sample"/>. Where nothing else is said of them, the level is then Hash, and no age is
    /// asked for.</summary>
    public int? Sample { get; init; }

    /// <summary>As <see cref="VerificationRequest.Store"/>.</summary>
    public StoreOptions? Store { get; init; }

    /// <summary>As <see cref="VerificationRequest.ServerPath"/>.</summary>
    public string? ServerPath { get; init; }

    /// <summary>As <see cref="VerificationRequest.Keep"/>.</summary>
    public bool? Keep { get; init; }

    /// <summary>As <see cref="VerificationRequest.Force"/>.</summary>
    public bool? Force { get; init; }

    /// <summary>As <see cref="VerificationRequest.AllowSuperuser"/>.</summary>
    public bool? AllowSuperuser { get; init; }

    /// <summary>As <see cref="VerificationRequest.MaxRestoreTime"/>.</summary>
    public TimeSpan? MaxRestoreTime { get; init; }

    /// <summary>What a configuration says.</summary>
    /// <param name="configuration">The configuration; null for none.</param>
    /// <returns>What it says.</returns>
    public static VerificationOptions Of(BackupConfiguration? configuration) =>
        new(configuration?.Verification ?? new())
        {
            Identities = BackupPlan.Identities(configuration, []),
            Store = CopyPlan.Options(configuration),
        };

    /// <summary>Lays this over something that comes after it.</summary>
    /// <param name="next">What holds where nothing was said.</param>
    /// <returns>Both in one.</returns>
    public VerificationOptions Over(VerificationOptions next) =>
        Layers.Fill(
            this with
            {
                Identities = Identities is { Count: > 0 } ? Identities : null,
            },
            Sample is null ? next : next with { Level = VerificationLevel.Hash, MaxAge = null }
        );

    /// <summary>Lays this over the defaults.</summary>
    /// <param name="defaults">What holds where nothing was said.</param>
    /// <returns>The request.</returns>
    public VerificationRequest Over(VerificationRequest defaults)
    {
        ArgumentNullException.ThrowIfNull(defaults);
        return Layers.Lay(this, defaults with { });
    }
}
