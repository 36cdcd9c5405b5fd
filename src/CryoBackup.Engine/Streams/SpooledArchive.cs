using System.Globalization;
using CryoBackup.Postgres;

namespace CryoBackup.Streams;

/// <summary>
/// An archive in clear on the disk, for the time in which pg_restore reads it. On Linux the file has no name, so that nothing of it is
/// left however this process ends; elsewhere it lies in a private folder until Dispose.
/// </summary>
internal sealed class SpooledArchive : IDisposable
{
    private readonly PrivateFolder _folder = PrivateFolder.Create("cryobackup-restore-");
    private readonly FileStream _file;

    /// <summary>Makes the file.</summary>
    public SpooledArchive()
    {
        Path = System.IO.Path.Combine(_folder.Path, "archive");
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.Read, BufferSize = 0 };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            _file = new FileStream(Path, options);
            if (OperatingSystem.IsLinux())
            {
                string open = string.Create(CultureInfo.InvariantCulture, $"/proc/{Environment.ProcessId}/fd/{_file.SafeFileHandle.DangerousGetHandle()}");
                if (File.Exists(open))
                {
                    File.Delete(Path);
                    Path = open;
                }
            }
        }
        catch
        {
            _folder.Dispose();
            throw;
        }
    }

    /// <summary>Where a program can open it, by name.</summary>
    public string Path { get; }

    /// <summary>The folder whose disk it lies on.</summary>
    public string Folder => _folder.Path;

    /// <summary>Takes the archive.</summary>
    public Stream Input => _file;

    /// <summary>Removes the file.</summary>
    public void Dispose()
    {
        _file.Dispose();
        _folder.Dispose();
    }
}
