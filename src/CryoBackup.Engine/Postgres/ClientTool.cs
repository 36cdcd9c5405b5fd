namespace CryoBackup.Postgres;

/// <summary>A PostgreSQL program that was found.</summary>
/// <param name="Name">Its name, for example pg_dump.</param>
/// <param name="Path">Its file.</param>
/// <param name="Version">Its version, for example 15.18.</param>
/// <param name="Major">Its major version, for example 15.</param>
internal sealed record ClientTool(string Name, string Path, string Version, int Major);
