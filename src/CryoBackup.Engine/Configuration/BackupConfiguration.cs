namespace CryoBackup.Configuration;

/// <summary>The configuration file, read, checked and with its variables filled in. A section that is not in the file is null,
/// unless said otherwise.</summary>
public sealed record BackupConfiguration : Settings
{
    /// <summary>10 MiB.</summary>
    internal const long DefaultLogMaxBytes = 10 << 20;

    /// <summary>Five.</summary>
    internal const int DefaultLogMaxFiles = 5;

    /// <summary>The file's full path.</summary>
    public string Path { get; init; } = "";

    /// <summary>The server.</summary>
    [Setting("The server, and the role to connect as. What is left out comes from PGHOST, PGPORT, PGUSER, .pgpass and the service file.")]
    public DatabaseSettings Database { get; init; } = new();

    /// <summary>The databases; null for the one of <see cref="Database"/>.</summary>
    [Setting(
        "The databases to back up: a list of names or of maps with what is different for one; or all; or a map of include and exclude, "
            + "which asks the server."
    )]
    public DatabaseSelection? Databases { get; init; }

    /// <summary>The folder of the backups, as a full path; null where the file names none.</summary>
    [Setting(
        "The folder of the backups, or a location of a store such as s3://bucket/prefix.",
        Example = "backups/database",
        IsLocation = true,
        IsCommon = true
    )]
    public string? LocalBackupDir { get; init; }

    /// <summary>The predecessor's; not used.</summary>
    [Setting("The predecessor's.", Instead = "files are backed up by another program, such as restic")]
    public string? FileBackupDir { get; init; }

    /// <summary>The predecessor's; not used.</summary>
    [Setting("The predecessor's.", Instead = "configuration files are kept by another program, such as git")]
    public string? ConfigBackupDir { get; init; }

    /// <summary>The places that get a copy of each backup: full paths of folders, and locations of stores.</summary>
    [Setting(
        "Where New copies each backup to when it is made, and proves it: folders, s3://bucket/prefix, azblob://account/container/prefix, "
            + "rclone://remote/path.",
        Example = "s3://my-backups/database",
        IsLocation = true
    )]
    public IReadOnlyList<string> Copies { get; init; } = [];

    /// <summary>How many proven copies there must be.</summary>
    [Setting(
        "How many of the copies there must be, or the run has failed, with the backup itself kept; "
            + "0, which only warns, unless said otherwise.",
        Example = "1",
        Minimum = 0,
        Maximum = 100
    )]
    public int CopiesRequired { get; init; }

    /// <summary>What goes into a backup.</summary>
    [Setting("What goes into a backup, and how long it may take.")]
    public BackupSettings? Backup { get; init; }

    /// <summary>How long backups are kept.</summary>
    [Setting("How long backups are kept.")]
    public RetentionSettings? Retention { get; init; }

    /// <summary>How backups are compressed.</summary>
    [Setting("How backups are compressed.")]
    public CompressionSettings? Compression { get; init; }

    /// <summary>How backups are encrypted.</summary>
    [Setting("How backups are encrypted, and with what they are opened.")]
    public EncryptionSettings? Encryption { get; init; }

    /// <summary>How backups are tested.</summary>
    [Setting("How backups are tested.")]
    public VerificationSettings? Verification { get; init; }

    /// <summary>Who is told; never null.</summary>
    [Setting("Who is told how a run ended.")]
    public NotificationSettings Notifications { get; init; } = new();

    /// <summary>What is written about runs; never null.</summary>
    [Setting("What is written about verifications and restores.")]
    public ReportSettings Reports { get; init; } = new();

    /// <summary>The metrics' file, as a full path.</summary>
    [Setting(
        "A Prometheus textfile that is replaced after each run.",
        Example = "/var/lib/node_exporter/textfile/cryobackup.prom",
        IsPath = true
    )]
    public string? MetricsFile { get; init; }

    /// <summary>The log's file, as a full path.</summary>
    [Setting("A log file that each run adds to.", Example = "logs/cryobackup.log", IsPath = true)]
    public string? LogFile { get; init; }

    /// <summary>The form of the log's lines.</summary>
    [Setting("The form of its lines: text (the predecessor's) or json; text unless said otherwise.", Example = "text")]
    public LogFormat LogFormat { get; init; } = LogFormat.Text;

    /// <summary>The size in bytes beyond which the log is put aside.</summary>
    [Setting(
        "The size in bytes beyond which it is put aside and begun anew; 10485760 unless said otherwise.",
        Example = "10485760",
        Minimum = 1024
    )]
    public long LogMaxBytes { get; init; } = DefaultLogMaxBytes;

    /// <summary>How many logs put aside are kept.</summary>
    [Setting("How many files put aside are kept; 5 unless said otherwise.", Example = "5", Minimum = 0, Maximum = 1000)]
    public int LogMaxFiles { get; init; } = DefaultLogMaxFiles;

    /// <summary>True if each result is also an event of Windows.</summary>
    [Setting("Whether each result is also an event of Windows' log Application, source CryoBackup; on Windows alone.", Example = "false")]
    public bool EventLog { get; init; }

    /// <summary>The predecessor's; not used.</summary>
    [Setting("The predecessor's schedules.")]
    public ScheduleSettings? Schedules { get; init; }

    /// <summary>The bucket that takes copies, and how S3 is reached.</summary>
    [Setting("A bucket of S3 that takes a copy of each backup, and how all locations s3://… of this file are reached.")]
    public AwsSettings? Aws { get; init; }

    /// <summary>How Azure's blobs are put.</summary>
    [Setting("How what is put to all locations azblob://… of this file is kept there.")]
    public AzureSettings? Azure { get; init; }

    /// <summary>The log, gathered from its keys; null where the file names none.</summary>
    public LogSettings? Log =>
        LogFile is null
            ? null
            : new()
            {
                File = LogFile,
                Format = LogFormat,
                MaxBytes = LogMaxBytes,
                MaxFiles = LogMaxFiles,
            };

    /// <summary>The metrics, from their key; null where the file names none.</summary>
    public MetricsSettings? Metrics => MetricsFile is null ? null : new() { File = MetricsFile };

    /// <summary>What could not be filled in, by the key's path; only what is enabled.</summary>
    internal IReadOnlyDictionary<string, CryoBackupException> Missing { get; init; } = new Dictionary<string, CryoBackupException>();

    // What only the making of backups needs.
    private static readonly string[] OfMaking =
    [
        "aws",
        "copies",
        "databases",
        "backup",
        "retention",
        "compression",
        "encryption.recipients",
        "encryption.recipients_file",
    ];

    private static readonly string[] OfWhatIsNotRemoving =
    [
        "aws",
        "copies",
        "database",
        "databases",
        "backup",
        "compression",
        "encryption",
        "verification",
    ];

    /// <summary>Makes sure that every variable is set that a use needs.</summary>
    /// <param name="use">What the configuration is used for.</param>
    /// <param name="replaced">Paths of keys that a parameter replaces, such as <c>database.password</c>;
    /// a section stands for all its keys.</param>
    /// <exception cref="CryoBackupException">ConfigurationInvalid: a variable is not set, or a file is missing;
    /// it names the first.</exception>
    public void Require(ConfigurationUse use, params IReadOnlyCollection<string> replaced)
    {
        string[] needless = Needless(use);
        foreach ((string path, CryoBackupException missing) in Missing)
        {
            if (
                !needless
                    .Concat(replaced)
                    .Any(key =>
                        path == key
                        || path.StartsWith(key + ".", StringComparison.Ordinal)
                        || path.StartsWith(key + "[", StringComparison.Ordinal)
                    )
            )
            {
                throw missing;
            }
        }
    }

    /// <summary>The keys that a verb can do without.</summary>
    private static string[] Needless(ConfigurationUse use) =>
        use switch
        {
            ConfigurationUse.New => ["encryption.identity_file", "databases[].encryption.identity_file"],
            ConfigurationUse.Copy =>
            [
                "database",
                "databases",
                "backup",
                "retention",
                "compression",
                "encryption",
                "verification",
                "notifications",
                "reports",
                "metrics_file",
                "log_file",
                "event_log",
            ],
            ConfigurationUse.Test => [.. OfMaking, "database"],
            ConfigurationUse.Restore => [.. OfMaking, "database.database"],
            ConfigurationUse.Remove => OfWhatIsNotRemoving,
            ConfigurationUse.Hold => [.. OfWhatIsNotRemoving, "retention"],
            ConfigurationUse.Get => [.. OfMaking, "database", "notifications", "reports", "metrics_file", "log_file", "event_log"],
            ConfigurationUse.Notify =>
            [
                "aws",
                "copies",
                "database",
                "databases",
                "backup",
                "retention",
                "compression",
                "encryption",
                "reports",
                "metrics_file",
                "log_file",
                "event_log",
            ],
            _ => [],
        };
}
