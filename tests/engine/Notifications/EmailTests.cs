using System.Text;
using System.Text.RegularExpressions;
using CryoBackup.Configuration;
using CryoBackup.Notifications;
using CryoBackup.Runs;
using CryoBackup.Tests.Reports;
using CryoBackup.Tests.Standalone;

namespace CryoBackup.Tests.Notifications;

/// <summary>Mail to a real server on loopback.</summary>
[Trait(WineLimits.Trait, WineLimits.Certificates)]
public sealed partial class EmailTests : IDisposable
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
        Assert.Matches("(?m)^Date: \\w{3}, \\d\\d \\w{3} \\d{4} \\d\\d:\\d\\d:\\d\\d \\+0000\r$", head);
        Assert.Contains("From: \"Backup, nightly\" <backup@example.com>\r\n", head, StringComparison.Ordinal);
        Assert.Contains("To: admin@example.com, oncall@example.com\r\n", head, StringComparison.Ordinal);
        Assert.Matches("(?m)^Message-Id: <[0-9a-f]{32}@example.com>\r$", head);
        Assert.Contains("Auto-Submitted: auto-generated\r\nX-CryoBackup-Event: success\r\n", head, StringComparison.Ordinal);
        Assert.Equal("[CryoBackup] Backup of größe completed successfully", Subject(head));
        (string text, string html) = Parts(message);
        Assert.StartsWith(
            "Backup of größe completed successfully\r\n\r\nBackup completed successfully: "
                + "/backups/größe_20260131_120000_full.dump.gz\r\n  4.6 KB, 1 tables, 1,234 rows, 1m 30s\r\nRun on ",
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
            RunItem.Failed(RunKind.Backup, "app", "", failure, SampleResults.Noon)
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
    [InlineData("mail.elsewhere.test", "its certificate is for mail.elsewhere.test, not for 127.0.0.1")]
    [InlineData("127.0.0.1", "its certificate for 127.0.0.1 (for 127.0.0.1) is signed by 127.0.0.1, whom nothing here trusts")]
    public async Task UnknownCertificateIsNotTrusted(string name, string doubt)
    {
        foreach (SmtpSecurity security in (SmtpSecurity[])[SmtpSecurity.Starttls, SmtpSecurity.Tls])
        {
            await using var server = new MailServer(name) { ImplicitTls = security == SmtpSecurity.Tls };
            EmailSettings settings = Settings(server, security);
            Delivery delivery = await SendAsync(name == settings.SmtpServer ? settings with { SmtpCaFile = null } : settings);
            Assert.False(delivery.Sent);
            Assert.Equal($"the server's identity could not be verified: {doubt}", delivery.Detail);
            Assert.DoesNotContain(server.Lines, line => line.Contains("AUTH", StringComparison.Ordinal));
        }
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
    [InlineData("ends\r\nBcc: x@example.com", "endsBcc: x@example.com")]
    [InlineData("=?utf-8?b?eA==?=", "= ?utf-8?b?eA== ?=")]
    [InlineData("日本語🐘日本語🐘日本語🐘日本語🐘日本語🐘日本語🐘日本語🐘日本語🐘日本語🐘", null)]
    public async Task NoNameAddsAHeaderOrBreaksOne(string database, string? shown)
    {
        await using var server = new MailServer();
        Delivery delivery = await SendAsync(Settings(server, SmtpSecurity.Starttls), RunItem.Of(SampleResults.Backup(database)));
        Assert.True(delivery.Sent, delivery.Detail);
        string message = Assert.Single(server.Messages);
        Assert.All(message, character => Assert.InRange(character, '\n', '~'));
        string head = message[..message.IndexOf("\r\n\r\n", StringComparison.Ordinal)];
        Assert.DoesNotContain(head.Split("\r\n"), line => line.StartsWith("Bcc", StringComparison.OrdinalIgnoreCase));
        Assert.All(EncodedWord().Matches(head), word => Assert.InRange(word.Length, 13, 76));
        Assert.Equal($"[CryoBackup] Backup of {shown ?? database} completed successfully", Subject(head));
    }

    [Theory]
    [InlineData("nobody")]
    [InlineData("größe@example.com")]
    [InlineData("a@example.com\r\nRCPT TO:<b@example.com>")]
    public async Task WhatIsNoAddressIsNotWrittenTo(string address)
    {
        await using var server = new MailServer();
        Delivery delivery = await SendAsync(Settings(server, SmtpSecurity.Starttls) with { To = [address] });
        Assert.Equal("one of its addresses is not a mail address", delivery.Detail);
        Assert.Empty(server.Lines);
    }

    [Fact]
    public async Task DomainsBeyondAsciiAreEncoded()
    {
        await using var server = new MailServer { Offers = ["STARTTLS", "AUTH PLAIN", "SMTPUTF8", "8BITMIME", "PIPELINING", "CHUNKING"] };
        Delivery delivery = await SendAsync(Settings(server, SmtpSecurity.Starttls) with { To = ["wer@größe.example"] });
        Assert.True(delivery.Sent, delivery.Detail);
        Assert.Contains("tls RCPT TO:<wer@xn--gre-6ka8i.example>", server.Lines);
        Assert.Contains("To: wer@xn--gre-6ka8i.example\r\n", Assert.Single(server.Messages), StringComparison.Ordinal);
    }

    [Fact]
    public async Task InClearWhereTheConfigurationSaysSo()
    {
        await using var server = new MailServer { Offers = ["AUTH PLAIN"] };
        Delivery delivery = await SendAsync(Settings(server, SmtpSecurity.None));
        Assert.True(delivery.Sent, delivery.Detail);
        Assert.DoesNotContain(server.Lines, line => line.StartsWith("tls ", StringComparison.Ordinal));
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
            Kind = RunKind.Backup,
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

    /// <summary>A subject as a reader sees it: folded lines joined, encoded words decoded (RFC 2047).</summary>
    private static string Subject(string head)
    {
        string raw = Regex
            .Match(head, "(?m)^Subject: (.*(?:\r\n[ \t].*)*)\r$")
            .Groups[1]
            .Value.Replace("\r\n", "", StringComparison.Ordinal);
        string joined = Regex.Replace(raw, @"(\?=)\s+(=\?)", "$1$2");
        return EncodedWord().Replace(joined, word => Decode(word.Groups[1].Value));
    }

    [GeneratedRegex(@"=\?utf-8\?b\?(.*?)\?=", RegexOptions.IgnoreCase)]
    private static partial Regex EncodedWord();

    private static string Decode(string base64) => Encoding.UTF8.GetString(Convert.FromBase64String(base64));

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
