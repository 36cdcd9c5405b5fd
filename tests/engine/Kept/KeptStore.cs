using System.Text;
using CryoBackup.Retention;
using CryoBackup.Storage;
using CryoBackup.Stores;
using CryoBackup.Tests.Stores;

namespace CryoBackup.Tests.Kept;

/// <summary>A bucket of backups that were never made: small objects with manifests that are whole.</summary>
internal sealed class KeptStore : IDisposable
{
    public const string Place = "s3://backups/db";

    public S3Server Server { get; } = new();

    public List<EngineMessage> Said { get; } = [];

    public IEnumerable<string> Warnings => Said.OfType<WarningMessage>().Select(warning => warning.Text);

    public string[] Files => [.. Server.Objects.Keys.Select(key => key["db/".Length..]).Order(StringComparer.Ordinal)];

    public StoreOptions Options => OptionsOf(Server.Endpoint);

    public static StoreOptions OptionsOf(Uri endpoint) =>
        new()
        {
            Endpoint = endpoint,
            AccessKey = S3Server.AccessKey,
            SecretKey = S3Server.SecretKey,
            SmallestPart = S3Server.LeastPart,
            FirstPause = TimeSpan.FromMilliseconds(1),
        };

    /// <summary>Adds one of a night of January 2026.</summary>
    public string Add(int day, Func<BackupManifest, BackupManifest>? change = null, bool hasGlobals = false, string database = "app")
    {
        BackupManifest manifest = KeptManifest.Of(day, hasGlobals, database);
        string name = manifest.BackupFile;
        Write(name, "data");
        if (hasGlobals)
        {
            Write(name + ".globals.sql.gz", "roles");
        }

        Write(name + BackupFileName.ManifestSuffix, Encoding.UTF8.GetString((change?.Invoke(manifest) ?? manifest).Serialize()));
        return $"{Place}/{name}";
    }

    public void Write(string name, string text) => Server.Objects["db/" + name] = new S3Content(Encoding.UTF8.GetBytes(text), "");

    /// <summary>Changes what the server holds of an object.</summary>
    public void Change(string path, Func<S3Content, S3Content> change)
    {
        string key = path["s3://backups/".Length..];
        Server.Objects[key] = change(Server.Objects[key]);
    }

    public IReadOnlyList<BackupInfo> Find() => BackupCatalog.Find(Place, new CatalogQuery(), Say, default, Options);

    public BackupInfo Hold(string path, DateTime? until = null, bool isLegal = false) =>
        BackupHold.Put(
            new HoldRequest
            {
                Path = path,
                Until = until,
                Reason = "audit",
                LegalHold = isLegal,
                Store = Options,
            },
            Say,
            default
        );

    public BackupInfo LetGo(string path) => BackupHold.Take(new HoldRequest { Path = path, Store = Options }, Say, default);

    public IReadOnlyList<RemovalResult> Plan(RetentionRules rules) => BackupRemoval.Plan(By(rules), Say, default);

    public IReadOnlyList<RemovalResult> Remove(RetentionRules rules) => BackupRemoval.Run(By(rules), null, Say, default);

    public RemovalResult RemoveNamed(string path, bool force = false) =>
        Assert.Single(
            BackupRemoval.Run(
                new RemovalRequest
                {
                    Folder = Place,
                    Store = Options,
                    Backups = [path],
                    Force = force,
                    Now = Folder.Now,
                },
                null,
                Say,
                default
            )
        );

    public RemovalRequest By(RetentionRules rules) =>
        new()
        {
            Folder = Place,
            Store = Options,
            Rules = rules,
            Now = Folder.Now,
        };

    public void Say(EngineMessage message)
    {
        lock (Said)
        {
            Said.Add(message);
        }
    }

    public void Dispose() => Server.Dispose();
}
