using CryoBackup.Backup;
using CryoBackup.Configuration;
using CryoBackup.Copies;
using CryoBackup.Postgres;
using CryoBackup.Retention;
using CryoBackup.Stores;

namespace CryoBackup.Hosting;

/// <summary>
/// What was said about a backup, by parameters or by a configuration; null is what was not said. The section <c>backup</c> of the
/// configuration is part of it. A limit of <see cref="Timeout.InfiniteTimeSpan"/> says that there is none.
/// </summary>
public sealed record BackupOptions : BackupSettings
{
    /// <summary>Nothing was said.</summary>
    public BackupOptions() { }

    private BackupOptions(BackupSettings said)
        : base(said) { }

    /// <summary>The server, of which each null says nothing.</summary>
    public ConnectionRequest Connection { get; init; } = new();

    /// <summary>As <see cref="BackupRequest.Folder"/>.</summary>
    public string? Folder { get; init; }

    /// <summary>As <see cref="BackupRequest.Compression"/>.</summary>
    public CompressionKind? Compression { get; init; }

    /// <summary>As <see cref="BackupRequest.CompressionLevel"/>.</summary>
    public int? CompressionLevel { get; init; }

    /// <summary>As <see cref="BackupRequest.Recipients"/>.</summary>
    public IReadOnlyList<string>? Recipients { get; init; }

    /// <summary>As <see cref="BackupRequest.Retention"/>.</summary>
    public RetentionRules? Retention { get; init; }

    /// <summary>As <see cref="BackupRequest.Store"/>.</summary>
    public StoreOptions? Store { get; init; }

    /// <summary>As <see cref="BackupRequest.Copies"/>.</summary>
    public IReadOnlyList<CopyTarget>? Copies { get; init; }

    /// <summary>As <see cref="BackupRequest.CopiesRequired"/>.</summary>
    public int? CopiesRequired { get; init; }

    /// <summary>What a configuration says, but for the recipients, which may take a program to read.</summary>
    /// <param name="configuration">The configuration.</param>
    /// <param name="entry">What it says of the database alone, which comes first.</param>
    /// <returns>What it says.</returns>
    public static BackupOptions Of(BackupConfiguration configuration, DatabaseEntry entry)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(entry);
        CompressionSettings? compression = entry.Compression ?? configuration.Compression;
        CompressionKind? kind =
            compression is null ? null
            : compression.Enabled ? compression.Method ?? CompressionKind.Gzip
            : CompressionKind.None;
        return new BackupOptions(entry.Backup ?? configuration.Backup ?? new())
        {
            Connection = entry.Connection.Over(configuration.Database.Connection),
            Folder = entry.LocalBackupDir ?? configuration.LocalBackupDir,
            Compression = kind,
            CompressionLevel = kind == CompressionKind.None ? null : compression?.Level,
            Retention = (entry.Retention ?? configuration.Retention)?.Rules,
            Store = CopyPlan.Options(configuration),
            Copies = CopyPlan.Configured(configuration),
            CopiesRequired = configuration.CopiesRequired,
        };
    }

    /// <summary>Lays this over something that comes after it. What is chosen together is replaced together.</summary>
    /// <param name="next">What holds where nothing was said.</param>
    /// <returns>Both in one.</returns>
    public BackupOptions Over(BackupOptions next)
    {
        ArgumentNullException.ThrowIfNull(next);
        if (Compression is not null)
        {
            next = next with { CompressionLevel = null };
        }

        if (IncludeSchema is not null || IncludeTable is not null)
        {
            next = next with { IncludeSchema = null, IncludeTable = null };
        }

        return Layers.Fill(this with { Connection = Connection.Over(next.Connection) }, next);
    }

    /// <summary>Lays this over the defaults.</summary>
    /// <param name="defaults">What holds where nothing was said.</param>
    /// <returns>The request.</returns>
    public BackupRequest Over(BackupRequest defaults)
    {
        ArgumentNullException.ThrowIfNull(defaults);
        return Layers.Lay(this, defaults with { });
    }
}
