using System.Globalization;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CryoBackup.Text;

namespace CryoBackup.Notifications;

/// <summary>Decides whether a server is who it says it is, and knows why not.</summary>
internal sealed class ServerIdentity
{
    private const int MostNames = 3;
    private const int MostOfAName = 100;

    private readonly string _host;
    private readonly X509Certificate2Collection _authorities = [];
    private string? _doubt;

    /// <summary>Prepares the decision.</summary>
    /// <param name="host">The server's name or address, as the configuration has it.</param>
    /// <param name="authorities">A file of certificates that are trusted beside the system's; null for none.</param>
    /// <exception cref="NotificationFailure">The file cannot be read.</exception>
    public ServerIdentity(string host, string? authorities = null)
    {
        _host = host;
        try
        {
            if (authorities is not null)
            {
                _authorities.ImportFromPemFile(authorities);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new NotificationFailure(
                $"smtp_ca_file '{authorities}' cannot be read: {exception.Message}",
                isTransient: false,
                exception
            );
        }
    }

    /// <summary>Takes what TLS found out. Whom the system trusts is trusted too; a wrong name is never right.</summary>
    public bool IsTrusted(object? _, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        _doubt = null;
        if (errors == SslPolicyErrors.None)
        {
            return true;
        }

        if (certificate is null || errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable))
        {
            _doubt = "it showed no certificate";
            return false;
        }

        using var received = new X509Certificate2(certificate);
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
        {
            _doubt = $"its certificate is for {NamesOf(received)}, not for {_host}";
            return false;
        }

        _doubt = DoubtOf(received, chain);
        return _doubt is null;
    }

    /// <summary>Why no encrypted connection came about.</summary>
    /// <param name="cause">What the attempt ended with.</param>
    /// <returns>Null where the encryption is not the reason.</returns>
    public NotificationFailure? Failure(Exception? cause) =>
        _doubt is not null ? new NotificationFailure($"the server's identity could not be verified: {_doubt}", isTransient: false, cause)
        : cause is AuthenticationException
            ? new NotificationFailure("no encryption was agreed on", isTransient: false, cause)
            {
                Answer = cause.InnerException?.Message ?? cause.Message,
            }
        : null;

    private string? DoubtOf(X509Certificate2 received, X509Chain? chain)
    {
        X509ChainStatus[] faults = chain?.ChainStatus ?? [];
        if (_authorities.Count > 0)
        {
            using var own = new X509Chain();
            own.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            own.ChainPolicy.CustomTrustStore.AddRange(_authorities);
            own.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
            own.ChainPolicy.ExtraStore.AddRange(chain?.ChainPolicy.ExtraStore ?? []);
            if (own.Build(received))
            {
                return null;
            }

            faults = own.ChainStatus;
        }

        string whose = $"its certificate for {_host} (for {NamesOf(received)})";
        return DateTime.Now > received.NotAfter ? $"{whose} was valid until {Day(received.NotAfter)}"
            : DateTime.Now < received.NotBefore ? $"{whose} is not valid before {Day(received.NotBefore)}"
            : Array.Exists(faults, fault => (fault.Status & (X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.PartialChain)) != 0)
                ? $"{whose} is signed by {IssuerOf(received)}, whom nothing here trusts"
            : $"{whose} is not accepted ({string.Join(", ", faults.Select(fault => fault.Status))})";
    }

    private static string Day(DateTime local) => local.ToUniversalTime().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static string IssuerOf(X509Certificate2 certificate) =>
        Visible(certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: true));

    private static string NamesOf(X509Certificate2 certificate)
    {
        string[] names = CertificateNames.Of(certificate);
        string shown = string.Join(", ", names.Take(MostNames).Select(Visible));
        return names.Length > MostNames ? $"{shown} and {names.Length - MostNames} more" : shown;
    }

    private static string Visible(string name) => Notification.Cut(VisibleText.Of(name), MostOfAName);
}
