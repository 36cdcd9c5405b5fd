using System.CommandLine;
using CryoBackup.Backup;
using CryoBackup.Cli.Output;
using CryoBackup.Configuration;
using CryoBackup.Encryption;
using CryoBackup.Hosting;
using CryoBackup.Runs;

namespace CryoBackup.Cli.Commands;

/// <summary>cryobackup new: backs up databases.</summary>
internal sealed class NewCommand : Command
{
    private readonly Operands _databases = new(
        "database",
        "Databases to back up, one after the other; those of the configuration unless said otherwise",
        "-d"
    );

    private readonly Option<string> _path = new("--path")
    {
        Description =
            "Folder that takes the backups; it is created when missing; that of the configuration or the current one unless said otherwise",
        HelpName = "folder",
        DefaultValueFactory = _ => ".",
    };

    private readonly Option<CompressionKind?> _compression = Choice.Option<CompressionKind>(
        "--compression",
        "How the file is compressed; gzip unless said otherwise"
    );

    private readonly Option<int?> _compressionLevel = Number.Option("--compression-level", "1-9", "1 (fast) to 9 (small)");

    private readonly Option<string[]> _recipient = new("--recipient")
    {
        Description = "Encrypt the backup: an age or SSH public key, or a file that holds one a line; may be repeated",
        HelpName = "key or file",
    };

    private readonly Option<string[]> _includeSchema = new("--include-schema")
    {
        Description = "Only these schemas, with all that is in them: names, or patterns with * and ?; may be repeated",
        HelpName = "name",
    };

    private readonly Option<string[]> _excludeSchema = new("--exclude-schema")
    {
        Description = "Leaves these schemas out: names, or patterns with * and ?; may be repeated",
        HelpName = "name",
    };

    private readonly Option<string[]> _includeTable = new("--include-table")
    {
        Description = "Only these tables, views or sequences: name or schema.name, or patterns with * and ?; may be repeated",
        HelpName = "name",
    };

    private readonly Option<string[]> _excludeTable = new("--exclude-table")
    {
        Description = "Leaves these tables out, with their partitions: name or schema.name, or patterns with * and ?; may be repeated",
        HelpName = "name",
    };

    private readonly Option<string[]> _excludeTableData = new("--exclude-table-data")
    {
        Description = "Backs these tables up without their rows: name or schema.name, or patterns with * and ?; may be repeated",
        HelpName = "name",
    };

    private readonly Option<bool> _includeGlobals = new("--include-globals")
    {
        Description = "Write the cluster's roles and tablespaces beside the backup, as SQL",
    };

    private readonly Option<string?> _label = new("--label")
    {
        Description = "Words of yours that are kept in the manifest",
        HelpName = "text",
    };

    private readonly Option<bool> _skipRowCount = new("--skip-row-count")
    {
        Description = "Do not count the rows of every table in the dump's snapshot; for very large databases",
    };

    private readonly Option<TimeSpan> _lockTimeout = new("--lock-timeout")
    {
        Description = $"How long to wait for a table's lock: {Duration.Help}; 30s unless said otherwise",
        HelpName = "time",
        CustomParser = Duration.Read,
    };

    private readonly Option<TimeSpan> _timeout = new("--timeout")
    {
        Description = $"How long each backup may take: {Duration.Help}, or none (as unless said otherwise)",
        HelpName = "time",
        CustomParser = Duration.ReadLimit,
    };

    private readonly Option<TimeSpan> _stallTimeout = new("--stall-timeout")
    {
        Description = $"How long pg_dump may be silent: {Duration.Help}, or none; 10m unless said otherwise",
        HelpName = "time",
        CustomParser = Duration.ReadLimit,
    };

    private readonly ConnectionOptions _connection = new();

    private readonly ConfigOption _config = new(ConfigurationUse.New);

    public NewCommand()
        : base("new", "Back up databases, each into a file that carries its own proof")
    {
        _databases.AddTo(this);
        _config.AddTo(this);
        Add(_path);
        _connection.AddTo(this);
        Add(_compression);
        Add(_compressionLevel);
        Add(_recipient);
        Add(_includeSchema);
        Add(_excludeSchema);
        Add(_includeTable);
        Add(_excludeTable);
        Add(_excludeTableData);
        Add(_includeGlobals);
        Add(_label);
        Add(_skipRowCount);
        Add(_lockTimeout);
        Add(_timeout);
        Add(_stallTimeout);
        SetAction(arguments =>
            Batch.Run<BackupRequest, BackupInfo>(
                arguments,
                (observer, cancellationToken) =>
                    BackupPlan.Create(
                        Configuration(arguments, observer),
                        Read(arguments),
                        Said(arguments),
                        _databases.Read(arguments),
                        observer,
                        cancellationToken
                    ),
                observer => new RunEvidence(RunVerb.Backup, Configuration(arguments, observer), null),
                (evidence, request, observer, cancellationToken) => [evidence.Run(request, observer, cancellationToken)],
                BackupTable.Print,
                _ => ExitCode.Good
            )
        );
    }

    private BackupConfiguration? Configuration(ParseResult arguments, Action<EngineMessage> observer) =>
        _config.Read(arguments, observer, BackupPlan.ReplacedBy(Said(arguments), _databases.Read(arguments)));

    /// <summary>The request's properties that the command line tells.</summary>
    private HashSet<string> Said(ParseResult arguments)
    {
        var options = new Dictionary<string, Option>(StringComparer.Ordinal)
        {
            [nameof(BackupRequest.Folder)] = _path,
            [nameof(BackupRequest.Compression)] = _compression,
            [nameof(BackupRequest.CompressionLevel)] = _compressionLevel,
            [nameof(BackupRequest.Recipients)] = _recipient,
            [nameof(BackupRequest.IncludeSchema)] = _includeSchema,
            [nameof(BackupRequest.ExcludeSchema)] = _excludeSchema,
            [nameof(BackupRequest.IncludeTable)] = _includeTable,
            [nameof(BackupRequest.ExcludeTable)] = _excludeTable,
            [nameof(BackupRequest.ExcludeTableData)] = _excludeTableData,
            [nameof(BackupRequest.IncludeGlobals)] = _includeGlobals,
            [nameof(BackupRequest.Label)] = _label,
            [nameof(BackupRequest.SkipRowCount)] = _skipRowCount,
            [nameof(BackupRequest.LockTimeout)] = _lockTimeout,
            [nameof(BackupRequest.Timeout)] = _timeout,
            [nameof(BackupRequest.StallTimeout)] = _stallTimeout,
        };
        return
        [
            .. options.Where(pair => arguments.GetResult(pair.Value) is { Implicit: false }).Select(pair => pair.Key),
            .. _connection.Said(arguments),
        ];
    }

    private BackupRequest Read(ParseResult arguments)
    {
        var request = new BackupRequest
        {
            Connection = _connection.Read(arguments),
            Folder = Path.GetFullPath(arguments.GetRequiredValue(_path)),
            CompressionLevel = arguments.GetValue(_compressionLevel),
            Recipients =
            [
                .. (arguments.GetValue(_recipient) ?? []).Select(item =>
                    item.Length == 0 || AgeRecipients.IsRecipient(item.Trim()) ? item : Path.GetFullPath(item)
                ),
            ],
            IncludeSchema = arguments.GetValue(_includeSchema) ?? [],
            ExcludeSchema = arguments.GetValue(_excludeSchema) ?? [],
            IncludeTable = arguments.GetValue(_includeTable) ?? [],
            ExcludeTable = arguments.GetValue(_excludeTable) ?? [],
            ExcludeTableData = arguments.GetValue(_excludeTableData) ?? [],
            IncludeGlobals = arguments.GetValue(_includeGlobals),
            Label = arguments.GetValue(_label),
            SkipRowCount = arguments.GetValue(_skipRowCount),
        };
        // What was not said keeps the engine's default.
        if (arguments.GetValue(_compression) is { } compression)
        {
            request.Compression = compression;
        }
        if (arguments.GetResult(_lockTimeout) is not null)
        {
            request.LockTimeout = arguments.GetValue(_lockTimeout);
        }
        if (arguments.GetResult(_timeout) is not null)
        {
            request.Timeout = Duration.ToLimit(arguments.GetValue(_timeout));
        }
        if (arguments.GetResult(_stallTimeout) is not null)
        {
            request.StallTimeout = Duration.ToLimit(arguments.GetValue(_stallTimeout));
        }
        return request;
    }
}
