using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace CryoBackup.Benchmarks;

/// <summary>A line of a given rate and latency before a server of this machine: it waits, and passes on what it takes.</summary>
internal sealed class Link : IDisposable
{
    private const int Piece = 1 << 16;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly EndPoint _server;
    private readonly LinkQuality _quality;

    /// <summary>Lays it.</summary>
    /// <param name="server">The far end.</param>
    /// <param name="quality">What it is like.</param>
    public Link(EndPoint server, LinkQuality quality)
    {
        _server = server;
        _quality = quality;
        _listener.Start();
        _ = AcceptAsync();
    }

    /// <summary>Where clients connect, on loopback.</summary>
    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public void Dispose()
    {
        _end.Cancel();
        _listener.Stop();
        _end.Dispose();
    }

    private async Task AcceptAsync()
    {
        var shared = (new Rate(_quality), new Rate(_quality));
        try
        {
            while (true)
            {
                Socket client = await _listener.AcceptSocketAsync(_end.Token).ConfigureAwait(false);
                _ = ServeAsync(client, _quality.IsShared ? shared : (new Rate(_quality), new Rate(_quality)));
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException)
        {
            // It was taken down.
        }
    }

    private async Task ServeAsync(Socket client, (Rate Up, Rate Down) rates)
    {
        try
        {
            using (client)
            using (
                var server = new Socket(
                    _server.AddressFamily,
                    SocketType.Stream,
                    _server is UnixDomainSocketEndPoint ? ProtocolType.Unspecified : ProtocolType.Tcp
                )
            )
            {
                client.NoDelay = true;
                await server.ConnectAsync(_server, _end.Token).ConfigureAwait(false);
                await Task.WhenAll(PassAsync(client, server, rates.Up), PassAsync(server, client, rates.Down)).ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // One of the two is gone.
        }
    }

    private async Task PassAsync(Socket from, Socket to, Rate rate)
    {
        // What is on its way, and no more: who sends waits as at a real line.
        var onItsWay = Channel.CreateBounded<(byte[] Bytes, DateTime Due)>(rate.Pieces(Piece));
        Task arriving = ArriveAsync(onItsWay.Reader, to);
        try
        {
            while (true)
            {
                byte[] bytes = new byte[Piece];
                int count = await from.ReceiveAsync(bytes, _end.Token).ConfigureAwait(false);
                if (count == 0)
                {
                    break;
                }

                await onItsWay.Writer.WriteAsync((bytes[..count], rate.Take(count)), _end.Token).ConfigureAwait(false);
            }
        }
        finally
        {
            onItsWay.Writer.Complete();
            await arriving.ConfigureAwait(false);
        }
    }

    private async Task ArriveAsync(ChannelReader<(byte[] Bytes, DateTime Due)> onItsWay, Socket to)
    {
        await foreach ((byte[] bytes, DateTime due) in onItsWay.ReadAllAsync(_end.Token).ConfigureAwait(false))
        {
            // A timer is a millisecond late; what is due by then is not worth one.
            if (due - DateTime.UtcNow is { TotalMilliseconds: >= 1 } wait)
            {
                await Task.Delay(wait, _end.Token).ConfigureAwait(false);
            }

            for (int sent = 0; sent < bytes.Length; )
            {
                sent += await to.SendAsync(bytes.AsMemory(sent), _end.Token).ConfigureAwait(false);
            }
        }

        to.Shutdown(SocketShutdown.Send);
    }

    /// <summary>When the next bytes of a direction arrive.</summary>
    private sealed class Rate(LinkQuality quality)
    {
        private readonly Lock _lock = new();
        private DateTime _free;

        /// <summary>How many pieces the line holds at once.</summary>
        public int Pieces(int size) => (int)Math.Clamp(quality.BytesPerSecond * quality.Latency.TotalSeconds / size, 4, 4096);

        public DateTime Take(int count)
        {
            lock (_lock)
            {
                DateTime now = DateTime.UtcNow;
                _free = (_free > now ? _free : now) + TimeSpan.FromSeconds(count / quality.BytesPerSecond);
                return _free + quality.Latency;
            }
        }
    }
}

/// <summary>What a line is like.</summary>
/// <param name="BytesPerSecond">How much it passes in each direction.</param>
/// <param name="Latency">How long a byte is on its way.</param>
/// <param name="IsShared">True if all connections share the rate, false if each has it for itself.</param>
internal sealed record LinkQuality(double BytesPerSecond, TimeSpan Latency, bool IsShared);
