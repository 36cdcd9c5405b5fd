using System.Text;
using System.Text.RegularExpressions;
using CryoBackup.Backup;
using CryoBackup.Configuration;
using CryoBackup.Hosting;
using CryoBackup.Restore;
using CryoBackup.Runs;
using CryoBackup.Verification;

namespace CryoBackup.Tests.Notifications;

/// <summary>New, Test and Restore from a file with everything switched on: no secret of it is in anything that is written,
/// said or sent.</summary>
[Collection("postgres")]
public sealed class CanaryTests(PostgresServer server) : IDisposable
{
    private const string Canary = "canary-";
    private readonly TemporaryFolder _folder = new();
    private readonly List<EngineMessage> _messages = [];

    public void Dispose() => _folder.Dispose();

    /// <summary>Everybody takes what is sent.</summary>
    [PostgresFact]
    public async Task NothingThatIsSentTellsASecret()
    {
        await using var mail = new MailServer();
        await using var web = new WebServer();
        RunAll(mail, web);
        Assert.DoesNotContain(_messages, message => message is WarningMessage);

        // Start and end of three runs, and three failures; Slack, Teams and the webhook only ends.
        Assert.Equal(6, mail.Messages.Count);
        Assert.Equal(6, web.Requests.Count(request => request.Path.StartsWith("/slack", StringComparison.Ordinal)));
        Assert.All(web.Requests, request => Assert.DoesNotContain(Canary, request.Text, StringComparison.Ordinal));
        Assert.All(mail.Messages, message => Assert.DoesNotContain(Canary, message + Decode(message), StringComparison.Ordinal));

        // The other way round the test could not fail: they were used.
        Assert.Contains(
            mail.Lines,
            line => line.Contains(Convert.ToBase64String(Encoding.UTF8.GetBytes("\0robot\0" + Canary + "mail")), StringComparison.Ordinal)
        );
        Assert.Contains(web.Requests, request => request.Headers.GetValueOrDefault("Authorization") == $"Bearer {Canary}header");
    }

    /// <summary>Everybody refuses, and repeats what was sent.</summary>
    [PostgresFact]
    public async Task NothingThatIsAnsweredTellsASecret()
    {
        await using var mail = new MailServer
        {
            Answer = static (line, _) =>
                line.StartsWith("AUTH", StringComparison.Ordinal)
                    ? $"535 no {line} {Encoding.UTF8.GetString(Convert.FromBase64String(line.Split(' ')[^1])).Replace('\0', ' ')}"
                    : null,
        };
        await using var web = new WebServer
        {
            // In every form, each cut too, and in the words behind the status.
            Answer = static (request, number) =>
            {
                string sent = $"{request.Path} {Uri.UnescapeDataString(request.Path)} {string.Join(' ', request.Headers.Values)}";
                string[] words =
                [
                    .. sent.Split([' ', '/', '=', '?', '&'], StringSplitOptions.RemoveEmptyEntries)
                        .Where(word => word.Contains(Canary, StringComparison.Ordinal)),
                ];
                IEnumerable<string> echoes = SecretsTests.Forms.SelectMany(form => words.Select(form)).Append(sent);
                return $"{(number % 2 == 0 ? 400 : 401)} no {string.Join(' ', words)}\r\n\r\n{string.Join(" and ", echoes)}";
            },
        };
        RunAll(mail, web);
        string told = string.Join('\n', _messages.OfType<WarningMessage>());
        Assert.DoesNotContain("I got", told, StringComparison.Ordinal);
        Assert.Contains(
            _messages,
            message =>
                message is VerboseMessage { Text: var text } && text.StartsWith("By webhook came this answer: no", StringComparison.Ordinal)
        );
        Assert.Contains(
            _messages,
            message =>
                message is WarningMessage { Text: var text }
                && text.StartsWith("The notification by email failed: ", StringComparison.Ordinal)
        );
        Assert.Contains(
            _messages,
            message =>
                message is WarningMessage { Text: var text }
                && text.StartsWith("The notification by webhook failed: ", StringComparison.Ordinal)
        );
    }

    private void RunAll(MailServer mail, WebServer web)
    {
        server.CreateDatabase("canary_app");
        server.Execute("canary_app", "CREATE TABLE users AS SELECT n AS id FROM generate_series(1, 100) n");
        server.Execute("postgres", $"DROP ROLE IF EXISTS bird; CREATE ROLE bird SUPERUSER LOGIN PASSWORD '{Canary}database'");
        server.Execute("postgres", "DROP DATABASE IF EXISTS canary_copy WITH (FORCE)");
        string file = _folder.Write(
            "config/backup_config.yaml",
            $$"""
            database: {host: {{server.Endpoint.Host}}, port: {{server.Endpoint.Port}}, username: bird, password: {{Canary}}database, database: canary_app}
            local_backup_dir: backups
            retention: {full_backup: 30}
            verification: {level: content, max_age: 26h}
            reports: {html: true}
            log_file: logs/cryobackup.log
            metrics_file: metrics/cryobackup.prom
            notifications:
              email: {from: a@example.com, to: b@example.com, smtp_server: 127.0.0.1, smtp_port: {{mail.Port}}, smtp_username: robot, smtp_password: {{Canary}}mail, smtp_ca_file: ca.pem}
              slack: {webhook_url: "{{web.Url("/slack/canary-slack")}}"}
              teams: {webhook_url: "{{web.Url("/teams/canary-teams?sig=canary-signature")}}"}
              webhook: {url: "{{web.Url("/hook/canary-hook")}}", secret: {{Canary}}key, headers: {Authorization: Bearer {{Canary}}header} }
              healthchecks: {url: "{{web.Url("/ping/canary-ping")}}"}
            """
        );
        _folder.Write("ca.pem", mail.Certificate);
        BackupConfiguration configuration = ConfigurationFile.Read(file, Say);
        StringBuilder said = new StringBuilder(ConfigurationView.ToYaml(configuration))
            .Append(ConfigurationView.ToJson(configuration))
            .Append(configuration)
            .Append(configuration.Notifications);

        BackupRequest request = Assert.Single(BackupPlan.Create(configuration, new BackupOptions(), new BackupRequest(), [], Say, default));
        BackupInfo backup = null!;
        On(RunKind.Backup, evidence => backup = evidence.Run(request, Say, default));
        VerificationTask proof = Assert.Single(
            Freshness.Tasks(
                new VerificationRequest { MaxAge = configuration.Verification!.MaxAge },
                Path.GetDirectoryName(backup.Path)!,
                [],
                Say,
                default
            )
        );
        On(RunKind.Verification, evidence => Assert.Equal(Verdict.Passed, evidence.Run(proof, Say, default).Verdict));
        RestoreRequest restore = Requests.Restore(BackupPlan.Connect(configuration, new()), backup.Path, "canary_copy") with
        {
            Create = true,
        };
        On(RunKind.Restore, evidence => Assert.Equal(RestoreStatus.Restored, evidence.Run(restore, Say, default).Status));

        // The failures of the three: no such database, a damaged file, a target that is there already.
        BackupRequest none = request with
        {
            Database = "canary_none",
        };
        On(RunKind.Backup, evidence => said.Append(Assert.Throws<CryoBackupException>(() => evidence.Run(none, Say, default))));
        On(RunKind.Restore, evidence => said.Append(Assert.Throws<CryoBackupException>(() => evidence.Run(restore, Say, default))));
        File.AppendAllText(backup.Path, "x");
        On(
            RunKind.Verification,
            evidence => Assert.Equal(Verdict.Failed, evidence.Run(VerificationTask.Of(new() { Path = backup.Path }), Say, default).Verdict)
        );

        string[] files = [.. Directory.EnumerateFiles(_folder.Path, "*", SearchOption.AllDirectories).Where(path => path != file)];
        foreach (string kind in new[] { ".log", ".prom", ".html", ".json", ".gz" })
        {
            Assert.Contains(files, path => path.EndsWith(kind, StringComparison.Ordinal));
        }

        Assert.All(
            files,
            path => Assert.DoesNotContain(Canary, Encoding.UTF8.GetString(File.ReadAllBytes(path)), StringComparison.Ordinal)
        );
        Assert.Contains(_messages, message => message is VerboseMessage);
        Assert.All(_messages, message => Assert.DoesNotContain(Canary, message.ToString(), StringComparison.Ordinal));
        Assert.DoesNotContain(Canary, said.ToString(), StringComparison.Ordinal);

        // What hides a password in another form hides it badly.
        string everything = string.Join('\n', files.Select(File.ReadAllText)) + string.Join('\n', _messages) + said;
        foreach (
            string secret in new[] { "mail", "slack", "teams", "signature", "hook", "key", "header", "ping", "database" }.Select(name =>
                Canary + name
            )
        )
        {
            Assert.All(SecretsTests.Forms, form => Assert.DoesNotContain(form(secret), everything, StringComparison.OrdinalIgnoreCase));
        }

        Assert.DoesNotContain(
            Convert.ToBase64String(Encoding.UTF8.GetBytes("\0robot\0" + Canary + "mail")),
            everything,
            StringComparison.Ordinal
        );

        void On(RunKind kind, Action<RecordedRun> work)
        {
            using var evidence = new RecordedRun(kind, configuration, null);
            work(evidence);
            evidence.Finish(Say, default);
        }
    }

    private void Say(EngineMessage message)
    {
        lock (_messages)
        {
            _messages.Add(message);
        }
    }

    /// <summary>The parts of a message, decoded.</summary>
    private static string Decode(string message) =>
        string.Concat(
            Regex
                .Matches(message, "(?:^[A-Za-z0-9+/=]+\r\n)+", RegexOptions.Multiline)
                .Select(part => part.Value.Replace("\r\n", "", StringComparison.Ordinal))
                .Where(part => part.Length % 4 == 0)
                .Select(part => Encoding.UTF8.GetString(Convert.FromBase64String(part)))
        );
}
