using System.Management.Automation;
using CryoBackup.Configuration;
using CryoBackup.Reports;

namespace CryoBackup.Commands;

/// <summary>Test-CryoBackup: proves backups from their files alone.</summary>
[Cmdlet(VerbsDiagnostic.Test, "CryoBackup", DefaultParameterSetName = PathSet)]
[OutputType(typeof(VerificationResult), typeof(bool))]
public sealed class TestCryoBackupCommand : CryoBackupCmdlet
{
    private const string PathSet = "Path";
    private const string LiteralPathSet = "LiteralPath";

    private readonly VerificationRequest _request = new();
    private readonly HashSet<string> _tested = new(StringComparer.Ordinal);

    /// <summary>Backup files, or folders of which each backup is tested; wildcards are expanded. Without it the folder of the configuration.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ParameterSetName = PathSet)]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary>Backup files or folders, taken as they are written. What New-, Get- and Get-ChildItem emit is bound here.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = LiteralPathSet)]
    [Alias("PSPath", "LP")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>How deep to go.</summary>
    [Parameter]
    public VerificationLevel Level { get => _request.Level; set => _request.Level = value; }

    /// <summary>Identity files or SSH private keys, any of which may open an encrypted backup.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[] Identity { get; set; } = [];

    /// <summary>Writes a report: a name that ends in .json or .html, or an existing folder. Nothing is overwritten.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? ReportPath { get; set; }

    /// <summary>Emits only true or false for each backup.</summary>
    [Parameter]
    public SwitchParameter Quiet { get; set; }

    /// <summary>Reads the configuration and resolves the identities' paths.</summary>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        ReadConfiguration(ConfigurationUse.Test);
        OpenEvidence(RunVerb.Verification, ReportPath);
        if (!MyInvocation.BoundParameters.ContainsKey(nameof(Level)) && Configuration?.Verification?.Level is { } level)
        {
            _request.Level = level;
        }

        try
        {
            _request.Identities = BackupPlan.Identities(Configuration, FileSystemPaths.Literals(SessionState, Identity));
        }
        catch (CryoBackupException failure)
        {
            Report(failure, Identity);
        }
    }

    /// <summary>Tests each backup.</summary>
    protected override void ProcessRecord()
    {
        bool literal = ParameterSetName == LiteralPathSet;
        foreach (string path in literal ? LiteralPath : Path.Length > 0 || MyInvocation.ExpectingInput ? Path : ConfiguredFolders())
        {
            foreach (string file in Backups(path, literal))
            {
                _tested.Add(file);
                _request.Path = file;
                if (RunEngine(file, (observer, stop) => Evidence.Run(_request, observer, stop)) is { } result)
                {
                    Emit(Quiet ? result.IsValid : result);
                }
                else if (Quiet)
                {
                    Emit(false);
                }
            }
        }
    }

    private string[] ConfiguredFolders()
    {
        if (BackupPlan.Folders(Configuration) is { Count: > 0 } configured)
        {
            return [.. configured.Select(WildcardPattern.Escape)];
        }

        Report(
            new CryoBackupException(
                CryoBackupError.ConfigurationInvalid, "No backup is named to test, and no configuration names a folder of them.", nameof(Path), "Give -Path with a backup or a folder of them."),
            nameof(Path));
        return [];
    }

    private IReadOnlyList<string> Backups(string path, bool literal)
    {
        try
        {
            IReadOnlyList<string> paths = literal
                ? [FileSystemPaths.Literal(SessionState, path, CryoBackupError.BackupNotFound)]
                : FileSystemPaths.Matching(SessionState, path, CryoBackupError.BackupNotFound);
            if (paths is [var only] && !Directory.Exists(only))
            {
                // Get-ChildItem emits a backup and its manifest, which is proven with it.
                return !BackupFolder.IsManifest(only) ? paths : _tested.Contains(BackupFolder.BackupOf(only)) ? [] : [BackupFolder.BackupOf(only)];
            }

            string[] backups = BackupFolder.Select(paths.SelectMany(match => Directory.Exists(match) ? BackupFolder.List(match) : [match]));
            return backups.Length > 0
                ? backups
                : throw new CryoBackupException(CryoBackupError.BackupNotFound, $"'{path}' holds no backup.", path, "Name a backup, or a folder that holds some.");
        }
        catch (Exception failure) when (failure is CryoBackupException or IOException or UnauthorizedAccessException)
        {
            Report(failure, path);
            if (Quiet)
            {
                Emit(false);
            }

            return [];
        }
    }
}
