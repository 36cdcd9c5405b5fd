using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace CryoBackup.Cli.Output;

/// <summary>
/// Standard output or error, which a full disk, a reader that is gone or a closed descriptor may make unwritable. The work goes on without
/// it: a backup is not to fail for a line that nobody could read. What was not written is remembered, for the exit code.
/// </summary>
internal sealed partial class StandardStream : TextWriter
{
    private const int StandardOutput = 1;
    private const int StandardError = 2;

    // Opened so that no pipe or file of ours comes to lie where others believe standard output or error to be.
    private static readonly List<SafeFileHandle> s_placeholders = [];

    private static volatile bool s_hasFailed;

    private readonly Lazy<TextWriter> _writer;

    private StandardStream(bool isOpen, Func<Stream> open) =>
        _writer = new Lazy<TextWriter>(() =>
            new StreamWriter(isOpen ? open() : throw new IOException("It is closed."), Encoding) { AutoFlush = true }
        );

    /// <summary>True if something could not be written.</summary>
    public static bool HasFailed => s_hasFailed;

    /// <inheritdoc/>
    public override Encoding Encoding { get; } = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);

    /// <summary>Puts them in the place of the console's own; first of all, before anything opens a file.</summary>
    public static void Install()
    {
        bool hasOutput = IsOpen(StandardOutput);
        bool hasError = IsOpen(StandardError);
        KeepPlaces();
        Console.SetOut(new StandardStream(hasOutput, Console.OpenStandardOutput));
        Console.SetError(new StandardStream(hasError, Console.OpenStandardError));
    }

    /// <inheritdoc/>
    public override void Write(char value) => Try(writer => writer.Write(value));

    /// <inheritdoc/>
    public override void Write(string? value) => Try(writer => writer.Write(value));

    /// <inheritdoc/>
    public override void Write(char[] buffer, int index, int count) => Try(writer => writer.Write(buffer, index, count));

    /// <inheritdoc/>
    public override void WriteLine(string? value) => Try(writer => writer.WriteLine(value));

    /// <inheritdoc/>
    public override void Flush()
    {
        if (_writer.IsValueCreated)
        {
            Try(static writer => writer.Flush());
        }
    }

    private void Try(Action<TextWriter> write)
    {
        try
        {
            write(_writer.Value);
        }
        catch (Exception exception)
            when (exception is IOException or UnauthorizedAccessException or ObjectDisposedException or NotSupportedException)
        {
            s_hasFailed = true;
        }
    }

    /// <summary>What the runtime has opened itself closes when a program is started; what was there before does not,
    /// or it would not be here.</summary>
    private static bool IsOpen(int descriptor)
    {
        const int GetFlags = 1,
            CloseOnExec = 1;
        return OperatingSystem.IsWindows() || (GetControl(descriptor, GetFlags) is >= 0 and var flags && (flags & CloseOnExec) == 0);
    }

    private static void KeepPlaces()
    {
        while (!OperatingSystem.IsWindows())
        {
            SafeFileHandle handle = File.OpenHandle("/dev/null", FileMode.Open, FileAccess.ReadWrite);
            if (handle.DangerousGetHandle() > StandardError)
            {
                handle.Dispose();
                return;
            }

            s_placeholders.Add(handle);
        }
    }

    [LibraryImport("libc", EntryPoint = "fcntl")]
    private static partial int GetControl(int descriptor, int command);
}
