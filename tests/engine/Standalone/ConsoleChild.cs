using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace CryoBackup.Tests.Standalone;

/// <summary>
/// A program in a console of its own, on Windows, in which Ctrl+C is pressed. The console sends that to all who share it, so between the
/// program and the test stands this one, which presses it and lets it pass.
/// </summary>
[SupportedOSPlatform("windows")]
internal sealed partial class ConsoleChild : IDisposable
{
    private readonly Process _process;

    /// <summary>Starts it.</summary>
    /// <param name="program">The program.</param>
    /// <param name="words">Its arguments.</param>
    /// <param name="environment">Variables of its environment.</param>
    public ConsoleChild(string program, IEnumerable<string> words, IReadOnlyDictionary<string, string> environment)
    {
        var start = new ProcessStartInfo(
            Environment.ProcessPath!,
            ["exec", typeof(ConsoleChild).Assembly.Location, "interrupt", program, .. words]
        )
        {
            CreateNoWindow = true,
            RedirectStandardInput = true,
            RedirectStandardError = true,
        };
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        _process = Process.Start(start)!;
    }

    /// <summary>Presses Ctrl+C.</summary>
    /// <returns>The program's exit code, and what it said to standard error.</returns>
    public (int Code, string Said) Interrupt()
    {
        _process.StandardInput.WriteLine();
        string said = _process.StandardError.ReadToEnd();
        _process.WaitForExit();
        return (_process.ExitCode, said);
    }

    public void Dispose()
    {
        _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }

    /// <summary>Runs as the child: presses it as soon as it reads a line. Its exit code is the program's; that of one that does not end is -1.</summary>
    internal static int Run(string program, string[] words)
    {
        using var passing = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => signal.Cancel = true);
        using Process process = Process.Start(new ProcessStartInfo(program, words) { RedirectStandardInput = true })!;
        Console.ReadLine();
        if (!GenerateConsoleCtrlEvent(0, 0))
        {
            throw new Win32Exception();
        }

        if (process.WaitForExit(TimeSpan.FromMinutes(1)))
        {
            return process.ExitCode;
        }

        process.Kill(entireProcessTree: true);
        return -1;
    }

    [LibraryImport("kernel32", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool GenerateConsoleCtrlEvent(uint what, uint group);
}
