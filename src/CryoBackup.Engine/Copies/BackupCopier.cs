using CryoBackup.Storage;
using CryoBackup.Stores;

namespace CryoBackup.Copies;

/// <summary>The verb Copy: brings a backup to another place, and proves it where it lies.</summary>
public static class BackupCopier
{
    /// <summary>
    /// Copies a backup: data, globals, and, when these were read back and are what was recorded, the manifest. Nothing is replaced; a copy
    /// that is there already, or that a run which died has begun, is proven and completed. Blocks until it is proven or has failed.
    /// </summary>
    /// <param name="request">What to copy, and where to.</param>
    /// <param name="observer">Takes progress, warnings and verbose messages, on any thread.</param>
    /// <param name="cancellationToken">Ends the copying; what was not complete is removed.</param>
    /// <returns>The copy, with the moment of its proof.</returns>
    /// <exception cref="CryoBackupException">There is no proven copy.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static BackupInfo Run(CopyRequest request, Action<EngineMessage> observer, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(observer);
        string path = BackupFolder.IsManifest(request.Path) ? BackupFolder.BackupOf(request.Path) : request.Path;
        StoreLocation destination = request.Destination.Location;
        string folder = BackupFolder.Of(path);
        if (IsSame(destination.ToString(), folder))
        {
            throw Itself(path, destination);
        }

        var source = CopySource.Open(new StoredFile(path, request.Store, observer), cancellationToken);
        using BackupLock? held =
            destination.Kind == StoreKind.Folder ? Prepare(destination.Prefix, source, observer, cancellationToken) : null;
        if (held?.IsSeenIn(folder) == true)
        {
            // By another name or another mount.
            throw Itself(path, destination);
        }

        using Store store =
            destination.Kind == StoreKind.Folder
                ? new Store(destination, new FolderDriver(), observer)
                : StoreDrivers.Open(destination, request.Destination.Options, observer);
        return new CopyRun(source, store, request.Destination.Options, observer, cancellationToken).RunAsync().GetAwaiter().GetResult();
    }

    /// <summary>Copies a backup that was just made to each place of a list. None of them undoes the backup.</summary>
    /// <param name="backup">The backup, which learns of its copies and of what went wrong.</param>
    /// <param name="destinations">The places.</param>
    /// <param name="required">How many copies there must be.</param>
    /// <param name="observer">Takes progress, warnings and verbose messages, on any thread.</param>
    /// <param name="cancellationToken">Ends the copying.</param>
    /// <exception cref="CryoBackupException">DestinationNotWritable: there are fewer copies than required; the backup itself is
    /// good.</exception>
    internal static void CopyAll(
        BackupInfo backup,
        IReadOnlyList<CopyTarget> destinations,
        int required,
        Action<EngineMessage> observer,
        CancellationToken cancellationToken
    )
    {
        List<string> copies = [];
        List<string> failures = [];
        foreach (CopyTarget destination in destinations)
        {
            try
            {
                copies.Add(Run(new CopyRequest { Path = backup.Path, Destination = destination }, observer, cancellationToken).Path);
            }
            catch (Exception failure) when (failure is not (OperationCanceledException or OutOfMemoryException))
            {
                failures.Add($"There is no copy at '{destination.Location}': {failure.Message}");
                observer(new WarningMessage(failures[^1]));
            }
        }

        backup.Copies = [.. copies];
        backup.CopiesWanted = destinations.Count > 0 ? destinations.Count : null;
        backup.Warnings = [.. backup.Warnings, .. failures];
        if (copies.Count < required)
        {
            throw new CryoBackupException(
                CryoBackupError.DestinationNotWritable,
                $"The backup '{backup.Path}' is good, and of the {required} copies that copies_required asks for there are {copies.Count}. "
                    + string.Join(' ', failures),
                backup.Path,
                "Remove the reason, and run Copy-CryoBackup with the backup's path."
            );
        }
    }

    private static BackupLock Prepare(string folder, CopySource source, Action<EngineMessage> observer, CancellationToken cancellationToken)
    {
        PartialFile.MakeFolder(folder);
        return BackupLock.Take(folder, source.Manifest.Database, observer, cancellationToken);
    }

    private static CryoBackupException Itself(string path, StoreLocation destination) =>
        new(
            CryoBackupError.ConfigurationInvalid,
            $"'{path}' lies in '{destination}' already; a copy of itself would be none.",
            path,
            "Name another folder, on another disk or machine, or a location of object storage."
        );

    private static bool IsSame(string one, string other) =>
        StoreLocation.IsStore(one) || StoreLocation.IsStore(other)
            ? string.Equals(one, other, StringComparison.Ordinal)
            : string.Equals(
                Path.TrimEndingDirectorySeparator(Path.GetFullPath(one)),
                Path.TrimEndingDirectorySeparator(Path.GetFullPath(other)),
                OperatingSystem.IsLinux() ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase
            );
}
