using System.Buffers.Binary;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CryoBackup.Text;

namespace CryoBackup.Postgres;

/// <summary>
/// Says why a server's certificate was not accepted. .NET tells no names, and, where the authority is the user's own, no more than that a
/// callback refused it; so the certificate is looked at once more, in a handshake that is broken off.
/// </summary>
internal static class ServerCertificate
{
    private const int MostNames = 5;
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(15);

    // What asks a server of PostgreSQL for TLS: its length, and 1234 and 5679 where a version would stand.
    private const int RequestLength = 8;
    private const int RequestCode = (1234 << 16) | 5679;

    /// <summary>Finds out.</summary>
    /// <param name="endpoint">The server, whose certificate was refused.</param>
    /// <param name="cancellationToken">Ends the looking.</param>
    /// <returns>A sentence; null where it cannot be told, or where a second look finds no fault.</returns>
    public static async Task<string?> FindFaultAsync(ServerEndpoint endpoint, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(LongestWait);
        string? fault = null;
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(endpoint.Host, endpoint.Port, limit.Token).ConfigureAwait(false);
            NetworkStream stream = client.GetStream();
            var tls = new SslClientAuthenticationOptions
            {
                TargetHost = endpoint.Host,
                RemoteCertificateValidationCallback = (_, certificate, _, errors) =>
                {
                    fault = Describe(endpoint, certificate, errors);
                    return false;
                },
            };
            SecuritySettings.Apply(endpoint.Security, tls);
            if (string.Equals(endpoint.Security.GetValueOrDefault("sslnegotiation"), "direct", StringComparison.OrdinalIgnoreCase))
            {
                tls.ApplicationProtocols = [new SslApplicationProtocol("postgresql")];
            }
            else
            {
                byte[] request = new byte[RequestLength];
                BinaryPrimitives.WriteInt32BigEndian(request, RequestLength);
                BinaryPrimitives.WriteInt32BigEndian(request.AsSpan(sizeof(int)), RequestCode);
                await stream.WriteAsync(request, limit.Token).ConfigureAwait(false);
                await stream.ReadExactlyAsync(request.AsMemory(0, 1), limit.Token).ConfigureAwait(false);
            }

            using var secured = new SslStream(stream);
            await secured.AuthenticateAsClientAsync(tls, limit.Token).ConfigureAwait(false);
        }
        catch (Exception exception)
            when (exception is AuthenticationException or IOException or SocketException or CryptographicException
                || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested)
            )
        {
            // Broken off, by us or by the server.
        }

        return fault;
    }

    private static string? Describe(ServerEndpoint endpoint, X509Certificate? certificate, SslPolicyErrors errors)
    {
        if (certificate is null)
        {
            return "the server showed no certificate";
        }

        using var full = new X509Certificate2(certificate);
        List<string> faults = [];
        if (endpoint.SslMode == SslMode.VerifyFull && errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
        {
            string names = string.Join(
                ", ",
                CertificateNames.Of(full).Take(MostNames).Select(name => $"'{name}'").DefaultIfEmpty("no name")
            );
            faults.Add($"its certificate is of {names}, and '{endpoint.Host}' was asked for (NameMismatch)");
        }

        string[] states = ChainFaults(endpoint.Security.GetValueOrDefault("sslrootcert"), full);
        if (states.Length > 0)
        {
            faults.Add($"the chain of its certificate's authorities: {string.Join(", ", states.Select(Words))}");
        }

        return faults.Count == 0 ? null : string.Join("; ", faults);
    }

    private static string Words(string state) =>
        state switch
        {
            "NotTimeValid" => "one has expired or is not valid yet (NotTimeValid)",
            "UntrustedRoot" or "PartialChain" => $"none is trusted here ({state})",
            _ => state,
        };

    private static string[] ChainFaults(string? authorities, X509Certificate2 certificate)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        if (authorities is not (null or "system"))
        {
            chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            chain.ChainPolicy.CustomTrustStore.ImportFromPemFile(authorities);
        }

        return chain.Build(certificate)
            ? []
            : [.. chain.ChainStatus.Select(status => status.Status.ToString()).Distinct(StringComparer.Ordinal)];
    }
}
