using System.Globalization;

namespace CryoBackup.Postgres;

/// <summary>
/// What the user said about the server. Each null is filled from the PG* environment variables, then from the connection
/// service file, then by libpq's default; a missing password also from the password file.
/// </summary>
public sealed record ConnectionRequest
{
    /// <summary>Host name, address, or the folder of a Unix-domain socket.</summary>
    public string? ComputerName { get; init; }

    /// <summary>TCP port, or the number in the socket's name.</summary>
    public int? Port { get; init; }

    /// <summary>The role to connect as.</summary>
    public string? UserName { get; init; }

    /// <summary>Its password. Reaches tools only through a private password file.</summary>
    public string? Password { get; init; }

    /// <summary>How the connection is secured.</summary>
    public SslMode? SslMode { get; init; }

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
