using System.Collections.Specialized;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Web;

namespace CryoBackup.Tests.Stores;

/// <summary>A request as it came, without its body.</summary>
/// <param name="HttpMethod">Such as GET.</param>
/// <param name="RawUrl">Path and query, as they were sent.</param>
/// <param name="Headers">The headers.</param>
internal sealed record S3Request(string HttpMethod, string RawUrl, WebHeaderCollection Headers)
{
    public string UserHostName => Headers["Host"] ?? "";

    public Uri Url { get; } = new("http://" + (Headers["Host"] ?? "localhost") + RawUrl);

    public NameValueCollection QueryString => HttpUtility.ParseQueryString(Url.Query);

    public int BodyLength => int.Parse(Headers["Content-Length"] ?? "0", CultureInfo.InvariantCulture);
}

/// <summary>
/// A client of the server: its requests one by one, as HTTP 1.1 has them. A listener of .NET's own is the system's on Windows, which resets
/// no connection, and which in Wine leaves some requests without an answer.
/// </summary>
internal sealed class S3Connection(TcpClient client) : IDisposable
{
    private readonly NetworkStream _stream = client.GetStream();
    private readonly byte[] _buffer = new byte[1 << 16];
    private int _start;
    private int _end;

    public void Dispose() => client.Dispose();

    /// <summary>Resets the connection.</summary>
    public void Cut()
    {
        try
        {
            client.LingerState = new LingerOption(true, 0);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // It is gone.
        }

        _start = _end;
        client.Dispose();
    }

    /// <summary>The head of the next request; null when the client has hung up.</summary>
    public async Task<S3Request?> ReadHeadAsync()
    {
        var lines = new List<string>();
        while (await ReadLineAsync() is { } line)
        {
            if (line.Length > 0)
            {
                lines.Add(line);
            }
            else if (lines.Count > 0)
            {
                string[] words = lines[0].Split(' ');
                var headers = new WebHeaderCollection();
                lines.Skip(1).ToList().ForEach(headers.Add);
                return new S3Request(words[0], words[1], headers);
            }
        }

        return null;
    }

    /// <summary>The body of the request whose head was read.</summary>
    /// <param name="request">The request.</param>
    /// <param name="most">No more of it than so many bytes.</param>
    public async Task<byte[]> ReadBodyAsync(S3Request request, int most)
    {
        if (request.Headers["Expect"] is not null)
        {
            await _stream.WriteAsync("HTTP/1.1 100 Continue\r\n\r\n"u8.ToArray());
        }

        byte[] body = new byte[Math.Min(most, request.BodyLength)];
        for (int count = 0; count < body.Length; )
        {
            if (_start == _end)
            {
                await FillAsync(mayEnd: false);
            }

            int taken = Math.Min(_end - _start, body.Length - count);
            _buffer.AsSpan(_start, taken).CopyTo(body.AsSpan(count));
            _start += taken;
            count += taken;
        }

        return body;
    }

    /// <summary>Answers it.</summary>
    /// <param name="request">The request.</param>
    /// <param name="answer">What it is answered.</param>
    /// <param name="most">After so many bytes of the answer's body the connection is reset.</param>
    public async Task AnswerAsync(S3Request request, S3Answer answer, int most)
    {
        var head = new StringBuilder($"HTTP/1.1 {answer.Status} {(HttpStatusCode)answer.Status}\r\n");
        foreach (
            (string name, string value) in answer.Headers.Append(("Date", DateTime.UtcNow.ToString("R", CultureInfo.InvariantCulture)))
        )
        {
            head.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
        }

        if (answer.Status != 204)
        {
            head.Append(CultureInfo.InvariantCulture, $"Content-Length: {answer.Length ?? answer.Body.Length}\r\n");
        }

        byte[] body = request.HttpMethod == "HEAD" ? [] : answer.Body;
        await _stream.WriteAsync((byte[])[.. Encoding.Latin1.GetBytes(head + "\r\n"), .. body.AsSpan(0, Math.Min(most, body.Length))]);
        if (most < body.Length)
        {
            Cut();
        }
    }

    private async Task<string?> ReadLineAsync()
    {
        var line = new StringBuilder();
        while (_start < _end || await FillAsync(mayEnd: true))
        {
            int length = _buffer.AsSpan(_start, _end - _start).IndexOf((byte)'\n');
            line.Append(Encoding.Latin1.GetString(_buffer, _start, length < 0 ? _end - _start : length));
            _start = length < 0 ? _end : _start + length + 1;
            if (length >= 0)
            {
                return line.ToString().TrimEnd('\r');
            }
        }

        return null;
    }

    private async Task<bool> FillAsync(bool mayEnd)
    {
        _end = await _stream.ReadAsync(_buffer);
        _start = 0;
        return _end > 0 || (mayEnd ? false : throw new EndOfStreamException("The client hung up."));
    }
}
