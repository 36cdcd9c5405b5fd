namespace CryoBackup.Postgres;

/// <summary>How a connection is secured, in libpq's words.</summary>
public enum SslMode
{
    /// <summary>Never encrypted.</summary>
    Disable,

    /// <summary>Encrypted only if the server insists.</summary>
    Allow,

    /// <summary>Encrypted if the server can.</summary>
    Prefer,

    /// <summary>Always encrypted; the certificate is not checked.</summary>
    Require,

    /// <summary>Always encrypted, with a certificate of a trusted authority.</summary>
    VerifyCA,

    /// <summary>As VerifyCA, and the certificate names the host.</summary>
    VerifyFull,
}
