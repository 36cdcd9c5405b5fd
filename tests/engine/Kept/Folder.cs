using CryoBackup.Retention;
using CryoBackup.Storage;

namespace CryoBackup.Tests.Kept;

/// <summary>A folder of backups that were never made: small files with manifests that are whole.</summary>
internal sealed class Folder : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public string Path => _folder.Path;

    public List<EngineMessage> Said { get; } = [];

    public IEnumerable<string> Warnings => Said.OfType<WarningMessage>().Select(warning => warning.Text);

    public string[] Files =>
        [.. Directory.GetFileSystemEntries(Path).Select(file => System.IO.Path.GetFileName(file)).Order(StringComparer.Ordinal)];

    /// <summary>The end of the month that the backups are of.</summary>
    public static DateTime Now { get; } = new(2026, 1, 31, 12, 0, 0, DateTimeKind.Utc);

    /// <summary>Adds one of a night of January 2026.</summary>
    public string Add(int day, Func<BackupManifest, BackupManifest>? change = null, bool hasGlobals = false, string database = "app")
    {
        BackupManifest manifest = KeptManifest.Of(day, hasGlobals, database);
        string name = manifest.BackupFile;
        string path = _folder.Write(name, "data");
        if (hasGlobals)
        {
            _folder.Write(name + ".globals.sql.gz", "roles");
        }

        File.WriteAllBytes(path + BackupFileName.ManifestSuffix, (change?.Invoke(manifest) ?? manifest).Serialize());
        return path;
    }

    public string Write(string name, string text) => _folder.Write(name, text);

    public IReadOnlyList<RemovalResult> Plan(RetentionRules rules) => BackupRemoval.Plan(By(rules), Said.Add, CancellationToken.None);

    public IReadOnlyList<RemovalResult> Remove(RetentionRules rules) =>
        BackupRemoval.Run(By(rules), null, Said.Add, CancellationToken.None);

    public RemovalResult RemoveNamed(string path, bool force = false) =>
        Assert.Single(
            BackupRemoval.Run(
                new RemovalRequest
                {
                    Folder = Path,
                    Backups = [path],
                    Force = force,
                    Now = Now,
                },
                null,
                Said.Add,
                CancellationToken.None
            )
        );

    public void Dispose() => _folder.Dispose();

    private RemovalRequest By(RetentionRules rules) =>
        new()
        {
            Folder = Path,
            Rules = rules,
            Now = Now,
        };
}
