using System.Net;
using System.Net.Sockets;
using CryoBackup.Configuration;
using CryoBackup.Notifications;
using CryoBackup.Runs;
using CryoBackup.Tests.Reports;
using CryoBackup.Tests.Standalone;

namespace CryoBackup.Tests.Notifications;

/// <summary>Whatever answers in a mail server's place, the delivery says what is wrong, and no password is sent.</summary>
[Trait(WineLimits.Trait, WineLimits.Certificates)]
public sealed class OddMailServerTests : IDisposable
{
    private const string Password = "canary-mail-91c2";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string, string, string> Answers =>
        new()
        {
            { "EHLO", "hello", "what answers there is not a mail server" },
            { "EHLO", "no", "what answers there is not a mail server" },
            { "EHLO", string.Join("\r\n", Enumerable.Repeat("250-more", 201)), "the mail server's answer does not end" },
            { "EHLO", "250 " + new string('x', 5000), "the mail server's answer has a line without end" },
            { "STARTTLS", "220 go ahead\r\n250 slipped in", "the mail server spoke out of turn before the encryption began" },
            { "STARTTLS", "502", "the mail server refused STARTTLS: 502" },
        };

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task IsNotTalkedToFurther(string command, string answer, string expected)
    {
        await using var server = new MailServer();
        server.Answer = (line, _) => line.StartsWith(command, StringComparison.Ordinal) ? answer : null;
        Delivery delivery = await SendAsync(Settings(server));
        Assert.False(delivery.Sent);
        Assert.StartsWith(expected, delivery.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain(server.Lines, line => line.Contains("AUTH", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("SIZE 1000", "an account is configured, but the mail server offers no authentication")]
    [InlineData("AUTH CRAM-MD5 GSSAPI", "the mail server offers neither AUTH PLAIN nor AUTH LOGIN")]
    public async Task WithoutAWayToAuthenticate(string offer, string expected)
    {
        await using var server = new MailServer { Offers = ["STARTTLS", offer] };
        Assert.Equal(expected, (await SendAsync(Settings(server))).Detail);
    }

    [Theory]
    [InlineData("550 no such user", 1, "550 (no such mailbox, or not permitted)")]
    [InlineData("451 later", 2, "451 (not now)")]
    public async Task EveryReceiverIsRefused(string answer, int attempts, string expected)
    {
        await using var server = new MailServer();
        server.Answer = (line, _) => line.StartsWith("RCPT", StringComparison.Ordinal) ? answer : null;
        Delivery delivery = await SendAsync(Settings(server) with { Retries = 1 });
        Assert.Equal($"the mail server refused the receiver admin@example.com: {expected}", delivery.Detail);
        Assert.Equal(attempts, server.Lines.Count(line => line.StartsWith("tls MAIL", StringComparison.Ordinal)));
        Assert.Empty(server.Messages);
    }

    [Fact]
    public async Task HangsUpAtOnce()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var hangUp = Task.Run(async () => (await listener.AcceptTcpClientAsync()).Close());
        EmailSettings settings = new()
        {
            From = "backup@example.com",
            To = ["admin@example.com"],
            SmtpServer = "127.0.0.1",
            SmtpPort = ((IPEndPoint)listener.LocalEndpoint).Port,
            Retries = 0,
        };
        Delivery delivery = await SendAsync(settings);
        await hangUp;
        Assert.Equal("the mail server hung up", delivery.Detail);
    }

    [Fact]
    public async Task CaFileThatCannotBeReadIsNamed()
    {
        await using var server = new MailServer();
        Delivery delivery = await SendAsync(Settings(server) with { SmtpCaFile = Path.Combine(_folder.Path, "none.pem") });
        Assert.StartsWith(
            $"smtp_ca_file '{Path.Combine(_folder.Path, "none.pem")}' cannot be read: ",
            delivery.Detail,
            StringComparison.Ordinal
        );
    }

    /// <summary>Behind its answer to QUIT a server may hang: it has the mail.</summary>
    [Fact]
    public async Task ThatDoesNotSayGoodbyeHasTheMail()
    {
        await using var server = new MailServer { HangsAt = "QUIT" };
        Delivery delivery = await SendAsync(Settings(server) with { Timeout = TimeSpan.FromSeconds(60) });
        Assert.True(delivery.Sent, delivery.Detail);
        Assert.Single(server.Messages);
    }

    [Theory]
    [InlineData("DATA", "554", "DATA: 554 (not taken)")]
    [InlineData("MAIL", "530 5.7.0", "MAIL FROM: 530 (it demands an account)")]
    [InlineData("EHLO", "421 busy", "HELO: 421 (not available)")]
    public async Task ThatRefusesIsNotWaitedFor(string command, string answer, string expected)
    {
        await using var server = new MailServer { HangsAt = "RSET" };
        server.Answer = (line, _) =>
            line.StartsWith(command, StringComparison.Ordinal) || (command == "EHLO" && line.StartsWith("HELO", StringComparison.Ordinal))
                ? answer
                : null;
        Delivery delivery = await SendAsync(Settings(server) with { Retries = 0 });
        Assert.Equal($"the mail server refused {expected}", delivery.Detail);
    }

    private EmailSettings Settings(MailServer server) =>
        new()
        {
            From = "backup@example.com",
            To = ["admin@example.com"],
            SmtpServer = "127.0.0.1",
            SmtpPort = server.Port,
            SmtpSecurity = SmtpSecurity.Starttls,
            SmtpUsername = "robot",
            SmtpPassword = Password,
            SmtpCaFile = _folder.Write("ca.pem", server.Certificate),
        };

    private static async Task<Delivery> SendAsync(EmailSettings settings)
    {
        var run = new RunRecord
        {
            Kind = RunKind.Backup,
            Start = SampleResults.Noon,
            End = SampleResults.Noon,
        };
        run.Items.Add(RunItem.Of(SampleResults.Backup()));
        return Assert.Single(await new Notifier(new NotificationSettings { Email = settings }).EndAsync(run, CancellationToken.None));
    }
}
