using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using CryoBackup.Configuration;
using CryoBackup.Hosting;
using CryoBackup.Notifications;
using CryoBackup.Restore;
using CryoBackup.Runs;
using CryoBackup.Tests.Reports;
using CryoBackup.Tests.Standalone;

namespace CryoBackup.Tests.Notifications;

/// <summary>What about_CryoBackup_Evidence shows is what is sent and written, byte for byte.</summary>
public sealed partial class DocumentedEvidenceTests : IDisposable
{
    private static readonly string s_page = File.ReadAllText(
            Path.Combine(AppContext.BaseDirectory, "data", "about_CryoBackup_Evidence.help.txt")
        )
        .ReplaceLineEndings("\n");
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Trait(WineLimits.Trait, WineLimits.Certificates)]
    [Fact]
    public async Task Messages()
    {
        await using var mail = new MailServer();
        await using var web = new WebServer();
        NotificationSettings settings = new()
        {
            Email = new()
            {
                From = "a@example.com",
                To = ["b@example.com"],
                SmtpServer = "127.0.0.1",
                SmtpPort = mail.Port,
                SmtpCaFile = _folder.Write("ca.pem", mail.Certificate),
                On = [NotificationEvent.Failure],
            },
            Slack = new()
            {
                WebhookUrl = web.Url("/slack"),
                Channel = "#backups",
                On = [NotificationEvent.Failure],
            },
            Webhook = new()
            {
                Url = web.Url("/hook"),
                Secret = "key",
                On = [NotificationEvent.Success],
            },
            Healthchecks = new() { Url = web.Url("/ping"), On = [NotificationEvent.Failure] },
        };
        await TellAsync(settings, RunItem.Failed(RunKind.Backup, "app", "", SampleResults.Failure(), SampleResults.Noon));
        await TellAsync(settings, RunItem.Of(SampleResults.Backup()));

        string text = Block("email:");
        string boundary = Regex.Match(mail.Messages.Single(), "boundary=\"(.*?)\"").Groups[1].Value;
        string part = mail.Messages[0].Split("--" + boundary)[1];
        Assert.Equal(
            $"Backup of app failed\n\n{text}\n",
            Encoding
                .UTF8.GetString(Convert.FromBase64String(part[part.IndexOf("\r\n\r\n", StringComparison.Ordinal)..]))
                .ReplaceLineEndings("\n")
        );
        Assert.Equal($"Backup of app failed\n{text}\n", Sent("/ping/fail").Text);
        Assert.Equal(OneLine(Block("slack:")), Sent("/slack").Text);

        WebServer.Request hook = Sent("/hook");
        string body = OneLine(Block("webhook:"));
        Assert.Equal(
            body.Replace("\"0.1.0\"", $"\"{ToolVersion.Text}\"", StringComparison.Ordinal),
            hook.Text.Replace(@"\\", "/", StringComparison.Ordinal)
        );
        Assert.Equal(
            "sha256=" + Convert.ToHexString(HMACSHA256.HashData("key"u8, hook.Body)).ToLowerInvariant(),
            hook.Headers["X-CryoBackup-Signature"]
        );
        Assert.Equal(
            "X-CryoBackup-Signature: sha256="
                + Convert.ToHexString(HMACSHA256.HashData("key"u8, Encoding.UTF8.GetBytes(body))).ToLowerInvariant(),
            OneLine(Block("bytes:")).Replace("  ", "", StringComparison.Ordinal)
        );

        WebServer.Request Sent(string path) => Assert.Single(web.Requests, request => request.Path == path);
    }

    [Fact]
    public void MetricsAndTheirMeaning()
    {
        string path = Path.Combine(_folder.Path, "x.prom");
        var rehearsal = RunItem.Of(
            new VerificationResult
            {
                Database = "app",
                Verdict = Verdict.Passed,
                Level = VerificationLevel.Restore,
                Start = SampleResults.Noon,
                End = SampleResults.Noon,
            }
        );
        var restore = new RestoreResult
        {
            SourceDatabase = "app",
            Status = RestoreStatus.Restored,
            Start = SampleResults.Noon,
            End = SampleResults.Noon,
        };
        BackupInfo backup = SampleResults.Backup();
        backup.CopiesWanted = 0;
        MetricsFile.Update(path, Run(RunKind.Backup, RunItem.Of(backup)));
        MetricsFile.Update(path, Run(RunKind.Verification, rehearsal));
        MetricsFile.Update(path, Run(RunKind.Restore, RunItem.Of(new RestoreRequest(), restore)));
        var removed = new RemovalResult { Database = "app", Action = RemovalAction.Removed };
        RunRecord removal = Run(RunKind.Removal, RunItem.Of([removed]).Single());
        removal.Removals.Add(removed);
        MetricsFile.Update(path, removal);
        string[] written =
        [
            .. File.ReadLines(path)
                .Where(line => line.StartsWith("# HELP ", StringComparison.Ordinal))
                .Select(line => line["# HELP ".Length..])
                .Order(StringComparer.Ordinal),
        ];
        Assert.Equal(
            written,
            Metric()
                .Matches(s_page)
                .Select(match => $"{match.Groups[1].Value} {Regex.Replace(match.Groups[2].Value.Trim(), "\\s+", " ")}")
                .Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public void LinesOfTheLog()
    {
        var configuration = new BackupConfiguration { LogFile = Path.Combine(_folder.Path, "cryobackup.log") };
        using var evidence = new RecordedRun(RunKind.Backup, configuration, null);
        evidence.Begin("app", "/backups");
        evidence.Add(SampleResults.Backup());
        evidence.Finish(static _ => { }, CancellationToken.None);
        Assert.Equal(
            Block("the predecessor's lines, in UTC:").Split('\n').Select(WithoutTime),
            File.ReadLines(configuration.LogFile).Select(line => WithoutTime(line).Replace('\\', '/'))
        );

        static string WithoutTime(string line) => line[line.IndexOf(" - ", StringComparison.Ordinal)..];
    }

    private static RunRecord Run(RunKind kind, RunItem item)
    {
        var run = new RunRecord
        {
            Kind = kind,
            Start = SampleResults.Noon,
            End = SampleResults.Noon.AddSeconds(90),
            Machine = "db1",
        };
        run.Items.Add(item);
        return run;
    }

    private static async Task TellAsync(NotificationSettings settings, RunItem item) =>
        Assert.All(
            await new Notifier(settings).EndAsync(Run(RunKind.Backup, item), CancellationToken.None),
            delivery => Assert.True(delivery.Sent, delivery.Detail)
        );

    /// <summary>The first block of lines, indented by eight, that follows some words.</summary>
    private static string Block(string words) =>
        string.Join(
            '\n',
            Regex
                .Match(s_page[s_page.IndexOf(words, StringComparison.Ordinal)..], @"(?:^ {8}.*\n)+", RegexOptions.Multiline)
                .Value.TrimEnd('\n')
                .Split('\n')
                .Select(line => line[8..])
        );

    private static string OneLine(string block) => block.Replace("\n", "", StringComparison.Ordinal);

    [GeneratedRegex(@"^ {4}(cryobackup_\w+)\n((?: {6}.*\n)+)", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex Metric();
}
