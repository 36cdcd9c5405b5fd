using CryoBackup.Configuration;
using CryoBackup.Copies;
using CryoBackup.Storage;
using CryoBackup.Stores;

namespace CryoBackup.Hosting;

/// <summary>Where copies lie, from what the user said over the configuration.</summary>
public static class CopyPlan
{
    /// <summary>The places that the user named, or else those of the configuration.</summary>
    /// <param name="configuration">The configuration; null for none.</param>
    /// <param name="given">Full paths of folders, and locations of stores; empty for the configuration's.</param>
    /// <returns>Each place once.</returns>
    /// <exception cref="CryoBackupException">ConfigurationInvalid: one is no location, or none is named.</exception>
    public static IReadOnlyList<CopyTarget> Destinations(BackupConfiguration? configuration, IReadOnlyList<string> given)
    {
        ArgumentNullException.ThrowIfNull(given);
        CopyTarget[] targets =
            given.Count > 0
                ? [.. given.Select(StoreLocation.Parse).Distinct().Select(location => Target(configuration, location))]
                : [.. Configured(configuration)];
        return targets.Length > 0
            ? targets
            : throw new CryoBackupException(
                CryoBackupError.ConfigurationInvalid,
                "No place for the copies is named, and there is no configuration that names one.",
                "Destination",
                "Give -Destination a folder or a location such as s3://bucket/prefix, or name copies in the configuration."
            );
    }

    /// <summary>The backups that paths stand for: folders give those that they hold, manifests those that they belong to.</summary>
    /// <param name="paths">Full paths of files and folders, and locations.</param>
    /// <param name="options">How stores are reached.</param>
    /// <param name="observer">Learns of faults of a store that were passed over.</param>
    /// <param name="cancellationToken">Ends the listing.</param>
    /// <returns>Full paths and locations, each once, in ordinal order.</returns>
    /// <exception cref="CryoBackupException">BackupNotFound: none of them holds a backup; PermissionDenied.</exception>
    public static IReadOnlyList<string> Backups(
        IReadOnlyList<string> paths,
        StoreOptions options,
        Action<EngineMessage> observer,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(paths);
        string[] backups = BackupFolder.Select(
            paths.SelectMany(path =>
                BackupFolder.IsFolder(path) ? BackupCatalog.Choose(path, [], latest: false, observer, cancellationToken, options) : [path]
            )
        );
        return backups.Length > 0
            ? backups
            : throw new CryoBackupException(
                CryoBackupError.BackupNotFound,
                $"'{string.Join("', '", paths)}' holds no backup.",
                paths.FirstOrDefault(),
                "Name a backup, or a folder that holds some."
            );
    }

    /// <summary>The stores that a configuration names, for backups or for copies of them.</summary>
    /// <param name="configuration">The configuration; null for none.</param>
    /// <returns>Locations, each once.</returns>
    public static IReadOnlyList<string> Stores(BackupConfiguration? configuration) =>
        [
            .. BackupPlan
                .Folders(configuration)
                .Concat(Configured(configuration).Select(target => target.Location.ToString()))
                .Where(StoreLocation.IsStore)
                .Distinct(StringComparer.Ordinal),
        ];

    /// <summary>How stores are reached, as a configuration says it; credentials that it does not name are the environment's.</summary>
    /// <param name="configuration">The configuration; null for none.</param>
    public static StoreOptions Options(BackupConfiguration? configuration) =>
        (configuration?.Aws?.ToOptions() ?? new StoreOptions()) with
        {
            ImmutabilityMode = configuration?.Azure?.ImmutabilityMode,
            ImmutabilityDays = configuration?.Azure?.ImmutabilityDays,
        };

    /// <summary>The places that a configuration names for the copies of each backup.</summary>
    /// <param name="configuration">The configuration; null for none.</param>
    /// <returns>Each place once; none where it names none.</returns>
    internal static IReadOnlyList<CopyTarget> Configured(BackupConfiguration? configuration) =>
        configuration is null
            ? []
            :
            [
                .. configuration
                    .Copies.Select(StoreLocation.Parse)
                    .Concat(configuration.Aws is { Enabled: true } aws ? [aws.ToLocation()] : [])
                    .Distinct()
                    .Select(location => Target(configuration, location)),
            ];

    private static CopyTarget Target(BackupConfiguration? configuration, StoreLocation location) => new(location, Options(configuration));
}
