using CryoBackup.Postgres;
using CryoBackup.Processes;

namespace CryoBackup.Tests.Restore;

/// <summary>
/// The installed PostgreSQL under a folder of ours, where extensions can be added and taken away: its programs are copied, for a server
/// looks for its files beside itself, and everything else is linked.
/// </summary>
internal sealed class PrivateInstallation
{
    private readonly string _extensions;

    public PrivateInstallation(string folder)
    {
        string programs = Path.GetDirectoryName(ClientTools.Find("pg_ctl", 0, CancellationToken.None).Path)!;
        programs = new FileInfo(Path.Combine(programs, "initdb")).ResolveLinkTarget(returnFinalTarget: true) is { } target
            ? Path.GetDirectoryName(target.FullName)!
            : programs;
        string share = ShareFolder(programs);
        string common = programs;
        while (!share.StartsWith(common.TrimEnd('/') + "/", StringComparison.Ordinal))
        {
            common = Path.GetDirectoryName(common)!;
        }

        string Mirror(string path) => Directory.CreateDirectory(Path.Combine(folder, Path.GetRelativePath(common, path))).FullName;

        ProgramFolder = Mirror(programs);
        foreach (string program in (string[])["postgres", "initdb", "pg_ctl"])
        {
            ProgramFile.Copy(Path.Combine(programs, program), Path.Combine(ProgramFolder, program));
        }

        Link(Directory.GetParent(programs)!.FullName, Directory.GetParent(ProgramFolder)!.FullName);
        string mirroredShare = Mirror(share);
        _extensions = Directory.CreateDirectory(Path.Combine(mirroredShare, "extension")).FullName;
        Link(share, mirroredShare);
        Link(Path.Combine(share, "extension"), _extensions);
        foreach (string file in Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "data"), "zoo_settings*"))
        {
            File.Copy(file, Path.Combine(_extensions, Path.GetFileName(file)));
        }
    }

    /// <summary>The folder of its programs.</summary>
    public string ProgramFolder { get; }

    /// <summary>Takes an extension from what the server offers until the returned object is disposed.</summary>
    public IDisposable Without(string extension) => new Absence(Path.Combine(_extensions, extension + ".control"));

    /// <summary>Adds an extension whose script is given.</summary>
    public void Add(string extension, string script)
    {
        File.WriteAllText(Path.Combine(_extensions, extension + ".control"), "default_version = '1'\nrelocatable = true\n");
        File.WriteAllText(Path.Combine(_extensions, extension + "--1.sql"), script);
    }

    private static string ShareFolder(string programs)
    {
        using var empty = new TemporaryFolder();
        var show = new ToolCommand(Path.Combine(programs, "initdb"), "--show", "-D", empty.Path)
        {
            UserName = OperatingSystem.IsWindows() ? null : UnixAccount.ForServer()?.Name,
        };
        (_, string output, IReadOnlyList<string> errors) = ToolProcess.Run(show, CancellationToken.None);
        const string Key = "share_path=";
        string line = output.Split('\n').Concat(errors).First(line => line.StartsWith(Key, StringComparison.Ordinal));
        return line[Key.Length..].TrimEnd();
    }

    private static void Link(string from, string to)
    {
        foreach (FileSystemInfo entry in new DirectoryInfo(from).EnumerateFileSystemInfos())
        {
            string link = Path.Combine(to, entry.Name);
            if (!Path.Exists(link))
            {
                File.CreateSymbolicLink(link, entry.FullName);
            }
        }
    }

    private sealed class Absence : IDisposable
    {
        private readonly string _file;

        public Absence(string file)
        {
            _file = file;
            File.Move(file, file + ".away");
        }

        public void Dispose() => File.Move(_file + ".away", _file);
    }
}
