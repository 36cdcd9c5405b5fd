using System.Management.Automation;

namespace CryoBackup.Commands;

/// <summary>What the cmdlets share that take backups where they lie, by paths of two kinds.</summary>
public abstract class CryoBackupPathCmdlet : CryoBackupCmdlet
{
    /// <summary>The set of paths with wildcards.</summary>
    private protected const string PathSet = "Path";

    /// <summary>The set of paths as they are written.</summary>
    private protected const string LiteralPathSet = "LiteralPath";

    /// <summary>Backups, or folders of them, taken as they are written. What New-, Get- and Test-CryoBackup and Get-ChildItem emit is
    /// bound here.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = LiteralPathSet)]
    [Alias("PSPath", "LP")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>True once a record came.</summary>
    private protected bool Came { get; private set; }

    /// <summary>What each path of the record stands for, as full paths. One that is wrong is reported, and the others go on.</summary>
    /// <param name="paths">The paths with wildcards, taken where no others were given.</param>
    private protected IEnumerable<(string Given, IReadOnlyList<string> Paths)> ResolveRecord(string[] paths)
    {
        Came = true;
        bool literal = ParameterSetName == LiteralPathSet;
        return (literal ? LiteralPath : paths).Select(path => (path, ResolveBackups(path, literal) ?? []));
    }
}
