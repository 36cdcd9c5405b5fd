using System.Diagnostics;
using System.Globalization;
using System.Text;
using CryoBackup.StandIn;

// Stands in for a program of PostgreSQL 14 that is to be had for Linux alone: bears its name (initdb.exe, pg_ctl.exe, psql.exe), and runs the
// real one beside Wine, in the same system. Wine starts such a program, but gives neither a handle of it nor its streams; a script writes
// what it says, and its exit code, into a folder.
string program = Path.GetFileNameWithoutExtension(Environment.ProcessPath!);
if (program == "gzip")
{
    return Gzip.Run(args);
}

string own = Path.Combine(AppContext.BaseDirectory, program + "-windows.exe");
if (File.Exists(own))
{
    // It is for Windows, and runs in Wine.
    using Process process = Process.Start(new ProcessStartInfo(own, args.Select(Script.Answerable)))!;
    process.WaitForExit();
    return process.ExitCode;
}

string? real = new[] { "/opt/pg/linux-14/bin/", "/opt/pg/linux-client-14/bin/" }
    .Select(folder => folder + program)
    .FirstOrDefault(path => File.Exists(UnixNames.ToWindows(path)));
if (real is null)
{
    Console.Error.WriteLine($"{program}: there is no such program for Linux here.");
    return 127;
}

string folder = Directory.CreateDirectory(UnixNames.ToWindows($"/tmp/standin-{Environment.ProcessId}-{Guid.NewGuid():N}")).FullName;
try
{
    string input = Path.Combine(folder, "in");
    using (FileStream file = File.Create(input))
    {
        // Only a psql without a script of its own reads it.
        if (
            program == "psql"
            && Console.IsInputRedirected
            && !args.Any(word => word is "-c" or "-f" || word.StartsWith("--version", StringComparison.Ordinal))
        )
        {
            Console.OpenStandardInput().CopyTo(file);
        }
    }

    string script = Path.Combine(folder, "run");
    File.WriteAllText(script, Script.For(real, args, UnixNames.ToUnix(folder)), new UTF8Encoding(false));
    using (
        var start = Process.Start(
            new ProcessStartInfo(UnixNames.ToWindows("/usr/bin/dash"), UnixNames.ToUnix(script)) { UseShellExecute = false }
        )
    )
    {
        // No handle to wait for.
    }

    string code = Path.Combine(folder, "code");
    while (!File.Exists(code))
    {
        Thread.Sleep(10);
    }

    Copy("out", Console.OpenStandardOutput());
    Copy("err", Console.OpenStandardError());
    return int.Parse(File.ReadAllText(code), CultureInfo.InvariantCulture);
}
finally
{
    Directory.Delete(folder, recursive: true);
}

void Copy(string name, Stream target)
{
    // The server that pg_ctl starts keeps them open.
    using var file = new FileStream(Path.Combine(folder, name), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
    file.CopyTo(target);
}
