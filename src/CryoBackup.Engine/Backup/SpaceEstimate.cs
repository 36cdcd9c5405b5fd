using CryoBackup.Storage;
using CryoBackup.Text;

namespace CryoBackup.Backup;

/// <summary>How much space a backup will take: an estimate, by what the last one took, or, where there is none,
/// the least that is likely.</summary>
/// <param name="Bytes">The size of the file in bytes.</param>
/// <param name="Words">The estimate for people, behind "the backup is estimated to take".</param>
internal sealed record SpaceEstimate(long Bytes, string Words)
{
    // Compressed, a dump may shrink to a tenth of its tables; not compressed, to half, for a table has room in its pages.
    private const double LeastCompressed = 0.1;
    private const double LeastPlain = 0.5;

    // A manifest that cannot be read is not worth looking through all others.
    private const int Looks = 3;

    /// <summary>Estimates.</summary>
    /// <param name="request">What to back up, and where to.</param>
    /// <param name="tables">What the tables take on the server's disk, in bytes.</param>
    public static SpaceEstimate Of(BackupRequest request, long tables)
    {
        if (LastOf(request) is var (size, of, file) && of > 0)
        {
            long learned = (long)Math.Min((double)tables * size / of, long.MaxValue / 2);
            return new(learned, $"{SizeText.Of(learned)}, as '{file}' took {SizeText.Of(size)} of {SizeText.Of(of)} of tables");
        }

        long least = (long)(tables * (request.Compression == CompressionKind.None ? LeastPlain : LeastCompressed));
        return new(least, $"at least {SizeText.Of(least)} of {SizeText.Of(tables)} of tables");
    }

    /// <summary>The sizes of the newest backup of the same database, made in the same way, that tells of both.</summary>
    private static (long Size, long Of, string File)? LastOf(BackupRequest request)
    {
        foreach (string path in Candidates(request))
        {
            try
            {
                var manifest = BackupManifest.Read(path + BackupFileName.ManifestSuffix);
                if (
                    manifest.TableBytes is { } of
                    && manifest.IsPartial == request.IsPartial
                    && string.Equals(manifest.Database, request.Database, StringComparison.Ordinal)
                    && string.Equals(manifest.Compression, request.Compression.ToString(), StringComparison.OrdinalIgnoreCase)
                )
                {
                    return (manifest.SizeBytes, of, Path.GetFileName(path));
                }
            }
            catch (CryoBackupException)
            {
                // Whatever is wrong with it is told by whoever proves it.
            }
        }

        return null;
    }

    private static IEnumerable<string> Candidates(BackupRequest request)
    {
        try
        {
            return
            [
                .. BackupFolder
                    .List(request.Folder)
                    .Select(path => (Path: path, Name: BackupFileName.TryRead(Path.GetFileName(path))))
                    .Where(file => string.Equals(file.Name?.Database, request.Database, StringComparison.Ordinal))
                    .OrderByDescending(file => file.Path, StringComparer.Ordinal)
                    .Select(file => file.Path)
                    .Take(Looks),
            ];
        }
        catch (CryoBackupException)
        {
            return [];
        }
    }
}
