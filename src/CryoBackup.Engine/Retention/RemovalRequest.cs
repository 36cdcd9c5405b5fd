using CryoBackup.Stores;

namespace CryoBackup.Retention;

/// <summary>What Remove-CryoBackup was asked for, in one folder or location of a store.</summary>
public sealed record RemovalRequest
{
    /// <summary>The folder's full path, or the location.</summary>
    public string Folder { get; init; } = "";

    /// <summary>How a store is reached, where the folder is a location: what that does not say.</summary>
    public StoreOptions Store { get; init; } = new();

    /// <summary>What is kept; null where single backups are named, which then go whatever rules would keep them.</summary>
    public RetentionRules? Rules { get; init; }

    /// <summary>Only backups of these databases: names, and patterns with * and ?; empty for all.</summary>
    public IReadOnlyList<string> Databases { get; init; } = [];

    /// <summary>Full paths, or locations, of the backups that alone may be removed; empty for all of the folder.</summary>
    public IReadOnlyList<string> Backups { get; init; } = [];

    /// <summary>True to remove a named backup though it is the newest, the newest proven or rehearsed, or held. Rules never cross
    /// that.</summary>
    public bool Force { get; init; }

    /// <summary>Only backups of this very database; null for what <see cref="Databases"/> says.</summary>
    internal string? Database { get; init; }

    /// <summary>The time, in UTC; null for that of the machine.</summary>
    internal DateTime? Now { get; init; }
}
