using System.Text;
using System.Text.RegularExpressions;
using CryoBackup.Configuration;
using CryoBackup.Notifications;
using CryoBackup.Runs;
using CryoBackup.Tests.Reports;

namespace CryoBackup.Tests.Notifications;

/// <summary>Mail to a real server on loopback.</summary>
public sealed class EmailTests : IDisposable
{
    private const string User = "backup-robot";
    private const string Password = "canary-mail-Ω-7f3a";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(SmtpSecurity.Starttls, "AUTH PLAIN LOGIN")]
    [InlineData(SmtpSecurity.Tls, "AUTH LOGIN")]
    public async Task ArrivesEncryptedAndAuthenticated(SmtpSecurity security, string mechanisms)
    {
        await using var server = new MailServer { ImplicitTls = security == SmtpSecurity.Tls, Offers = ["STARTTLS", mechanisms] };
        Delivery delivery = await SendAsync(Settings(server, security), RunItem.Of(SampleResults.Backup("größe")));
        Assert.True(delivery.Sent, delivery.Detail);

        string[] lines = [.. server.Lines];
        string[] opening = security == SmtpSecurity.Tls ? [] : [lines[0], "STARTTLS"];
        Assert.Equal(opening, lines.Take(opening.Length));
        string secret = Convert.ToBase64String(Encoding.UTF8.GetBytes($"\0{User}\0{Password}"));
        string[] authentication =
            mechanisms == "AUTH LOGIN"
                ? ["tls AUTH LOGIN", "tls " + Base64(User), "tls " + Base64(Password)]
                : ["tls AUTH PLAIN " + secret];
        Assert.Matches("^tls EHLO [a-z0-9.\\-\\[\\]]+$", lines[opening.Length]);
        Assert.Equal(
            [
                .. authentication,
                "tls MAIL FROM:<backup@example.com>",
                "tls RCPT TO:<admin@example.com>",
                "tls RCPT TO:<oncall@example.com>",
                "tls DATA",
            ],
            lines.Skip(opening.Length + 1).Take(authentication.Length + 4)
        );

        string message = Assert.Single(server.Messages);
        Assert.All(message, character => Assert.InRange(character, '\n', '~'));
        Assert.All(message.Split("\r\n"), line => Assert.InRange(line.Length, 0, 78));
        string head = message[..message.IndexOf("\r\n\r\n", StringComparison.Ordinal)];
        Assert.Matches(
            "^Date: \\w{3}, \\d\\d \\w{3} \\d{4} \\d\\d:\\d\\d:\\d\\d \\+0000\r\nFrom: \"Backup, nightly\" <backup@example.com>\r\nTo: "
                + "admin@example.com,\r\n oncall@example.com\r\nSubject: =\\?utf-8\\?B\\?",
            head
        );
        string subject = string.Concat(
            Regex
                .Matches(head, @"=\?utf-8\?B\?(.*?)\?=")
                .Select(match => Encoding.UTF8.GetString(Convert.FromBase64String(match.Groups[1].Value)))
        );
        Assert.Equal("[CryoBackup] Backup of größe completed successfully", subject);
        (string text, string html) = Parts(message);
        Assert.StartsWith(
            "Backup of größe completed successfully\r\n\r\nBackup completed successfully: "
                + "/backups/größe_20260131_120000_full.dump.gz\r\n  4.6 KB, 1 tables, 1,234 rows, 0:01:30\r\nRun on ",
            text.Replace('\\', '/'),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "<h2 style=\"border-left:8px solid #14713d;padding-left:10px\">Backup of gr&#246;&#223;e completed successfully</h2>",
            html,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task FailureNamesReasonAndRemedy()
    {
        await using var server = new MailServer();
        var failure = new CryoBackupException(CryoBackupError.DumpFailed, "pg_dump failed on <app>.", "app", "Look at it.", ["."]);
        Delivery delivery = await SendAsync(
            Settings(server, SmtpSecurity.Starttls),
            RunItem.Failed(RunVerb.Backup, "app", "", failure, SampleResults.Noon)
        );
        Assert.True(delivery.Sent, delivery.Detail);
        (string text, string html) = Parts(Assert.Single(server.Messages));
        Assert.Contains(
            "Backup of app failed\r\n\r\nBackup failed: pg_dump failed on <app>.\r\n  .\r\n  Remedy: Look at it.\r\n",
            text,
            StringComparison.Ordinal
        );
        Assert.Contains("pg_dump failed on &lt;app&gt;.", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PasswordNeverGoesInClear()
    {
        await using var server = new MailServer { Offers = ["AUTH PLAIN"] };
        Delivery delivery = await SendAsync(Settings(server, SmtpSecurity.Starttls));
        Assert.False(delivery.Sent);
        Assert.Contains("does not offer STARTTLS", delivery.Detail, StringComparison.Ordinal);
        Assert.StartsWith("EHLO ", Assert.Single(server.Lines), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task UnknownCertificateIsNotTrusted(bool wrongName)
    {
        await using var server = new MailServer(wrongName ? "mail.elsewhere.test" : "127.0.0.1");
        EmailSettings settings = Settings(server, SmtpSecurity.Starttls);
        Delivery delivery = await SendAsync(wrongName ? settings : settings with { SmtpCaFile = null });
        Assert.False(delivery.Sent);
        Assert.StartsWith("the server's identity could not be verified", delivery.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain(server.Lines, line => line.Contains("AUTH", StringComparison.Ordinal));
    }

    [Fact]
    public async Task TriesAgainAfterWhatMayPass()
    {
        await using var server = new MailServer();
        server.Answer = (line, _) =>
            line.StartsWith("MAIL", StringComparison.Ordinal)
            && server.Lines.Count(known => known.Contains("MAIL", StringComparison.Ordinal)) == 1
                ? "451 busy, try later"
                : null;
        Delivery delivery = await SendAsync(Settings(server, SmtpSecurity.Starttls));
        Assert.True(delivery.Sent, delivery.Detail);
        Assert.Equal(2, server.Lines.Count(line => line.StartsWith("tls MAIL", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task GivesUpAtOnceAfterWhatWillNotPassAndHidesWhatTheServerRepeats()
    {
        await using var server = new MailServer();
        server.Answer = (line, _) => line.StartsWith("AUTH", StringComparison.Ordinal) ? $"535 not with {line}" : null;
        Delivery delivery = await SendAsync(Settings(server, SmtpSecurity.Starttls));
        Assert.False(delivery.Sent);
        Assert.Equal("the mail server refused AUTH PLAIN: 535 (the account or its password is not taken)", delivery.Detail);
        Assert.Single(server.Lines, line => line.Contains("AUTH", StringComparison.Ordinal));
    }

    [Fact]
    public async Task OneReceiverOfTwoIsRefused()
    {
        await using var server = new MailServer();
        server.Answer = (line, _) => line.Contains("admin@", StringComparison.Ordinal) ? "550 no such user" : null;
        Delivery delivery = await SendAsync(Settings(server, SmtpSecurity.Starttls));
        Assert.False(delivery.Sent);
        Assert.Equal(
            "the mail server refused the receiver admin@example.com: 550 (no such mailbox, or not permitted); "
                + "the other receivers were sent it",
            delivery.Detail
        );
        Assert.Single(server.Messages);
    }

    [Theory]
    [InlineData("Backup of app", "Backup of app")]
    [InlineData("ends\r\nBcc: x@example.com", "=?utf-8?B?ZW5kcw0KQmNjOiB4QGV4YW1wbGUuY29t?=")]
    [InlineData("=?x", "=?utf-8?B?PT94?=")]
    public void HeadersCannotBeAddedTo(string text, string expected) => Assert.Equal(expected, MailMessage.Encode(text));

    [Fact]
    public void WordsOfASubjectAreShortAndWhole()
    {
        string encoded = MailMessage.Encode(string.Concat(Enumerable.Repeat("日本語🐘", 30)));
        string[] words = encoded.Split("\r\n ");
        Assert.All(words, word => Assert.InRange(word.Length, 13, 75));
        Assert.Equal(
            string.Concat(Enumerable.Repeat("日本語🐘", 30)),
            string.Concat(words.Select(word => new UTF8Encoding(false, true).GetString(Convert.FromBase64String(word[10..^2]))))
        );
    }

    private EmailSettings Settings(MailServer server, SmtpSecurity security) =>
        new()
        {
            From = "\"Backup, nightly\" <backup@example.com>",
            To = ["admin@example.com", "oncall@example.com"],
            SmtpServer = "127.0.0.1",
            SmtpPort = server.Port,
            SmtpSecurity = security,
            SmtpUsername = User,
            SmtpPassword = Password,
            SmtpCaFile = _folder.Write("ca.pem", server.Certificate),
        };

    private static async Task<Delivery> SendAsync(EmailSettings settings, RunItem? item = null)
    {
        var run = new RunRecord
        {
            Verb = RunVerb.Backup,
            Start = SampleResults.Noon,
            End = SampleResults.Noon,
        };
        run.Items.Add(item ?? RunItem.Of(SampleResults.Backup()));
        return Assert.Single(await new Notifier(new NotificationSettings { Email = settings }).EndAsync(run, CancellationToken.None));
    }

    private static (string Text, string Html) Parts(string message)
    {
        string boundary = Regex.Match(message, "boundary=\"(.*?)\"").Groups[1].Value;
        string[] parts =
        [
            .. message
                .Split($"--{boundary}")
                .Skip(1)
                .Take(2)
                .Select(part => part[(part.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..]),
        ];
        Assert.EndsWith($"--{boundary}--\r\n", message, StringComparison.Ordinal);
        return (Decode(parts[0]), Decode(parts[1]));
    }

    private static string Decode(string base64) => Encoding.UTF8.GetString(Convert.FromBase64String(base64));

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
