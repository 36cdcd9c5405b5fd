using CryoBackup.Configuration;
using CryoBackup.Storage;
using CryoBackup.Verification;

namespace CryoBackup.Hosting;

/// <summary>Which backups a Test means: files, folders, or those of the configuration.</summary>
/// <param name="how">Level, identities, age and whatever else is asked of each.</param>
/// <param name="databases">Of a folder only the backups of these databases: names, and patterns with * and ?; empty for all.</param>
/// <param name="latest">True for only the newest backup of each database of a folder.</param>
public sealed class VerificationPlan(VerificationRequest how, IReadOnlyList<string> databases, bool latest = false)
{
    private readonly HashSet<string> _planned = new(StringComparer.Ordinal);

    /// <summary>The backups of paths that were given together.</summary>
    /// <param name="given">What the user wrote, for messages.</param>
    /// <param name="paths">Full paths that it stands for.</param>
    /// <param name="observer">Takes warnings about manifests that cannot be read.</param>
    /// <param name="cancellationToken">Stops the listing.</param>
    /// <returns>Tasks; none for the manifest of a backup that is planned already.</returns>
    /// <exception cref="CryoBackupException">
    /// BackupNotFound: there is no backup among them; ConfigurationInvalid: databases are chosen of a file.
    /// </exception>
    public IReadOnlyList<VerificationTask> Of(
        string given,
        IReadOnlyList<string> paths,
        Action<EngineMessage> observer,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(paths);
        if (paths is [var only] && !IsFolder(only) && BackupFolder.OfFile(only) is var own && own != only && _planned.Contains(own))
        {
            // A listing of a folder gives a backup, its manifest, which is proven with it, and what was noted of it.
            return [];
        }

        string[] files = [.. paths.Where(path => !IsFolder(path))];
        if (files.Length > 0 && databases.Count > 0)
        {
            throw new CryoBackupException(
                CryoBackupError.ConfigurationInvalid,
                $"Databases are chosen among the backups of a folder; '{files[0]}' is none.",
                files[0],
                "Give the folder, or leave -Database out."
            );
        }

        // A single file is tested whatever its name is.
        string[] backups = paths.Count > 1 || files.Any(BackupFolder.IsManifest) ? BackupFolder.Select(files) : files;
        VerificationTask[] tasks =
        [
            .. backups.Select(path => VerificationTask.Of(how with { Path = path })),
            .. paths.Where(IsFolder).SelectMany(folder => OfFolder(folder, [], observer, cancellationToken)),
        ];
        _planned.UnionWith(tasks.Select(task => task.Request.Path));
        return tasks.Length > 0
            ? tasks
            : throw new CryoBackupException(
                CryoBackupError.BackupNotFound,
                $"'{given}' holds no backup.",
                given,
                "Name a backup, or a folder that holds some."
            );
    }

    /// <summary>The backups of a configuration's folders, each with the databases that it must hold.</summary>
    /// <param name="configuration">The configuration; null for none.</param>
    /// <param name="observer">Takes warnings about manifests that cannot be read.</param>
    /// <param name="cancellationToken">Stops the listing.</param>
    /// <returns>Tasks, at least one.</returns>
    /// <exception cref="CryoBackupException">ConfigurationInvalid: it names no folder.</exception>
    public IReadOnlyList<VerificationTask> Configured(
        BackupConfiguration? configuration,
        Action<EngineMessage> observer,
        CancellationToken cancellationToken
    ) =>
        BackupPlan.Expected(configuration) is { Count: > 0 } expected
            ? [.. expected.SelectMany(pair => OfFolder(pair.Folder, pair.Databases, observer, cancellationToken))]
            : throw new CryoBackupException(
                CryoBackupError.ConfigurationInvalid,
                "No backup is named to test, and no configuration names a folder of them.",
                "Path",
                "Name at least one backup file, or a folder of them, with -Path."
            );

    // A share that is not mounted is no folder, and none of its backups; where something is asked of folders, it is missed.
    private bool IsFolder(string path) =>
        databases.Count > 0 || latest || how.MaxAge is not null ? FolderVerification.IsPlace(path) : BackupFolder.IsFolder(path);

    private IReadOnlyList<VerificationTask> OfFolder(
        string folder,
        IReadOnlyList<string> expected,
        Action<EngineMessage> observer,
        CancellationToken cancellationToken
    ) =>
        FolderVerification.Tasks(
            how,
            new FolderScope(folder)
            {
                Wanted = databases,
                Expected = expected,
                Latest = latest,
            },
            observer,
            cancellationToken
        );
}
