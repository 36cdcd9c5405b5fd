using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using CryoBackup.Postgres;
using CryoBackup.Postgres.Scratch;

namespace CryoBackup.Scratch;

/// <summary>Runs a command against a server, with our own terminal, input and output.</summary>
internal static class ScratchCommand
{
    private const int CannotRun = 127;

    /// <summary>Runs it to its end.</summary>
    /// <returns>Its exit code; 127 when it cannot be started.</returns>
    public static int Run(ScratchCluster cluster, IReadOnlyList<string> words, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(words[0]) { UseShellExecute = false };
        foreach (string word in words.Skip(1))
        {
            start.ArgumentList.Add(word);
        }

        foreach (string variable in PostgresEnvironment.Variables.Values.Append("PGSERVICEFILE"))
        {
            start.Environment.Remove(variable);
        }

        // The command's pg_dump is the server's own.
        start.Environment["PATH"] = cluster.BinFolder + Path.PathSeparator + Environment.GetEnvironmentVariable("PATH");
        ConnectionRequest connection = cluster.Connection;
        start.Environment["PGHOST"] = connection.ComputerName;
        start.Environment["PGPORT"] = connection.Port?.ToString(CultureInfo.InvariantCulture);
        start.Environment["PGUSER"] = connection.UserName;
        if (connection.Password is not null)
        {
            // Windows only, where the server listens on the loopback address: the password of a throwaway server.
            start.Environment["PGPASSWORD"] = connection.Password;
        }

        using var process = new Process { StartInfo = start };
        try
        {
            process.Start();
        }
        catch (Win32Exception e)
        {
            Console.Error.WriteLine($"'{words[0]}' cannot be run: {e.Message}");
            return CannotRun;
        }

        try
        {
            process.WaitForExitAsync(cancellationToken).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException)
        {
            // A terminal has told the command itself; give it a moment to end in its own way.
            if (!process.WaitForExit(TimeSpan.FromSeconds(2)))
            {
                process.Kill(entireProcessTree: true);
                process.WaitForExit();
            }
        }

        return process.ExitCode;
    }
}
