using System.Formats.Tar;
using System.Globalization;
using System.Text;
using CryoBackup.Processes;

namespace CryoBackup.Postgres.Scratch;

/// <summary>The folder of a throwaway server, and its programs, which run there as the account that owns it.</summary>
/// <param name="folder">The folder.</param>
/// <param name="control">pg_ctl; the other programs lie beside it.</param>
/// <param name="account">The account; null for this process's own.</param>
internal sealed class ScratchHome(string folder, ClientTool control, string? account)
{
    private const string LogFile = "server.log";

    /// <summary>The folder that holds all of it.</summary>
    public string Folder => folder;

    /// <summary>The account; null for this process's own.</summary>
    public string? Account => account;

    /// <summary>The folder of the programs.</summary>
    public string BinFolder => Path.GetDirectoryName(control.Path)!;

    /// <summary>The server's data.</summary>
    public string DataPath => Path.Combine(folder, ScratchFolder.Data);

    /// <summary>What the server says.</summary>
    public string LogPath => Path.Combine(folder, LogFile);

    /// <summary>A program beside pg_ctl.</summary>
    /// <param name="name">Its name, without the system's extension.</param>
    public string Program(string name) => Path.Combine(BinFolder, OperatingSystem.IsWindows() ? name + ".exe" : name);

    /// <summary>Writes the data folder as a tar archive.</summary>
    /// <param name="archive">Takes it.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="IOException">It could not be read.</exception>
    /// <exception cref="CryoBackupException">ToolNotFound: no tar, which another account's folder needs.</exception>
    public void Pack(Stream archive, CancellationToken cancellationToken)
    {
        if (account is null)
        {
            TarFile.CreateFromDirectory(DataPath, archive, includeBaseDirectory: false);
            return;
        }

        // As the account, not as root: whoever plants a link for us to follow gains nothing.
        string tar = Array.Find(["/bin/tar", "/usr/bin/tar"], File.Exists) ?? "tar";
        using var process = ToolProcess.Start(
            Command(tar, ["-cf", "-", "-C", DataPath, "."]) with
            {
                ReadsOutput = true,
            },
            cancellationToken
        );
        process.StandardOutput.CopyTo(archive);
        if (process.WaitForExit(cancellationToken) != 0)
        {
            throw new IOException(string.Join(' ', process.StandardErrorTail));
        }
    }

    /// <summary>Runs initdb on the data folder.</summary>
    /// <param name="arguments">Its other arguments.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public (int ExitCode, string Output, IReadOnlyList<string> Errors) InitDb(
        IEnumerable<string> arguments,
        CancellationToken cancellationToken
    ) => ToolProcess.Run(Command(Program("initdb"), ["-D", DataPath, .. arguments]), cancellationToken);

    /// <summary>Runs pg_ctl on the data folder.</summary>
    /// <param name="action">start or stop.</param>
    /// <param name="arguments">Its other arguments.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public (int ExitCode, IReadOnlyList<string> Errors) Control(
        string action,
        IReadOnlyList<string> arguments,
        CancellationToken cancellationToken
    )
    {
        // Its output is dropped, not read: on Windows the server inherits the pipe and would keep a reader waiting.
        using var process = ToolProcess.Start(Command(control.Path, [action, "-D", DataPath, .. arguments]), cancellationToken);
        return (process.WaitForExit(cancellationToken), process.StandardErrorTail);
    }

    /// <summary>Writes a file that the account alone may read.</summary>
    /// <param name="name">Its name in the folder.</param>
    /// <param name="text">What it holds.</param>
    /// <returns>Its full path.</returns>
    public string WritePrivately(string name, string text)
    {
        string path = Path.Combine(folder, name);
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (var file = new FileStream(path, options))
        {
            file.Write(Encoding.UTF8.GetBytes(text));
        }

        if (!OperatingSystem.IsWindows() && account is not null)
        {
            UnixAccount.ForServer()?.Own(path);
        }

        return path;
    }

    /// <summary>Appends settings to the server's configuration; the last of a name holds.</summary>
    /// <param name="settings">Their names and values.</param>
    public void Append(IEnumerable<KeyValuePair<string, string>> settings)
    {
        var text = new StringBuilder();
        foreach ((string name, string value) in settings)
        {
            string quoted = value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "''", StringComparison.Ordinal);
            text.Append(CultureInfo.InvariantCulture, $"{name} = '{quoted}'\n");
        }

        File.AppendAllText(Path.Combine(DataPath, "postgresql.conf"), text.ToString());
    }

    /// <summary>The last lines that the server said; none where nothing can be read.</summary>
    public List<string> ReadLog()
    {
        try
        {
            return [.. File.ReadLines(LogPath).TakeLast(40)];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>The error of a server that is not to be had.</summary>
    /// <param name="what">What it did not do.</param>
    /// <param name="lines">What it, or its program, said.</param>
    public CryoBackupException Failed(string what, IReadOnlyList<string> lines)
    {
        bool full = lines.Any(line => line.Contains("No space left", StringComparison.Ordinal));
        string? reason = lines.FirstOrDefault(line =>
            line.Contains("FATAL:", StringComparison.Ordinal) || line.Contains("error:", StringComparison.Ordinal)
        );
        return new CryoBackupException(
            full ? CryoBackupError.DiskFull : CryoBackupError.ConnectionFailed,
            $"The throwaway PostgreSQL {control.Version} {what}{(reason is null ? "." : ": " + reason.Trim())}",
            folder,
            full
                ? "Make room, or choose another folder for it."
                : "Read the lines of the server below; check room, memory and limits of this machine.",
            lines
        );
    }

    private ToolCommand Command(string program, IEnumerable<string> arguments)
    {
        var environment = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["LC_ALL"] = "C",
            ["LANGUAGE"] = null,
            ["PGDATA"] = null,
            ["PGSERVICEFILE"] = null,
        };
        foreach (string variable in PostgresEnvironment.Variables.Values)
        {
            environment[variable] = null;
        }

        if (account is not null)
        {
            environment["HOME"] = folder;
            environment["TMPDIR"] = null;
        }

        return new ToolCommand(program, arguments) { UserName = account, Environment = environment };
    }
}
