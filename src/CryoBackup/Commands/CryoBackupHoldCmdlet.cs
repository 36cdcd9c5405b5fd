using System.Management.Automation;
using CryoBackup.Completion;
using CryoBackup.Text;

namespace CryoBackup.Commands;

/// <summary>What the cmdlets of holds share: backups by their paths, each changed once it was asked for.</summary>
public abstract class CryoBackupHoldCmdlet : CryoBackupCmdlet
{
    /// <summary>The set of paths with wildcards.</summary>
    private protected const string PathSet = "Path";

    private protected const string LiteralPathSet = "LiteralPath";

    private readonly HashSet<string> _done = new(StringComparer.Ordinal);
    private bool _came;

    /// <summary>Backup files; wildcards are expanded.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ParameterSetName = PathSet)]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(BackupPathCompleter))]
    public string[] Path { get; set; } = [];

    /// <summary>Backup files, taken as they are written. What New-, Get- and Test-CryoBackup emit is bound here.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = LiteralPathSet)]
    [Alias("PSPath", "LP")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>What is done, for -WhatIf and -Confirm.</summary>
    private protected abstract string Action { get; }

    /// <summary>Does it.</summary>
    /// <param name="backup">The backup's full path.</param>
    private protected abstract BackupInfo Change(string backup);

    /// <summary>Changes each backup of the record.</summary>
    private protected void ChangeEach()
    {
        _came = true;
        bool literal = ParameterSetName == LiteralPathSet;
        foreach (string path in literal ? LiteralPath : Path)
        {
            foreach (string backup in Backups(path, literal).Where(_done.Add))
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
    }

    /// <summary>Says so where nothing came.</summary>
    protected override void EndProcessing()
    {
        WarnIfNothingCame(_came, "no backup was changed");
        base.EndProcessing();
    }

    private IReadOnlyList<string> Backups(string path, bool literal)
    {
        try
        {
            return Storage.BackupFolder.Select(FileSystemPaths.Resolve(SessionState, path, literal, CryoBackupError.BackupNotFound));
        }
        catch (Exception failure) when (failure is CryoBackupException or IOException or UnauthorizedAccessException)
        {
            Report(failure, path);
            return [];
        }
    }
}
