using CryoBackup.Backup;
using CryoBackup.Configuration;
using CryoBackup.Encryption;
using CryoBackup.Postgres;

namespace CryoBackup.Hosting;

/// <summary>What New makes of a configuration and of what the user said: one request a database. What the user said comes first.</summary>
public static class BackupPlan
{
    private const string Maintenance = "postgres";

    /// <summary>Makes the requests.</summary>
    /// <param name="configuration">The configuration; null for none.</param>
    /// <param name="given">What the user said.</param>
    /// <param name="defaults">What holds where neither says anything.</param>
    /// <param name="databases">The databases that the user means; where nothing is said those of the configuration are taken.</param>
    /// <param name="observer">Takes warnings of the connection that lists the databases.</param>
    /// <param name="cancellationToken">Stops the listing.</param>
    /// <returns>One request a database, at least one.</returns>
    /// <exception cref="CryoBackupException">
    /// ConfigurationInvalid; ObjectNotFound: a pattern means no database, or all are excluded; what a connection can fail with.
    /// </exception>
    public static IReadOnlyList<BackupRequest> Create(
        BackupConfiguration? configuration,
        BackupOptions given,
        BackupRequest defaults,
        DatabaseChoice databases,
        Action<EngineMessage> observer,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(given);
        ArgumentNullException.ThrowIfNull(defaults);
        ArgumentNullException.ThrowIfNull(databases);
        databases.Check();
        databases = !databases.IsSaid && given.Connection.Database is { } own ? databases with { Names = [own] } : databases;
        configuration?.Require(ConfigurationUse.New, ReplacedBy(given, databases.All ? ["*"] : databases.Names));
        DatabaseEntry[] entries =
        [
            .. (
                databases.IsSaid
                    ? Chosen(configuration, databases, given.Connection, observer, cancellationToken)
                    : Configured(configuration, given.Connection, observer, cancellationToken)
            ).Where(entry => !databases.Excludes(entry.Name)),
        ];
        Action<EngineMessage> once = Once(observer);
        return entries.Length > 0
            ?
            [
                .. entries.Select(entry =>
                    Lay(given, configuration, entry, once, cancellationToken).Over(defaults with { Database = entry.Name })
                ),
            ]
            : throw databases.NoneLeft();
    }

    /// <summary>What is said of a file that several databases share is said once.</summary>
    private static Action<EngineMessage> Once(Action<EngineMessage> observer)
    {
        var said = new HashSet<EngineMessage>();
        return message =>
        {
            if (said.Add(message))
            {
                observer(message);
            }
        };
    }

    /// <summary>As the other, for databases by their names and patterns.</summary>
    /// <param name="configuration">The configuration; null for none.</param>
    /// <param name="given">What the user said.</param>
    /// <param name="defaults">What holds where neither says anything.</param>
    /// <param name="databases">The databases that the user named; empty to take those of the configuration.</param>
    /// <param name="observer">Takes warnings of the connection that lists the databases.</param>
    /// <param name="cancellationToken">Stops the listing.</param>
    /// <returns>One request a database, at least one.</returns>
    /// <exception cref="CryoBackupException">As of the other.</exception>
    public static IReadOnlyList<BackupRequest> Create(
        BackupConfiguration? configuration,
        BackupOptions given,
        BackupRequest defaults,
        IReadOnlyList<string> databases,
        Action<EngineMessage> observer,
        CancellationToken cancellationToken
    ) => Create(configuration, given, defaults, new DatabaseChoice { Names = databases }, observer, cancellationToken);

    /// <summary>The connection of a configuration, under what the user said.</summary>
    /// <param name="configuration">The configuration; null for none.</param>
    /// <param name="given">What the user said.</param>
    /// <returns>What there is of both.</returns>
    public static ConnectionRequest Connect(BackupConfiguration? configuration, ConnectionRequest given)
    {
        ArgumentNullException.ThrowIfNull(given);
        return given.Over((configuration?.Database ?? new()).Connection);
    }

    /// <summary>The identity files of a configuration, for Test, Restore and Get.</summary>
    /// <param name="configuration">The configuration; null for none.</param>
    /// <param name="given">Those that the user gave, which come instead.</param>
    /// <returns>Full paths.</returns>
    public static IReadOnlyList<string> Identities(BackupConfiguration? configuration, IReadOnlyList<string> given)
    {
        ArgumentNullException.ThrowIfNull(given);
        if (given.Count > 0 || configuration is null)
        {
            return given;
        }

        IEnumerable<EncryptionSettings> sections =
            configuration
                .Databases?.Entries.Select(entry => entry.Encryption)
                .Prepend(configuration.Encryption)
                .OfType<EncryptionSettings>()
            ?? new[] { configuration.Encryption }.OfType<EncryptionSettings>();

        // A key file of recipients opens nothing, and one that is missing matters only where something is encrypted; that says so then.
        return
        [
            .. sections
                .SelectMany(section =>
                    section.KeyFile is { } key && KeyFile.HoldsIdentities(key) ? section.IdentityFile.Append(key) : section.IdentityFile
                )
                .Distinct(StringComparer.Ordinal),
        ];
    }

    /// <summary>The folders that a configuration's backups lie in.</summary>
    /// <param name="configuration">The configuration; null for none.</param>
    /// <returns>Full paths, each once; empty where it names none.</returns>
    public static IReadOnlyList<string> Folders(BackupConfiguration? configuration) =>
        [
            .. (configuration?.Databases?.Entries.Select(entry => entry.LocalBackupDir) ?? [])
                .Prepend(configuration?.LocalBackupDir)
                .OfType<string>()
                .Distinct(StringComparer.Ordinal),
        ];

    /// <summary>The folders that a configuration's backups lie in, with the databases that each is to hold.</summary>
    /// <param name="configuration">The configuration; null for none.</param>
    /// <returns>Full paths, each once, and exact names: none where the server is asked, so that the file does not tell.</returns>
    public static IReadOnlyList<(string Folder, IReadOnlyList<string> Databases)> Expected(BackupConfiguration? configuration)
    {
        IEnumerable<(string? Folder, string Name)> named = configuration switch
        {
            { Databases: { } selection } => selection.Entries.Select(entry =>
                (entry.LocalBackupDir ?? configuration.LocalBackupDir, entry.Name)
            ),
            { Database.Database: { } one } => [(configuration.LocalBackupDir, one)],
            _ => [],
        };
        ILookup<string?, string> byFolder = named.ToLookup(pair => pair.Folder, pair => pair.Name, StringComparer.Ordinal);

        // Where each of several databases has a folder of its own, the common one holds none.
        return
        [
            .. Folders(configuration)
                .Where(folder => byFolder.Contains(folder) || byFolder.Count == 0)
                .Select(folder => (folder, (IReadOnlyList<string>)[.. byFolder[folder].Distinct(StringComparer.Ordinal)])),
        ];
    }

    /// <summary>The keys that what the user said replaces.</summary>
    /// <param name="given">What the user said.</param>
    /// <param name="databases">The databases that the user named.</param>
    /// <returns>Paths of keys, for <see cref="BackupConfiguration.Require"/>.</returns>
    public static IReadOnlyCollection<string> ReplacedBy(BackupOptions given, params IReadOnlyList<string> databases)
    {
        ArgumentNullException.ThrowIfNull(given);
        ArgumentNullException.ThrowIfNull(databases);
        (bool Said, string[] Keys)[] replaced =
        [
            (databases.Count > 0, ["database.database"]),
            (
                given.Connection.UserName is not null,
                ["database.username", "database.password", "databases[].username", "databases[].password"]
            ),
            (given.Connection.ComputerName is not null, ["database.host", "databases[].host"]),
            (given.Connection.Port is not null, ["database.port", "databases[].port"]),
            (given.Folder is not null, ["local_backup_dir", "databases[].local_backup_dir"]),
            (given.Recipients is not null, ["encryption", "databases[].encryption"]),
        ];
        return [.. replaced.Where(pair => pair.Said).SelectMany(pair => pair.Keys)];
    }

    /// <summary>The keys that what the user said of the server replaces.</summary>
    /// <param name="given">What the user said.</param>
    /// <returns>Paths of keys, for <see cref="BackupConfiguration.Require"/>.</returns>
    public static IReadOnlyCollection<string> ReplacedBy(ConnectionRequest given) => ReplacedBy(new BackupOptions { Connection = given });

    /// <summary>
    /// A database that the user named, with what the configuration says of it. One that is there on several servers is meant on each,
    /// unless the user named the server; of a server that the configuration does not know, the first entry tells how it is backed up.
    /// </summary>
    private static IReadOnlyList<DatabaseEntry> Named(BackupConfiguration? configuration, string name, ConnectionRequest given)
    {
        DatabaseEntry[] entries = [.. (configuration?.Databases?.Entries ?? []).Where(entry => entry.Name == name)];
        DatabaseEntry[] there =
        [
            .. entries.Where(entry =>
                (given.ComputerName is null || given.ComputerName == (entry.Host ?? configuration?.Database.Host))
                && (given.Port is null || given.Port == (entry.Port ?? configuration?.Database.Port))
            ),
        ];
        return there.Length > 0 ? there
            : entries.Length > 0 ? entries[..1]
            : [new DatabaseEntry { Name = name }];
    }

    /// <summary>The databases that the user said: those by name first, then what the server has of those by pattern.</summary>
    private static IEnumerable<DatabaseEntry> Chosen(
        BackupConfiguration? configuration,
        DatabaseChoice databases,
        ConnectionRequest given,
        Action<EngineMessage> observer,
        CancellationToken cancellationToken
    )
    {
        IEnumerable<DatabaseEntry> named = databases.Literals.SelectMany(name => Named(configuration, name, given));
        if (!databases.AsksServer)
        {
            return named;
        }

        ConnectionRequest connection = Connect(configuration, given);
        IReadOnlyList<string> listed = DatabaseList.Read(
            new DatabaseSelection { All = true, Include = databases.Patterns },
            connection,
            configuration?.Database.Database ?? Maintenance,
            observer,
            cancellationToken
        );
        return named
            .Concat(listed.SelectMany(name => Listed(configuration, name, given, connection)))
            .DistinctBy(entry => (entry.Name, entry.Host, entry.Port));
    }

    /// <summary>A database that a server has: what the configuration says of one of that name elsewhere is not of it.</summary>
    private static IEnumerable<DatabaseEntry> Listed(
        BackupConfiguration? configuration,
        string name,
        ConnectionRequest given,
        ConnectionRequest server
    ) =>
        Named(configuration, name, given)
            .Where(entry => given.ComputerName is not null || entry.Host is null || entry.Host == server.ComputerName)
            .Where(entry => given.Port is not null || entry.Port is null || entry.Port == server.Port)
            .DefaultIfEmpty(new DatabaseEntry { Name = name });

    private static IReadOnlyList<DatabaseEntry> Configured(
        BackupConfiguration? configuration,
        ConnectionRequest given,
        Action<EngineMessage> observer,
        CancellationToken cancellationToken
    )
    {
        if (configuration?.Databases is { } selection)
        {
            return selection.All
                ?
                [
                    .. DatabaseList
                        .Read(
                            selection,
                            Connect(configuration, given),
                            configuration.Database.Database ?? Maintenance,
                            observer,
                            cancellationToken
                        )
                        .Select(name => new DatabaseEntry { Name = name }),
                ]
                : selection.Entries;
        }

        return configuration?.Database.Database is { } one
            ? [new DatabaseEntry { Name = one }]
            : throw new CryoBackupException(
                CryoBackupError.ConfigurationInvalid,
                configuration is null
                    ? "No database is named, and there is no configuration that names one."
                    : $"No database is named, neither on the command line nor in the configuration '{configuration.Path}'.",
                configuration?.Path ?? "Database",
                configuration is null
                    ? "Name a database with -Database, or a configuration with -Config."
                    : "Name one with -Database, or in the configuration's databases or database.database."
            );
    }

    private static BackupOptions Lay(
        BackupOptions given,
        BackupConfiguration? configuration,
        DatabaseEntry entry,
        Action<EngineMessage> observer,
        CancellationToken cancellationToken
    )
    {
        if (configuration is null)
        {
            return given;
        }

        var file = BackupOptions.Of(configuration, entry);
        return given.Over(
            given.Recipients is null && (entry.Encryption ?? configuration.Encryption) is { Enabled: true } encryption
                ? file with
                {
                    Recipients = Recipients(encryption, configuration.Path, observer, cancellationToken),
                }
                : file
        );
    }

    /// <summary>The public keys of the section; never none, for what asks for encryption is never written without it.</summary>
    private static IReadOnlyList<string> Recipients(
        EncryptionSettings encryption,
        string path,
        Action<EngineMessage> observer,
        CancellationToken cancellationToken
    )
    {
        List<string> recipients = [.. encryption.Recipients, .. encryption.RecipientsFile];
        if (encryption.KeyFile is { } keyFile)
        {
            recipients.AddRange(AgeRecipients.ReadKeyFile(keyFile, observer, cancellationToken));
        }

        return recipients.Count > 0
            ? AgeRecipients.Read(recipients, observer)
            : throw new CryoBackupException(
                CryoBackupError.ConfigurationInvalid,
                $"The configuration '{path}' enables encryption and names no key; no backup is made in clear.",
                path,
                $"Name a file of public keys as encryption.recipients_file. {KeyFile.MakePair}."
            );
    }
}
