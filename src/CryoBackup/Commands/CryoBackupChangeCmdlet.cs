using System.Management.Automation;
using CryoBackup.Completion;

namespace CryoBackup.Commands;

/// <summary>What the cmdlets share that change backups where they lie, and are not told which by a configuration. Unlike where backups
/// are only read, an object's property named Path alone binds nothing here: as a pattern it could mean another file once its own is gone.
/// </summary>
public abstract class CryoBackupChangeCmdlet : CryoBackupPathCmdlet
{
    /// <summary>Backups, or what else the cmdlet takes; wildcards are expanded.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ParameterSetName = PathSet)]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(BackupPathCompleter))]
    public string[] Path { get; set; } = [];
}
