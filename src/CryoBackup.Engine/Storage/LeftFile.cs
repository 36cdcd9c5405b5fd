using CryoBackup.Streams;

namespace CryoBackup.Storage;

/// <summary>
/// A file under a temporary name, which whoever writes it has locked. Only he who has the lock on the very file that bears the name
/// removes or renames it: between a file's creation and its being locked another may come, and between looking and removing, too.
/// </summary>
internal static class LeftFile
{
    /// <summary>Removes one whose writer is dead.</summary>
    /// <param name="name">The full path.</param>
    /// <param name="deadAfter">The age from which its writer counts as dead where the file system knows no locks.</param>
    /// <returns>False where he lives, or another file has come by that name, or none is there any more.</returns>
    /// <exception cref="IrregularFileException">What CryoBackup never put there.</exception>
    /// <exception cref="UnauthorizedAccessException">The account may not.</exception>
    public static bool Remove(string name, TimeSpan deadAfter)
    {
        try
        {
            using FileStream file = RegularFile.Open(name, FileAccess.Write, FileShare.None);
            bool isDead = RegularFile.TryLock(file) ?? DateTime.UtcNow - File.GetLastWriteTimeUtc(file.SafeFileHandle) > deadAfter;
            if (!isDead || !RegularFile.Bears(file, name))
            {
                return false;
            }

            if (OperatingSystem.IsWindows())
            {
                // By what is open, not by its name, which may be another's by then.
                file.Dispose();
                RegularFile.Open(name, FileAccess.Write, FileShare.None, FileOptions.DeleteOnClose).Dispose();
            }
            else
            {
                File.Delete(name);
            }

            return true;
        }
        catch (Exception exception) when (exception is IOException and not IrregularFileException)
        {
            // It has got its name since; or Windows says that its writer lives.
            return false;
        }
    }
}
