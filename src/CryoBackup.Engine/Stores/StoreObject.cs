using System.Globalization;

namespace CryoBackup.Stores;

/// <summary>An object as a store knows it.</summary>
/// <param name="Key">Its full name in the store.</param>
/// <param name="Size">Its bytes.</param>
/// <param name="Tag">Changes with its content (ETag); no hash of it. Empty where the store has none.</param>
/// <param name="Modified">When it was written, in UTC.</param>
/// <param name="Mark">Who wrote it, where a head request told: see <see cref="IStoreDriver"/>; else null.</param>
internal sealed record StoreObject(string Key, long Size, string Tag, DateTime Modified, string? Mark = null)
{
    /// <summary>Until when the store lets nobody remove it, in UTC, where a head request told; null for no such moment.</summary>
    public DateTime? BlockedUntil { get; init; }

    /// <summary>True if the store lets nobody remove it before a legal hold is taken off, where a head request told.</summary>
    public bool HasLegalHold { get; init; }

    /// <summary>What the store itself keeps it by, in words; null for nothing.</summary>
    /// <param name="now">The time, in UTC.</param>
    public string? LockAt(DateTime now) =>
        HasLegalHold ? "blocked by a legal hold of the store"
        : BlockedUntil > now
            ? string.Create(CultureInfo.InvariantCulture, $"blocked until {BlockedUntil:yyyy-MM-dd HH:mm:ss}Z by the store's lock")
        : null;
}
