using System.CommandLine;
using CryoBackup.Backup;
using CryoBackup.Cli.Output;
using CryoBackup.Configuration;
using CryoBackup.Encryption;
using CryoBackup.Hosting;
using CryoBackup.Runs;
using CryoBackup.Stores;
using CryoBackup.Text;

namespace CryoBackup.Cli.Commands;

/// <summary>cryobackup new: backs up databases.</summary>
internal sealed class NewCommand : Command
{
    private readonly Operands _databases = new(
        "database",
        "Databases to back up, one after the other: names, or patterns with * and ?; those of the configuration unless said otherwise",
        "-d"
    );

    private readonly Option<bool> _all = new("--all") { Description = "All databases of the server, but for templates" };

    private readonly Option<string[]> _exclude = new("--exclude")
    {
        Description = "Leaves these databases out: names, or patterns with * and ?; may be repeated",
        HelpName = "database",
    };

    private readonly Option<string[]> _servers = new("--computer-name", "--host", "-h")
    {
        Description = "Host name, address or socket folder of the server [PGHOST]; may be repeated, for one after the other",
        HelpName = "host",
    };

    private readonly OptionSet<BackupOptions> _options = new OptionSet<BackupOptions>()
        .Add(
            new Option<string>("--path")
            {
                Description =
                    "Folder that takes the backups; it is created when missing; "
                    + "that of the configuration or the current one unless said otherwise",
                HelpName = "folder",
                DefaultValueFactory = _ => ".",
            },
            (given, value) => given with { Folder = StoreLocation.FullPathOrLocation(value) }
        )
        .Add(
            Choice.Option<CompressionKind>("--compression", "How the file is compressed; gzip unless said otherwise"),
            (given, value) => given with { Compression = value }
        )
        .Add(
            Number.Option("--compression-level", $"{CompressionRange.Fastest}-{CompressionRange.Smallest}", CompressionRange.InWords),
            (given, value) => given with { CompressionLevel = value }
        )
        .Add(
            new Option<string[]>("--recipient")
            {
                Description = "Encrypt the backup: an age or SSH public key, or a file that holds one a line; may be repeated",
                HelpName = "key or file",
            },
            (given, value) => given with { Recipients = [.. value.Select(FullPath)] }
        )
        .Add(
            new Option<string[]>("--include-schema")
            {
                Description = "Only these schemas, with all that is in them: names, or patterns with * and ?; may be repeated",
                HelpName = "name",
            },
            (given, value) => given with { IncludeSchema = value }
        )
        .Add(
            new Option<string[]>("--exclude-schema")
            {
                Description = "Leaves these schemas out: names, or patterns with * and ?; may be repeated",
                HelpName = "name",
            },
            (given, value) => given with { ExcludeSchema = value }
        )
        .Add(
            new Option<string[]>("--include-table")
            {
                Description = "Only these tables, views or sequences: name or schema.name, or patterns with * and ?; may be repeated",
                HelpName = "name",
            },
            (given, value) => given with { IncludeTable = value }
        )
        .Add(
            new Option<string[]>("--exclude-table")
            {
                Description =
                    "Leaves these tables out, with their partitions: name or schema.name, or patterns with * and ?; may be repeated",
                HelpName = "name",
            },
            (given, value) => given with { ExcludeTable = value }
        )
        .Add(
            new Option<string[]>("--exclude-table-data")
            {
                Description = "Backs these tables up without their rows: name or schema.name, or patterns with * and ?; may be repeated",
                HelpName = "name",
            },
            (given, value) => given with { ExcludeTableData = value }
        )
        .Add(
            new Option<bool>("--include-globals") { Description = "Write the cluster's roles and tablespaces beside the backup, as SQL" },
            (given, value) => given with { IncludeGlobals = value }
        )
        .Add(
            new Option<string?>("--label") { Description = "Words of yours that are kept in the manifest", HelpName = "text" },
            (given, value) => given with { Label = value }
        )
        .Add(
            new Option<bool>("--skip-row-count")
            {
                Description = "Do not count the rows of every table in the dump's snapshot; for very large databases",
            },
            (given, value) => given with { SkipRowCount = value }
        )
        .Add(
            new Option<bool>("--skip-space-check")
            {
                Description = "Begin also where the folder seems to have too little space, which is an estimate",
            },
            (given, value) => given with { SkipSpaceCheck = value }
        )
        .Add(
            Number.Option(
                "--max-shrink",
                "percent",
                "By how many percent the rows of a table over 1,000 rows may be fewer than in the newest proven backup before the new one "
                    + "counts as degraded; 100 permits everything [50]"
            ),
            (given, value) => given with { MaxShrink = value }
        )
        .Add(
            Number.Option("--jobs", "number", "Sessions that read rows at once, under one snapshot; the archive is the same", "-j"),
            (given, value) => given with { Jobs = value }
        )
        .Add(
            new Option<TimeSpan>("--lock-timeout")
            {
                Description = $"How long to wait for a table's lock: {DurationText.Forms}; 30s unless said otherwise",
                HelpName = "time",
                CustomParser = Duration.Read,
            },
            (given, value) => given with { LockTimeout = value }
        )
        .Add(
            new Option<TimeSpan>("--timeout")
            {
                Description = $"How long each backup may take: {DurationText.Forms}, or none (as unless said otherwise)",
                HelpName = "time",
                CustomParser = Duration.ReadLimit,
            },
            (given, value) => given with { Timeout = value }
        )
        .Add(
            new Option<TimeSpan>("--stall-timeout")
            {
                Description = $"How long pg_dump may be silent: {DurationText.Forms}, or none; 10m unless said otherwise",
                HelpName = "time",
                CustomParser = Duration.ReadLimit,
            },
            (given, value) => given with { StallTimeout = value }
        );

    private readonly ConnectionOptions _connection = new(isOneServer: false);

    private readonly ConfigOption _config = new(ConfigurationUse.New);

    public NewCommand()
        : base("new", "Back up databases, each into a file that carries its own proof")
    {
        _databases.AddTo(this);
        Add(_all);
        Add(_exclude);
        _config.AddTo(this);
        Add(_servers);
        _connection.AddTo(this);
        _options.AddTo(this);
        SetAction(arguments =>
            Batch.Run<object, BackupInfo>(
                arguments,
                (observer, cancellationToken) => Work(arguments, observer, cancellationToken),
                observer => new RecordedRun(RunKind.Backup, Configuration(arguments, observer), null),
                (evidence, work, observer, cancellationToken) =>
                    work is BackupRequest request ? [evidence.Run(request, observer, cancellationToken)] : throw (CryoBackupException)work,
                BackupTable.Print,
                _ => ExitCode.Good
            )
        );
    }

    /// <summary>The backups of each server, or why there can be none: of several, one that is out of reach keeps no other back.</summary>
    private IEnumerable<object> Work(ParseResult arguments, Action<EngineMessage> observer, CancellationToken cancellationToken)
    {
        string[] servers = arguments.GetValue(_servers) ?? [];
        var work = new List<object>();
        foreach (string? server in servers.DefaultIfEmpty())
        {
            try
            {
                work.AddRange(
                    BackupPlan.Create(
                        Configuration(arguments, observer),
                        Given(arguments, server),
                        new BackupRequest { Folder = Path.GetFullPath(".") },
                        Chosen(arguments),
                        observer,
                        cancellationToken
                    )
                );
            }
            catch (CryoBackupException failure) when (servers.Length > 1)
            {
                work.Add(failure);
            }
        }
        return work;
    }

    private DatabaseChoice Chosen(ParseResult arguments) =>
        new()
        {
            Names = _databases.Read(arguments),
            All = arguments.GetValue(_all),
            Exclude = arguments.GetValue(_exclude) ?? [],
        };

    private BackupConfiguration? Configuration(ParseResult arguments, Action<EngineMessage> observer) =>
        _config.Read(
            arguments,
            observer,
            BackupPlan.ReplacedBy(
                Given(arguments, arguments.GetValue(_servers)?.FirstOrDefault()),
                arguments.GetValue(_all) ? ["*"] : _databases.Read(arguments)
            )
        );

    private BackupOptions Given(ParseResult arguments, string? server) =>
        _options.Read(arguments, new BackupOptions { Connection = _connection.Read(arguments) with { ComputerName = server } });

    private static string FullPath(string recipient) =>
        recipient.Length == 0 || AgeRecipients.IsRecipient(recipient.Trim()) ? recipient : Path.GetFullPath(recipient);
}
