namespace CryoBackup.Configuration;

/// <summary>The form of the log's lines.</summary>
public enum LogFormat
{
    /// <summary>The predecessor's lines: time, logger, level, message.</summary>
    Text,

    /// <summary>One JSON object a line.</summary>
    Json,
}

/// <summary>Where the log goes: the keys <c>log_file</c>, <c>log_format</c>, <c>log_max_bytes</c>,
/// <c>log_max_files</c> of the file, gathered.</summary>
public sealed record LogSettings : Settings
{
    /// <summary>The file, as a full path; it is created when missing.</summary>
    public string File { get; init; } = "";

    /// <summary>The form of its lines.</summary>
    public LogFormat Format { get; init; } = LogFormat.Text;

    /// <summary>The size in bytes beyond which the file is put aside and begun anew.</summary>
    public long MaxBytes { get; init; } = BackupConfiguration.DefaultLogMaxBytes;

    /// <summary>How many files put aside are kept: log_file.1 is the newest.</summary>
    public int MaxFiles { get; init; } = BackupConfiguration.DefaultLogMaxFiles;
}

/// <summary>Where the metrics go: the key <c>metrics_file</c>.</summary>
public sealed record MetricsSettings : Settings
{
    /// <summary>The Prometheus textfile, as a full path; it is replaced as a whole.</summary>
    public string File { get; init; } = "";
}
