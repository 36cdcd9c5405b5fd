using CryoBackup.Configuration;
using CryoBackup.Hosting;
using CryoBackup.Retention;
using CryoBackup.Runs;
using CryoBackup.Storage;
using CryoBackup.Text;

namespace CryoBackup.Commands;

/// <summary>What the cmdlets of holds share: each backup is changed once it was asked for.</summary>
public abstract class CryoBackupHoldCmdlet : CryoBackupChangeCmdlet
{
    private readonly HashSet<string> _done = new(StringComparer.Ordinal);

    /// <summary>What is done, for -WhatIf and -Confirm.</summary>
    private protected abstract string Action { get; }

    /// <summary>True to hold, false to let go.</summary>
    private protected abstract bool IsPut { get; }

    /// <summary>What is asked for, but for the backup.</summary>
    private protected abstract HoldRequest Request { get; }

    /// <summary>Reads the configuration.</summary>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        ReadConfiguration(ConfigurationUse.Hold);
        OpenEvidence(RunKind.Hold);
    }

    /// <summary>Changes each backup of the record.</summary>
    private protected void ChangeEach()
    {
        foreach (string backup in ResolveRecord(Path).SelectMany(found => BackupFolder.Select(found.Paths)).Where(_done.Add))
        {
            if (
                ShouldProcess(VisibleText.Of($"backup '{backup}'"), Action)
                && RunEngine(
                    backup,
                    (observer, stop) =>
                        Evidence.Run(Request with { Path = backup, Store = CopyPlan.Options(Configuration) }, IsPut, observer, stop),
                    mayEndCommand: false
                )
                    is { } changed
            )
            {
                Emit(changed);
            }
        }
    }

    /// <summary>Says so where nothing came.</summary>
    protected override void EndProcessing()
    {
        WarnIfNothingCame(Came, "no backup was changed");
        base.EndProcessing();
    }
}
