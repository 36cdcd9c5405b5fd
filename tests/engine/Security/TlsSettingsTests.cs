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
using SslMode = CryoBackup.Postgres.SslMode;

namespace CryoBackup.Tests.Security;

/// <summary>What secures PostgreSQL's programs secures our own sessions too, which come first with the password;
/// or there is no session.</summary>
public sealed class TlsSettingsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Dictionary<string, string> _variables = new(StringComparer.Ordinal)
    {
        ["PGHOST"] = "db.example",
        ["PGPASSFILE"] = PgPassFile.None,
        ["PGUSER"] = "alice",
    };

    public TlsSettingsTests() => _variables[OperatingSystem.IsWindows() ? "APPDATA" : "HOME"] = _folder.Path;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("PGSSLCRL", "/revoked.crl")]
    [InlineData("PGSSLCRLDIR", "/revoked")]
    [InlineData("PGSSLSNI", "0")]
    [InlineData("PGSSLCERTMODE", "require")]
    [InlineData("PGSSLMINPROTOCOLVERSION", "TLSv2")]
    [InlineData("PGSSLMAXPROTOCOLVERSION", "TLSv1.1")]
    public void WhatOnlyProgramsCouldObeyIsRefusedByName(string variable, string value)
    {
        _variables[variable] = value;
        CryoBackupException refusal = Assert.Throws<CryoBackupException>(() => Resolve());
        Assert.Equal((CryoBackupError.ConfigurationInvalid, variable), (refusal.Error, refusal.Target));
        Assert.StartsWith(variable + " (", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(value, refusal.Message, StringComparison.Ordinal);
        Assert.NotEmpty(refusal.Remedy!);

        // Of a service file just so; and where no TLS is spoken it says nothing.
        string keyword = PostgresEnvironment.Variables.First(pair => pair.Value == variable).Key;
        _variables.Remove(variable);
        (_variables["PGSERVICE"], _variables["PGSERVICEFILE"]) = ("it", _folder.Write("service.conf", $"[it]\n{keyword}={value}\n"));
        Assert.Equal(variable, Assert.Throws<CryoBackupException>(() => Resolve()).Target);
        _variables["PGSSLMODE"] = "disable";
        Resolve();
        (_variables["PGSSLMODE"], _variables["PGHOST"]) = ("prefer", "/run/postgresql");
        Resolve();
    }

    [Fact]
    public void ThePeerOfASocketCannotBeChecked()
    {
        _variables["PGREQUIREPEER"] = "postgres";
        Resolve();
        _variables["PGHOST"] = "/run/postgresql";
        Assert.Contains(
            "PGREQUIREPEER (requirepeer)",
            Assert.Throws<CryoBackupException>(() => Resolve()).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void WhereThereIsAnAuthorityEncryptionMeansACheckToo()
    {
        _variables["PGSSLMODE"] = "require";
        Assert.Equal(SslMode.Require, Resolve().SslMode);
        string folder = OperatingSystem.IsWindows() ? Path.Combine(_folder.Path, "postgresql") : Path.Combine(_folder.Path, ".postgresql");
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "root.crt"), "");
        Assert.Equal(SslMode.VerifyCA, Resolve().SslMode);
        File.WriteAllText(Path.Combine(folder, "root.crl"), "");
        Assert.Contains("root.crl", Assert.Throws<CryoBackupException>(() => Resolve()).Message, StringComparison.Ordinal);
        _variables["PGSSLMODE"] = "prefer";
        Resolve();
        File.Delete(Path.Combine(folder, "root.crt"));
        (_variables["PGSSLMODE"], _variables["PGSSLROOTCERT"]) = ("require", "/ca.pem");
        File.Delete(Path.Combine(folder, "root.crl"));
        Assert.Equal(SslMode.VerifyCA, Resolve().SslMode);
    }

    /// <summary>Which version of TLS is agreed upon with a server that speaks some of them; null for none.</summary>
    [Trait(WineLimits.Trait, WineLimits.Certificates)]
    [Theory]
    [InlineData(null, null, SslProtocols.Tls12, SslProtocols.Tls12)]
    [InlineData(null, null, SslProtocols.Tls12 | SslProtocols.Tls13, SslProtocols.Tls13)]
    [InlineData(null, "TLSv1.2", SslProtocols.Tls12 | SslProtocols.Tls13, SslProtocols.Tls12)]
    [InlineData("TLSv1.3", null, SslProtocols.Tls12, null)]
    [InlineData("TLSv1.3", "TLSv1.3", SslProtocols.Tls12 | SslProtocols.Tls13, SslProtocols.Tls13)]
    [InlineData("TLSv1", null, SslProtocols.Tls12, SslProtocols.Tls12)]
    public async Task TheProtocolsVersionIsObeyed(string? least, string? most, SslProtocols spoken, SslProtocols? agreed)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        _variables["PGHOST"] = "127.0.0.1";
        _variables["PGPORT"] = ((IPEndPoint)listener.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);
        (_variables["PGSSLMODE"], _variables["PGGSSENCMODE"]) = ("require", "disable"); // without the latter a second attempt follows
        foreach ((string variable, string? value) in new[] { ("PGSSLMINPROTOCOLVERSION", least), ("PGSSLMAXPROTOCOLVERSION", most) })
        {
            if (value is not null)
            {
                _variables[variable] = value;
            }
        }

        Task<SslProtocols?> answering = ShakeHandsAsync(listener, spoken);
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => ServerConnection.OpenAsync(Resolve(), "test", null, CancellationToken.None));
        Assert.Equal(agreed, await answering);
    }

    /// <summary>A server as far as the end of the handshake.</summary>
    private static async Task<SslProtocols?> ShakeHandsAsync(TcpListener listener, SslProtocols spoken)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using X509Certificate2 certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        using TcpClient client = await listener.AcceptTcpClientAsync();
        NetworkStream stream = client.GetStream();
        await stream.ReadExactlyAsync(new byte[8]); // SSLRequest
        await stream.WriteAsync("S"u8.ToArray());
        using var tls = new SslStream(stream);
        try
        {
            await tls.AuthenticateAsServerAsync(
                new SslServerAuthenticationOptions { ServerCertificate = certificate, EnabledSslProtocols = spoken }
            );
            return tls.SslProtocol;
        }
        catch (Exception exception) when (exception is AuthenticationException or IOException)
        {
            return null;
        }
    }

    private ServerEndpoint Resolve(string? database = null) =>
        ServerEndpoint.Resolve(new ConnectionRequest(), database, static _ => { }, new PostgresEnvironment(_variables.GetValueOrDefault));
}
