namespace CryoBackup.Configuration;

/// <summary>What a configuration is used for, which tells what of it is needed.</summary>
public enum ConfigurationUse
{
    /// <summary>All of it: it is checked.</summary>
    Check,

    /// <summary>New: the server, the databases, the recipients, and who is told.</summary>
    New,

    /// <summary>Test: the identities, and who is told.</summary>
    Test,

    /// <summary>Restore: the server, the identities, and who is told.</summary>
    Restore,

    /// <summary>Copy: the places of copies, and how they are reached.</summary>
    Copy,

    /// <summary>Get: the identities.</summary>
    Get,

    /// <summary>Remove: what is kept, and who is told.</summary>
    Remove,

    /// <summary>Protect and Unprotect: who is told.</summary>
    Hold,

    /// <summary>The trial of the channels: who is told.</summary>
    Notify,
}
