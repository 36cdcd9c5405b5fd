using System.Management.Automation;

namespace CryoBackup.Commands;

/// <summary>What the cmdlets that meet one server share: its name.</summary>
public abstract class CryoBackupOneServerCmdlet : CryoBackupServerCmdlet
{
    /// <summary>Host name, address, or the folder of a Unix-domain socket.</summary>
    [Parameter]
    [Alias("Host", "HostName", "Server")]
    [OneServer]
    [ValidateNotNullOrEmpty]
    public string? ComputerName
    {
        get => Connection.ComputerName;
        set => NameServer(value);
    }
}
