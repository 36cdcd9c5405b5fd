namespace CryoBackup.Configuration;

/// <summary>How backups are encrypted and opened: the section <c>encryption</c>.</summary>
public sealed record EncryptionSettings : Settings
{
    /// <summary>True if backups are encrypted. What asks for encryption is never written without it.</summary>
    [Setting("Whether backups are encrypted; true unless said otherwise. Without a usable key no backup is made.", Example = "false")]
    public bool Enabled { get; init; } = true;

    /// <summary>Public keys.</summary>
    [Setting("Public keys of age or SSH: age1…, ssh-ed25519 …, ssh-rsa ….", Example = "[\"${BACKUP_RECIPIENT}\"]")]
    public IReadOnlyList<string> Recipients { get; init; } = [];

    /// <summary>Full paths of files that hold public keys.</summary>
    [Setting(
        "Files that hold public keys, one a line: one path or a list.",
        Example = "config/recipients.txt",
        IsPath = true,
        IsCommon = true
    )]
    public IReadOnlyList<string> RecipientsFile { get; init; } = [];

    /// <summary>Full paths of identity files, for Test, Restore and Get; a host that only makes backups needs none.</summary>
    [Setting(
        "Identity files or SSH private keys that open backups, for Test, Restore and Get: one path or a list. "
            + "The host that makes backups needs none.",
        Example = "/etc/cryobackup/identity.txt",
        IsPath = true
    )]
    public IReadOnlyList<string> IdentityFile { get; init; } = [];

    /// <summary>The predecessor's key: a file of either kind, as a full path.</summary>
    [Setting(
        "The predecessor's key: a file of public keys, or an identity file, which gives its own public key and opens backups too.",
        Example = "config/backup_encryption_key",
        IsPath = true
    )]
    public string? KeyFile { get; init; }
}
