using System.Globalization;

namespace CryoBackup.Postgres;

/// <summary>
/// What the user said about the server. Each null is filled from the PG* environment variables, then from the connection
/// service file, then by libpq's default; a missing password also from the password file.
/// </summary>
public sealed record ConnectionRequest
{
    private readonly ConnectionUri? _uri;
    private readonly string? _computerName;
    private readonly int? _port;
    private readonly string? _userName;
    private readonly string? _password;
    private readonly SslMode? _sslMode;

    /// <summary>Host name, address, or the folder of a Unix-domain socket. A URI (postgresql://…) that is given is taken apart; its parts
    /// are those of this record, as far as they are not given by themselves.</summary>
    public string? ComputerName
    {
        get => _computerName;
        init
        {
            _uri = ConnectionUri.Is(value) ? ConnectionUri.Parse(value!) : null;
            _computerName = _uri is null ? value : _uri.Host;
        }
    }

    /// <summary>TCP port, or the number in the socket's name.</summary>
    public int? Port
    {
        get => _port ?? _uri?.Port;
        init => _port = value;
    }

    /// <summary>The role to connect as.</summary>
    public string? UserName
    {
        get => _userName ?? _uri?.UserName;
        init => _userName = value;
    }

    /// <summary>Its password. Reaches tools only through a private password file.</summary>
    public string? Password
    {
        get => _password ?? (_userName is null ? _uri?.Password : null);
        init => _password = value;
    }

    /// <summary>How the connection is secured.</summary>
    public SslMode? SslMode
    {
        get => _sslMode ?? _uri?.SslMode;
        init => _sslMode = value;
    }

    /// <summary>The database that a URI names; null for none.</summary>
    internal string? Database => _uri?.Database;

    /// <summary>A server as a section of a configuration names it; what is null is not said.</summary>
    /// <param name="host">See <see cref="ComputerName"/>.</param>
    /// <param name="port">See <see cref="Port"/>.</param>
    /// <param name="role">See <see cref="UserName"/>.</param>
    /// <param name="password">See <see cref="Password"/>.</param>
    /// <param name="sslMode">See <see cref="SslMode"/>.</param>
    internal static ConnectionRequest To(string? host, int? port, string? role, string? password, SslMode? sslMode) =>
        new()
        {
            ComputerName = host,
            Port = port,
            UserName = role,
            Password = password,
            SslMode = sslMode,
        };

    /// <summary>Lays this over something that comes after it. A password belongs to its role: another role does not get it.</summary>
    /// <param name="next">What holds where nothing was said.</param>
    /// <returns>Both in one.</returns>
    public ConnectionRequest Over(ConnectionRequest next)
    {
        ArgumentNullException.ThrowIfNull(next);
        return new ConnectionRequest
        {
            ComputerName = ComputerName ?? next.ComputerName,
            Port = Port ?? next.Port,
            UserName = UserName ?? next.UserName,
            Password = UserName is null ? Password ?? next.Password : Password,
            SslMode = SslMode ?? next.SslMode,
        };
    }

    /// <summary>The server for a question, as far as it can be told without meeting it.</summary>
    /// <returns>host:port in libpq's order; several where several may be used.</returns>
    public string Describe()
    {
        try
        {
            var settings = ConnectionSettings.Read(PostgresEnvironment.OfProcess, static _ => { });
            string? port = Port?.ToString(CultureInfo.InvariantCulture) ?? settings.ValueOf("port");
            return string.Join(
                ", ",
                HostList
                    .Parse(ComputerName ?? settings.ValueOf("hostaddr") ?? settings.ValueOf("host"), port, ServerEndpoint.DefaultPort)
                    .Select(server => ServerEndpoint.AddressOf(server.Host, server.Port))
            );
        }
        catch (CryoBackupException)
        {
            // What is wrong with it is told where it is used.
            return (ComputerName ?? "the default server") + (Port is { } port ? $", port {port}" : "");
        }
    }

    /// <summary>The server in words, without the password.</summary>
    /// <returns>Role, name and port as far as they are said.</returns>
    public override string ToString() => $"{UserName}@{ComputerName}:{Port}";
}
