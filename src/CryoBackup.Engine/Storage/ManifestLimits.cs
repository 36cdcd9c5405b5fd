using System.Globalization;
using System.Text.Json;

namespace CryoBackup.Storage;

/// <summary>What no manifest holds that we or our predecessor wrote: a manifest is a file that anybody may have put there.</summary>
internal static class ManifestLimits
{
    /// <summary>The most bytes of a manifest. A million tables take less.</summary>
    public const long MaximumLength = 1 << 28;

    // PostgreSQL's names have 63 bytes, and even its own makers' builds no more than this.
    private const int LongestName = 1024;
    private const int LongestText = 1 << 20;
    private const long MostRows = 1L << 43;
    private static readonly TimeSpan LongestDuration = TimeSpan.FromDays(3650);

    /// <summary>What is wrong with a manifest's JSON though it may be read:
    /// a key that is there twice is read differently by different programs.</summary>
    /// <param name="json">The file's bytes.</param>
    /// <returns>A sentence without its full stop; null for nothing.</returns>
    /// <exception cref="JsonException">It is no JSON.</exception>
    public static string? FindFaultOf(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        var keys = new Stack<HashSet<string>>();
        while (reader.Read())
        {
            if (
                reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName or JsonTokenType.Number
                && reader.ValueSpan.Length > LongestText
            )
            {
                return string.Create(
                    CultureInfo.InvariantCulture,
                    $"a text in it has {reader.ValueSpan.Length} bytes, and none is longer than {LongestText}"
                );
            }

            switch (reader.TokenType)
            {
                case JsonTokenType.StartObject:
                    keys.Push(new HashSet<string>(StringComparer.Ordinal));
                    break;
                case JsonTokenType.EndObject:
                    keys.Pop();
                    break;
                case JsonTokenType.PropertyName when !keys.Peek().Add(reader.GetString()!):
                    return string.Create(CultureInfo.InvariantCulture, $"a key is there twice (at byte {reader.TokenStartIndex})");
            }
        }

        return null;
    }

    /// <summary>What in a manifest nothing that reads it could make sense of. JSON may hold null where a text belongs.</summary>
    /// <param name="manifest">The manifest.</param>
    /// <returns>A sentence without its full stop; null for nothing.</returns>
    public static string? FindFaultOf(BackupManifest manifest)
    {
        if (string.IsNullOrEmpty(manifest.Database) || string.IsNullOrEmpty(manifest.BackupFile))
        {
            return "it does not name the database and the backup file";
        }

        if (
            manifest.Host is null
            || manifest.BackupToolVersion is null
            || manifest.Timestamp is null
            || HasNull(manifest.Warnings)
            || manifest.Server is { Version: null } or { Encoding: null } or { Collation: null } or { Ctype: null }
            || manifest.Client is { Version: null } or { Arguments: null }
            || HasNull(manifest.Client?.Arguments)
            || manifest.Globals is { File: null } or { Sha256: null }
            || manifest.LargeObjects is { Fingerprint: null }
            || manifest.State?.Exists(item =>
                item is not { Kind: not null, Schema: not null, Relation: not null, Name: not null, State: not null }
            ) == true
            || manifest.Degraded is { ComparedWith: null } or { Findings: null }
            || HasNull(manifest.Degraded?.Findings)
            || manifest.Excluded?.Exists(item => item is not { Name: not null, Reason: not null }) == true
        )
        {
            return "a text in it is null";
        }

        if (
            manifest.Encryption is not null
            && (manifest.Encryption is not { Method: not null, Recipients.Count: > 0 } || HasNull(manifest.Encryption.Recipients))
        )
        {
            return "what it records of the encryption is not whole";
        }

        if (
            Array.Exists(
                [manifest.Database, manifest.BackupFile, manifest.Host, manifest.Timestamp, manifest.BackupToolVersion],
                text => text.Length > LongestName
            )
        )
        {
            return string.Create(CultureInfo.InvariantCulture, $"a name in it is longer than {LongestName} characters");
        }

        if (manifest.Ranges is { } ranges && !FileRanges.Fit(ranges, manifest.SizeBytes))
        {
            return "what it records of the file's ranges is not whole";
        }

        return FindNumber(manifest) ?? FindTable(manifest);
    }

    private static string? FindNumber(BackupManifest manifest)
    {
        if (
            manifest.SizeBytes < 0
            || manifest.UncompressedBytes < 0
            || manifest.Globals is { SizeBytes: < 0 }
            || manifest.LargeObjects is { Count: < 0 } or { Bytes: < 0 }
            || manifest.Objects?.Values.Any(count => count < 0) == true
            || !(
                manifest.DurationSeconds is null
                || (manifest.DurationSeconds >= 0 && manifest.DurationSeconds <= LongestDuration.TotalSeconds)
            )
        )
        {
            return "a size or the duration in it is out of range";
        }

        // What is computed from it must be a time too.
        return manifest.ReadStart() > DateTime.MaxValue - LongestDuration - LongestDuration ? "its time is at the end of all time" : null;
    }

    private static string? FindTable(BackupManifest manifest)
    {
        var names = new HashSet<(string Schema, string Name)>();
        long rows = 0;
        foreach (BackupManifest.TableRecord? table in manifest.Tables ?? [])
        {
            if (
                table
                is not {
                    Schema: { Length: <= LongestName } schema,
                    Name: { Length: <= LongestName } name,
                    Fingerprint: { Length: <= LongestName },
                    Rows: >= 0 and <= MostRows,
                    Bytes: >= 0
                }
            )
            {
                return "what it records of a table is not whole";
            }

            if (!names.Add((schema, name)))
            {
                return $"it records the table {schema}.{name} twice";
            }

            rows += table.Rows;
            if (rows < 0)
            {
                return "its tables have more rows together than can be counted";
            }
        }

        return null;
    }

    private static bool HasNull(List<string>? texts) => texts?.Contains(null!) == true;
}
