using System.Runtime.InteropServices;

namespace CryoBackup.Cli;

/// <summary>
/// Turns the first Ctrl+C, SIGTERM or hang-up into a cancellation, so that tools, sessions and partial files are cleaned up.
/// The second one ends the process at once, as without us. Windows ends a process whose window is closed, or whose machine shuts down, as
/// soon as it has been told; so it is told only when all is cleaned up, for which Windows gives five seconds, or twenty.
/// </summary>
internal sealed class Interruption : IDisposable
{
    private readonly CancellationTokenSource _cancellation = new();
    private readonly ManualResetEventSlim _cleanedUp = new();
    private readonly List<PosixSignalRegistration> _registrations = [];

    public Interruption()
    {
        // The shell's convention is 128 + the signal's number.
        Register(PosixSignal.SIGINT, 130);
        Register(PosixSignal.SIGTERM, 143);
        Register(PosixSignal.SIGHUP, 129);
        Register(PosixSignal.SIGQUIT, 131);
    }

    public CancellationToken Token => _cancellation.Token;

    /// <summary>The exit code that tells which signal came; null if none did.</summary>
    public int? Code { get; private set; }

    public void Dispose()
    {
        _cleanedUp.Set();
        _registrations.ForEach(registration => registration.Dispose());
        _cancellation.Dispose();
    }

    private void Register(PosixSignal signal, int code) =>
        _registrations.Add(
            PosixSignalRegistration.Create(
                signal,
                context =>
                {
                    if (Code is not null)
                    {
                        return;
                    }
                    context.Cancel = true;
                    Code = code;
                    _cancellation.Cancel();
                    if (OperatingSystem.IsWindows() && signal is (PosixSignal.SIGHUP or PosixSignal.SIGTERM))
                    {
                        _cleanedUp.Wait();
                    }
                }
            )
        );
}
