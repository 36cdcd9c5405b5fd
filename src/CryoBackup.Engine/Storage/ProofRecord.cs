using System.Text.Json;
using System.Text.Json.Serialization;

namespace CryoBackup.Storage;

/// <summary>
/// What Tests concluded of a backup, kept beside it in <c>&lt;backup&gt;.proof.json</c>: of each level and verdict the last, in the order
/// in which they came, whatever the clocks said; and what sampled Tests have read of it. It holds no word of the content, which an
/// encrypted backup keeps to itself. It is advice: what a verdict is worth,
/// <see cref="BackupProof"/> tells.
/// </summary>
internal sealed record ProofRecord
{
    private const int Version = 1;
    private const int LongestText = 256;
    private const int MostVerdicts = 64;

    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false) },
    };

    /// <summary>The version of this form.</summary>
    public int SchemaVersion { get; init; } = Version;

    /// <summary>The backup file's name, without a folder.</summary>
    public string BackupFile { get; init; } = "";

    /// <summary>The verdicts, the last one last.</summary>
    public IReadOnlyList<TestVerdict> Verdicts { get; init; } = [];

    /// <summary>What sampled Tests have read; null for nothing.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public SampleRecord? Sample { get; init; }

    /// <summary>One verdict of a Test.</summary>
    public sealed record TestVerdict
    {
        /// <summary>How deep the Test went.</summary>
        public VerificationLevel Level { get; init; }

        /// <summary>What it concluded.</summary>
        public Verdict Verdict { get; init; }

        /// <summary>When it ended, in UTC.</summary>
        public DateTime Time { get; init; }

        /// <summary>The SHA-256 of the file that it read, in lower-case hexadecimal; empty where it could not be read.</summary>
        public string Sha256 { get; init; } = "";

        /// <summary>The size of that file in bytes.</summary>
        public long SizeBytes { get; init; }

        /// <summary>When that file was last written to, in UTC.</summary>
        public DateTime Modified { get; init; }

        /// <summary>What a store called the content that it read; empty for a file.</summary>
        public string Tag { get; init; } = "";

        /// <summary>How long the restore of a rehearsal took, in seconds; null where nothing was restored.</summary>
        public double? RestoreSeconds { get; init; }

        /// <summary>The machine that tested.</summary>
        public string Machine { get; init; } = "";

        /// <summary>The account that tested.</summary>
        public string Account { get; init; } = "";

        /// <summary>The version of CryoBackup that tested.</summary>
        public string ToolVersion { get; init; } = "";

        /// <summary>A verdict of this process.</summary>
        /// <param name="level">How deep it went.</param>
        /// <param name="verdict">What it concluded.</param>
        /// <param name="time">When it ended, in UTC.</param>
        /// <param name="sha256">The SHA-256 of what it read, in hexadecimal; empty where it could not be read.</param>
        /// <param name="file">What it read, as it was before.</param>
        public static TestVerdict Of(VerificationLevel level, Verdict verdict, DateTime time, string sha256, FileMark file) =>
            new()
            {
                Level = level,
                Verdict = verdict,
                Time = time,
                Sha256 = sha256.ToLowerInvariant(),
                SizeBytes = file.Length,
                Modified = file.Modified,
                Tag = file.Tag,
                Machine = Environment.MachineName,
                Account = Environment.UserName,
                ToolVersion = CryoBackup.ToolVersion.Text,
            };
    }

    /// <summary>The record of a backup.</summary>
    /// <param name="backup">The backup's full path.</param>
    public static string PathOf(string backup) => backup + BackupFileName.ProofSuffix;

    /// <summary>Reads what lies beside a backup.</summary>
    /// <param name="backup">The backup's full path.</param>
    /// <returns>The verdicts; none where nothing is remembered, or what lies there is no record.</returns>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The account may not.</exception>
    public static IReadOnlyList<TestVerdict> Read(string backup) =>
        SideFile.Read(PathOf(backup)) is { } bytes ? Parse(bytes, Path.GetFileName(backup))?.Verdicts ?? [] : [];

    /// <summary>Adds a verdict to what is remembered of a backup.</summary>
    /// <param name="backup">The backup's full path.</param>
    /// <param name="verdict">The verdict.</param>
    /// <exception cref="CryoBackupException">DestinationNotWritable, DiskFull: it is not remembered.</exception>
    public static void Remember(string backup, TestVerdict verdict) =>
        SideFile.Update(PathOf(backup), known => Add(known, Path.GetFileName(backup), verdict));

    /// <summary>What lies beside a backup, with one more verdict.</summary>
    /// <param name="known">What lay there; null for nothing.</param>
    /// <param name="name">The backup file's name, without a folder.</param>
    /// <param name="verdict">The verdict.</param>
    /// <returns>UTF-8 without BOM, ending with a newline.</returns>
    internal static byte[] Add(byte[]? known, string name, TestVerdict verdict)
    {
        ProofRecord record = Known(known, name);
        IEnumerable<TestVerdict> others = record.Verdicts.Where(other => (other.Level, other.Verdict) != (verdict.Level, verdict.Verdict));
        return Serialize(record with { Verdicts = [.. others, verdict] });
    }

    /// <summary>What lies beside a backup, with what sampled Tests have read until now.</summary>
    /// <param name="known">What lay there; null for nothing.</param>
    /// <param name="name">The backup file's name, without a folder.</param>
    /// <param name="sample">What they have read.</param>
    /// <returns>UTF-8 without BOM, ending with a newline.</returns>
    internal static byte[] Add(byte[]? known, string name, SampleRecord sample) => Serialize(Known(known, name) with { Sample = sample });

    /// <summary>Reads a record.</summary>
    /// <param name="bytes">What lies there.</param>
    /// <param name="name">The name of the backup file that it must be of.</param>
    /// <returns>The record; null for anything that is none, or of another backup.</returns>
    internal static ProofRecord? Parse(byte[] bytes, string name)
    {
        try
        {
            ProofRecord? record = ManifestLimits.FindFaultOf(bytes) is null ? JsonSerializer.Deserialize<ProofRecord>(bytes, Json) : null;
            return
                record is { SchemaVersion: Version, Verdicts: { Count: <= MostVerdicts } verdicts }
                && string.Equals(record.BackupFile, name, StringComparison.Ordinal)
                && verdicts.All(IsWhole)
                ? record with
                {
                    Verdicts = [.. verdicts.Select(Utc)],
                    Sample = record.Sample?.IsWhole() == true ? Utc(record.Sample) : null,
                }
                : null;
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // Whatever it is, it is not ours.
            return null;
        }
    }

    private static ProofRecord Known(byte[]? known, string name) =>
        (known is null ? null : Parse(known, name)) ?? new ProofRecord { BackupFile = name };

    private static byte[] Serialize(ProofRecord record) => [.. JsonSerializer.SerializeToUtf8Bytes(record, Json), (byte)'\n'];

    private static bool IsWhole(TestVerdict? verdict) =>
        verdict
            is {
                Sha256: { Length: <= LongestText },
                Machine: { Length: <= LongestText },
                Account: { Length: <= LongestText },
                ToolVersion: { Length: <= LongestText },
                Tag: { Length: <= LongestText },
                SizeBytes: >= 0
            };

    private static SampleRecord Utc(SampleRecord sample) =>
        sample with
        {
            Begun = sample.Begun.ToUniversalTime(),
            Modified = sample.Modified.ToUniversalTime(),
        };

    private static TestVerdict Utc(TestVerdict verdict) =>
        verdict with
        {
            Time = verdict.Time.ToUniversalTime(),
            Modified = verdict.Modified.ToUniversalTime(),
        };
}
