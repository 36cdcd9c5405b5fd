namespace CryoBackup.Postgres;

/// <summary>Unix-domain sockets: how a host is recognised as one, and where the server puts them.</summary>
internal static class SocketFolders
{
    // Debian and Red Hat use the first, PostgreSQL's own builds the second.
    private static readonly string[] Defaults = ["/var/run/postgresql", "/tmp"];

    /// <summary>True if the host is the folder of a socket (or, with @, an abstract one) and not a name or an address.</summary>
    public static bool IsSocket(string host) =>
        host.Length > 0 && (host[0] is '/' or '@' || (OperatingSystem.IsWindows() && Path.IsPathFullyQualified(host)));

    /// <summary>True for the folders that libpq treats as "localhost".</summary>
    public static bool IsDefault(string host) => Array.IndexOf(Defaults, host.Length > 1 ? host.TrimEnd('/') : host) >= 0;

    /// <summary>The host that stands for "this machine": the folder that has the port's socket, else the first that exists;
    /// localhost on Windows.</summary>
    public static string DefaultHost(int port)
    {
        if (OperatingSystem.IsWindows())
        {
            return "localhost";
        }

        return Defaults.FirstOrDefault(folder => File.Exists(SocketPath(folder, port)))
            ?? Defaults.FirstOrDefault(Directory.Exists)
            ?? Defaults[^1];
    }

    /// <summary>The file of a socket.</summary>
    public static string SocketPath(string folder, int port) =>
        Path.Combine(folder, string.Create(System.Globalization.CultureInfo.InvariantCulture, $".s.PGSQL.{port}"));
}
