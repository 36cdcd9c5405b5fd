using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace CryoBackup.Tests.Standalone;

/// <summary>
/// A program in a console of its own, on Windows, in which Ctrl+C is pressed, or whose window is closed. The console tells that to all who
/// share it, so between the program and the test stands this one, which does it and lets it pass.
/// </summary>
[SupportedOSPlatform("windows")]
internal sealed partial class ConsoleChild : IDisposable
{
    private const string Interrupting = "interrupt";
    private const string Closing = "close";
    private const uint CloseMessage = 0x10;

    // After 5 seconds Windows ends whoever has not ended by itself.
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    private readonly Process _process;

    /// <summary>Starts it.</summary>
    /// <param name="isClosed">True if its window is to be closed, false for Ctrl+C.</param>
    /// <param name="program">The program.</param>
    /// <param name="words">Its arguments.</param>
    /// <param name="environment">Variables of its environment.</param>
    public ConsoleChild(bool isClosed, string program, IEnumerable<string> words, IReadOnlyDictionary<string, string> environment)
    {
        string how = isClosed ? Closing : Interrupting;
        var start = new ProcessStartInfo(
            Environment.ProcessPath!,
            ["exec", typeof(ConsoleChild).Assembly.Location, "console", how, program, .. words]
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

    /// <summary>Presses Ctrl+C, or closes the window.</summary>
    /// <returns>The program's exit code, and what it said to standard error. Where the window is closed, both are Windows' own.</returns>
    public (int Code, string Said) End()
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

    /// <summary>Runs as the child: does it as soon as it reads a line. Its exit code is the program's; that of one that does not end is -1.</summary>
    internal static int Run(string how, string program, string[] words)
    {
        TextReader input = Console.In;
        if (how == Closing && (!FreeConsole() || !AllocConsole()))
        {
            // The console that it was started in has no window.
            throw new Win32Exception();
        }

        using Process process = Process.Start(new ProcessStartInfo(program, words) { RedirectStandardInput = true })!;
        using var passing = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => signal.Cancel = true);
        using var closing = PosixSignalRegistration.Create(PosixSignal.SIGHUP, _ => process.WaitForExit(Longest));
        input.ReadLine();
        if (!(how == Closing ? PostMessage(GetConsoleWindow(), CloseMessage, 0, 0) : GenerateConsoleCtrlEvent(0, 0)))
        {
            throw new Win32Exception();
        }

        if (process.WaitForExit(Longest))
        {
            return process.ExitCode;
        }

        process.Kill(entireProcessTree: true);
        return -1;
    }

    [LibraryImport("kernel32", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool GenerateConsoleCtrlEvent(uint what, uint group);

    [LibraryImport("kernel32", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool FreeConsole();

    [LibraryImport("kernel32", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool AllocConsole();

    [LibraryImport("kernel32")]
    private static partial nint GetConsoleWindow();

    [LibraryImport("user32", EntryPoint = "PostMessageW", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool PostMessage(nint window, uint message, nint word, nint extent);
}
