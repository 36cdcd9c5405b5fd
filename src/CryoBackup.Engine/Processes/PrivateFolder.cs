using System.Runtime.Versioning;
using System.Security.AccessControl;
using System.Security.Principal;
using System.Text;

namespace CryoBackup.Processes;

/// <summary>A folder under the temporary folder to which only this user has access; removed by Dispose.</summary>
internal sealed class PrivateFolder : IDisposable
{
    private PrivateFolder(string path) => Path = path;

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <summary>Makes a folder that did not exist before.</summary>
    /// <param name="prefix">How its name begins.</param>
    /// <exception cref="CryoBackupException">DestinationNotWritable: the temporary folder takes none.</exception>
    public static PrivateFolder Create(string prefix)
    {
        try
        {
            // On Unix the folder is made 0700.
            DirectoryInfo folder = Directory.CreateTempSubdirectory(prefix + ProcessMark.Current + "-");
            if (OperatingSystem.IsWindows())
            {
                RestrictOnWindows(folder);
            }

            return new PrivateFolder(folder.FullName);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CryoBackupException(
                CryoBackupError.DestinationNotWritable,
                $"No private folder can be made in '{System.IO.Path.GetTempPath()}': {exception.Message}",
                System.IO.Path.GetTempPath(),
                "Make the temporary folder writable for this user, or point TMPDIR (TEMP on Windows) to one that is.",
                inner: exception
            );
        }
    }

    /// <summary>Removes folders whose process died without doing so. Those of living processes,
    /// other machines and containers are left alone.</summary>
    public static void RemoveAbandoned()
    {
        foreach (string prefix in (string[])["cryobackup-pass-", "cryobackup-restore-", "cryobackup-age-", "cryobackup-filter-"])
        {
            try
            {
                foreach (
                    string folder in Directory
                        .GetDirectories(System.IO.Path.GetTempPath(), prefix + "*")
                        .Where(folder => ProcessMark.IsOfDeadProcess(folder, prefix))
                )
                {
                    new PrivateFolder(folder).Dispose();
                }
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // Another run removes it at the same time.
            }
        }
    }

    /// <summary>Writes a file that only this user can read, UTF-8 without byte order mark.</summary>
    /// <returns>Its path.</returns>
    public string WriteFile(string name, string text)
    {
        string path = System.IO.Path.Combine(Path, name);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var file = new FileStream(path, options);
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

    [SupportedOSPlatform("windows")]
    private static void RestrictOnWindows(DirectoryInfo folder)
    {
        using var identity = WindowsIdentity.GetCurrent();
        var access = new DirectorySecurity();
        access.SetAccessRuleProtection(isProtected: true, preserveInheritance: false);
        access.AddAccessRule(
            new FileSystemAccessRule(
                identity.User!,
                FileSystemRights.FullControl,
                InheritanceFlags.ContainerInherit | InheritanceFlags.ObjectInherit,
                PropagationFlags.None,
                AccessControlType.Allow
            )
        );
        folder.SetAccessControl(access);
    }
}
