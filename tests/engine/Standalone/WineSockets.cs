using System.Net.Sockets;

namespace CryoBackup.Tests.Standalone;

/// <summary>What the tests' servers do otherwise in Wine.</summary>
internal static class WineSockets
{
    /// <summary>
    /// Takes the next client. Of one that is gone already Wine tells .NET no address, which there ends the process, where it is asked for
    /// without a thread that waits.
    /// </summary>
    /// <param name="listener">The server's; closing it ends the waiting, too.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public static async Task<TcpClient> AcceptAsync(this TcpListener listener, CancellationToken cancellationToken = default) =>
        StandaloneRun.IsWine
            ? await Task.Run(listener.AcceptTcpClient, cancellationToken)
            : await listener.AcceptTcpClientAsync(cancellationToken);
}
