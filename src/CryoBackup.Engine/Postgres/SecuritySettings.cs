using System.Net.Security;
using System.Security.Authentication;
using Npgsql;

namespace CryoBackup.Postgres;

/// <summary>
/// libpq's settings that secure or authenticate a connection. PostgreSQL's programs obey them all; our own sessions come first, with the
/// password, and obey them too, or there is no session.
/// </summary>
internal static class SecuritySettings
{
    /// <summary>The keywords, which are handed on to libpq's programs as they were found. The last two forbid nothing.</summary>
    public static readonly string[] Keywords =
    [
        "sslnegotiation",
        "sslrootcert",
        "sslcert",
        "sslkey",
        "sslcertmode",
        "sslcrl",
        "sslcrldir",
        "sslsni",
        "ssl_min_protocol_version",
        "ssl_max_protocol_version",
        "channel_binding",
        "require_auth",
        "requirepeer",
        "gssencmode",
        "krbsrvname",
        "gsslib",
        "gssdelegation",
    ];

    // libpq's own choice unless told otherwise.
    private const string LeastProtocol = "TLSv1.2";
    private static readonly string[] Protocols = ["TLSv1", "TLSv1.1", LeastProtocol, "TLSv1.3"];

    /// <summary>Whether libpq, asked only for encryption, checks the certificate all the same:
    /// where there is an authority to check it by.</summary>
    /// <param name="security">The settings.</param>
    /// <param name="defaultRoot">The file of authorities in the user's folder; null without a folder.</param>
    public static bool HasAuthority(IReadOnlyDictionary<string, string> security, string? defaultRoot) =>
        security.TryGetValue("sslrootcert", out string? root) ? root != "system" : File.Exists(defaultRoot);

    /// <summary>Refuses what only libpq's programs could obey.</summary>
    /// <param name="security">The settings.</param>
    /// <param name="mode">How the connection is secured.</param>
    /// <param name="isSocket">True for a Unix-domain socket, over which TLS is not spoken.</param>
    /// <param name="defaultRevocations">The revocation list in the user's folder, which libpq reads unasked; null without a folder.</param>
    /// <exception cref="CryoBackupException">ConfigurationInvalid.</exception>
    public static void Check(IReadOnlyDictionary<string, string> security, SslMode mode, bool isSocket, string? defaultRevocations)
    {
        bool tls = !isSocket && mode != SslMode.Disable;
        foreach ((string keyword, string value) in security)
        {
            (string why, string remedy)? refusal = keyword switch
            {
                "sslcrl" or "sslcrldir" when tls => (
                    "revocation lists are read by libpq alone",
                    "Unset it; where a certificate was revoked, have its authority (sslrootcert) replaced."
                ),
                "sslsni" when tls && value is not "1" => ("the server's name is always sent", "Unset it."),
                "sslcertmode" when tls && value is not ("allow" or "disable") => (
                    "whether the server asked for a certificate is not told",
                    "Use allow or disable."
                ),
                "requirepeer" when isSocket => (
                    "whose process listens at the socket is not told",
                    "Use a socket in a folder that only that account may write to, and unset it."
                ),
                "ssl_min_protocol_version" when tls && Array.IndexOf(Protocols, value) < 0 => (
                    "the version is not known",
                    $"Use {string.Join(", ", Protocols)}."
                ),
                "ssl_max_protocol_version" when tls && Array.IndexOf(Protocols, value) < Array.IndexOf(Protocols, LeastProtocol) => (
                    "the version is not known, or too old to be spoken",
                    $"Use {LeastProtocol} or {Protocols[^1]}."
                ),
                _ => null,
            };
            if (refusal is var (reason, way))
            {
                throw Refused(
                    $"{PostgresEnvironment.Variables[keyword]} ({keyword}) is set to '{value}'",
                    reason,
                    PostgresEnvironment.Variables[keyword],
                    way
                );
            }
        }

        bool checks = tls && mode is SslMode.VerifyCA or SslMode.VerifyFull;
        if (checks && !security.ContainsKey("sslcrl") && !security.ContainsKey("sslcrldir") && File.Exists(defaultRevocations))
        {
            throw Refused(
                $"There is a revocation list '{defaultRevocations}'",
                "revocation lists are read by libpq alone",
                defaultRevocations,
                "Move it elsewhere."
            );
        }
    }

    /// <summary>Gives a setting to Npgsql, where it is one of its connection string.</summary>
    /// <param name="builder">The connection string.</param>
    /// <param name="keyword">The setting, by libpq's keyword.</param>
    /// <param name="value">Its value.</param>
    /// <exception cref="CryoBackupException">ConfigurationInvalid: the value is not understood.</exception>
    public static void Apply(NpgsqlConnectionStringBuilder builder, string keyword, string value)
    {
        try
        {
            switch (keyword)
            {
                case "sslrootcert":
                    // "system" means the machine's own authorities, which is what Npgsql takes when told nothing.
                    builder.RootCertificate = value == "system" ? null : value;
                    break;
                case "sslcert":
                    builder.SslCertificate = value;
                    break;
                case "sslkey":
                    builder.SslKey = value;
                    break;
                case "sslnegotiation":
                    builder.SslNegotiation = Enum.Parse<SslNegotiation>(value, ignoreCase: true);
                    break;
                case "channel_binding":
                    builder.ChannelBinding = Enum.Parse<ChannelBinding>(value, ignoreCase: true);
                    break;
                case "gssencmode":
                    builder.GssEncryptionMode = Enum.Parse<GssEncryptionMode>(value, ignoreCase: true);
                    break;
                case "require_auth":
                    // Npgsql has a spelling of its own for this one.
                    builder.RequireAuth = value.Replace("scram-sha-256", "ScramSHA256", StringComparison.Ordinal);
                    break;
                case "krbsrvname":
                    builder.KerberosServiceName = value;
                    break;
            }
        }
        catch (ArgumentException exception)
        {
            throw new CryoBackupException(
                CryoBackupError.ConfigurationInvalid,
                $"The value '{value}' of {PostgresEnvironment.Variables[keyword]} ({keyword}) is not understood.",
                value,
                "Correct or unset it.",
                inner: exception
            );
        }
    }

    /// <summary>What Npgsql's connection string cannot say.</summary>
    /// <param name="security">The settings.</param>
    /// <param name="tls">The handshake that is about to begin.</param>
    public static void Apply(IReadOnlyDictionary<string, string> security, SslClientAuthenticationOptions tls)
    {
        int least = Array.IndexOf(Protocols, security.GetValueOrDefault("ssl_min_protocol_version", LeastProtocol));
        int most = Array.IndexOf(Protocols, security.GetValueOrDefault("ssl_max_protocol_version", Protocols[^1]));
        SslProtocols allowed =
            (least <= 2 && most >= 2 ? SslProtocols.Tls12 : SslProtocols.None) | (most >= 3 ? SslProtocols.Tls13 : SslProtocols.None);
        if (security.ContainsKey("ssl_min_protocol_version") || security.ContainsKey("ssl_max_protocol_version"))
        {
            tls.EnabledSslProtocols = allowed;
        }

        if (security.GetValueOrDefault("sslcertmode") == "disable")
        {
            tls.ClientCertificates = null;
            tls.ClientCertificateContext = null;
            tls.LocalCertificateSelectionCallback = null;
        }
    }

    private static CryoBackupException Refused(string what, string why, string? target, string remedy) =>
        new(
            CryoBackupError.ConfigurationInvalid,
            $"{what}, which pg_dump and pg_restore would obey and our own sessions cannot: {why}. Nothing was sent to the server.",
            target,
            remedy
        );
}
