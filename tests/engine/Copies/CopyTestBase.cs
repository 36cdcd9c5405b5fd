using System.Diagnostics;
using CryoBackup.Copies;
using CryoBackup.Storage;
using CryoBackup.Stores;
using CryoBackup.Tests.Stores;

namespace CryoBackup.Tests.Copies;

/// <summary>A backup, a server that goes wrong where it is told to, and what was said while the one went to the other.</summary>
public abstract class CopyTestBase : IDisposable
{
    private protected const string Name = "app_20260101_020304_full.dump.gz";

    private protected TemporaryFolder Folder { get; } = new();

    private protected S3Server Server { get; } = new();

    private protected List<EngineMessage> Said { get; } = [];

    public void Dispose()
    {
        GC.SuppressFinalize(this);
        Server.Dispose();
        Folder.Dispose();
    }

    /// <summary>What lies in the store of the backup itself, without what was noted of it.</summary>
    private protected string[] Stored => [.. Server.Objects.Keys.Where(key => NoteName.TryRead(key) is null).Order(StringComparer.Ordinal)];

    /// <summary>What tells the tool of the store.</summary>
    private protected Dictionary<string, string> StoreVariables =>
        new()
        {
            ["AWS_ENDPOINT_URL_S3"] = Server.Endpoint.AbsoluteUri,
            ["AWS_ACCESS_KEY_ID"] = S3Server.AccessKey,
            ["AWS_SECRET_ACCESS_KEY"] = S3Server.SecretKey,
        };

    private protected Process StartTool(string backup)
    {
        var start = new ProcessStartInfo(BuiltTool.Program, BuiltTool.Arguments("copy", backup, "--destination", "s3://backups/db"))
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach ((string name, string value) in StoreVariables)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    private protected CopyTarget Target() =>
        new(
            StoreLocation.Parse("s3://backups/db"),
            new StoreOptions
            {
                Endpoint = Server.Endpoint,
                AccessKey = S3Server.AccessKey,
                SecretKey = S3Server.SecretKey,
                SmallestPart = S3Server.LeastPart,
            }
        );

    private protected BackupInfo Copy(string backup, CopyTarget? destination = null)
    {
        lock (Said)
        {
            return BackupCopier.Run(new CopyRequest { Path = backup, Destination = destination ?? Target() }, Said.Add, default);
        }
    }

    /// <summary>The files of a backup, as New writes them; what is in them does not matter here.</summary>
    private protected string Make(int length = 5000)
    {
        string backup = Path.Combine(Folder.Path, "backups", Name);
        Directory.CreateDirectory(Path.GetDirectoryName(backup)!);
        byte[] content = System.Security.Cryptography.RandomNumberGenerator.GetBytes(length);
        byte[] globals = System.Security.Cryptography.RandomNumberGenerator.GetBytes(200);
        File.WriteAllBytes(backup, content);
        File.WriteAllBytes(backup + ".globals.sql.gz", globals);
        var manifest = new BackupManifest
        {
            Timestamp = "2026-01-01T02:03:04Z",
            Database = "app",
            BackupFile = Name,
            SizeBytes = length,
            Host = "localhost",
            Port = 5432,
            BackupToolVersion = "0.1.0",
            SchemaVersion = 1,
            Sha256 = Hash(content),
            Tables = [],
            Globals = new BackupManifest.GlobalsRecord
            {
                File = Name + ".globals.sql.gz",
                SizeBytes = globals.Length,
                Sha256 = Hash(globals),
            },
            ManifestSha256 = new string('0', 64),
        };
        File.WriteAllBytes(backup + ".meta.json", manifest.Serialize());
        return backup;
    }

    private protected static string Hash(byte[] bytes) =>
        Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(bytes)).ToLowerInvariant();
}
