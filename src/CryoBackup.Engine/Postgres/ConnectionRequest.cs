namespace CryoBackup.Postgres;

/// <summary>
/// What the user said about the server. Each null is filled from the PG* environment variables, then from the connection
/// service file, then by libpq's default; a missing password also from the password file.
/// </summary>
public sealed class ConnectionRequest
{
    /// <summary>Host name, address, or the folder of a Unix-domain socket.</summary>
    public string? ComputerName { get; set; }

    /// <summary>TCP port, or the number in the socket's name.</summary>
    public int? Port { get; set; }

    /// <summary>The role to connect as.</summary>
    public string? UserName { get; set; }

    /// <summary>Its password. Reaches tools only through a private password file.</summary>
    public string? Password { get; set; }

    /// <summary>How the connection is secured.</summary>
    public SslMode? SslMode { get; set; }
}
