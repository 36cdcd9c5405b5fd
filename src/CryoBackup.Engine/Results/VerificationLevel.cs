namespace CryoBackup;

/// <summary>How deep a verification goes.</summary>
// Of 64 bits, which ConvertTo-Json writes as words.
public enum VerificationLevel : long
{
    /// <summary>The stored bytes are those that were written.</summary>
    Hash,

    /// <summary>Also: it decompresses, the archive parses to its end, every table's rows and content are the manifest's.</summary>
    Content,

    /// <summary>Also: it is restored into a throwaway server or database, and everything that came back is compared.</summary>
    Restore,
}
