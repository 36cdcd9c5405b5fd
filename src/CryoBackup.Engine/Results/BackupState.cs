namespace CryoBackup;

/// <summary>What of a backup lies there. It says nothing of what is in the files: that is for Test-CryoBackup.</summary>
// Of 64 bits, which ConvertTo-Json writes as words.
public enum BackupState : long
{
    /// <summary>The file, and a manifest that can be read.</summary>
    Complete,

    /// <summary>The manifest alone: the file that it belongs to is gone.</summary>
    FileMissing,

    /// <summary>The file alone: what is known of it is what its name tells.</summary>
    ManifestMissing,

    /// <summary>A manifest that cannot be relied on; what is known is what the name tells.</summary>
    ManifestInvalid,

    /// <summary>A file that is being written, or that a run left when it was ended.</summary>
    Unfinished,
}
