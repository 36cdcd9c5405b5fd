using System.Security.Cryptography;
using System.Text;
using CryoBackup.Streams;

namespace CryoBackup.Processes;

/// <summary>A folder under the temporary folder to which only this user has access; removed by Dispose.</summary>
internal sealed class PrivateFolder : IDisposable
{
    // What is removed after a process that died is told by its name alone: nothing bears another.
    private static readonly string[] Prefixes =
    [
        "cryobackup-pass-",
        "cryobackup-restore-",
        "cryobackup-age-",
        "cryobackup-filter-",
        "cryobackup-reference-",
    ];

    private PrivateFolder(string path) => Path = path;

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <summary>Makes a folder that did not exist before.</summary>
    /// <param name="prefix">How its name begins.</param>
    /// <exception cref="CryoBackupException">DestinationNotWritable: the temporary folder takes none.</exception>
    public static PrivateFolder Create(string prefix)
    {
        if (Array.IndexOf(Prefixes, prefix) < 0)
        {
            throw new ArgumentException($"Nobody would look for what begins with '{prefix}'.", nameof(prefix));
        }

        try
        {
            // On Unix the folder is made 0700.
            if (!OperatingSystem.IsWindows())
            {
                return new PrivateFolder(Directory.CreateTempSubdirectory(prefix + ProcessMark.Current + "-").FullName);
            }

            // The name cannot be guessed, so nobody can have made it before.
            string name = $"{prefix}{ProcessMark.Current}-{RandomNumberGenerator.GetHexString(12, lowercase: true)}";
            string path = System.IO.Path.Combine(TemporaryPlace.Folder, name);
            TemporaryPlace.RequireTellable(path);
            WindowsAccess.CreateFolder(path);
            return new PrivateFolder(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CryoBackupException(
                CryoBackupError.DestinationNotWritable,
                $"No private folder can be made in '{TemporaryPlace.Folder}': {exception.Message}",
                TemporaryPlace.Folder,
                $"Make the temporary folder writable for this user, or {TemporaryPlace.SetTo("one that is")}.",
                inner: exception
            );
        }
    }

    /// <summary>Removes folders whose process died without doing so. Those of living processes, of other accounts,
    /// machines and containers are left alone.</summary>
    public static void RemoveAbandoned()
    {
        foreach (string folder in InTemporaryFolder().Where(IsAbandoned))
        {
            new PrivateFolder(folder).Dispose();
        }
    }

    private static string[] InTemporaryFolder()
    {
        try
        {
            return Directory.GetDirectories(TemporaryPlace.Folder, "cryobackup-*");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static bool IsAbandoned(string folder)
    {
        string name = System.IO.Path.GetFileName(folder);
        try
        {
            return Array.Find(Prefixes, prefix => name.StartsWith(prefix, StringComparison.Ordinal)) is { } prefix
                && ProcessMark.IsOfDeadProcess(folder, prefix)
                && TrustedPlace.IsOurFolder(folder);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Another run removes it at the same time.
            return false;
        }
    }

    /// <summary>Writes a file that only this user can read, UTF-8 without byte order mark.</summary>
    /// <returns>Its path.</returns>
    public string WriteFile(string name, string text)
    {
        string path = System.IO.Path.Combine(Path, name);
        using FileStream file = RegularFile.Create(path);
        file.Write(Encoding.UTF8.GetBytes(text));
        return path;
    }

    /// <summary>Removes the folder with all that is in it.</summary>
    public void Dispose()
    {
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Somebody else removed it, or holds a file open on Windows; it stays private.
        }
    }
}
