using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace CryoBackup.Tests.Stores;

/// <summary>
/// A proxy on loopback that stands in for every server of the vendors: who reaches them through it, and trusts its certificate, speaks to
/// it. By it the requests are seen as Amazon's and Microsoft's own servers would get them, byte for byte, with what no server here has:
/// immutability, KMS, the endpoints of identities.
/// </summary>
internal sealed class Impostor : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly X509Certificate2 _certificate;
    private readonly TemporaryFolder _folder = new();

    /// <summary>Begins to listen.</summary>
    /// <param name="hosts">The names that it is taken for; a first label of * stands for any.</param>
    public Impostor(params string[] hosts)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=impostor", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        foreach (string host in hosts)
        {
            names.AddDnsName(host);
        }

        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using X509Certificate2 made = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        _certificate = Load(made.Export(X509ContentType.Pfx));
        Trust = _folder.Write("trust.pem", made.ExportCertificatePem());
        _listener.Start();
        _ = Task.Run(ListenAsync);
    }

    /// <summary>What a server answers: status, headers and body.</summary>
    public Func<ImpostorRequest, ImpostorAnswer> Answer { get; set; } = _ => new ImpostorAnswer(404);

    /// <summary>The requests in their order.</summary>
    public ConcurrentQueue<ImpostorRequest> Seen { get; } = new();

    /// <summary>What this server itself did wrong.</summary>
    public ConcurrentQueue<Exception> Failures { get; } = new();

    /// <summary>Its address as a proxy.</summary>
    public string Address => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    /// <summary>The file of the certificate, to trust it by.</summary>
    public string Trust { get; }

    public void Dispose()
    {
        _listener.Stop();
        _certificate.Dispose();
        _folder.Dispose();
        Assert.Empty(Failures);
    }

    private static X509Certificate2 Load(byte[] pfx) =>
#if NET9_0_OR_GREATER
        X509CertificateLoader.LoadPkcs12(pfx, null);
#else
        new(pfx);
#endif

    private async Task ListenAsync()
    {
        while (true)
        {
            TcpClient client;
            try
            {
                client = await _listener.AcceptTcpClientAsync();
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException or InvalidOperationException)
            {
                return;
            }

            _ = Task.Run(() => ServeAsync(client));
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        try
        {
            using TcpClient one = client;
            Stream stream = one.GetStream();
            string scheme = "http";
            while (await ReadHeadAsync(stream) is { } head)
            {
                if (head.StartsWith("CONNECT ", StringComparison.Ordinal))
                {
                    await stream.WriteAsync("HTTP/1.1 200 OK\r\n\r\n"u8.ToArray());
                    var secure = new SslStream(stream);
                    await secure.AuthenticateAsServerAsync(_certificate);
                    (stream, scheme) = (secure, "https");
                    continue;
                }

                var request = new ImpostorRequest(scheme, head, await ReadBodyAsync(stream, head));
                Seen.Enqueue(request);
                await AnswerAsync(stream, request);
            }
        }
        catch (Exception exception) when (exception is IOException or SocketException or ObjectDisposedException)
        {
            // A client that is gone is none of this server's faults.
        }
        catch (Exception exception)
        {
            Failures.Enqueue(exception);
        }
    }

    private async Task AnswerAsync(Stream stream, ImpostorRequest request)
    {
        ImpostorAnswer answer = Answer(request);
        var head = new StringBuilder($"HTTP/1.1 {answer.Status} {(HttpStatusCode)answer.Status}\r\n");
        foreach ((string name, string value) in answer.Headers)
        {
            head.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
        }

        head.Append(CultureInfo.InvariantCulture, $"Content-Length: {answer.Length ?? answer.Body.Length}\r\n\r\n");
        await stream.WriteAsync(Encoding.Latin1.GetBytes(head.ToString()));
        await stream.WriteAsync(request.Method == "HEAD" ? [] : answer.Body);
        await stream.FlushAsync();
    }

    private static async Task<string?> ReadHeadAsync(Stream stream)
    {
        var head = new StringBuilder();
        byte[] one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            if (await stream.ReadAsync(one) == 0)
            {
                return null;
            }

            head.Append((char)one[0]);
        }

        return head.ToString();
    }

    private static async Task<byte[]> ReadBodyAsync(Stream stream, string head)
    {
        var request = new ImpostorRequest("", head, []);
        if (request.Header("Expect") is not null)
        {
            await stream.WriteAsync("HTTP/1.1 100 Continue\r\n\r\n"u8.ToArray());
        }

        byte[] body = new byte[int.Parse(request.Header("Content-Length") ?? "0", CultureInfo.InvariantCulture)];
        await stream.ReadExactlyAsync(body);
        return body;
    }
}

/// <summary>A request as it came.</summary>
/// <param name="Scheme">http or https.</param>
/// <param name="Head">Its line and headers.</param>
/// <param name="Body">Its body.</param>
internal sealed record ImpostorRequest(string Scheme, string Head, byte[] Body)
{
    public string Method => Line.Split(' ')[0];

    public string Line => Head.Split("\r\n")[0];

    /// <summary>Where it is sent to, whether as a path or, to a proxy in clear, as a whole.</summary>
    public Uri Target =>
        Line.Split(' ')[1] is var target && target.StartsWith('/') ? new Uri($"{Scheme}://{Header("Host")}{target}") : new Uri(target);

    public string Text => Encoding.UTF8.GetString(Body);

    /// <summary>A header; null if it is not there.</summary>
    public string? Header(string name) =>
        Head.Split("\r\n")
            .Skip(1)
            .FirstOrDefault(line => line.StartsWith(name + ": ", StringComparison.OrdinalIgnoreCase))
            ?[(name.Length + 2)..];

    /// <summary>The request as a text to compare: its line, all headers in order, with what differs each time as a word in angle
    /// brackets.</summary>
    /// <param name="changing">The headers whose values differ each time.</param>
    public string Form(params string[] changing) =>
        string.Join(
            '\n',
            Head.Split("\r\n", StringSplitOptions.RemoveEmptyEntries)
                .Skip(1)
                .Select(line => line.Split(": ", 2))
                .Select(pair => changing.Contains(pair[0], StringComparer.OrdinalIgnoreCase) ? $"{pair[0]}: <>" : $"{pair[0]}: {pair[1]}")
                .Order(StringComparer.OrdinalIgnoreCase)
                .Prepend(Line)
        );
}

/// <summary>What a server answers.</summary>
/// <param name="Status">The status.</param>
internal sealed record ImpostorAnswer(int Status)
{
    public IReadOnlyList<(string Name, string Value)> Headers { get; init; } = [];

    public byte[] Body { get; init; } = [];

    /// <summary>The length that the head tells, of a body that is not sent.</summary>
    public long? Length { get; init; }

    public static ImpostorAnswer Json(string text) =>
        new(200) { Headers = [("Content-Type", "application/json")], Body = Encoding.UTF8.GetBytes(text) };

    public static ImpostorAnswer Xml(string text) =>
        new(200) { Headers = [("Content-Type", "application/xml")], Body = Encoding.UTF8.GetBytes(text) };
}
