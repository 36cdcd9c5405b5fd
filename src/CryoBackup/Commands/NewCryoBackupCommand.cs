using System.Management.Automation;
using CryoBackup.Completion;
using CryoBackup.Encryption;
using CryoBackup.Streams;

namespace CryoBackup.Commands;

/// <summary>New-CryoBackup: dumps databases into files that carry their own proof.</summary>
[Cmdlet(VerbsCommon.New, "CryoBackup", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Medium)]
[OutputType(typeof(BackupInfo))]
public sealed class NewCryoBackupCommand : CryoBackupServerCmdlet
{
    private readonly BackupRequest _request = new();

    /// <summary>The databases to back up, one after the other.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(DatabaseCompleter))]
    public string[] Database { get; set; } = [];

    /// <summary>The folder that takes the backups; it is created when missing.</summary>
    [Parameter(Position = 1)]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = ".";

    /// <summary>How the file is compressed.</summary>
    [Parameter]
    public CompressionKind Compression { get => _request.Compression; set => _request.Compression = value; }

    /// <summary>1 (fast) to 9 (small); without it, the level of the best ratio of size to time.</summary>
    [Parameter]
    [ValidateRange(1, 9)]
    public int? CompressionLevel { get => _request.CompressionLevel; set => _request.CompressionLevel = value; }

    /// <summary>Encrypts the backup: age or SSH public keys, or files that hold one a line. Whoever has the identity of any of them can open it.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[] Recipient { get; set; } = [];

    /// <summary>Only these schemas, with all that is in them: names, or patterns with * and ?.</summary>
    [Parameter]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] IncludeSchema { get => [.. _request.IncludeSchema]; set => _request.IncludeSchema = value; }

    /// <summary>Leaves these schemas out: names, or patterns with * and ?.</summary>
    [Parameter]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] ExcludeSchema { get => [.. _request.ExcludeSchema]; set => _request.ExcludeSchema = value; }

    /// <summary>Only these tables, views or sequences: name or schema.name, or patterns with * and ?.</summary>
    [Parameter]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] IncludeTable { get => [.. _request.IncludeTable]; set => _request.IncludeTable = value; }

    /// <summary>Leaves these tables out, with their partitions: name or schema.name, or patterns with * and ?.</summary>
    [Parameter]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] ExcludeTable { get => [.. _request.ExcludeTable]; set => _request.ExcludeTable = value; }

    /// <summary>Backs these tables up without their rows: name or schema.name, or patterns with * and ?.</summary>
    [Parameter]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] ExcludeTableData { get => [.. _request.ExcludeTableData]; set => _request.ExcludeTableData = value; }

    /// <summary>Writes the cluster's roles and tablespaces beside the backup, as SQL: they belong to no database.</summary>
    [Parameter]
    public SwitchParameter IncludeGlobals { get => _request.IncludeGlobals; set => _request.IncludeGlobals = value; }

    /// <summary>Words that are kept in the manifest, unless the backup is encrypted.</summary>
    [Parameter]
    public string? Label { get => _request.Label; set => _request.Label = value; }

    /// <summary>Leaves out the count of every table's rows in the dump's snapshot.</summary>
    [Parameter]
    public SwitchParameter SkipRowCount { get => _request.SkipRowCount; set => _request.SkipRowCount = value; }

    /// <summary>How long to wait for a table's lock; a bare number is seconds.</summary>
    [Parameter]
    [Duration]
    [ValidatePositiveDuration]
    public TimeSpan LockTimeout { get => _request.LockTimeout; set => _request.LockTimeout = value; }

    /// <summary>How long each backup may take; a bare number is seconds; no limit without it.</summary>
    [Parameter]
    [Duration]
    [ValidatePositiveDuration]
    public TimeSpan? Timeout { get => _request.Timeout; set => _request.Timeout = value; }

    /// <summary>How long pg_dump may be silent; a bare number is seconds; $null for no limit.</summary>
    [Parameter]
    [Duration]
    [ValidatePositiveDuration]
    public TimeSpan? StallTimeout { get => _request.StallTimeout; set => _request.StallTimeout = value; }

    /// <summary>Resolves the folder.</summary>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        _request.Connection = Connection;
        try
        {
            _request.Folder = FileSystemPaths.Literal(SessionState, Path, CryoBackupError.ConfigurationInvalid);
            _request.Recipients = FileSystemPaths.Literals(SessionState, Recipient, item => !AgeRecipients.IsRecipient(item.Trim()));
        }
        catch (CryoBackupException failure)
        {
            Report(failure, Path);
        }
    }

    /// <summary>Backs up each database.</summary>
    protected override void ProcessRecord()
    {
        foreach (string database in Database)
        {
            if (!ShouldProcess($"database '{database}' on {ServerInWords}", $"Back up to '{_request.Folder}'"))
            {
                continue;
            }

            _request.Database = database;
            if (RunEngine(database, (observer, stop) => BackupWriter.Run(_request, observer, stop)) is { } backup)
            {
                WriteObject(backup);
            }
        }
    }
}
