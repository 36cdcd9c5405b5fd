using System.Runtime.InteropServices;

namespace CryoBackup.Commands;

/// <summary>
/// While the engine works, the end of the host ends it in order: a closed window, the end of a session, a shutdown, a service's stop.
/// PowerShell itself would end at once, and leave what was begun. The host ends as soon as all is cleaned up; Windows gives five seconds
/// for a window, or twenty.
/// </summary>
internal sealed class HostClosing : IDisposable
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(20);

    private readonly CancellationTokenSource _stop;
    private readonly ManualResetEventSlim _cleanedUp = new();
    private readonly PosixSignalRegistration[] _registrations;

    /// <summary>Listens until it is disposed.</summary>
    /// <param name="stop">What ends the engine's work.</param>
    internal HostClosing(CancellationTokenSource stop)
    {
        _stop = stop;
        _registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGHUP, End),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, End),
        ];
    }

    /// <summary>The work has ended.</summary>
    public void Dispose()
    {
        _cleanedUp.Set();
        Array.ForEach(_registrations, registration => registration.Dispose());
    }

    private void End(PosixSignalContext context)
    {
        try
        {
            _stop.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The command ended by itself at that moment.
        }

        _cleanedUp.Wait(Longest);
    }
}
