using CryoBackup.Storage;
using CryoBackup.Stores;

namespace CryoBackup.Retention;

/// <summary>What Protect-CryoBackup, or Unprotect-CryoBackup, was asked for: a hold on one backup.</summary>
public sealed record HoldRequest
{
    /// <summary>The most characters of a reason.</summary>
    public const int LongestReason = HoldRecord.LongestReason;

    /// <summary>The backup's full path, or its location; its manifest lies beside it.</summary>
    public string Path { get; init; } = "";

    /// <summary>Until when it holds, in UTC; null until it is taken off.</summary>
    public DateTime? Until { get; init; }

    /// <summary>Why; empty for no reason.</summary>
    public string Reason { get; init; } = "";

    /// <summary>True for a legal hold of the store's own besides, which keeps everybody from deleting the backup. It has no end.</summary>
    public bool LegalHold { get; init; }

    /// <summary>How a store is reached, where the path is a location: what that does not say.</summary>
    public StoreOptions Store { get; init; } = new();
}
