namespace CryoBackup.Backup;

/// <summary>A schema of the catalog.</summary>
/// <param name="Name">Its name.</param>
/// <param name="QuotedName">Its name as it stands in SQL.</param>
/// <param name="HasExtension">True if an extension's objects are made in it.</param>
internal sealed record DumpSchema(string Name, string QuotedName, bool HasExtension);
