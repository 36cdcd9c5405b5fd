using System.Globalization;

namespace CryoBackup.Postgres;

/// <summary>A connection as libpq's URI: <c>postgresql://user:password@host:port/database?sslmode=require</c>, each part but the first
/// left out at will.</summary>
internal sealed record ConnectionUri
{
    private static readonly string[] Schemes = ["postgresql://", "postgres://"];

    /// <summary>The host, or several with commas between them; null for none.</summary>
    public string? Host { get; private init; }

    /// <summary>The port; null for none.</summary>
    public int? Port { get; private init; }

    /// <summary>The role; null for none.</summary>
    public string? UserName { get; private init; }

    /// <summary>Its password; null for none.</summary>
    public string? Password { get; private init; }

    /// <summary>The database; null for none.</summary>
    public string? Database { get; private init; }

    /// <summary>How the connection is secured; null where nothing is said.</summary>
    public SslMode? SslMode { get; private init; }

    /// <summary>Tells whether a text begins as one.</summary>
    /// <param name="text">The text.</param>
    public static bool Is(string? text) =>
        Array.Exists(Schemes, scheme => text?.StartsWith(scheme, StringComparison.OrdinalIgnoreCase) == true);

    /// <summary>A text as it may be shown: a password in it is masked.</summary>
    /// <param name="text">Any text.</param>
    /// <returns>The text; of a URI, with *** for the password.</returns>
    public static string Masked(string text)
    {
        if (!Is(text))
        {
            return text;
        }

        int start = text.IndexOf("//", StringComparison.Ordinal) + 2;
        int at = text.LastIndexOf('@');
        int colon = at < 0 ? -1 : text.IndexOf(':', start, at - start);
        string shown = colon < 0 ? text : $"{text[..(colon + 1)]}***{text[at..]}";
        int query = shown.IndexOf("password=", StringComparison.OrdinalIgnoreCase);
        return query < 0 ? shown : shown[..query] + "password=***";
    }

    /// <summary>Takes one apart.</summary>
    /// <param name="text">A text that begins as one.</param>
    /// <returns>Its parts.</returns>
    /// <exception cref="CryoBackupException">ConfigurationInvalid: it is none, or says what is not used here.</exception>
    public static ConnectionUri Parse(string text)
    {
        string rest = text[(text.IndexOf("//", StringComparison.Ordinal) + 2)..];
        (rest, string query) = Cut(rest, '?');
        (string authority, string database) = Cut(rest, '/');
        int at = authority.LastIndexOf('@');
        (string user, string password) = Cut(at < 0 ? "" : authority[..at], ':');
        (string? hosts, int? port) = ReadHosts(text, authority[(at + 1)..]);
        var uri = new ConnectionUri
        {
            Host = hosts,
            Port = port,
            UserName = Decoded(user),
            Password = Decoded(password),
            Database = Decoded(database),
        };
        foreach (string pair in query.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            (string name, string value) = Cut(pair, '=');
            uri = uri.With(text, name, Decoded(value) ?? "");
        }

        return uri;
    }

    private ConnectionUri With(string text, string name, string value) =>
        name switch
        {
            "host" => this with { Host = value },
            "port" => this with { Port = ReadPort(text, value) },
            "user" => this with { UserName = value },
            "password" => this with { Password = value },
            "dbname" => this with { Database = value },
            "sslmode" => this with
            {
                SslMode = ServerEndpoint.SslModeOf(value) ?? throw Invalid(text, $"the SSL mode '{value}' is not known"),
            },
            _ => throw Invalid(text, $"the parameter '{name}' is not taken from it; set its PG… variable"),
        };

    private static (string? Hosts, int? Port) ReadHosts(string text, string authority)
    {
        var hosts = new List<string>();
        int? port = null;
        foreach (string item in authority.Split(','))
        {
            int colon = item.LastIndexOf(':');
            bool hasPort = colon > item.LastIndexOf(']');
            hosts.Add(Decoded(hasPort ? item[..colon] : item) ?? "");
            if (hasPort && colon + 1 < item.Length)
            {
                int own = ReadPort(text, item[(colon + 1)..]);
                port = port is null || port == own ? own : throw Invalid(text, "its hosts have different ports");
            }
        }

        return (authority.Length == 0 || hosts.TrueForAll(host => host.Length == 0) ? null : string.Join(",", hosts), port);
    }

    private static int ReadPort(string text, string port) =>
        int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number is > 0 and <= 65535
            ? number
            : throw Invalid(text, $"'{port}' is not a port");

    private static (string Before, string Behind) Cut(string text, char at) =>
        text.IndexOf(at, StringComparison.Ordinal) is >= 0 and var index ? (text[..index], text[(index + 1)..]) : (text, "");

    private static string? Decoded(string text) => text.Length == 0 ? null : Uri.UnescapeDataString(text);

    private static CryoBackupException Invalid(string text, string reason) =>
        new(
            CryoBackupError.ConfigurationInvalid,
            $"The connection '{Masked(text)}' cannot be used: {reason}.",
            Masked(text),
            "Write postgresql://user@host:port/database?sslmode=verify-full, or give host, port and role apart."
        );
}
