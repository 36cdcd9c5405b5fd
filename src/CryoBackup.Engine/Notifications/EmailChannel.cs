using System.Net.Mail;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CryoBackup.Configuration;

namespace CryoBackup.Notifications;

/// <summary>Mail, by SMTP. The password is never sent in clear, unless the configuration says that the connection is to be.</summary>
internal sealed class EmailChannel(EmailSettings settings)
    : NotificationChannel("email", settings, new Secrets(settings.SmtpPassword, $"\0{settings.SmtpUsername}\0{settings.SmtpPassword}"))
{
    private const int ImplicitTlsPort = 465;

    /// <inheritdoc/>
    protected override async Task SendAsync(Notification notification, CancellationToken cancellationToken)
    {
        MailAddress from = SmtpAddress.Read(settings.From);
        MailAddress[] to = [.. settings.To.Select(SmtpAddress.Read)];
        SmtpSecurity security =
            settings.SmtpSecurity != SmtpSecurity.Auto ? settings.SmtpSecurity
            : settings.SmtpPort == ImplicitTlsPort ? SmtpSecurity.Tls
            : SmtpSecurity.Starttls;

        using var session = new SmtpSession();
        await session.ConnectAsync(settings.SmtpServer, settings.SmtpPort, cancellationToken).ConfigureAwait(false);
        if (security == SmtpSecurity.Tls)
        {
            await session.SecureAsync(Trust(), cancellationToken).ConfigureAwait(false);
        }

        await session.GreetAsync(expectsGreeting: true, cancellationToken).ConfigureAwait(false);
        if (security == SmtpSecurity.Starttls)
        {
            if (!session.Offers("STARTTLS"))
            {
                throw new NotificationFailure(
                    "the mail server does not offer STARTTLS; set smtp_security to tls, or to none if the network can be trusted",
                    isTransient: false
                );
            }

            await session.StartTlsAsync(cancellationToken).ConfigureAwait(false);
            await session.SecureAsync(Trust(), cancellationToken).ConfigureAwait(false);
            await session.GreetAsync(expectsGreeting: false, cancellationToken).ConfigureAwait(false);
        }

        if (settings.SmtpUsername is { Length: > 0 } user)
        {
            await session.AuthenticateAsync(user, settings.SmtpPassword ?? "", cancellationToken).ConfigureAwait(false);
        }

        byte[] message = MailMessage.Write(from, to, notification, DateTime.UtcNow);
        await session.SendAsync(SmtpAddress.Of(from), [.. to.Select(SmtpAddress.Of)], message, cancellationToken).ConfigureAwait(false);
        await session.QuitAsync(cancellationToken).ConfigureAwait(false);
    }

    private SslClientAuthenticationOptions Trust()
    {
        var options = new SslClientAuthenticationOptions { TargetHost = settings.SmtpServer };
        if (settings.SmtpCaFile is not { } file)
        {
            return options;
        }

        var authorities = new X509Certificate2Collection();
        try
        {
            authorities.ImportFromPemFile(file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new NotificationFailure($"smtp_ca_file '{file}' cannot be read: {exception.Message}", isTransient: false, exception);
        }

        options.RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
        {
            // Whom the system trusts is trusted too; a wrong name is never right.
            if (errors == SslPolicyErrors.None)
            {
                return true;
            }

            if (errors != SslPolicyErrors.RemoteCertificateChainErrors || certificate is null)
            {
                return false;
            }

            using var own = new X509Chain();
            own.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            own.ChainPolicy.CustomTrustStore.AddRange(authorities);
            own.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
            own.ChainPolicy.ExtraStore.AddRange(chain?.ChainPolicy.ExtraStore ?? []);
            using var received = new X509Certificate2(certificate);
            return own.Build(received);
        };
        return options;
    }
}
