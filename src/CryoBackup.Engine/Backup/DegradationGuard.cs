using System.Globalization;
using CryoBackup.Retention;
using CryoBackup.Storage;

namespace CryoBackup.Backup;

/// <summary>Compares a new backup with the newest proven one before it. That it cannot be done makes no backup worse.</summary>
internal static class DegradationGuard
{
    private const int MostNamed = 10;

    /// <summary>Marks a backup that holds suspiciously less.</summary>
    /// <param name="request">What was asked for.</param>
    /// <param name="made">The new backup's manifest, not yet without its tables for being encrypted.</param>
    /// <param name="warnings">Takes what fell.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>The manifest, marked where it is degraded.</returns>
    public static BackupManifest Mark(
        BackupRequest request,
        BackupManifest made,
        List<string> warnings,
        CancellationToken cancellationToken
    )
    {
        try
        {
            if (
                request.MaxShrink >= 100
                || Degradation.Before(
                    BackupListing.OfDatabase(request.Folder, made.Database, request.Store, static _ => { }, cancellationToken),
                    made,
                    cancellationToken
                )
                    is not { } before
                || Degradation.Find(made, before.Manifest, request.MaxShrink) is not { Count: > 0 } findings
            )
            {
                return made;
            }

            string name = Path.GetFileName(before.Path);
            string others =
                findings.Count > MostNamed
                    ? string.Create(CultureInfo.InvariantCulture, $"; and {findings.Count - MostNamed} more, which the manifest names")
                    : "";
            warnings.Add(
                $"The backup is degraded: compared with '{name}', {string.Join("; ", findings.Take(MostNamed))}{others}. "
                    + "It is kept, and while it is the newest nothing older is removed. If that is meant, make one with -MaxShrink 100."
            );
            return made with
            {
                Degraded = new BackupManifest.DegradationRecord
                {
                    ComparedWith = name,
                    MaxShrink = request.MaxShrink,
                    Findings = [.. findings],
                },
            };
        }
        catch (Exception exception) when (exception is not (OutOfMemoryException or OperationCanceledException))
        {
            warnings.Add($"It was not compared with the backups before it: {exception.Message}");
            return made;
        }
    }
}
