using System.Management.Automation;
using CryoBackup.Retention;

namespace CryoBackup.Commands;

/// <summary>Protect-CryoBackup: keeps backups from being removed.</summary>
[Cmdlet(
    VerbsSecurity.Protect,
    "CryoBackup",
    DefaultParameterSetName = PathSet,
    SupportsShouldProcess = true,
    ConfirmImpact = ConfirmImpact.Low
)]
[OutputType(typeof(BackupInfo))]
public sealed class ProtectCryoBackupCommand : CryoBackupHoldCmdlet
{
    /// <summary>Until when the hold lasts; without it until Unprotect-CryoBackup takes it off.</summary>
    [Parameter]
    public DateTime? Until { get; set; }

    /// <summary>Why, for whoever meets the hold later.</summary>
    [Parameter(Position = 1)]
    [ValidateNotNullOrEmpty]
    [ValidateLength(1, HoldRequest.LongestReason)]
    public string Reason { get; set; } = "";

    /// <summary>Lets the store itself keep everybody from deleting it, until Unprotect-CryoBackup takes that off.</summary>
    [Parameter]
    public SwitchParameter LegalHold { get; set; }

    /// <summary>Holds each backup.</summary>
    protected override void ProcessRecord() => ChangeEach();

    private protected override string Action => Until is null ? "Hold" : $"Hold until {Until.Value.ToUniversalTime():yyyy-MM-dd HH:mm:ss}Z";

    private protected override bool IsPut => true;

    private protected override HoldRequest Request =>
        new()
        {
            Until = Until?.ToUniversalTime(),
            Reason = Reason,
            LegalHold = LegalHold,
        };
}
