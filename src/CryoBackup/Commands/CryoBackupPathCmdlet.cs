using System.Management.Automation;
using CryoBackup.Completion;

namespace CryoBackup.Commands;

/// <summary>What the cmdlets share that change backups where they lie, and are not told which by a configuration. Unlike where backups
/// are only read, an object's property named Path alone binds nothing here: as a pattern it could mean another file once its own is gone.
/// </summary>
public abstract class CryoBackupPathCmdlet : CryoBackupCmdlet
{
    /// <summary>The set of paths with wildcards.</summary>
    private protected const string PathSet = "Path";

    /// <summary>The set of paths as they are written.</summary>
    private protected const string LiteralPathSet = "LiteralPath";

    /// <summary>Backups, or what else the cmdlet takes; wildcards are expanded.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ParameterSetName = PathSet)]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(BackupPathCompleter))]
    public string[] Path { get; set; } = [];

    /// <summary>The same, taken as they are written. What New-, Get- and Test-CryoBackup emit is bound here.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = LiteralPathSet)]
    [Alias("PSPath", "LP")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>True once a record came.</summary>
    private protected bool Came { get; private set; }

    /// <summary>What each path of the record stands for, as full paths. One that is wrong is reported, and the others go on.</summary>
    private protected IEnumerable<IReadOnlyList<string>> ResolveRecord()
    {
        Came = true;
        bool literal = ParameterSetName == LiteralPathSet;
        return (literal ? LiteralPath : Path).Select(path => Resolve(path, literal));
    }

    private IReadOnlyList<string> Resolve(string path, bool literal)
    {
        try
        {
            return FileSystemPaths.Resolve(SessionState, path, literal, CryoBackupError.BackupNotFound);
        }
        catch (Exception failure) when (failure is CryoBackupException or IOException or UnauthorizedAccessException)
        {
            Report(failure, path);
            return [];
        }
    }
}
