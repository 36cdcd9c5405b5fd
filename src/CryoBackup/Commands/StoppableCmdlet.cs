using System.Management.Automation;

namespace CryoBackup.Commands;

/// <summary>A cmdlet whose work ends when the pipeline is stopped.</summary>
public abstract class StoppableCmdlet : PSCmdlet, IDisposable
{
    /// <summary>Ends the work: its programs, its sessions on the server, its unfinished files.</summary>
    private protected CancellationTokenSource Stop { get; } = new();

    /// <summary>Ends the work.</summary>
    protected override void StopProcessing()
    {
        try
        {
            Stop.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // Stopped from another thread at the very moment when the command ended by itself.
        }
    }

    /// <summary>Releases what the cmdlet holds.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Releases what the cmdlet holds.</summary>
    /// <param name="disposing">True when called by <see cref="Dispose()"/>.</param>
    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
        {
            Stop.Dispose();
        }
    }
}
