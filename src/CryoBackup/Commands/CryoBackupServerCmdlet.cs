using System.Management.Automation;
using CryoBackup.Postgres;

namespace CryoBackup.Commands;

/// <summary>What the cmdlets that meet a server share: how it is reached. What is not said comes from the PG* environment,
/// as with psql.</summary>
public abstract class CryoBackupServerCmdlet : CryoBackupCmdlet
{
    /// <summary>TCP port, or the number in the socket's name.</summary>
    [Parameter]
    [ValidateRange(1, 65535)]
    public virtual int? Port
    {
        get => Connection.Port;
        set => Connection = Connection with { Port = value };
    }

    /// <summary>Role and password; without it, or with an empty password, the password file and the environment are asked.</summary>
    [Parameter]
    [Credential]
    public PSCredential? Credential { get; set; }

    /// <summary>How the connection is secured, in libpq's words.</summary>
    [Parameter]
    public SslMode? SslMode
    {
        get => Connection.SslMode;
        set => Connection = Connection with { SslMode = value };
    }

    /// <summary>The server as the user described it.</summary>
    private protected ConnectionRequest Connection { get; set; } = new();

    /// <summary>Takes the credential apart, once.</summary>
    protected override void BeginProcessing()
    {
        if (Credential is not null && Credential.UserName is { Length: > 0 } userName)
        {
            Connection = Connection with
            {
                UserName = userName,
                Password = Credential.Password.Length > 0 ? Credential.GetNetworkCredential().Password : null,
            };
        }
    }
}
