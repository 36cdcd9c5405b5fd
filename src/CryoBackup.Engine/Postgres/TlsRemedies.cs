using System.Security.Authentication;

namespace CryoBackup.Postgres;

/// <summary>What an administrator can do about a server's certificate that was not accepted.</summary>
internal static class TlsRemedies
{
    /// <summary>The advice; null where no certificate was the reason.</summary>
    /// <param name="exception">What was thrown.</param>
    /// <param name="endpoint">The server.</param>
    public static string? For(Exception exception, ServerEndpoint endpoint)
    {
        for (Exception? cause = exception; cause is not null; cause = cause.InnerException)
        {
            if (cause is AuthenticationException && For(cause.Message, endpoint) is { } remedy)
            {
                return remedy;
            }
        }

        return null;
    }

    /// <summary>The advice for .NET's or libpq's words.</summary>
    private static string? For(string reason, ServerEndpoint endpoint)
    {
        bool Says(string words) => reason.Contains(words, StringComparison.OrdinalIgnoreCase);
        string trusted = endpoint.Security.TryGetValue("sslrootcert", out string? root)
            ? $"'{root}' (PGSSLROOTCERT)"
            : "the system's store, or root.crt in the folder of libpq's files";
        return Says("NameMismatch")
                ? $"The server's certificate is of another name than '{endpoint.Host}': name the host as the certificate does, "
                    + "have it issued for this name too, or use SslMode VerifyCA."
            : Says("NotTimeValid")
                ? "The server's certificate, or its authority's, has expired or is not valid yet: renew it on the server, "
                    + "and see whether the clocks of both machines are right."
            : Says("PartialChain") || Says("UntrustedRoot") || Says("ChainErrors") || Says("certificate chain")
                ? $"The server's certificate is of an authority that is not trusted here; those that are stand in {trusted}. "
                    + "Put the authority's certificate there."
            : null;
    }
}
