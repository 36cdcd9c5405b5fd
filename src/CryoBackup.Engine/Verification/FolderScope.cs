namespace CryoBackup.Verification;

/// <summary>What is meant of a folder.</summary>
/// <param name="Folder">The folder's full path; it need not exist.</param>
internal sealed record FolderScope(string Folder)
{
    /// <summary>Only backups of these databases: names, and patterns with * and ?; empty for all.</summary>
    public IReadOnlyList<string> Wanted { get; init; } = [];

    /// <summary>Exact names of databases that must have a backup there, where <see cref="Wanted"/> names none.</summary>
    public IReadOnlyList<string> Expected { get; init; } = [];

    /// <summary>True for only the newest backup of each database.</summary>
    public bool Latest { get; init; }
}
