using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using CryoBackup.Processes;

namespace CryoBackup.Postgres.Scratch;

/// <summary>
/// A throwaway PostgreSQL server in a private folder, reachable only through a socket in that folder (on Windows through the loopback
/// address with a random password). It keeps nothing safe and nothing for later: Dispose ends and removes it.
/// </summary>
internal sealed class ScratchCluster : IDisposable
{
    private const string LogFile = "server.log";
    private const int StartAttempts = 3;

    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);

    private readonly ClientTool _control;
    private readonly string? _account;
    private readonly string _socketFolder;
    private bool _disposed;

    private ScratchCluster(string folder, string socketFolder, ClientTool control, string? account, string superUser)
    {
        Folder = folder;
        _socketFolder = socketFolder;
        _control = control;
        _account = account;
        Connection = new ConnectionRequest { UserName = superUser };
    }

    /// <summary>The folder that holds all of it.</summary>
    public string Folder { get; }

    /// <summary>The major version of the server.</summary>
    public int Major => _control.Major;

    /// <summary>The folder of the programs that it was made with.</summary>
    public string BinFolder => Path.GetDirectoryName(_control.Path)!;

    /// <summary>The server's version, for example 15.18.</summary>
    public string Version => _control.Version;

    /// <summary>How to connect as its superuser.</summary>
    public ConnectionRequest Connection { get; set; }

    /// <summary>Its database postgres, as its superuser.</summary>
    public ServerEndpoint Endpoint => ServerEndpoint.Resolve(Connection, "postgres", static _ => { }, NoEnvironment);

    /// <summary>The server's process ID.</summary>
    /// <exception cref="InvalidOperationException">It does not run.</exception>
    public int ProcessId =>
        ScratchProcesses.FindServer(DataPath) ?? throw new InvalidOperationException("The throwaway server does not run.");

    private static PostgresEnvironment NoEnvironment { get; } = new(static _ => null);

    private string DataPath => Path.Combine(Folder, ScratchFolder.Data);

    private string LogPath => Path.Combine(Folder, LogFile);

    /// <summary>Makes a server and waits until it takes connections. Leftovers of dead processes are removed first.</summary>
    /// <param name="options">What it is to be like.</param>
    /// <param name="cancellationToken">Ends and removes it.</param>
    /// <exception cref="CryoBackupException">
    /// PgToolNotFound or PgToolTooOld: no server programs. DestinationNotWritable or DiskFull: no room. ConnectionFailed: it did not start.
    /// </exception>
    public static ScratchCluster Start(ScratchClusterOptions options, CancellationToken cancellationToken)
    {
        ClientTool control = ClientTools.Find(
            "pg_ctl",
            options.MinimumMajor,
            name =>
                name == ClientTools.FolderVariable && options.ProgramFolder is { } programs
                    ? programs
                    : Environment.GetEnvironmentVariable(name),
            cancellationToken
        );
        UnixAccount? account = OperatingSystem.IsWindows() ? null : UnixAccount.ForServer();
        string baseFolder = options.BaseFolder ?? ScratchFolder.DefaultBase(account is not null);
        ScratchFolder.RemoveAbandoned(baseFolder);

        string folder = ScratchFolder.Create(baseFolder);
        var cluster = new ScratchCluster(
            folder,
            ScratchFolder.CreateForSocket(folder),
            control,
            OperatingSystem.IsWindows() ? null : account?.Name,
            options.SuperUser
        );
        try
        {
            foreach (string made in new[] { folder, cluster._socketFolder }.Distinct(StringComparer.Ordinal))
            {
                ScratchFolder.Own(made);
                if (!OperatingSystem.IsWindows())
                {
                    account?.Own(made);
                }
            }

            cluster.Initialize(options, cancellationToken);
            cluster.Configure(options);
            cluster.Launch(options, cancellationToken);
            options.Observer(new VerboseMessage($"A throwaway PostgreSQL {control.Version} runs in '{folder}'."));
            return cluster;
        }
        catch (Exception exception)
        {
            cluster.Dispose();
            if (exception is IOException or UnauthorizedAccessException)
            {
                throw new CryoBackupException(
                    CryoBackupError.DestinationNotWritable,
                    $"The throwaway server cannot be written to '{folder}': {exception.Message}",
                    folder,
                    "Give it a folder with room that this user can write to (TMPDIR, or TEMP on Windows).",
                    inner: exception
                );
            }

            throw;
        }
    }

    /// <summary>Leaves the server running, for good: Dispose and later runs let it be. Its password then lies in a private file.</summary>
    /// <returns>How to connect to a database of it, and how to remove it.</returns>
    /// <param name="database">The database.</param>
    public string Keep(string database)
    {
        string? passFile = Connection.Password is { } password ? WritePrivately("pgpass", PgPassFile.LineForAnyServer(password)) : null;
        foreach (string folder in new[] { Folder, _socketFolder }.Distinct(StringComparer.Ordinal))
        {
            ScratchFolder.Keep(folder);
        }

        _disposed = true;
        string folders = string.Join(' ', new[] { Folder, _socketFolder }.Distinct(StringComparer.Ordinal));
        string connect = string.Create(
            CultureInfo.InvariantCulture,
            $"psql -h {Connection.ComputerName} -p {Connection.Port} -U {Connection.UserName} -d {database}"
        );
        return OperatingSystem.IsWindows()
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"Connect: $env:PGPASSFILE = '{passFile}'; {connect}. Remove: taskkill /F /T /PID {ProcessId}; "
                    + $"Remove-Item -Recurse -Force {folders}"
            )
            : string.Create(
                CultureInfo.InvariantCulture,
                $"Connect: {(passFile is null ? "" : $"PGPASSFILE={passFile} ")}{connect}. Remove: kill -QUIT {ProcessId}; rm -rf {folders}"
            );
    }

    /// <summary>Ends the server without ceremony and removes the folder.</summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        if (File.Exists(Path.Combine(DataPath, "postmaster.pid")))
        {
            try
            {
                Control(CancellationToken.None, "stop", "-m", "immediate", "-w", "-t", "10");
            }
            catch (CryoBackupException)
            {
                // pg_ctl has gone; the process is ended below.
            }

            ScratchProcesses.KillServer(DataPath);
        }

        ScratchFolder.Remove(Folder, _account);
        if (!string.Equals(_socketFolder, Folder, StringComparison.Ordinal))
        {
            ScratchFolder.Remove(_socketFolder, _account);
        }
    }

    private void Initialize(ScratchClusterOptions options, CancellationToken cancellationToken)
    {
        var initdb = new List<string> { "-D", DataPath, "-U", options.SuperUser, "--no-sync" };
        if (!Gives(options.InitdbArguments, "--encoding", "-E"))
        {
            initdb.Add("--encoding=UTF8");
        }

        string? passwordFile = null;
        if (OperatingSystem.IsWindows() || options.AsksPassword)
        {
            string password = RandomNumberGenerator.GetHexString(32, lowercase: true);
            Connection = Connection with { Password = password };
            passwordFile = WritePrivately("password", password);
            initdb.AddRange(["--auth=scram-sha-256", $"--pwfile={passwordFile}"]);
        }
        else
        {
            initdb.Add("--auth=trust");
        }

        initdb.AddRange(options.InitdbArguments);
        string[] locales =
            Gives(options.InitdbArguments, "--locale", "--no-locale") ? [""]
            : OperatingSystem.IsWindows() ? ["C"]
            : ["C.UTF-8", "C"];
        for (int i = 0; ; i++)
        {
            IEnumerable<string> arguments = locales[i].Length > 0 ? initdb.Append("--locale=" + locales[i]) : initdb;
            (int exitCode, string output, IReadOnlyList<string> errors) = ToolProcess.Run(
                Command(Sibling("initdb"), arguments),
                cancellationToken
            );
            if (exitCode == 0)
            {
                break;
            }

            if (i == locales.Length - 1 || !errors.Any(line => line.Contains("locale", StringComparison.Ordinal)))
            {
                throw Failed(
                    "could not be initialised (initdb)",
                    [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries), .. errors]
                );
            }
        }

        if (passwordFile is not null)
        {
            File.Delete(passwordFile);
        }
    }

    private string WritePrivately(string name, string text)
    {
        string path = Path.Combine(Folder, name);
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (var file = new FileStream(path, options))
        {
            file.Write(Encoding.UTF8.GetBytes(text));
        }

        if (!OperatingSystem.IsWindows() && _account is not null)
        {
            UnixAccount.ForServer()?.Own(path);
        }

        return path;
    }

    private void Configure(ScratchClusterOptions options)
    {
        // Nothing here survives a crash, nor shall it: speed for the price of safety.
        var settings = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
        {
            ["fsync"] = "off",
            ["full_page_writes"] = "off",
            ["synchronous_commit"] = "off",
            ["wal_level"] = "minimal",
            ["max_wal_senders"] = "0",
            ["max_wal_size"] = "2GB",
            ["checkpoint_timeout"] = "1h",
            ["autovacuum"] = "off",
            ["jit"] = "off",
            ["shared_buffers"] = options.SharedBuffers,
            // Where they are set aside for another server, they are not ours to take.
            ["huge_pages"] = "off",
            ["maintenance_work_mem"] = ScratchClusterOptions.Share(32, 64, 512),
            // A restore in one transaction holds a lock for each object.
            ["max_locks_per_transaction"] = "256",
            ["timezone"] = "UTC",
            ["log_timezone"] = "UTC",
            ["lc_messages"] = "C",
        };
        foreach ((string name, string value) in options.Settings)
        {
            settings[name] = value;
        }

        if (OperatingSystem.IsWindows())
        {
            settings["listen_addresses"] = "127.0.0.1";
            settings["unix_socket_directories"] = "";
            Connection = Connection with { ComputerName = "127.0.0.1" };
        }
        else
        {
            settings["listen_addresses"] = "";
            settings["unix_socket_directories"] = _socketFolder;
            Connection = Connection with { ComputerName = _socketFolder, Port = 5432 };
            settings["port"] = "5432";
        }

        Append(settings);
    }

    private void Launch(ScratchClusterOptions options, CancellationToken cancellationToken)
    {
        for (int attempt = 1; ; attempt++)
        {
            if (OperatingSystem.IsWindows())
            {
                int port = FreePort();
                Connection = Connection with { Port = port };
                Append([new("port", port.ToString(CultureInfo.InvariantCulture))]);
            }

            string seconds = ((int)StartLimit.TotalSeconds).ToString(CultureInfo.InvariantCulture);
            (int exitCode, IReadOnlyList<string> errors) = Control(cancellationToken, "start", "-w", "-t", seconds, "-l", LogPath);
            if (exitCode == 0)
            {
                return;
            }

            List<string> log = ReadLog();
            // Between the choice of a port and its use somebody else may have taken it.
            if (
                OperatingSystem.IsWindows()
                && attempt < StartAttempts
                && log.Any(line => line.Contains("could not bind", StringComparison.Ordinal))
            )
            {
                options.Observer(new VerboseMessage("The port of the throwaway server was taken meanwhile; another is tried."));
                continue;
            }

            throw Failed("did not start", log.Count > 0 ? log : errors);
        }
    }

    private void Append(IEnumerable<KeyValuePair<string, string>> settings)
    {
        var text = new StringBuilder();
        foreach ((string name, string value) in settings)
        {
            string quoted = value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "''", StringComparison.Ordinal);
            text.Append(CultureInfo.InvariantCulture, $"{name} = '{quoted}'\n");
        }

        File.AppendAllText(Path.Combine(DataPath, "postgresql.conf"), text.ToString());
    }

    private (int ExitCode, IReadOnlyList<string> Errors) Control(
        CancellationToken cancellationToken,
        string action,
        params string[] arguments
    )
    {
        // Its output is dropped, not read: on Windows the server inherits the pipe and would keep a reader waiting.
        using var control = ToolProcess.Start(Command(_control.Path, [action, "-D", DataPath, .. arguments]), cancellationToken);
        return (control.WaitForExit(cancellationToken), control.StandardErrorTail);
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

        if (_account is not null)
        {
            environment["HOME"] = Folder;
            environment["TMPDIR"] = null;
        }

        return new ToolCommand(program, arguments) { UserName = _account, Environment = environment };
    }

    private string Sibling(string name) => Path.Combine(BinFolder, OperatingSystem.IsWindows() ? name + ".exe" : name);

    private List<string> ReadLog()
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

    private CryoBackupException Failed(string what, IReadOnlyList<string> lines)
    {
        bool full = lines.Any(line => line.Contains("No space left", StringComparison.Ordinal));
        string? reason = lines.FirstOrDefault(line =>
            line.Contains("FATAL:", StringComparison.Ordinal) || line.Contains("error:", StringComparison.Ordinal)
        );
        return new CryoBackupException(
            full ? CryoBackupError.DiskFull : CryoBackupError.ConnectionFailed,
            $"The throwaway PostgreSQL {_control.Version} {what}{(reason is null ? "." : ": " + reason.Trim())}",
            Folder,
            full
                ? "Make room, or choose another folder for it."
                : "Read the lines of the server below; check room, memory and limits of this machine.",
            lines
        );
    }

    private static bool Gives(IReadOnlyList<string> arguments, params string[] names) =>
        arguments.Any(argument => names.Any(name => argument.StartsWith(name, StringComparison.Ordinal)));

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
