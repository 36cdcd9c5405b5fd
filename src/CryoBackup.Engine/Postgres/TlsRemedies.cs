using System.Security.Authentication;
using Npgsql;

namespace CryoBackup.Postgres;

/// <summary>What an administrator can do about a server's certificate that was not accepted.</summary>
internal static class TlsRemedies
{
    /// <summary>The advice; null where neither a certificate nor its lack was the reason.</summary>
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

            if (cause is FileNotFoundException or DirectoryNotFoundException)
            {
                return "Give full paths of what PGSSLROOTCERT, PGSSLCERT and PGSSLKEY name.";
            }

            if (cause is NpgsqlException && cause.Message.Contains("No SSL enabled connection", StringComparison.Ordinal))
            {
                return "Turn SSL on at the server (ssl = on), or permit a connection in clear with -SslMode Prefer.";
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
        return Says("NameMismatch") ? "Name the host as the certificate does, have it issued for this name too, or use -SslMode VerifyCA."
            : Says("NotTimeValid") ? "Renew it, or its authority's, on the server; see whether the clocks of both machines are right."
            : Says("PartialChain") || Says("UntrustedRoot") || Says("ChainErrors") || Says("certificate chain")
                ? $"Put its authority's certificate into {trusted}."
            : null;
    }
}
