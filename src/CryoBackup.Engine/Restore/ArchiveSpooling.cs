using CryoBackup.Archive;
using CryoBackup.Processes;

namespace CryoBackup.Restore;

/// <summary>
/// How many sessions of pg_restore work at once. Several need the archive in clear in a file, which is best written by the very pass
/// over the backup that proves it.
/// </summary>
/// <param name="jobs">How many were asked for; null for as many as suit.</param>
/// <param name="makes">True if a new database is made.</param>
/// <param name="path">The backup file's full path.</param>
/// <param name="observer">Takes messages.</param>
/// <param name="warn">Takes what belongs into the result too.</param>
internal sealed class ArchiveSpooling(int? jobs, bool makes, string path, Action<EngineMessage> observer, Action<string> warn) : IDisposable
{
    private SpooledArchive? _spool;
    private bool _hasWarned;

    /// <summary>The archive, once it was proven and spooled to its end; else null.</summary>
    public SpooledArchive? Spooled { get; private set; }

    /// <summary>How many sessions. An encrypted archive that is spooled lies on the disk in clear,
    /// so only an explicit wish has it spooled.</summary>
    /// <param name="isEncrypted">True if the file is encrypted.</param>
    /// <param name="length">The archive's size in bytes, uncompressed; null where it is not known.</param>
    public int Jobs(bool isEncrypted, long? length)
    {
        if (isEncrypted && jobs > 1 && !_hasWarned)
        {
            _hasWarned = true;
            warn($"With more than one job the content of '{path}' lies decrypted in a private temporary file until the restore ends.");
        }

        return jobs ?? (makes && !isEncrypted && (Spooled is not null || HasRoom(length)) ? Environment.ProcessorCount : 1);
    }

    /// <summary>Tells whether the archive is spooled when it is proven.</summary>
    /// <param name="isEncrypted">True if the file is encrypted.</param>
    /// <param name="length">The archive's size in bytes, uncompressed; null where it is not known.</param>
    public bool Spools(bool isEncrypted, long? length) => HasRoom(length) && Jobs(isEncrypted, length) > 1;

    /// <summary>Begins to spool what is about to be proven, if more than one session will restore it.</summary>
    /// <param name="isEncrypted">True if the file is encrypted.</param>
    /// <param name="length">The archive's size in bytes, uncompressed; null where it is not known.</param>
    /// <returns>Takes the archive and never fails; null for none.</returns>
    public Stream? Begin(bool isEncrypted, long? length)
    {
        if (!Spools(isEncrypted, length))
        {
            return null;
        }

        try
        {
            return Open().OptionalInput;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CryoBackupException)
        {
            // Told when it is needed: the backup is not to be called damaged for it.
            return null;
        }
    }

    /// <summary>What was begun has been read to its end and proven.</summary>
    /// <param name="content">What the archive holds.</param>
    public void Complete(ArchiveContent content)
    {
        if (_spool is not { Failure: null } whole)
        {
            return;
        }

        whole.Locate(content);
        Spooled = whole;
    }

    /// <summary>Makes the file.</summary>
    /// <returns>The empty file.</returns>
    public SpooledArchive Open()
    {
        _spool?.Dispose();
        _spool = new SpooledArchive();
        observer(
            new VerboseMessage($"Spooling the archive to '{_spool.Folder}', which only this account can read; it is removed at the end.")
        );
        return _spool;
    }

    /// <summary>Removes the file.</summary>
    public void Dispose() => _spool?.Dispose();

    private static bool HasRoom(long? length) => LocalDisk.FreeSpace(Path.GetTempPath()) - LocalDisk.Reserve(Path.GetTempPath()) > length;
}
