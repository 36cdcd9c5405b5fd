using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace CryoBackup.Tests.Notifications;

/// <summary>A real mail server on loopback, with a certificate of its own making, that keeps what it is sent.</summary>
internal sealed class MailServer : IAsyncDisposable
{
    // A key takes long to make: one for each name is enough.
    private static readonly ConcurrentDictionary<string, Lazy<(string Pem, byte[] Pkcs12)>> Certificates = new(StringComparer.Ordinal);

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly X509Certificate2 _certificate;
    private readonly TaskCompletionSource _hanging = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _accepting;

    public MailServer(string name = "127.0.0.1")
    {
        (Certificate, byte[] pkcs12) = Certificates
            .GetOrAdd(name, static name => new Lazy<(string, byte[])>(() => MakeCertificate(name)))
            .Value;
#pragma warning disable SYSLIB0057 // X509CertificateLoader is not in .NET 8.
        _certificate = new X509Certificate2(pkcs12);
#pragma warning restore SYSLIB0057
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>The certificate, for smtp_ca_file.</summary>
    public string Certificate { get; }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>TLS from the first byte.</summary>
    public bool ImplicitTls { get; init; }

    /// <summary>What it offers after EHLO, before and after encryption.</summary>
    public string[] Offers { get; init; } = ["STARTTLS", "AUTH PLAIN LOGIN"];

    /// <summary>A command's own answer, by its number among all commands of this server; null for the ordinary one.</summary>
    public Func<string, int, string?> Answer { get; set; } = static (_, _) => null;

    /// <summary>Accepts connections and says nothing.</summary>
    public bool Hangs { get; init; }

    /// <summary>The command after which it says nothing more.</summary>
    public string? HangsAt { get; init; }

    /// <summary>Is done as soon as somebody is kept waiting.</summary>
    public Task Hanging => _hanging.Task;

    public bool StillHangs => Hanging.IsCompleted && !_stop.IsCancellationRequested;

    /// <summary>Every line that came, each with "tls " before it once encrypted.</summary>
    public List<string> Lines { get; } = [];

    /// <summary>The messages, dots as they were.</summary>
    public List<string> Messages { get; } = [];

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        _stop.Dispose();
        _certificate.Dispose();
    }

    private static (string Pem, byte[] Pkcs12) MakeCertificate(string name)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        if (IPAddress.TryParse(name, out IPAddress? address))
        {
            names.AddIpAddress(address);
        }
        else
        {
            names.AddDnsName(name);
        }

        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using X509Certificate2 made = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));

        // Windows cannot serve with a key that is only in memory.
        return (made.ExportCertificatePem(), made.Export(X509ContentType.Pkcs12));
    }

    private async Task AcceptAsync()
    {
        var serving = new List<Task>();
        try
        {
            while (true)
            {
                TcpClient client = await _listener.AcceptTcpClientAsync(_stop.Token);
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
            Stream stream = client.GetStream();
            try
            {
                if (Hangs)
                {
                    _hanging.TrySetResult();
                    await Task.Delay(Timeout.Infinite, _stop.Token);
                }

                if (ImplicitTls)
                {
                    stream = await SecureAsync(stream);
                }

                await SayAsync(stream, "220 mail.test ready");
                while (await ReadAsync(stream) is { } line)
                {
                    int number;
                    lock (Lines)
                    {
                        number = Lines.Count;
                        Lines.Add((stream is SslStream ? "tls " : "") + line);
                    }

                    if (Answer(line, number) is { } own)
                    {
                        await SayAsync(stream, own);
                        continue;
                    }

                    switch (line.Split(' ')[0])
                    {
                        case "EHLO":
                            string[] offers = ["mail.test", .. Offers.Where(offer => offer != "STARTTLS" || stream is not SslStream)];
                            await SayAsync(
                                stream,
                                string.Join(
                                    "\r\n",
                                    offers.Select((offer, index) => $"250{(index == offers.Length - 1 ? ' ' : '-')}{offer}")
                                )
                            );
                            break;
                        case "STARTTLS":
                            await SayAsync(stream, "220 go ahead");
                            stream = await SecureAsync(stream);
                            break;
                        case "AUTH" when line == "AUTH LOGIN":
                            await SayAsync(stream, "334 VXNlcm5hbWU6");
                            string user = (await ReadAsync(stream))!;
                            await SayAsync(stream, "334 UGFzc3dvcmQ6");
                            string password = (await ReadAsync(stream))!;
                            lock (Lines)
                            {
                                Lines.AddRange([$"tls {user}", $"tls {password}"]);
                            }

                            await SayAsync(stream, "235 welcome");
                            break;
                        case "AUTH":
                            await SayAsync(stream, "235 welcome");
                            break;
                        case "DATA":
                            await SayAsync(stream, "354 go on");
                            var message = new StringBuilder();
                            while (await ReadAsync(stream) is { } content and not ".")
                            {
                                message.Append(content.StartsWith('.') ? content[1..] : content).Append("\r\n");
                            }

                            lock (Lines)
                            {
                                Messages.Add(message.ToString());
                            }

                            await SayAsync(stream, "250 taken");
                            break;
                        case var command when command == HangsAt:
                            await Task.Delay(Timeout.Infinite, _stop.Token);
                            break;
                        case "QUIT":
                            return;
                        default:
                            await SayAsync(stream, "250 ok");
                            break;
                    }
                }
            }
            catch (Exception exception)
                when (exception is IOException or OperationCanceledException or System.Security.Authentication.AuthenticationException)
            {
                // The client hung up or does not trust us, or the test is over.
            }
            finally
            {
                await stream.DisposeAsync();
            }
        }
    }

    private async Task<Stream> SecureAsync(Stream stream)
    {
        var secure = new SslStream(stream);
        await secure.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = _certificate }, _stop.Token);
        return secure;
    }

    private async Task SayAsync(Stream stream, string line) => await stream.WriteAsync(Encoding.ASCII.GetBytes(line + "\r\n"), _stop.Token);

    private async Task<string?> ReadAsync(Stream stream)
    {
        var line = new List<byte>();
        byte[] one = new byte[1];
        while (await stream.ReadAsync(one, _stop.Token) == 1)
        {
            if (one[0] == '\n')
            {
                Assert.Equal((byte)'\r', line[^1]);
                return Encoding.ASCII.GetString([.. line[..^1]]);
            }

            line.Add(one[0]);
        }

        return null;
    }
}
