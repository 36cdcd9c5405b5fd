using CryoBackup.Configuration;
using CryoBackup.Postgres;

namespace CryoBackup.Tests.Configuration;

/// <summary>What a good file means.</summary>
public sealed class ConfigurationFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Dictionary<string, string> _environment = new(StringComparer.Ordinal);
    private readonly List<string> _warnings = [];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void PredecessorsFileIsAcceptedAsItStands()
    {
        _environment["POSTGRES_PASSWORD"] = "canary";
        _environment["SMTP_USERNAME"] = "mailer";
        _environment["SMTP_PASSWORD"] = "sesame";
        BackupConfiguration configuration = Read(PredecessorFile.Text);

        Assert.Equal(
            ("localhost", 5432, "postgres", "canary", "cryoprotect"),
            (
                configuration.Database.Host,
                configuration.Database.Port,
                configuration.Database.Username,
                configuration.Database.Password,
                configuration.Database.Database
            )
        );
        Assert.Equal(Path.Combine(_folder.Path, "backups", "database"), configuration.LocalBackupDir);
        Assert.Equal(30, configuration.Retention!.FullBackup);
        Assert.Equal((true, 9), (configuration.Compression!.Enabled, configuration.Compression.Level));
        Assert.Equal(Path.Combine(_folder.Path, "config", "backup_encryption_key"), configuration.Encryption!.KeyFile);
        EmailSettings email = configuration.Notifications.Email!;
        Assert.Equal(
            (true, "backup@example.com", "smtp.example.com", 587, "mailer", "sesame"),
            (email.Enabled, email.From, email.SmtpServer, email.SmtpPort, email.SmtpUsername, email.SmtpPassword)
        );
        Assert.Equal(["admin@example.com"], email.To);
        Assert.Equal((false, "#backups"), (configuration.Notifications.Slack!.Enabled, configuration.Notifications.Slack.Channel));

        // AWS_ACCESS_KEY, AWS_SECRET_KEY and SLACK_WEBHOOK are not set, and not needed.
        configuration.Require(ConfigurationUse.Check);
        string warning = Assert.Single(_warnings);
        foreach (
            string key in new[]
            {
                "schedules",
                "file_backup_dir",
                "config_backup_dir",
                "retention.incremental_backup",
                "retention.file_backup",
                "retention.config_backup",
            }
        )
        {
            Assert.True(
                warning.Contains(key.StartsWith("retention.", StringComparison.Ordinal) ? "retention" : key, StringComparison.Ordinal),
                $"{key}: {warning}"
            );
        }

        Assert.Contains("cron", warning, StringComparison.Ordinal);
        Assert.DoesNotContain("canary", warning, StringComparison.Ordinal);
    }

    [Fact]
    public void UnsetVariableThatIsNeededIsNamed()
    {
        BackupConfiguration configuration = Read(PredecessorFile.Text);
        CryoBackupException failure = Assert.Throws<CryoBackupException>(() => configuration.Require(ConfigurationUse.New));
        Assert.Contains("POSTGRES_PASSWORD is not set", failure.Message, StringComparison.Ordinal);
        Assert.Contains("line 6, column 13", failure.Message, StringComparison.Ordinal);
        Assert.Contains(
            "SMTP_USERNAME is not set",
            Assert.Throws<CryoBackupException>(() => configuration.Require(ConfigurationUse.Test)).Message,
            StringComparison.Ordinal
        );

        // A credential of the command line replaces the password; what lists backups asks nobody.
        Assert.Contains(
            "SMTP_USERNAME",
            Assert
                .Throws<CryoBackupException>(() => configuration.Require(ConfigurationUse.New, ["database.username", "database.password"]))
                .Message,
            StringComparison.Ordinal
        );
        configuration.Require(ConfigurationUse.Get);
    }

    [Theory]
    [InlineData("${SET}", "value")]
    [InlineData("${SET:-other}", "value")]
    [InlineData("${EMPTY:-other}", "other")]
    [InlineData("${UNSET:-other}", "other")]
    [InlineData("${UNSET:-}x", "x")]
    [InlineData("a${SET}b${SET}c", "avaluebvaluec")]
    [InlineData("$${SET}", "${SET}")]
    [InlineData("$SET", "$SET")]
    [InlineData("${RECURSIVE}", "${SET}")]
    [InlineData("${file:secrets/one}", "from a file")]
    public void VariablesAreFilledIn(string written, string expected)
    {
        _environment["SET"] = "value";
        _environment["EMPTY"] = "";
        _environment["RECURSIVE"] = "${SET}";
        _folder.Write("secrets/one", "from a file\r\n");
        BackupConfiguration configuration = Read($"database:\n  password: \"{written}\"\n");
        configuration.Require(ConfigurationUse.Check);
        Assert.Equal(expected, configuration.Database.Password);
    }

    [Fact]
    public void VariableMayHoldWhatYamlWouldTakeForItself()
    {
        _environment["SECRET"] = "a: \"b\" # c\n- d";
        Assert.Equal("a: \"b\" # c\n- d", Read("database:\n  password: ${SECRET}\n").Database.Password);
    }

    [Fact]
    public void VariableOfANumberIsCheckedAsOne()
    {
        _environment["PORT"] = "secret-by-mistake";
        CryoBackupException failure = Assert.Throws<CryoBackupException>(() => Read("database:\n  port: ${PORT}\n"));
        Assert.Contains("'database.port' takes a whole number", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-by-mistake", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void MissingSecretFileIsNamed() =>
        Assert.Contains(
            Path.Combine(_folder.Path, "none") + "' does not exist",
            Assert.Throws<CryoBackupException>(() => Read("database:\n  password: ${file:none}\n").Require(ConfigurationUse.New)).Message,
            StringComparison.Ordinal
        );

    [Theory]
    [InlineData("${ZERO}", "holds a zero character")]
    [InlineData("${file:long}", "is too long for a value")]
    [InlineData("${file:binary}", "cannot be read")]
    [InlineData("${file:.}", "cannot be read")]
    public void SecretThatIsNoneIsNamedWhenNeeded(string written, string reason)
    {
        _environment["ZERO"] = "canary\0";
        _folder.Write("long", new string('x', 100_000));
        File.WriteAllBytes(Path.Combine(_folder.Path, "binary"), [0x80, 0xff]);
        BackupConfiguration configuration = Read($"database:\n  password: {written}\n");
        string message = Assert.Throws<CryoBackupException>(() => configuration.Require(ConfigurationUse.New)).Message;
        Assert.Contains(reason, message, StringComparison.Ordinal);
        Assert.DoesNotContain("canary", message, StringComparison.Ordinal);
        configuration.Require(ConfigurationUse.Notify);
    }

    [Fact]
    public void UnsetVariablesWithinListsAndMapsAreNamedWhenNeeded()
    {
        BackupConfiguration configuration = Read(
            """
            databases: [a, "${UNSET_DATABASE}"]
            backup: {exclude_table: ["${UNSET_TABLE}", t]}
            notifications:
              slack: {webhook_url: https://a.example/x, on: ["${UNSET_EVENT}"]}
              webhook: {url: https://a.example/x, headers: {A: "${UNSET_HEADER}"}}
            """
        );
        Assert.Contains("UNSET_DATABASE", Missing(ConfigurationUse.New), StringComparison.Ordinal);
        Assert.Contains("UNSET_TABLE", Missing(ConfigurationUse.New, "databases"), StringComparison.Ordinal);
        Assert.Contains("UNSET_EVENT", Missing(ConfigurationUse.Restore), StringComparison.Ordinal);
        Assert.Contains("UNSET_EVENT", Missing(ConfigurationUse.Notify), StringComparison.Ordinal);
        Assert.Contains("UNSET_HEADER", Missing(ConfigurationUse.Notify, "notifications.slack"), StringComparison.Ordinal);
        configuration.Require(ConfigurationUse.Get);
        configuration.Require(ConfigurationUse.Check, "databases", "backup", "notifications");

        string Missing(ConfigurationUse use, params string[] replaced) =>
            Assert.Throws<CryoBackupException>(() => configuration.Require(use, replaced)).Message;
    }

    [Fact]
    public void AllDatabasesInOneWord()
    {
        Assert.True(Read("databases: all\n").Databases!.All);
        Assert.Contains("databases: all", ConfigurationView.ToYaml(Read("databases: all\n")), StringComparison.Ordinal);
    }

    [Fact]
    public void EveryKeyOfTheModelIsReadToItsProperty()
    {
        BackupConfiguration configuration = Read(
            """
            database: {host: h, port: "5433", username: u, password: 007, database: d, ssl_mode: verify-full}
            databases:
              - app
              - name: big
                host: other
                compression: {method: zstd}
                retention: {full_backup: 7}
                backup: {skip_row_count: yes, lock_timeout: 90s}
            local_backup_dir: /srv/backups
            backup: {exclude_table: [a, "b*"], exclude_table_data: c, include_globals: true, label: x, timeout: 2h, stall_timeout: 00:01:30}
            verification: {level: HASH, max_age: 26h}
            notifications:
              teams: {webhook_url: https://teams.example/x, on: failure, timeout: 5s, retries: 0}
              webhook: {url: http://127.0.0.1:1/, secret: s, headers: {X-A: b}, template: "{}", content_type: text/plain, signature_header: X-S}
              healthchecks: {url: https://hc.example/1, start: off}
              email: {enabled: true, from: a@b.example, to: "c@d.example, e@f.example", smtp_server: s, smtp_security: TLS}
            reports: {html: true, verification_dir: v}
            metrics_file: m.prom
            log_file: l.log
            log_format: json
            log_max_bytes: 4096
            log_max_files: 0
            """
        );

        Assert.Equal(
            (5433, "007", SslMode.VerifyFull),
            (configuration.Database.Port, configuration.Database.Password, configuration.Database.SslMode)
        );
        Assert.Equal(["app", "big"], configuration.Databases!.Entries.Select(entry => entry.Name));
        DatabaseEntry big = configuration.Databases.Entries[1];
        Assert.Equal(
            (CompressionKind.Zstd, 7, true, TimeSpan.FromSeconds(90)),
            (big.Compression!.Method, big.Retention!.FullBackup, big.Backup!.SkipRowCount, big.Backup.LockTimeout)
        );
        Assert.Equal(["a", "b*"], configuration.Backup!.ExcludeTable);
        Assert.Equal(["c"], configuration.Backup.ExcludeTableData);
        Assert.Equal((TimeSpan.FromHours(2), TimeSpan.FromSeconds(90)), (configuration.Backup.Timeout, configuration.Backup.StallTimeout));
        Assert.Equal(
            (VerificationLevel.Hash, TimeSpan.FromHours(26)),
            (configuration.Verification!.Level, configuration.Verification.MaxAge)
        );
        Assert.Equal([NotificationEvent.Failure], configuration.Notifications.Teams!.On);
        Assert.Equal((TimeSpan.FromSeconds(5), 0), (configuration.Notifications.Teams.Timeout, configuration.Notifications.Teams.Retries));
        Assert.Equal("b", configuration.Notifications.Webhook!.Headers["X-A"]);
        Assert.False(configuration.Notifications.Healthchecks!.Start);
        Assert.Equal(["c@d.example", "e@f.example"], configuration.Notifications.Email!.To);
        Assert.Equal(SmtpSecurity.Tls, configuration.Notifications.Email.SmtpSecurity);
        Assert.Equal(Path.Combine(_folder.Path, "v"), configuration.Reports.VerificationDir);
        Assert.Equal(Path.Combine(_folder.Path, "reports", "database_restore"), configuration.Reports.RestoreDir);
        Assert.Equal(Path.Combine(_folder.Path, "m.prom"), configuration.Metrics!.File);
        Assert.Equal(
            (Path.Combine(_folder.Path, "l.log"), LogFormat.Json, 4096L, 0),
            (configuration.Log!.File, configuration.Log.Format, configuration.Log.MaxBytes, configuration.Log.MaxFiles)
        );
        Assert.Empty(_warnings);
    }

    [Fact]
    public void SearchOrderIsTheDocumented()
    {
        Assert.Null(ConfigurationFile.Find(null, _folder.Path));
        string second = _folder.Write(Path.Combine("config", "cryobackup.yaml"), "log_format: text\n");
        Assert.Equal(second, ConfigurationFile.Find(null, _folder.Path));
        string first = _folder.Write(Path.Combine("config", "backup_config.yaml"), "log_format: text\n");
        Assert.Equal(first, ConfigurationFile.Find(null, _folder.Path));
        Assert.Equal("/given.yaml", ConfigurationFile.Find("/given.yaml", _folder.Path));
    }

    [Fact]
    public void SettingsNeverPrintTheirValues()
    {
        BackupConfiguration configuration = Read(
            "database:\n  password: canary\nnotifications:\n  slack: {webhook_url: https://hooks.example/canary}\n  webhook: {url: "
                + "https://canary.example/, secret: canary, headers: {A: canary}}\n"
        );
        Assert.DoesNotContain(
            "canary",
            configuration.ToString() + configuration.Database + configuration.Notifications.Webhook,
            StringComparison.Ordinal
        );
        string view = ConfigurationView.ToYaml(configuration);
        Assert.DoesNotContain("canary", view, StringComparison.Ordinal);
        Assert.Contains("webhook_url: \"***\"", view, StringComparison.Ordinal);
    }

    [Fact]
    public void ViewReadsAsTheSame()
    {
        string text =
            "databases:\n  - name: \"no\"\n    port: 1\n    backup: {include_table: [\"a.*\", \"123\"]}\n  - \"x: y "
            + "#z\"\nverification: {max_age: 26h}\nbackup: {timeout: 90s, label: \"$${x}\"}\n";
        BackupConfiguration configuration = Read(text);
        string view = ConfigurationView.ToYaml(configuration);
        Assert.Equal(view, ConfigurationView.ToYaml(Read(view)));
        Assert.Contains("max_age: \"1d 2h\"", view, StringComparison.Ordinal);
    }

    private BackupConfiguration Read(string text) =>
        ConfigurationFile.Read(
            _folder.Write(Path.Combine("config", "backup_config.yaml"), text),
            message => _warnings.Add(((WarningMessage)message).Text),
            name => _environment.GetValueOrDefault(name)
        );
}
