using CryoBackup.Storage;
using CryoBackup.Text;

namespace CryoBackup.Commands;

/// <summary>What the cmdlets of holds share: each backup is changed once it was asked for.</summary>
public abstract class CryoBackupHoldCmdlet : CryoBackupChangeCmdlet
{
    private readonly HashSet<string> _done = new(StringComparer.Ordinal);

    /// <summary>What is done, for -WhatIf and -Confirm.</summary>
    private protected abstract string Action { get; }

    /// <summary>Does it.</summary>
    /// <param name="backup">The backup's full path.</param>
    private protected abstract BackupInfo Change(string backup);

    /// <summary>Changes each backup of the record.</summary>
    private protected void ChangeEach()
    {
        foreach (string backup in ResolveRecord(Path).SelectMany(found => BackupFolder.Select(found.Paths)).Where(_done.Add))
        {
            if (
                ShouldProcess(VisibleText.Of($"backup '{backup}'"), Action)
                && RunEngine(backup, (_, _) => Change(backup), mayEndCommand: false) is { } changed
            )
            {
                WriteObject(changed);
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
