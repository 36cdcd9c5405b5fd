using CryoBackup.Postgres;

namespace CryoBackup.Configuration;

/// <summary>How the server is reached: the section <c>database</c>. What it leaves out comes from the PG* environment.</summary>
public sealed record DatabaseSettings : Settings
{
    /// <summary>Host name, address, or the folder of a socket.</summary>
    [Setting("Host name, address, or the folder of a socket.", Example = "localhost", IsCommon = true)]
    public string? Host { get; init; }

    /// <summary>The port.</summary>
    [Setting("The port.", Example = "5432", Minimum = 1, Maximum = 65535, IsCommon = true)]
    public int? Port { get; init; }

    /// <summary>The role to connect as.</summary>
    [Setting("The role to connect as.", Example = "postgres", IsCommon = true)]
    public string? Username { get; init; }

    /// <summary>Its password. Secret.</summary>
    [Setting(
        "Its password. Not needed where .pgpass, a certificate or peer authentication does it.",
        Example = "${POSTGRES_PASSWORD}",
        IsSecret = true,
        IsCommon = true
    )]
    public string? Password { get; init; }

    /// <summary>The database that is backed up where <c>databases</c> names none.</summary>
    [Setting("The database to back up, where databases names none.", Example = "app", IsCommon = true)]
    public string? Database { get; init; }

    /// <summary>How the connection is secured.</summary>
    [Setting("How the connection is secured: disable, allow, prefer, require, verify-ca, verify-full.", Example = "prefer")]
    public SslMode? SslMode { get; init; }

    /// <summary>The server, of which each null says nothing.</summary>
    internal ConnectionRequest Connection => ConnectionRequest.To(Host, Port, Username, Password, SslMode);
}
