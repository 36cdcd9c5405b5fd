using System.Diagnostics;
using System.Globalization;
using CryoBackup.Archive;
using CryoBackup.Postgres;
using CryoBackup.Storage;

namespace CryoBackup.Backup;

/// <summary>Writes down what a backup is, from when it began to how long it took.</summary>
/// <param name="session">What the parts of the backup have in common.</param>
/// <param name="preflight">The snapshot and the programs.</param>
internal sealed class ManifestBuilder(BackupSession session, BackupPreflight preflight)
{
    private readonly Stopwatch _clock = Stopwatch.StartNew();

    /// <summary>When the backup began, in UTC: what its file is named after.</summary>
    public DateTime Start { get; set; } = DateTime.UtcNow;

    /// <summary>Describes the backup, as if it were not encrypted.</summary>
    /// <param name="fileName">Its file's name, without a folder.</param>
    /// <param name="outcome">What the dump brought.</param>
    /// <param name="globals">The roles beside it; null for none.</param>
    /// <param name="warnings">What was unexpected.</param>
    public BackupManifest Build(string fileName, DumpOutcome outcome, BackupManifest.GlobalsRecord? globals, List<string> warnings)
    {
        ArchiveContent content = outcome.Content;
        DumpSnapshot snapshot = preflight.Snapshot;
        BackupRequest request = session.Request;
        var open = new OpenCommand(fileName, request.Compression, request.Recipients.Count > 0);
        return new BackupManifest
        {
            Timestamp = Start.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture),
            Database = request.Database,
            BackupType = request.IsPartial ? BackupManifest.PartialType : BackupManifest.FullType,
            BackupFile = fileName,
            SizeBytes = outcome.StoredBytes,
            Host = session.Endpoint.Host,
            Port = session.Endpoint.Port,
            BackupToolVersion = ToolVersion.Text,
            SchemaVersion = 1,
            Sha256 = outcome.Hash.ToLowerInvariant(),
            Ranges = outcome.Ranges,
            UncompressedBytes = content.Length,
            TableBytes = snapshot.Selection!.RowBytes,
            Compression = request.Compression.ToString().ToLowerInvariant(),
            Server = DescribeServer(snapshot.Facts),
            Client = new BackupManifest.ClientRecord { Version = preflight.PgDump.Version, Arguments = [.. outcome.Arguments] },
            Snapshot = snapshot.Time.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture),
            DurationSeconds = Math.Round(_clock.Elapsed.TotalSeconds, 3),
            Label = request.Label,
            Objects = Count(content.Entries),
            State = [.. snapshot.States.Select(BackupManifest.StateRecord.Of)],
            Tables = [.. content.Tables.Select(Describe)],
            LargeObjects = new BackupManifest.LargeObjectRecord
            {
                Count = content.LargeObjectCount,
                Bytes = content.LargeObjectBytes,
                Fingerprint = TableFingerprint.Format(content.LargeObjectFingerprint),
            },
            Excluded =
            [
                .. snapshot.Selection!.Excluded.Select(item => new BackupManifest.ExclusionRecord
                {
                    Name = item.Name,
                    Reason = item.Reason,
                }),
            ],
            RowsCounted = !request.SkipRowCount,
            Globals = globals,
            Warnings = warnings,
            OpenWith = open.ForShell(),
            OpenWithPowershell = open.ForPowerShell(),
            OpenWithCmd = open.ForCmd(),
            ManifestSha256 = new string('0', 64),
        };
    }

    private static SortedDictionary<string, int> Count(IEnumerable<TocEntry> entries)
    {
        var objects = new SortedDictionary<string, int>(StringComparer.Ordinal);
        foreach (TocEntry entry in entries)
        {
            objects[entry.Kind] = objects.GetValueOrDefault(entry.Kind) + 1;
        }

        return objects;
    }

    private static BackupManifest.ServerRecord DescribeServer(DatabaseFacts facts) =>
        new()
        {
            Version = facts.Version,
            Encoding = facts.Encoding,
            Collation = facts.Collation,
            Ctype = facts.Ctype,
            LocaleProvider = facts.LocaleProvider,
            IcuLocale = facts.Locale,
            LcMonetary = facts.Monetary,
            SystemIdentifier = facts.SystemIdentifier,
            Lsn = facts.Lsn,
        };

    private static BackupManifest.TableRecord Describe(TableContent content)
    {
        var table = content.ToTableInfo();
        return new BackupManifest.TableRecord
        {
            Schema = table.Schema,
            Name = table.Name,
            Rows = table.Rows,
            Bytes = table.Bytes,
            Fingerprint = table.Fingerprint,
        };
    }
}
