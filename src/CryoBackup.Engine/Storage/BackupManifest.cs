using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using CryoBackup.Postgres;
using CryoBackup.Streams;

namespace CryoBackup.Storage;

/// <summary>
/// The contract on disk: what stands in <c>&lt;backup&gt;.meta.json</c>. The first eight keys are those of the predecessor, whose
/// manifests hold nothing else.
/// </summary>
internal sealed partial record BackupManifest
{
    private const string ChecksumKey = "\"manifest_sha256\": \"";
    private const int ChecksumLength = 64;

    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The <see cref="BackupType"/> of a backup that holds the whole database.</summary>
    internal const string FullType = "full";

    /// <summary>The <see cref="BackupType"/> of a backup that holds only a selection.</summary>
    internal const string PartialType = "partial";

    /// <summary>When the backup began: ISO 8601 with Z for UTC; without a zone in manifests of the predecessor.</summary>
    public string Timestamp { get; init; } = "";

    /// <summary>The database.</summary>
    public string Database { get; init; } = "";

    /// <summary>full, or partial for a backup of a selection: not every schema, table, or table's rows.</summary>
    public string BackupType { get; init; } = FullType;

    /// <summary>The backup file's name, without a folder.</summary>
    public string BackupFile { get; init; } = "";

    /// <summary>The backup file's size in bytes.</summary>
    public long SizeBytes { get; init; }

    /// <summary>The server's host name, address or socket folder.</summary>
    public string Host { get; init; } = "";

    /// <summary>The server's port.</summary>
    public int Port { get; init; }

    /// <summary>The version of CryoBackup, or of its predecessor.</summary>
    public string BackupToolVersion { get; init; } = "";

    /// <summary>The version of this form: 1; null in manifests of the predecessor.</summary>
    public int? SchemaVersion { get; init; }

    /// <summary>The backup file's SHA-256 in lower-case hexadecimal.</summary>
    public string? Sha256 { get; init; }

    /// <summary>Fingerprints of the stored file's ranges, by which a sample of it is judged; null in older manifests.</summary>
    public RangesRecord? Ranges { get; init; }

    /// <summary>The archive's size in bytes, before compression.</summary>
    public long? UncompressedBytes { get; init; }

    /// <summary>What the tables took on the server's disk, in bytes: by it the size of the next backup is estimated;
    /// null in older manifests.</summary>
    public long? TableBytes { get; init; }

    /// <summary>gzip, zstd or none.</summary>
    public string? Compression { get; init; }

    /// <summary>How the file is encrypted; null for not at all.</summary>
    public EncryptionRecord? Encryption { get; init; }

    /// <summary>The server as it was.</summary>
    public ServerRecord? Server { get; init; }

    /// <summary>pg_dump and how it was called.</summary>
    public ClientRecord? Client { get; init; }

    /// <summary>The moment that the backup shows: ISO 8601, UTC.</summary>
    public string? Snapshot { get; init; }

    /// <summary>How long the backup took.</summary>
    public double? DurationSeconds { get; init; }

    /// <summary>The words given with -Label.</summary>
    public string? Label { get; init; }

    /// <summary>The number of entries in the table of contents, by kind.</summary>
    public SortedDictionary<string, int>? Objects { get; init; }

    /// <summary>Every table with data; null for an encrypted backup, as all that would tell of its content.</summary>
    public List<TableRecord>? Tables { get; init; }

    /// <summary>All large objects together.</summary>
    public LargeObjectRecord? LargeObjects { get; init; }

    /// <summary>What at the source was not as it was made; null in older manifests, and for an encrypted backup.</summary>
    public List<StateRecord>? State { get; init; }

    /// <summary>What the backup leaves out, and why.</summary>
    public List<ExclusionRecord>? Excluded { get; init; }

    /// <summary>True if every table's rows were counted in the dump's snapshot and equalled those in the archive.</summary>
    public bool? RowsCounted { get; init; }

    /// <summary>That it holds suspiciously less than the one before; null where it does not.</summary>
    public DegradationRecord? Degraded { get; init; }

    /// <summary>The cluster's roles and tablespaces beside the backup; null where they were not wanted.</summary>
    public GlobalsRecord? Globals { get; init; }

    /// <summary>What was unexpected, though the backup is good.</summary>
    public List<string>? Warnings { get; init; }

    /// <summary>The command line of stock tools that restores the backup, for a POSIX shell; NAME stands for the target database.</summary>
    public string? OpenWith { get; init; }

    /// <summary>The same for PowerShell 7; backups of before have none.</summary>
    public string? OpenWithPowershell { get; init; }

    /// <summary>The same for cmd.exe of Windows; backups of before have none.</summary>
    public string? OpenWithCmd { get; init; }

    /// <summary>The SHA-256 of this file's bytes with these 64 digits set to zero.</summary>
    public string? ManifestSha256 { get; init; }

    /// <summary>True if the backup is not known to hold the whole database. Before the type told it,
    /// a selection stood only in pg_dump's arguments.</summary>
    [JsonIgnore]
    public bool IsPartial =>
        !string.Equals(BackupType, FullType, StringComparison.Ordinal)
        || Client?.Arguments?.Exists(static argument =>
            argument is not null
            && (argument.StartsWith("--exclude-", StringComparison.Ordinal) || argument is "--no-blobs" or "--no-large-objects")
        ) == true;

    /// <summary>When the backup began, in UTC. The predecessor wrote its machine's local time, and is read so.</summary>
    /// <returns>The time; <see cref="DateTime.MinValue"/> where the manifest holds no time.</returns>
    public DateTime ReadStart() =>
        DateTime.TryParse(
            Timestamp,
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeLocal | DateTimeStyles.AdjustToUniversal,
            out DateTime start
        )
            ? start
            : DateTime.MinValue;

    /// <summary>What is recorded of the source's state; null where nothing is.</summary>
    internal IReadOnlyList<ObjectState>? SourceState() => State?.ConvertAll(record => record.ToState());

    /// <summary>The manifest of the same backup when it is encrypted: without anything that tells of its content.</summary>
    /// <param name="recipients">The public keys.</param>
    /// <returns>A manifest without tables, objects, names, and words.</returns>
    internal BackupManifest WithoutContent(IReadOnlyList<string> recipients) =>
        this with
        {
            Encryption = new EncryptionRecord { Method = "age", Recipients = [.. recipients] },
            // Arguments name what is left out.
            Client = Client is null ? null : new ClientRecord { Version = Client.Version },
            Label = null,
            Objects = null,
            Tables = null,
            LargeObjects = null,
            State = null,
            Excluded = null,
            Degraded = Degraded is null
                ? null
                : new DegradationRecord { ComparedWith = Degraded.ComparedWith, MaxShrink = Degraded.MaxShrink },
            Warnings = null,
        };

    /// <summary>The manifest as it is written to disk, with its own checksum.</summary>
    /// <returns>UTF-8 without BOM, ending with a newline.</returns>
    public byte[] Serialize()
    {
        string text = JsonSerializer.Serialize(this, Json).ReplaceLineEndings("\n") + "\n";
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        Span<byte> digits = FindChecksum(bytes);
        if (digits.IsEmpty)
        {
            throw new InvalidOperationException("A manifest is written with room for its checksum.");
        }

        digits.Fill((byte)'0');
        Encoding.ASCII.GetBytes(Hex(SHA256.HashData(bytes)), digits);
        return bytes;
    }

    /// <summary>Reads a manifest.</summary>
    /// <param name="path">The manifest's full path.</param>
    /// <returns>The manifest, with its checksum verified where it carries one, or where its form demands one.</returns>
    /// <exception cref="CryoBackupException">ManifestInvalid if it is absent, unreadable, or not what was written.</exception>
    public static BackupManifest Read(string path)
    {
        byte[] bytes;
        try
        {
            bytes = ReadBytes(path);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw Invalid(path, "it does not exist", exception);
        }
        catch (IOException exception) when (HeldFile.IsHeld(exception))
        {
            throw BackupSource.Held(path, exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Invalid(path, exception.Message, exception);
        }

        return Read(path, bytes);
    }

    /// <summary>Reads a manifest from its bytes.</summary>
    /// <param name="path">Where they come from: a full path, or a location.</param>
    /// <param name="bytes">The bytes, which are changed.</param>
    /// <returns>The manifest, with its checksum verified where it carries one, or where its form demands one.</returns>
    /// <exception cref="CryoBackupException">ManifestInvalid if it is not what was written.</exception>
    internal static BackupManifest Read(string path, byte[] bytes)
    {
        BackupManifest manifest;
        try
        {
            if (ManifestLimits.FindFaultOf(bytes) is { } fault)
            {
                throw Invalid(path, fault);
            }

            manifest = JsonSerializer.Deserialize<BackupManifest>(bytes, Json) ?? throw Invalid(path, "it is empty");
        }
        catch (JsonException exception)
        {
            // Its own words may hold a key of the file, of whatever length.
            throw Invalid(
                path,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"it is not the JSON of a manifest (line {(exception.LineNumber ?? 0) + 1}, "
                        + $"byte {(exception.BytePositionInLine ?? 0) + 1})"
                ),
                exception
            );
        }
        catch (Exception exception) when (exception is not (CryoBackupException or OutOfMemoryException))
        {
            throw Invalid(path, $"it is not the JSON of a manifest ({exception.GetType().Name})", exception);
        }

        if (manifest.SchemaVersion is > 1)
        {
            throw Invalid(path, $"its schema version is {manifest.SchemaVersion}, and this CryoBackup knows 1");
        }

        // Only the predecessor's manifests carry no checksum, and they have none of our keys.
        bool predecessor = manifest.SchemaVersion is null && manifest.Sha256 is null && manifest.Tables is null;
        if (!predecessor)
        {
            Span<byte> digits = FindChecksum(bytes);
            string stored = Encoding.ASCII.GetString(digits);
            digits.Fill((byte)'0');
            if (!string.Equals(stored, Hex(SHA256.HashData(bytes)), StringComparison.Ordinal))
            {
                throw Invalid(path, "its bytes are not those that were written (its own checksum does not fit)");
            }
        }

        return ManifestLimits.FindFaultOf(manifest) is { } wrong ? throw Invalid(path, wrong) : manifest;
    }

    private static byte[] ReadBytes(string path)
    {
        using FileStream file = RegularFile.Read(path);
        return ReadBytes(file);
    }

    /// <summary>Reads the bytes of what may be a manifest.</summary>
    /// <param name="file">The file.</param>
    /// <exception cref="IOException">It is longer than any manifest, or cannot be read.</exception>
    internal static byte[] ReadBytes(Stream file)
    {
        if (file.Length > ManifestLimits.MaximumLength)
        {
            throw new IOException($"it has {file.Length} bytes, more than any manifest");
        }

        byte[] bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return bytes;
    }

    private static Span<byte> FindChecksum(byte[] bytes)
    {
        int key = bytes.AsSpan().LastIndexOf(Encoding.ASCII.GetBytes(ChecksumKey));
        int start = key + ChecksumKey.Length;
        return key < 0 || start + ChecksumLength > bytes.Length ? [] : bytes.AsSpan(start, ChecksumLength);
    }

    // Convert.ToHexStringLower is not in .NET 8.
    private static string Hex(byte[] hash) => Convert.ToHexString(hash).ToLowerInvariant();

    private static CryoBackupException Invalid(string path, string reason, Exception? inner = null) =>
        new(
            CryoBackupError.ManifestInvalid,
            $"The manifest '{path}' cannot be relied on: {reason}.",
            path,
            "Use a backup whose manifest is whole; stock tools may still open the file itself (age, gunzip, pg_restore).",
            inner: inner
        );
}
