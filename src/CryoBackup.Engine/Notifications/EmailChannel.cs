using System.Text;
using CryoBackup.Configuration;
using MailKit;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace CryoBackup.Notifications;

/// <summary>Mail, by SMTP. The password is never sent in clear, unless the configuration says that the connection is to be.</summary>
internal sealed class EmailChannel(EmailSettings settings)
    : NotificationChannel("email", settings, new Secrets(settings.SmtpPassword, $"\0{settings.SmtpUsername}\0{settings.SmtpPassword}"))
{
    private const int ImplicitTlsPort = 465;
    private static readonly TimeSpan TimeForGoodbye = TimeSpan.FromMilliseconds(500);

    /// <inheritdoc/>
    protected override async Task SendAsync(Notification notification, CancellationToken cancellationToken)
    {
        MimeMessage message = MailMessage.Of(settings, notification);
        var identity = new ServerIdentity(settings.SmtpServer, settings.SmtpCaFile);
        using var conversation = new MailConversation();
        using var client = new Client(conversation)
        {
            LocalDomain = OwnName(),
            ServerCertificateValidationCallback = identity.IsTrusted,
            CheckCertificateRevocation = false,

            // The channel's own limit ends what takes longer.
            Timeout = Timeout.Infinite,
        };
        try
        {
            await client.ConnectAsync(settings.SmtpServer, settings.SmtpPort, Security(), cancellationToken).ConfigureAwait(false);
            client.Capabilities &= SmtpCapabilities.Authentication | SmtpCapabilities.Size;
            if (settings.SmtpUsername is { Length: > 0 } user)
            {
                SaslMechanism mechanism = Mechanism(client.AuthenticationMechanisms, user, settings.SmtpPassword ?? "");
                await client.AuthenticateAsync(mechanism, cancellationToken).ConfigureAwait(false);
            }

            await client.SendAsync(message, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (Explain(exception, conversation, identity) is { } failure)
        {
            throw failure;
        }

        // The message is the server's by now, whatever it answers to this.
        using var patience = new CancellationTokenSource(TimeForGoodbye);
        await client.DisconnectAsync(quit: true, patience.Token).ConfigureAwait(false);
        if (client.Refused.Count > 0)
        {
            // Sent again, it would reach the others twice.
            throw new NotificationFailure($"{client.Refused[0].Message}; the other receivers were sent it", isTransient: false)
            {
                Answer = client.Refused[0].Answer,
            };
        }
    }

    private SecureSocketOptions Security() =>
        settings.SmtpSecurity switch
        {
            SmtpSecurity.None => SecureSocketOptions.None,
            SmtpSecurity.Tls => SecureSocketOptions.SslOnConnect,
            SmtpSecurity.Auto when settings.SmtpPort == ImplicitTlsPort => SecureSocketOptions.SslOnConnect,
            _ => SecureSocketOptions.StartTls,
        };

    private static SaslMechanism Mechanism(HashSet<string> offered, string user, string password) =>
        offered.Contains("PLAIN") ? new SaslMechanismPlain(Encoding.UTF8, user, password)
        : offered.Contains("LOGIN") ? new SaslMechanismLogin(Encoding.UTF8, user, password)
        : throw new NotificationFailure(
            offered.Count == 0
                ? "an account is configured, but the mail server offers no authentication"
                : "the mail server offers neither AUTH PLAIN nor AUTH LOGIN",
            isTransient: false
        )
        {
            Answer = string.Join(' ', offered),
        };

    /// <summary>MailKit's failures in our words; null for those that are the platform's, or known already.</summary>
    private static NotificationFailure? Explain(Exception exception, MailConversation conversation, ServerIdentity identity) =>
        exception switch
        {
            SslHandshakeException { InnerException: var cause } => identity.Failure(cause) ?? Lost(cause),
            NotSupportedException => new NotificationFailure(
                "the mail server does not offer STARTTLS; set smtp_security to tls, or to none if the network can be trusted",
                isTransient: false,
                exception
            ),
            SmtpProtocolException => Lost(exception),
            CommandException or ServiceNotAuthenticatedException or AuthenticationException => conversation.Refusal(),
            _ => null,
        };

    private static NotificationFailure Lost(Exception? cause) => new("the mail server hung up", isTransient: true, cause);

    /// <summary>The name of this machine where it is one of the DNS, as the protocol demands; else the address of nobody.</summary>
    private static string OwnName()
    {
        string name = Environment.MachineName.ToLowerInvariant();
        return name.Length > 0 && name.All(character => char.IsAsciiLetterOrDigit(character) || character is '-' or '.')
            ? name
            : "127.0.0.1";
    }

    /// <summary>Sends to those receivers that the server takes, and keeps why it does not take the others.</summary>
    private sealed class Client(MailConversation conversation) : SmtpClient(conversation)
    {
        public List<NotificationFailure> Refused { get; } = [];

        protected override void OnRecipientNotAccepted(MimeMessage message, MailboxAddress mailbox, SmtpResponse response) =>
            Refused.Add(conversation.Refusal($"the receiver {mailbox.GetAddress(idnEncode: true)}"));

        protected override void OnNoRecipientsAccepted(MimeMessage message) =>
            throw Refused.Find(failure => failure.IsTransient) ?? Refused[0];
    }
}
