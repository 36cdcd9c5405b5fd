namespace CryoBackup;

/// <summary>How deep a verification goes.</summary>
public enum VerificationLevel
{
    /// <summary>The stored bytes are those that were written.</summary>
    Hash,
    /// <summary>Also: it decompresses, the archive parses to its end, every table's rows and content are the manifest's.</summary>
    Content,
}

/// <summary>What Test-CryoBackup was asked for.</summary>
public sealed class VerificationRequest
{
    /// <summary>The backup file, as a full path of the file system.</summary>
    public string Path { get; set; } = "";

    /// <summary>Full paths of identity files or SSH private keys, any of which may open an encrypted backup.</summary>
    public IReadOnlyList<string> Identities { get; set; } = [];

    /// <summary>How deep to go.</summary>
    public VerificationLevel Level { get; set; } = VerificationLevel.Content;
}
