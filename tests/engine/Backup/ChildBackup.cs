using System.Diagnostics;
using System.Globalization;
using CryoBackup.Backup;
using CryoBackup.Postgres;
using CryoBackup.Stores;
using CryoBackup.Tests.Stores;

namespace CryoBackup.Tests.Backup;

/// <summary>A backup by another process, which a test can kill: the test assembly itself, run as a program.</summary>
internal sealed class ChildBackup : IDisposable
{
    private readonly Process _process;

    /// <summary>Starts it.</summary>
    /// <param name="connection">The server.</param>
    /// <param name="database">The database.</param>
    /// <param name="folder">The folder that takes the backup.</param>
    /// <param name="includeGlobals">True for one with globals.</param>
    /// <param name="under">A program with arguments that runs the child; null for none.</param>
    /// <param name="environment">Variables of its environment; null for none.</param>
    public ChildBackup(
        ConnectionRequest connection,
        string database,
        string folder,
        bool includeGlobals = false,
        string[]? under = null,
        IReadOnlyDictionary<string, string>? environment = null
    )
    {
        string[] command =
        [
            .. under ?? [],
            Environment.ProcessPath!,
            "exec",
            typeof(ChildBackup).Assembly.Location,
            connection.ComputerName!,
            connection.Port!.Value.ToString(CultureInfo.InvariantCulture),
            connection.UserName!,
            database,
            folder,
            .. includeGlobals ? (string[])["globals"] : [],
        ];
        var start = new ProcessStartInfo(command[0]) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string argument in command[1..])
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["PGPASSWORD"] = connection.Password;
        foreach ((string name, string value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        _process = Process.Start(start)!;
    }

    public int Id => _process.Id;

    /// <summary>Runs as the child: backs up, and says when rows of the slow table come.</summary>
    public static int Run(string[] arguments)
    {
        BackupRequest request = Requests.Backup(
            new ConnectionRequest
            {
                ComputerName = arguments[0],
                Port = int.Parse(arguments[1], CultureInfo.InvariantCulture),
                UserName = arguments[2],
            },
            arguments[3],
            arguments[4]
        ) with
        {
            IncludeGlobals = arguments.Length > 5,
            Store = new StoreOptions { SmallestPart = S3Server.LeastPart },
        };
        try
        {
            BackupWriter.Run(request, message => Console.WriteLine((message as ProgressMessage)?.Status), CancellationToken.None);
            return 0;
        }
        catch (CryoBackupException exception)
        {
            Console.WriteLine(exception);
            return 1;
        }
    }

    /// <summary>Waits until pg_dump sends rows of the slow table.</summary>
    public async Task WaitForRowsAsync()
    {
        var said = new List<string>();
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (await _process.StandardOutput.ReadLineAsync(patience.Token) is { } line)
        {
            said.Add(line);
            if (line.Contains(SlowDatabase.Table, StringComparison.Ordinal))
            {
                return;
            }
        }

        Assert.Fail($"The child ended: {string.Join('\n', said)}\n{await _process.StandardError.ReadToEndAsync(patience.Token)}");
    }

    /// <summary>Waits for its end.</summary>
    public void WaitForExit() => _process.WaitForExit();

    /// <summary>Ends it as kill -9 does; what it started lives on.</summary>
    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    public void Dispose()
    {
        Kill();
        _process.Dispose();
    }
}
