using System.Globalization;
using CryoBackup.Streams;

namespace CryoBackup.Postgres.Scratch;

/// <summary>What a server has written into the postmaster.pid of its data directory, which stays there when it is killed.</summary>
/// <param name="Id">Its process ID, which the system may have given to another since.</param>
/// <param name="DataPath">Its data directory, with the server's own separators.</param>
/// <param name="Started">When it started, to the second.</param>
internal sealed record PostmasterFile(int Id, string DataPath, DateTime Started)
{
    // A server notes the time as soon as it runs; its programs may have to be read from a slow disk first, past a scanner.
    private static readonly TimeSpan LongestLoading = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Rounding = TimeSpan.FromSeconds(2);

    /// <summary>Reads it.</summary>
    /// <param name="dataPath">The data directory.</param>
    /// <returns>Null where there is none, or something else.</returns>
    public static PostmasterFile? Read(string dataPath)
    {
        try
        {
            string[] lines = RegularFile.ReadLines(Path.Combine(dataPath, "postmaster.pid"));
            return
                lines.Length >= 3
                && int.TryParse(lines[0], NumberStyles.None, CultureInfo.InvariantCulture, out int id)
                && long.TryParse(lines[2], NumberStyles.None, CultureInfo.InvariantCulture, out long started)
                && started < DateTimeOffset.MaxValue.ToUnixTimeSeconds()
                ? new PostmasterFile(id, lines[1], DateTimeOffset.FromUnixTimeSeconds(started).UtcDateTime)
                : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Whether the server that wrote it serves a directory.</summary>
    /// <param name="dataPath">The directory's full path.</param>
    public bool IsOf(string dataPath) =>
        string.Equals(
            DataPath.Replace('\\', '/').TrimEnd('/'),
            dataPath.Replace('\\', '/').TrimEnd('/'),
            OperatingSystem.IsWindows() ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal
        );

    /// <summary>
    /// Whether a process that started then is the one that wrote it. A later one bears an ID that is used again; an earlier one with that
    /// ID had ended by then, or the server could not have had it.
    /// </summary>
    /// <param name="processStart">When the process started, in UTC.</param>
    public bool IsStartOf(DateTime processStart) => processStart <= Started + Rounding && processStart >= Started - LongestLoading;
}
