using System.Globalization;
using System.Net;
using System.Net.Sockets;
using CryoBackup.Processes;
using Npgsql;

namespace CryoBackup.Postgres.Scratch;

/// <summary>
/// A throwaway PostgreSQL server in a private folder, reachable only through a socket in that folder (on Windows through the loopback
/// address with a random password). It keeps nothing safe and nothing for later: Dispose ends and removes it.
/// </summary>
internal sealed class ScratchCluster : IDisposable
{
    private const int StartAttempts = 3;

    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);

    private readonly ClientTool _control;
    private readonly ScratchHome _home;
    private readonly string _socketFolder;
    private bool _disposed;

    private ScratchCluster(ScratchHome home, string socketFolder, ClientTool control)
    {
        _home = home;
        _socketFolder = socketFolder;
        _control = control;
    }

    /// <summary>The folder that holds all of it.</summary>
    public string Folder => _home.Folder;

    /// <summary>The major version of the server.</summary>
    public int Major => _control.Major;

    /// <summary>The folder of the programs that it was made with.</summary>
    public string BinFolder => _home.BinFolder;

    /// <summary>The server's version, for example 15.18.</summary>
    public string Version => _control.Version;

    /// <summary>How to connect as its superuser.</summary>
    public ConnectionRequest Connection { get; set; } = new();

    /// <summary>Its database postgres, as its superuser.</summary>
    public ServerEndpoint Endpoint => ServerEndpoint.Resolve(Connection, "postgres", static _ => { }, NoEnvironment);

    /// <summary>The server's process ID.</summary>
    /// <exception cref="InvalidOperationException">It does not run.</exception>
    public int ProcessId =>
        ScratchProcesses.FindServer(_home.DataPath) ?? throw new InvalidOperationException("The throwaway server does not run.");

    private static PostgresEnvironment NoEnvironment { get; } = new(static _ => null);

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
        var home = new ScratchHome(folder, control, OperatingSystem.IsWindows() ? null : account?.Name);
        var cluster = new ScratchCluster(home, ScratchFolder.CreateForSocket(folder), control);
        try
        {
            var setup = new ScratchSetup(home, cluster._socketFolder, options);
            cluster.TakeOver(setup, cancellationToken);
            try
            {
                cluster.Launch(setup, options, cancellationToken);
            }
            catch (CryoBackupException exception)
                when (setup.IsUnpacked && exception.Error is not (CryoBackupError.DiskFull or CryoBackupError.Cancelled))
            {
                options.Observer(
                    new VerboseMessage($"A throwaway server as one before did not start; it is made anew. {exception.Message}")
                );
                cluster.Stop();
                setup.Discard();
                cluster.Launch(setup, options, cancellationToken);
            }

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
                    $"Give it room where this user can write: {TemporaryPlace.SetTo("such a folder")}.",
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
        string? passFile = Connection.Password is { } password
            ? _home.WritePrivately("pgpass", PgPassFile.LineForAnyServer(password))
            : null;
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
        Stop();
        ScratchFolder.Remove(Folder, _home.Account);
        if (!string.Equals(_socketFolder, Folder, StringComparison.Ordinal))
        {
            ScratchFolder.Remove(_socketFolder, _home.Account);
        }
    }

    private void Stop()
    {
        // pg_ctl would signal whatever process has the ID that a server which died has left in its file.
        if (ScratchProcesses.FindServer(_home.DataPath) is null)
        {
            return;
        }

        try
        {
            _home.Control("stop", ["-m", "immediate", "-w", "-t", "10"], CancellationToken.None);
        }
        catch (CryoBackupException)
        {
            // pg_ctl has gone; the process is ended below.
        }

        ScratchProcesses.KillServer(_home.DataPath);
    }

    /// <summary>Fills the folders with what there is, and only then lets the server's account in.</summary>
    private void TakeOver(ScratchSetup setup, CancellationToken cancellationToken)
    {
        string[] folders = [.. new[] { Folder, _socketFolder }.Distinct(StringComparer.Ordinal)];
        foreach (string made in folders)
        {
            ScratchFolder.Own(made);
        }

        setup.TryUnpack(cancellationToken);
        if (!OperatingSystem.IsWindows() && UnixAccount.ForServer() is { } account)
        {
            if (setup.IsUnpacked)
            {
                account.Own(_home.DataPath);
                foreach (string entry in Directory.EnumerateFileSystemEntries(_home.DataPath, "*", SearchOption.AllDirectories))
                {
                    account.Own(entry);
                }
            }

            Array.ForEach(folders, account.Own);
        }
    }

    private void Launch(ScratchSetup setup, ScratchClusterOptions options, CancellationToken cancellationToken)
    {
        Connection = setup.Run(cancellationToken);
        Launch(options, cancellationToken);
        if (setup.IsUnpacked && Connection.Password is not null)
        {
            ChangePassword(cancellationToken);
        }
    }

    /// <summary>Who knew the password of the server that this one is a copy of does not know this one's.</summary>
    private void ChangePassword(CancellationToken cancellationToken)
    {
        string password = ScratchSetup.NewPassword();
        try
        {
            using NpgsqlConnection session = ServerConnection
                .OpenAsync(Endpoint, "CryoBackup", clientEncoding: null, cancellationToken)
                .GetAwaiter()
                .GetResult();
            session
                .ExecuteAsync($"ALTER ROLE {Sql.Quote(Connection.UserName!)} PASSWORD '{password}'", cancellationToken)
                .GetAwaiter()
                .GetResult();
        }
        catch (Exception exception) when (exception is NpgsqlException or SocketException or TimeoutException)
        {
            throw NpgsqlErrors.Translate(exception, Endpoint, CryoBackupError.ConnectionFailed);
        }

        Connection = Connection with { Password = password };
    }

    private void Launch(ScratchClusterOptions options, CancellationToken cancellationToken)
    {
        for (int attempt = 1; ; attempt++)
        {
            if (OperatingSystem.IsWindows())
            {
                int port = FreePort();
                Connection = Connection with { Port = port };
                _home.Append([new("port", port.ToString(CultureInfo.InvariantCulture))]);
            }

            string seconds = ((int)StartLimit.TotalSeconds).ToString(CultureInfo.InvariantCulture);
            (int exitCode, IReadOnlyList<string> errors) = _home.Control(
                "start",
                ["-w", "-t", seconds, "-l", _home.LogPath],
                cancellationToken
            );
            if (exitCode == 0)
            {
                return;
            }

            List<string> log = _home.ReadLog();
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

            throw _home.Failed("did not start", log.Count > 0 ? log : errors);
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
