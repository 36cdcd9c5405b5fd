namespace CryoBackup;

/// <summary>What becomes of a backup.</summary>
// Of 64 bits, which ConvertTo-Json writes as words.
public enum RemovalAction : long
{
    /// <summary>It stays.</summary>
    Keep,

    /// <summary>It would be removed.</summary>
    Remove,

    /// <summary>It was removed.</summary>
    Removed,

    /// <summary>It was to be removed, and something keeps it: the reasons say what.</summary>
    Blocked,
}
