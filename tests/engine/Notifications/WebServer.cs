using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using CryoBackup.Tests.Standalone;

namespace CryoBackup.Tests.Notifications;

/// <summary>A real HTTP server on loopback that keeps every byte it is sent. A path with "hang" is never answered.</summary>
internal sealed class WebServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Request> _requests = [];
    private readonly TaskCompletionSource _hanging = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _accepting;

    public WebServer()
    {
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>What each request is answered, by its number from 0; 200 unless said otherwise.</summary>
    public Func<Request, int, string> Answer { get; set; } = static (_, _) => "200 OK\r\n\r\nok";

    /// <summary>Is done as soon as a request hangs.</summary>
    public Task Hanging => _hanging.Task;

    /// <summary>True while requests that hang have not been let go by the server.</summary>
    public bool StillHangs => Hanging.IsCompleted && !_stop.IsCancellationRequested;

    public Request[] Requests
    {
        get
        {
            lock (_requests)
            {
                return [.. _requests];
            }
        }
    }

    public string Url(string path) =>
        string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}{path}");

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var serving = new List<Task>();
        try
        {
            while (true)
            {
                TcpClient client = await _listener.AcceptAsync(_stop.Token);
                serving.Add(ServeAsync(client));
            }
        }
        catch (Exception) when (_stop.IsCancellationRequested)
        {
            await Task.WhenAll(serving);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                NetworkStream stream = client.GetStream();
                Request request = await ReadAsync(stream);
                int number;
                lock (_requests)
                {
                    number = _requests.Count;
                    _requests.Add(request);
                }

                if (request.Path.Contains("hang", StringComparison.Ordinal))
                {
                    _hanging.TrySetResult();
                    await Task.Delay(Timeout.Infinite, _stop.Token);
                }

                string answer = Answer(request, number);
                int body = answer.Length - answer.IndexOf("\r\n\r\n", StringComparison.Ordinal) - 4;
                string head = string.Create(CultureInfo.InvariantCulture, $"\r\nContent-Length: {body}\r\nConnection: close\r\n\r\n");
                await stream.WriteAsync(
                    Encoding.UTF8.GetBytes("HTTP/1.1 " + answer.Replace("\r\n\r\n", head, StringComparison.Ordinal)),
                    _stop.Token
                );
            }
            catch (Exception exception) when (exception is IOException or OperationCanceledException)
            {
                // The client hung up, or the test is over.
            }
        }
    }

    private async Task<Request> ReadAsync(NetworkStream stream)
    {
        var bytes = new List<byte>();
        byte[] buffer = new byte[4096];
        int end;
        while ((end = Encoding.Latin1.GetString([.. bytes]).IndexOf("\r\n\r\n", StringComparison.Ordinal)) < 0)
        {
            bytes.AddRange(buffer.AsSpan(0, await ReadSomeAsync()));
        }

        string[] lines = Encoding.Latin1.GetString([.. bytes[..end]]).Split("\r\n");
        var headers = lines
            .Skip(1)
            .Select(line => line.Split(": ", 2))
            .ToDictionary(pair => pair[0], pair => pair[1], StringComparer.OrdinalIgnoreCase);
        int length = int.Parse(headers.GetValueOrDefault("Content-Length", "0"), CultureInfo.InvariantCulture);
        while (bytes.Count < end + 4 + length)
        {
            bytes.AddRange(buffer.AsSpan(0, await ReadSomeAsync()));
        }

        string[] words = lines[0].Split(' ');
        return new Request(words[0], words[1], headers, [.. bytes[(end + 4)..]]);

        async Task<int> ReadSomeAsync() =>
            await stream.ReadAsync(buffer, _stop.Token) is var read and > 0 ? read : throw new IOException("The client hung up.");
    }

    internal sealed record Request(string Method, string Path, IReadOnlyDictionary<string, string> Headers, byte[] Body)
    {
        public string Text => Encoding.UTF8.GetString(Body);
    }
}
