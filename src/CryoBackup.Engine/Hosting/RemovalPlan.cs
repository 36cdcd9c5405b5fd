using CryoBackup.Configuration;
using CryoBackup.Retention;
using CryoBackup.Storage;
using CryoBackup.Stores;

namespace CryoBackup.Hosting;

/// <summary>What a Remove means: folders by rules, or single backups.</summary>
public static class RemovalPlan
{
    /// <summary>The requests for paths that were given.</summary>
    /// <param name="paths">Full paths of folders, of which the rules decide, and of backups, which alone may go then; and locations of
    /// either.</param>
    /// <param name="given">The rules that the user gave; empty ones for what the configuration says of folders.</param>
    /// <param name="configuration">The configuration; null for none.</param>
    /// <param name="databases">Of a folder only the backups of these databases: names, and patterns with * and ?; empty for all.</param>
    /// <param name="force">True where single backups that are named go also if they are the newest, proven or held.</param>
    /// <returns>One request a folder; those of single backups first.</returns>
    /// <exception cref="CryoBackupException">ConfigurationInvalid: nothing says what is kept of a folder, or the wishes exclude each
    /// other. BackupNotFound: there is no such folder or backup.</exception>
    public static IReadOnlyList<RemovalRequest> Of(
        IReadOnlyList<string> paths,
        RetentionRules given,
        BackupConfiguration? configuration,
        IReadOnlyList<string> databases,
        bool force
    )
    {
        ArgumentNullException.ThrowIfNull(paths);
        ArgumentNullException.ThrowIfNull(given);
        ArgumentNullException.ThrowIfNull(databases);
        if (paths.Select(FindFault).FirstOrDefault(fault => fault is not null) is { } missing)
        {
            throw missing;
        }

        string[] folders = [.. paths.Where(BackupFolder.IsFolder).Distinct(StringComparer.Ordinal)];
        string[] files = [.. paths.Where(path => !BackupFolder.IsFolder(path)).Select(Backup).Distinct(StringComparer.Ordinal)];
        CheckWishes(folders, files, given, databases, force);
        RemovalRequest[] named =
        [
            .. files
                .GroupBy(BackupFolder.Of, StringComparer.Ordinal)
                .Select(group => new RemovalRequest
                {
                    Folder = group.Key,
                    Store = CopyPlan.Options(configuration),
                    Backups = [.. group],
                    Rules = given.IsEmpty ? null : given,
                    Force = force,
                }),
        ];
        RetentionRules? rules = given.IsEmpty ? configuration?.Retention?.Rules : given;
        return
        [
            .. named,
            .. folders.Select(folder => new RemovalRequest
            {
                Folder = folder,
                Store = CopyPlan.Options(configuration),
                Databases = databases,
                Rules =
                    rules
                    ?? throw Refused(
                        $"Nothing says what of '{folder}' is kept, and nothing is removed.",
                        "KeepLast",
                        "Give a rule, for instance -KeepDaily 14, or name a configuration that has a section retention."
                    ),
            }),
        ];
    }

    private static void CheckWishes(string[] folders, string[] files, RetentionRules given, IReadOnlyList<string> databases, bool force)
    {
        if (force && !given.IsEmpty)
        {
            throw Refused("-Force is for single backups that are named, and no rule crosses what it would.", "Force");
        }

        if (force && folders.Length > 0)
        {
            throw Refused($"-Force is for single backups that are named; '{folders[0]}' is a folder.", folders[0]);
        }

        if (files.Length > 0 && databases.Count > 0)
        {
            throw Refused($"Databases are chosen among the backups of a folder; '{files[0]}' is none.", files[0]);
        }

        if (!given.IsEmpty)
        {
            given.Check();
        }
    }

    /// <summary>What keeps a path from being a folder, or a backup that can be removed.</summary>
    /// <param name="path">A full path.</param>
    /// <returns>BackupNotFound; null where nothing does, or only a store can tell.</returns>
    public static CryoBackupException? FindFault(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (Directory.Exists(path) || StoreLocation.IsStore(path) || File.Exists(Backup(path) + BackupFileName.ManifestSuffix))
        {
            return null;
        }

        bool isThere = File.Exists(path);
        return new CryoBackupException(
            CryoBackupError.BackupNotFound,
            isThere ? $"'{path}' is no backup, for no manifest lies beside it; it is left alone." : $"'{path}' does not exist.",
            path,
            isThere
                ? "Get-CryoBackup -All shows what lies there; what is no backup is removed by other means."
                : "Get-CryoBackup lists what a folder holds."
        );
    }

    /// <summary>The backup that a path means: its own, or its manifest's.</summary>
    private static string Backup(string path) => BackupFolder.IsManifest(path) ? BackupFolder.BackupOf(path) : path;

    private static CryoBackupException Refused(string message, string target, string remedy = "Leave one of the two out.") =>
        new(CryoBackupError.ConfigurationInvalid, message, target, remedy);
}
