using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using CryoBackup.Encryption;

namespace CryoBackup.Storage;

/// <summary>
/// The names of a backup's files: <c>&lt;database&gt;_&lt;yyyyMMdd&gt;_&lt;HHmmss&gt;_full.dump[.gz|.zst][.age]</c> in UTC, with
/// <c>_partial</c> for one that holds only a selection. What a file system refuses is percent-encoded, so two databases never share a name.
/// </summary>
internal static partial class BackupFileName
{
    /// <summary>What is appended to a backup's name for its manifest's.</summary>
    public const string ManifestSuffix = ".meta.json";

    /// <summary>What is appended to a backup's name for what Tests concluded of it.</summary>
    public const string ProofSuffix = ".proof.json";

    /// <summary>What is appended to a backup's name for the hold that keeps it from being removed.</summary>
    public const string HoldSuffix = ".hold.json";

    /// <summary>What is appended to a backup's name for the mark of a removal that has begun.</summary>
    public const string RemovalSuffix = ".removal.json";

    /// <summary>What is appended to a file's name until it is whole.</summary>
    public const string PartialSuffix = ".partial";

    /// <summary>What is appended to the name of an encrypted backup.</summary>
    public const string EncryptedSuffix = AgeHeader.FileSuffix;

    private static readonly HashSet<string> WindowsDevices = new(StringComparer.OrdinalIgnoreCase)
    {
        "CON",
        "PRN",
        "AUX",
        "NUL",
        "COM1",
        "COM2",
        "COM3",
        "COM4",
        "COM5",
        "COM6",
        "COM7",
        "COM8",
        "COM9",
        "LPT1",
        "LPT2",
        "LPT3",
        "LPT4",
        "LPT5",
        "LPT6",
        "LPT7",
        "LPT8",
        "LPT9",
    };

    /// <summary>All that may be appended to a file's name by compression and encryption, none of both too.</summary>
    public static IReadOnlyList<string> Suffixes { get; } =
    [.. Enum.GetValues<CompressionKind>().SelectMany(kind => new[] { Suffix(kind), Suffix(kind) + EncryptedSuffix })];

    /// <summary>The name for a backup.</summary>
    /// <param name="database">The database.</param>
    /// <param name="start">When the backup began, in UTC.</param>
    /// <param name="compression">How the file is compressed.</param>
    /// <param name="isEncrypted">True if it is encrypted.</param>
    /// <param name="isPartial">True if it holds only a selection of the database.</param>
    /// <returns>A name without a folder.</returns>
    public static string Create(
        string database,
        DateTime start,
        CompressionKind compression,
        bool isEncrypted = false,
        bool isPartial = false
    )
    {
        string type = isPartial ? BackupManifest.PartialType : BackupManifest.FullType;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{Encode(database)}_{start:yyyyMMdd_HHmmss}_{type}.dump{Suffix(compression)}{(isEncrypted ? EncryptedSuffix : "")}"
        );
    }

    /// <summary>A database's name as a part of a file's name. Different names give different results.</summary>
    /// <param name="database">The database.</param>
    /// <returns>The name with what a file system of any platform refuses percent-encoded, byte by byte of its UTF-8.</returns>
    public static string Encode(string database)
    {
        // Windows takes a device's name for the device also where a dot and more follow.
        bool isDevice = WindowsDevices.Contains(database.Split('.')[0].TrimEnd(' '));
        var name = new StringBuilder();
        Span<byte> bytes = stackalloc byte[4];
        foreach (Rune rune in database.EnumerateRunes())
        {
            bool refused =
                Rune.GetUnicodeCategory(rune)
                    is UnicodeCategory.Control
                        or UnicodeCategory.Format
                        or UnicodeCategory.LineSeparator
                        or UnicodeCategory.ParagraphSeparator
                        or UnicodeCategory.PrivateUse
                        or UnicodeCategory.OtherNotAssigned
                || (rune.IsAscii && "<>:\"/\\|?*%".Contains((char)rune.Value, StringComparison.Ordinal))
                || (name.Length == 0 && rune.Value is ('.' or '-' or '~' or ' '))
                || (name.Length == 0 && isDevice);
            if (refused)
            {
                foreach (byte value in bytes[..rune.EncodeToUtf8(bytes)])
                {
                    name.Append('%').Append(value.ToString("X2", CultureInfo.InvariantCulture));
                }
            }
            else
            {
                name.Append(rune.ToString());
            }
        }

        return name.ToString();
    }

    /// <summary>What a backup's name tells, where its manifest does not.</summary>
    /// <param name="name">A name without a folder.</param>
    /// <returns>The database, and when the backup began, in UTC; null if the name has another form.</returns>
    public static (string Database, DateTime Start)? TryRead(string name)
    {
        const DateTimeStyles Utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        return
            Form().Match(name) is { Success: true } match
            && DateTime.TryParseExact(match.Groups[2].Value, "yyyyMMdd_HHmmss", CultureInfo.InvariantCulture, Utc, out DateTime start)
            ? (Uri.UnescapeDataString(match.Groups[1].Value), start)
            : null;
    }

    /// <summary>Tells whether a backup holds only a selection, by its name.</summary>
    /// <param name="path">A path.</param>
    public static bool IsPartial(string path) =>
        Path.GetFileName(path).Contains($"_{BackupManifest.PartialType}.dump", StringComparison.Ordinal);

    /// <summary>How a file is compressed, by its name.</summary>
    /// <param name="path">A path of a backup, perhaps an encrypted or unfinished one.</param>
    public static CompressionKind CompressionOf(string path)
    {
        string name = Without(Without(path, PartialSuffix), EncryptedSuffix);
        return Enum.GetValues<CompressionKind>()
            .OrderByDescending(kind => Suffix(kind).Length)
            .First(kind => name.EndsWith(Suffix(kind), StringComparison.OrdinalIgnoreCase));
    }

    private static string Without(string name, string suffix) =>
        name.EndsWith(suffix, StringComparison.OrdinalIgnoreCase) ? name[..^suffix.Length] : name;

    [GeneratedRegex(@"^(.+)_(\d{8}_\d{6})_(?:full|partial)\.dump", RegexOptions.CultureInvariant | RegexOptions.Singleline)]
    private static partial Regex Form();

    /// <summary>What is appended to a file's name by its compression.</summary>
    /// <param name="compression">How the file is compressed.</param>
    public static string Suffix(CompressionKind compression) =>
        compression switch
        {
            CompressionKind.Gzip => ".gz",
            CompressionKind.Zstd => ".zst",
            _ => "",
        };
}
