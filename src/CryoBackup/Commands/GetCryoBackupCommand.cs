using System.Management.Automation;
using CryoBackup.Completion;

namespace CryoBackup.Commands;

/// <summary>Get-CryoBackup: lists the backups of folders, newest first.</summary>
[Cmdlet(VerbsCommon.Get, "CryoBackup", DefaultParameterSetName = PathSet)]
[OutputType(typeof(BackupInfo))]
public sealed class GetCryoBackupCommand : CryoBackupCmdlet
{
    private const string PathSet = "Path";
    private const string LiteralPathSet = "LiteralPath";

    /// <summary>Folders; wildcards are expanded. The current location without it.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ParameterSetName = PathSet)]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = ["."];

    /// <summary>Folders, taken as they are written.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = LiteralPathSet)]
    [Alias("PSPath", "LP")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>Only backups of these databases; wildcards are * and ?.</summary>
    [Parameter]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(BackupContentCompleter))]
    public string[]? Database { get; set; }

    /// <summary>Only the newest backup of each database in a folder.</summary>
    [Parameter]
    public SwitchParameter Latest { get; set; }

    /// <summary>Lists each folder.</summary>
    protected override void ProcessRecord()
    {
        bool literal = ParameterSetName == LiteralPathSet;
        foreach (string path in literal ? LiteralPath : Path)
        {
            foreach (string folder in Folders(path, literal))
            {
                if (RunEngine(folder, (observer, stop) => BackupCatalog.Find(folder, Database, Latest, observer, stop).ToArray()) is { } backups)
                {
                    WriteObject(backups, enumerateCollection: true);
                }
            }
        }
    }

    private IReadOnlyList<string> Folders(string path, bool literal)
    {
        try
        {
            return literal
                ? [FileSystemPaths.Literal(SessionState, path, CryoBackupError.BackupNotFound)]
                : FileSystemPaths.Matching(SessionState, path, CryoBackupError.BackupNotFound);
        }
        catch (CryoBackupException failure)
        {
            Report(failure, path);
            return [];
        }
    }
}
