using System.Globalization;
using System.Text.Json;
using CryoBackup.Text;

namespace CryoBackup.Storage;

/// <summary>
/// A hold: what keeps a backup from being removed, beside it in <c>&lt;backup&gt;.hold.json</c>. Whatever else lies under that name holds
/// too, for somebody has put it there.
/// </summary>
internal sealed record HoldRecord
{
    /// <summary>The most characters of a reason.</summary>
    public const int LongestReason = 1000;

    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The version of this form.</summary>
    public int SchemaVersion { get; init; } = 1;

    /// <summary>The backup file's name, without a folder.</summary>
    public string BackupFile { get; init; } = "";

    /// <summary>Until when it holds, in UTC; null until it is taken off.</summary>
    public DateTime? Until { get; init; }

    /// <summary>Why, in the user's words.</summary>
    public string Reason { get; init; } = "";

    /// <summary>True if the store's own legal hold was put with it, and goes with it.</summary>
    public bool LegalHold { get; init; }

    /// <summary>Since when, in UTC.</summary>
    public DateTime Since { get; init; }

    /// <summary>The machine that put it there.</summary>
    public string Machine { get; init; } = "";

    /// <summary>The account that put it there.</summary>
    public string Account { get; init; } = "";

    /// <summary>The file of a backup's hold.</summary>
    /// <param name="backup">The backup's full path.</param>
    public static string PathOf(string backup) => backup + BackupFileName.HoldSuffix;

    /// <summary>Reads the hold of a backup.</summary>
    /// <param name="backup">The backup's full path.</param>
    /// <returns>The hold, also one that has ended; null where there is none.</returns>
    public static HoldRecord? Read(string backup)
    {
        try
        {
            return SideFile.Read(PathOf(backup)) is { } bytes ? Parse(bytes, Path.GetFileName(backup))
                // A folder is read as no file.
                : Directory.Exists(PathOf(backup)) ? Unknown
                : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return Unknown;
        }
    }

    /// <summary>Puts a hold on a backup, in place of one that is there.</summary>
    /// <param name="backup">The backup's full path.</param>
    /// <param name="until">Until when, in UTC; null until it is taken off.</param>
    /// <param name="reason">Why.</param>
    /// <returns>The hold.</returns>
    /// <exception cref="CryoBackupException">DestinationNotWritable, DiskFull.</exception>
    public static HoldRecord Put(string backup, DateTime? until, string reason)
    {
        HoldRecord hold = New(Path.GetFileName(backup), until, reason);
        SideFile.Update(PathOf(backup), _ => hold.Write());
        return hold;
    }

    /// <summary>A hold that begins now.</summary>
    /// <param name="name">The backup file's name, without a folder.</param>
    /// <param name="until">Until when, in UTC; null until it is taken off.</param>
    /// <param name="reason">Why.</param>
    internal static HoldRecord New(string name, DateTime? until, string reason) =>
        new()
        {
            BackupFile = name,
            Until = until,
            Reason = reason,
            Since = DateTime.UtcNow,
            Machine = Environment.MachineName,
            Account = Environment.UserName,
        };

    /// <summary>The hold as it is written.</summary>
    /// <returns>UTF-8 without BOM, ending with a newline.</returns>
    internal byte[] Write() => [.. JsonSerializer.SerializeToUtf8Bytes(this, Json), (byte)'\n'];

    /// <summary>Takes the hold off a backup. One without is no fault.</summary>
    /// <param name="backup">The backup's full path.</param>
    /// <exception cref="CryoBackupException">DestinationNotWritable.</exception>
    public static void Take(string backup)
    {
        if (File.Exists(PathOf(backup)) || new FileInfo(PathOf(backup)).LinkTarget is not null)
        {
            SideFile.Update(PathOf(backup), _ => null);
        }
    }

    /// <summary>The hold in words.</summary>
    /// <param name="now">The time, in UTC.</param>
    /// <returns>Null once it has ended.</returns>
    public string? At(DateTime now) =>
        Until is null ? $"held{Why}"
        : now <= Until ? string.Create(CultureInfo.InvariantCulture, $"held until {Until:yyyy-MM-dd HH:mm:ss}Z{Why}")
        : null;

    /// <summary>Reads a hold.</summary>
    /// <param name="bytes">What lies there.</param>
    /// <param name="name">The name of the backup file that it must be of.</param>
    internal static HoldRecord Parse(byte[] bytes, string name)
    {
        try
        {
            HoldRecord? hold = ManifestLimits.FindFaultOf(bytes) is null ? JsonSerializer.Deserialize<HoldRecord>(bytes, Json) : null;
            return
                hold is { SchemaVersion: 1, Reason: { Length: <= LongestReason }, Machine: not null, Account: not null }
                && string.Equals(hold.BackupFile, name, StringComparison.Ordinal)
                ? hold with
                {
                    Until = hold.Until?.ToUniversalTime(),
                    Since = hold.Since.ToUniversalTime(),
                }
                : Unknown;
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            return Unknown;
        }
    }

    private static HoldRecord Unknown { get; } = new() { Reason = $"what the file *{BackupFileName.HoldSuffix} says cannot be read" };

    private string Why => Reason.Length == 0 ? "" : $": {VisibleText.Of(Reason)}";
}
