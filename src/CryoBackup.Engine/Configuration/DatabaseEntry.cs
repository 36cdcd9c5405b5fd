using CryoBackup.Postgres;

namespace CryoBackup.Configuration;

/// <summary>One database of the list <c>databases</c>, with what is different for it.
/// What it leaves out is as in the rest of the file.</summary>
public sealed record DatabaseEntry : Settings
{
    /// <summary>The database.</summary>
    [Setting("The database.", Example = "warehouse", IsRequired = true)]
    public string Name { get; init; } = "";

    /// <summary>Its host.</summary>
    [Setting("Its host, where it is another.", Example = "db2.example.com")]
    public string? Host { get; init; }

    /// <summary>Its port.</summary>
    [Setting("Its port, where it is another.", Example = "5433", Minimum = 1, Maximum = 65535)]
    public int? Port { get; init; }

    /// <summary>The role for it.</summary>
    [Setting("The role for it, where it is another.", Example = "backup")]
    public string? Username { get; init; }

    /// <summary>That role's password. Secret.</summary>
    [Setting("That role's password.", Example = "${WAREHOUSE_PASSWORD}", IsSecret = true)]
    public string? Password { get; init; }

    /// <summary>How its connection is secured.</summary>
    [Setting("How its connection is secured.", Example = "verify-full")]
    public SslMode? SslMode { get; init; }

    /// <summary>The folder of its backups, as a full path.</summary>
    [Setting("The folder, or the location, of its backups.", Example = "backups/warehouse", IsLocation = true)]
    public string? LocalBackupDir { get; init; }

    /// <summary>How its backups are compressed.</summary>
    [Setting("How its backups are compressed; replaces the file's section as a whole.")]
    public CompressionSettings? Compression { get; init; }

    /// <summary>How its backups are encrypted.</summary>
    [Setting("How its backups are encrypted; replaces the file's section as a whole.")]
    public EncryptionSettings? Encryption { get; init; }

    /// <summary>How long its backups are kept.</summary>
    [Setting("How long its backups are kept; replaces the file's section as a whole.")]
    public RetentionSettings? Retention { get; init; }

    /// <summary>What goes into its backups.</summary>
    [Setting("What goes into its backups; replaces the file's section as a whole.")]
    public BackupSettings? Backup { get; init; }

    /// <summary>What is different of its server, of which each null says nothing.</summary>
    internal ConnectionRequest Connection => ConnectionRequest.To(Host, Port, Username, Password, SslMode);
}

/// <summary>Which databases are backed up: the key <c>databases</c>.</summary>
public sealed record DatabaseSelection : Settings
{
    /// <summary>The databases by name; empty where the server is asked.</summary>
    public IReadOnlyList<DatabaseEntry> Entries { get; init; } = [];

    /// <summary>True if the server is asked which databases it has.</summary>
    public bool All { get; init; }

    /// <summary>With <see cref="All"/>: only these, names or patterns with * and ?; empty for all.</summary>
    [Setting("Only these of the server's databases: names, or patterns with * and ?.", Example = "[\"app_*\"]")]
    public IReadOnlyList<string> Include { get; init; } = [];

    /// <summary>With <see cref="All"/>: not these.</summary>
    [Setting("Not these of the server's databases.", Example = "[\"*_test\"]")]
    public IReadOnlyList<string> Exclude { get; init; } = [];
}
