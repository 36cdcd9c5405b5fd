using System.Text;
using CryoBackup.Processes;
using CryoBackup.Streams;

namespace CryoBackup.Postgres;

/// <summary>libpq's password file: lines of <c>host:port:database:user:password</c>, the first that matches counts.</summary>
internal sealed class PgPassFile
{
    /// <summary>A password file that does not exist, for clients that would otherwise look up one that was not taken on purpose.</summary>
    public static readonly string None = OperatingSystem.IsWindows()
        ? System.IO.Path.Combine(TemporaryPlace.Folder, "cryobackup-no-pgpass")
        : "/dev/null/pgpass";

    private readonly string[] _lines;

    private PgPassFile(string path, string[] lines)
    {
        Path = path;
        _lines = lines;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Reads a password file as libpq would: a missing one is no error,
    /// one that others may read is ignored with a warning.</summary>
    /// <param name="path">The file.</param>
    /// <param name="observer">Takes the warning.</param>
    /// <returns>The file, or null when there is none to be used.</returns>
    public static PgPassFile? Open(string path, Action<EngineMessage> observer)
    {
        if (Directory.Exists(path))
        {
            observer(new WarningMessage($"The password file '{path}' is a folder and was ignored."));
            return null;
        }

        if (!File.Exists(path) || path.StartsWith("/dev/", StringComparison.Ordinal))
        {
            return null;
        }

        if (!OperatingSystem.IsWindows())
        {
            const UnixFileMode OfOthers =
                UnixFileMode.GroupRead
                | UnixFileMode.GroupWrite
                | UnixFileMode.GroupExecute
                | UnixFileMode.OtherRead
                | UnixFileMode.OtherWrite
                | UnixFileMode.OtherExecute;
            if ((File.GetUnixFileMode(path) & OfOthers) != 0)
            {
                observer(
                    new WarningMessage($"The password file '{path}' was ignored because others have access to it; run: chmod 0600 '{path}'")
                );
                return null;
            }
        }

        try
        {
            return new PgPassFile(path, RegularFile.ReadLines(path));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            observer(new WarningMessage($"The password file '{path}' was ignored because it cannot be read: {exception.Message}"));
            return null;
        }
    }

    /// <summary>The password of the first line that matches; null when none does.</summary>
    /// <param name="host">Host name, or the folder of a socket.</param>
    /// <param name="port">Port.</param>
    /// <param name="database">Database.</param>
    /// <param name="userName">Role.</param>
    public string? PasswordFor(string host, int port, string database, string userName)
    {
        // libpq calls its default socket folder "localhost"; which folder that is differs by packager.
        string[] hosts = SocketFolders.IsDefault(host) ? ["localhost", host] : [host];
        string portText = port.ToString(System.Globalization.CultureInfo.InvariantCulture);
        foreach (string line in _lines)
        {
            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }

            foreach (string name in hosts)
            {
                string? rest = AfterMatch(line, name);
                rest = rest is null ? null : AfterMatch(rest, portText);
                rest = rest is null ? null : AfterMatch(rest, database);
                rest = rest is null ? null : AfterMatch(rest, userName);
                if (rest is not null)
                {
                    return Unescape(rest) is { Length: > 0 } password ? password : null;
                }
            }
        }

        return null;
    }

    /// <summary>A line that gives one password for every server, escaped for this file.</summary>
    public static string LineForAnyServer(string password) =>
        "*:*:*:*:" + password.Replace("\\", "\\\\", StringComparison.Ordinal).Replace(":", "\\:", StringComparison.Ordinal) + "\n";

    // What follows the field's colon when the line's first field is the value or a lone asterisk.
    private static string? AfterMatch(string line, string value)
    {
        if (line.StartsWith("*:", StringComparison.Ordinal))
        {
            return line[2..];
        }

        int at = 0;
        foreach (char expected in value)
        {
            if (at < line.Length && line[at] == '\\')
            {
                at++;
            }
            else if (at < line.Length && line[at] == ':')
            {
                return null;
            }

            if (at >= line.Length || line[at] != expected)
            {
                return null;
            }

            at++;
        }

        return at < line.Length && line[at] == ':' ? line[(at + 1)..] : null;
    }

    private static string Unescape(string field)
    {
        var text = new StringBuilder(field.Length);
        for (int at = 0; at < field.Length && field[at] != ':'; at++)
        {
            if (field[at] == '\\' && at + 1 < field.Length)
            {
                at++;
            }

            text.Append(field[at]);
        }

        return text.ToString();
    }
}
