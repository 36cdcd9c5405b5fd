using System.Security.Cryptography.X509Certificates;

namespace CryoBackup.Text;

/// <summary>Whom a certificate is for.</summary>
internal static class CertificateNames
{
    /// <summary>The names that a certificate is issued for, as its author wrote them.</summary>
    /// <param name="certificate">The certificate.</param>
    /// <returns>Its alternative names and addresses, or, as before there were any, its common name; none where it has neither.</returns>
    public static string[] Of(X509Certificate2 certificate)
    {
        string[] names =
        [
            .. certificate
                .Extensions.OfType<X509SubjectAlternativeNameExtension>()
                .SelectMany(alternative =>
                    alternative.EnumerateDnsNames().Concat(alternative.EnumerateIPAddresses().Select(address => address.ToString()))
                ),
        ];
        return names.Length > 0 ? names
            : certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false) is { Length: > 0 } common ? [common]
            : [];
    }
}
