using System.Management.Automation;
using CryoBackup.Retention;

namespace CryoBackup.Commands;

/// <summary>Unprotect-CryoBackup: takes holds off backups.</summary>
[Cmdlet(
    VerbsSecurity.Unprotect,
    "CryoBackup",
    DefaultParameterSetName = PathSet,
    SupportsShouldProcess = true,
    ConfirmImpact = ConfirmImpact.Medium
)]
[OutputType(typeof(BackupInfo))]
public sealed class UnprotectCryoBackupCommand : CryoBackupHoldCmdlet
{
    /// <summary>Lets go of each backup.</summary>
    protected override void ProcessRecord() => ChangeEach();

    private protected override string Action => "Take the hold off";

    private protected override bool IsPut => false;

    private protected override HoldRequest Request => new();
}
