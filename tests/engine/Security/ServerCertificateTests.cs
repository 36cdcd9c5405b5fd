using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CryoBackup.Postgres;
using CryoBackup.Tests.Standalone;
using Npgsql;

namespace CryoBackup.Tests.Security;

/// <summary>What is said of a server's certificate that is not accepted, in real handshakes.</summary>
[Trait(WineLimits.Trait, WineLimits.Certificates)]
[Trait("Runs", "Once")]
public sealed class ServerCertificateTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task OfAnotherNameBothNamesAreTold()
    {
        using X509Certificate2 certificate = Issue("db.example.com", "standby.example.com");
        CryoBackupException e = await Meet(certificate, authority: certificate);
        Assert.Equal(CryoBackupError.ConnectionFailed, e.Error);
        Assert.Contains(
            "its certificate is of 'db.example.com', 'standby.example.com', and '127.0.0.1' was asked for",
            e.Message,
            StringComparison.Ordinal
        );
        Assert.DoesNotContain("chain", e.Message, StringComparison.Ordinal);
        Assert.Contains("as the certificate does", e.Remedy, StringComparison.Ordinal);

        // Without alternative names the common name is the one.
        using X509Certificate2 old = Issue();
        e = await Meet(old, authority: old);
        Assert.Contains("its certificate is of 'old.example.com', and '127.0.0.1' was asked for", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OfAnUnknownAuthorityTheFileOfTheKnownOnesIsTold()
    {
        using X509Certificate2 certificate = Issue("127.0.0.1");
        using X509Certificate2 other = Issue("127.0.0.1");
        CryoBackupException e = await Meet(certificate, authority: other);
        Assert.Contains("the chain of its certificate's authorities: ", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("was asked for", e.Message, StringComparison.Ordinal);
        Assert.Contains($"Put its authority's certificate into '{_folder.Path}", e.Remedy, StringComparison.Ordinal);
        Assert.Contains("(PGSSLROOTCERT)", e.Remedy, StringComparison.Ordinal);

        e = await Meet(certificate, authority: null);
        Assert.Contains("none is trusted here (UntrustedRoot)", e.Message, StringComparison.Ordinal);
        Assert.Contains("the system's store", e.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OneThatHasExpiredIsToldAsThat()
    {
        using X509Certificate2 certificate = Issue(DateTimeOffset.UtcNow.AddDays(-1), "127.0.0.1");
        CryoBackupException e = await Meet(certificate, authority: certificate);
        Assert.Contains("has expired or is not valid yet (NotTimeValid)", e.Message, StringComparison.Ordinal);
        Assert.Contains("Renew it", e.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OneThatIsAcceptedStaysSo()
    {
        using X509Certificate2 certificate = Issue("127.0.0.1");
        CryoBackupException e = await Meet(certificate, authority: certificate);
        Assert.DoesNotContain("certificate", e.Message, StringComparison.OrdinalIgnoreCase);
    }

    private static X509Certificate2 Issue(params string[] names) => Issue(DateTimeOffset.UtcNow.AddDays(1), names);

    private static X509Certificate2 Issue(DateTimeOffset until, params string[] names)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=old.example.com", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        if (names.Length > 0)
        {
            var alternatives = new SubjectAlternativeNameBuilder();
            foreach (string name in names)
            {
                if (IPAddress.TryParse(name, out IPAddress? address))
                {
                    alternatives.AddIpAddress(address);
                }
                else
                {
                    alternatives.AddDnsName(name);
                }
            }

            request.CertificateExtensions.Add(alternatives.Build());
        }

        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-2), until);
    }

    /// <summary>Opens a session on a server that has this certificate and leaves behind the handshake; gives the error.</summary>
    private async Task<CryoBackupException> Meet(X509Certificate2 certificate, X509Certificate2? authority)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var variables = new Dictionary<string, string>
        {
            ["PGHOST"] = "127.0.0.1",
            ["PGPORT"] = ((IPEndPoint)listener.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture),
            ["PGSSLMODE"] = "verify-full",
            ["PGGSSENCMODE"] = "disable", // else a second attempt without it follows
            [OperatingSystem.IsWindows() ? "APPDATA" : "HOME"] = _folder.Path,
        };
        if (authority is not null)
        {
            File.WriteAllText(variables["PGSSLROOTCERT"] = Path.Combine(_folder.Path, "ca.pem"), authority.ExportCertificatePem());
        }

        var endpoint = ServerEndpoint.Resolve(
            new ConnectionRequest(),
            null,
            static _ => { },
            new PostgresEnvironment(variables.GetValueOrDefault)
        );
        Task serving = ServeAsync(listener, certificate);
        NpgsqlException thrown = await Assert.ThrowsAnyAsync<NpgsqlException>(() =>
            ServerConnection.OpenAsync(endpoint, "test", null, CancellationToken.None)
        );
        listener.Stop();
        await serving;
        return NpgsqlErrors.Translate(thrown, endpoint);
    }

    private static async Task ServeAsync(TcpListener listener, X509Certificate2 certificate)
    {
        // The second comes to look at the certificate once more.
        for (int i = 0; i < 2; i++)
        {
            try
            {
                using TcpClient client = await listener.AcceptTcpClientAsync();
                await ShakeHandsAsync(client, certificate);
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private static async Task ShakeHandsAsync(TcpClient client, X509Certificate2 certificate)
    {
        NetworkStream stream = client.GetStream();
        await stream.ReadExactlyAsync(new byte[8]); // SSLRequest
        await stream.WriteAsync("S"u8.ToArray());
        using var tls = new SslStream(stream);
        try
        {
            await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = certificate });
        }
        catch (Exception exception) when (exception is AuthenticationException or IOException)
        {
            // The client went away.
        }
    }
}
