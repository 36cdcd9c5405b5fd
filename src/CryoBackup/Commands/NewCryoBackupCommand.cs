using System.Management.Automation;
using CryoBackup.Backup;
using CryoBackup.Completion;
using CryoBackup.Configuration;
using CryoBackup.Encryption;
using CryoBackup.Hosting;
using CryoBackup.Postgres;
using CryoBackup.Runs;
using CryoBackup.Text;

namespace CryoBackup.Commands;

/// <summary>New-CryoBackup: dumps databases into files that carry their own proof.</summary>
[Cmdlet(
    VerbsCommon.New,
    "CryoBackup",
    DefaultParameterSetName = DatabaseSet,
    SupportsShouldProcess = true,
    ConfirmImpact = ConfirmImpact.Medium
)]
[OutputType(typeof(BackupInfo))]
public sealed class NewCryoBackupCommand : CryoBackupServerCmdlet
{
    private const string DatabaseSet = "Database";
    private const string AllSet = "AllDatabases";

    private BackupOptions _given = new();
    private BackupRequest _defaults = new();
    private readonly HashSet<(string? ComputerName, int? Port, string Database)> _begun = [];
    private bool _came;
    private bool _serverIsGiven;
    private bool _portIsGiven;

    /// <summary>Host names, addresses, or the folders of Unix-domain sockets, one after the other;
    /// objects that come through the pipeline may bring their own.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("Host", "HostName", "Server")]
    [ValidateNotNullOrEmpty]
    public string[] ComputerName { get; set; } = [];

    /// <summary>TCP port, or the number in the socket's name; objects that come through the pipeline may bring their own.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateRange(1, 65535)]
    public override int? Port
    {
        get => base.Port;
        set => base.Port = value;
    }

    /// <summary>The databases to back up, one after the other: names, or patterns with * and ?, which ask the server;
    /// those of the configuration without it.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = DatabaseSet)]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(DatabaseCompleter))]
    public string[] Database { get; set; } = [];

    /// <summary>All databases that the server lets one connect to, but for templates.</summary>
    [Parameter(Mandatory = true, ParameterSetName = AllSet)]
    public SwitchParameter All { get; set; }

    /// <summary>Leaves these databases out: names, or patterns with * and ?.</summary>
    [Parameter]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(DatabaseCompleter))]
    public string[] Exclude { get; set; } = [];

    /// <summary>The folder that takes the backups; it is created when missing. Without it that of the configuration,
    /// or the current location.</summary>
    [Parameter(Position = 1)]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = ".";

    /// <summary>How the file is compressed.</summary>
    [Parameter]
    public CompressionKind Compression
    {
        get => _given.Compression ?? _defaults.Compression;
        set => _given = _given with { Compression = value };
    }

    /// <summary>1 (fast) to 9 (small); without it, the level of the best ratio of size to time.</summary>
    [Parameter]
    [ValidateRange(CompressionRange.Fastest, CompressionRange.Smallest)]
    public int? CompressionLevel
    {
        get => _given.CompressionLevel;
        set => _given = _given with { CompressionLevel = value };
    }

    /// <summary>Encrypts the backup: age or SSH public keys, or files that hold one a line.
    /// Whoever has the identity of any of them can open it.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[] Recipient { get; set; } = [];

    /// <summary>Only these schemas, with all that is in them: names, or patterns with * and ?.</summary>
    [Parameter]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] IncludeSchema
    {
        get => [.. _given.IncludeSchema ?? []];
        set => _given = _given with { IncludeSchema = value };
    }

    /// <summary>Leaves these schemas out: names, or patterns with * and ?.</summary>
    [Parameter]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] ExcludeSchema
    {
        get => [.. _given.ExcludeSchema ?? []];
        set => _given = _given with { ExcludeSchema = value };
    }

    /// <summary>Only these tables, views or sequences: name or schema.name, or patterns with * and ?.</summary>
    [Parameter]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] IncludeTable
    {
        get => [.. _given.IncludeTable ?? []];
        set => _given = _given with { IncludeTable = value };
    }

    /// <summary>Leaves these tables out, with their partitions: name or schema.name, or patterns with * and ?.</summary>
    [Parameter]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] ExcludeTable
    {
        get => [.. _given.ExcludeTable ?? []];
        set => _given = _given with { ExcludeTable = value };
    }

    /// <summary>Backs these tables up without their rows: name or schema.name, or patterns with * and ?.</summary>
    [Parameter]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] ExcludeTableData
    {
        get => [.. _given.ExcludeTableData ?? []];
        set => _given = _given with { ExcludeTableData = value };
    }

    /// <summary>Writes the cluster's roles and tablespaces beside the backup, as SQL: they belong to no database.</summary>
    [Parameter]
    public SwitchParameter IncludeGlobals
    {
        get => _given.IncludeGlobals ?? false;
        set => _given = _given with { IncludeGlobals = value };
    }

    /// <summary>Words that are kept in the manifest, unless the backup is encrypted.</summary>
    [Parameter]
    public string? Label
    {
        get => _given.Label;
        set => _given = _given with { Label = value };
    }

    /// <summary>Leaves out the count of every table's rows in the dump's snapshot.</summary>
    [Parameter]
    public SwitchParameter SkipRowCount
    {
        get => _given.SkipRowCount ?? false;
        set => _given = _given with { SkipRowCount = value };
    }

    /// <summary>Begins also where the folder seems to have too little space, which is an estimate.</summary>
    [Parameter]
    public SwitchParameter SkipSpaceCheck
    {
        get => _given.SkipSpaceCheck ?? false;
        set => _given = _given with { SkipSpaceCheck = value };
    }

    /// <summary>By how many percent tables may shrink before the backup counts as degraded; 100 permits everything.</summary>
    [Parameter]
    [ValidateRange(0, 100)]
    public int MaxShrink
    {
        get => _given.MaxShrink ?? _defaults.MaxShrink;
        set => _given = _given with { MaxShrink = value };
    }

    /// <summary>How many sessions read rows at once, under one snapshot; the archive is the same.</summary>
    [Parameter]
    [ValidateRange(1, 64)]
    public int? Jobs
    {
        get => _given.Jobs;
        set => _given = _given with { Jobs = value };
    }

    /// <summary>How long to wait for a table's lock; a bare number is seconds.</summary>
    [Parameter]
    [Duration]
    [ValidatePositiveDuration]
    public TimeSpan LockTimeout
    {
        get => _given.LockTimeout ?? _defaults.LockTimeout;
        set => _given = _given with { LockTimeout = value };
    }

    /// <summary>How long each backup may take; a bare number is seconds; no limit without it.</summary>
    [Parameter]
    [Duration]
    [ValidatePositiveDuration]
    public TimeSpan? Timeout
    {
        get => _given.Timeout ?? _defaults.Timeout;
        set => _given = _given with { Timeout = value ?? System.Threading.Timeout.InfiniteTimeSpan };
    }

    /// <summary>How long pg_dump may be silent; a bare number is seconds; $null for no limit.</summary>
    [Parameter]
    [Duration]
    [ValidatePositiveDuration]
    public TimeSpan? StallTimeout
    {
        get => _given.StallTimeout ?? _defaults.StallTimeout;
        set => _given = _given with { StallTimeout = value ?? System.Threading.Timeout.InfiniteTimeSpan };
    }

    /// <summary>Resolves the folder and reads the configuration.</summary>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        (_serverIsGiven, _portIsGiven) = (IsBound(nameof(ComputerName)), IsBound(nameof(Port)));
        try
        {
            _defaults = _defaults with { Folder = FileSystemPaths.Place(SessionState, Path, CryoBackupError.ConfigurationInvalid) };
            IReadOnlyList<string> recipients = FileSystemPaths.Literals(
                SessionState,
                Recipient,
                item => !AgeRecipients.IsRecipient(item.Trim())
            );
            _given = _given with
            {
                Folder = IsBound(nameof(Path)) ? _defaults.Folder : null,
                Recipients = recipients.Count > 0 ? recipients : null,
            };
        }
        catch (CryoBackupException exception)
        {
            Report(exception, Path);
        }

        ReadConfiguration(
            ConfigurationUse.New,
            BackupPlan.ReplacedBy(_given with { Connection = ConnectionTo(ComputerName.FirstOrDefault()) })
        );
        OpenEvidence(RunKind.Backup);
    }

    /// <summary>Backs up each database.</summary>
    protected override void ProcessRecord()
    {
        _came = true;
        try
        {
            Array.ForEach(Database, PipedText.Refuse);
        }
        catch (CryoBackupException exception)
        {
            Report(exception, Database);
        }

        bool bringsPort = !_portIsGiven && IsBound(nameof(Port));
        if (_serverIsGiven && bringsPort)
        {
            RefusePort();
            return;
        }

        // The next of a list, or of several servers, may be in reach, so that one that is not is no reason to end.
        bool isOneServer = ComputerName.Length < 2 && !bringsPort && (_serverIsGiven || !IsBound(nameof(ComputerName)));
        foreach (string? server in ComputerName.DefaultIfEmpty())
        {
            BackUp(ConnectionTo(server), isOneServer);
        }
    }

    /// <summary>Backs up what is meant of one server.</summary>
    private void BackUp(ConnectionRequest connection, bool isOneServer)
    {
        var databases = new DatabaseChoice
        {
            Names = Database,
            All = All,
            Exclude = Exclude,
        };
        bool isConfigured = !databases.IsSaid && !MyInvocation.ExpectingInput;
        BackupOptions given = _given with { Connection = connection };
        object target =
            isConfigured ? Configuration?.Path ?? nameof(Database)
            : All ? connection.Describe()
            : Database;
        if (
            RunEngine(
                target,
                (observer, stop) => BackupPlan.Create(Configuration, given, _defaults, databases, observer, stop),
                isOneServer
            )
            is not { } requests
        )
        {
            return;
        }

        // A server that told of its databases is in reach, whatever becomes of one of them.
        bool mayEndCommand = !isConfigured && isOneServer && !databases.AsksServer;
        Evidence.Expect(requests);
        foreach (BackupRequest request in requests)
        {
            if (!_begun.Add((request.Connection.ComputerName, request.Connection.Port, request.Database)))
            {
                Evidence.Forgo(request);
                WriteWarning(
                    VisibleText.Of($"'{request.Database}' on {request.Connection.Describe()} came more than once; it is backed up once.")
                );
                continue;
            }

            string what = $"Back up the database '{request.Database}' on {request.Connection.Describe()}";
            if (!MayDo(request.Database, VisibleText.Of($"{what} to '{request.FileAt(DateTime.UtcNow)}'{Details(request)}.")))
            {
                Evidence.Forgo(request);
                continue;
            }

            if (RunEngine(request.Database, (observer, stop) => Evidence.Run(request, observer, stop), mayEndCommand) is { } backup)
            {
                Emit(backup);
            }
        }
    }

    /// <summary>Says so where nothing came, and closes the record.</summary>
    protected override void EndProcessing()
    {
        WarnIfNothingCame(_came, "no database was backed up");
        base.EndProcessing();
    }

    private void RefusePort() =>
        Report(
            new CryoBackupException(
                CryoBackupError.ConfigurationInvalid,
                string.Create(
                    System.Globalization.CultureInfo.InvariantCulture,
                    $"'{string.Join("', '", Database)}' was not backed up: it brings the port {Port} of its own server, "
                        + $"and -ComputerName names one server for all."
                ),
                nameof(Port),
                "Give -Port too, and no object's server counts; or leave -ComputerName out, and each object's does."
            ),
            Database,
            mayEndCommand: false
        );

    private bool IsBound(string parameter) => MyInvocation.BoundParameters.ContainsKey(parameter);

    /// <summary>What a configuration adds, for -WhatIf and -Confirm: only public keys, no secret.</summary>
    private string Details(BackupRequest request)
    {
        if (Configuration is null)
        {
            return "";
        }

        string level = request.CompressionLevel is { } given ? $" level {given}" : "";
        string compression = request.Compression == CompressionKind.None ? "not compressed" : $"{request.Compression}{level}";
        string encryption = request.Recipients.Count == 0 ? "not encrypted" : $"encrypted for {string.Join(", ", request.Recipients)}";
        string retention = request.Retention is null ? "all kept" : $"kept of older ones: {request.Retention}";
        return $" ({compression}, {encryption}, {retention})";
    }
}
