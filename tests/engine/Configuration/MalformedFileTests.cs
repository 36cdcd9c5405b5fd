using System.Text;
using CryoBackup.Configuration;

namespace CryoBackup.Tests.Configuration;

/// <summary>Every file that is wrong gives one error, which names the place, the reason and a remedy.</summary>
public sealed class MalformedFileTests
{
    /// <summary>Name, text, the place that the message names, words of the message, words of the remedy.</summary>
    public static TheoryData<string, string, string, string, string> Texts =>
        new()
        {
            { "empty", "", "", "is empty", "--example" },
            { "only comments", "# nothing\n\n# here\n", "", "is empty", "--example" },
            { "only a document mark", "---\n", "", "is empty", "--example" },
            { "null", "~\n", "", "is empty", "--example" },
            { "a list where a map belongs", "- database\n- app\n", "line 1, column 1", "a list is there", "database:" },
            { "a text where a map belongs", "backups\n", "line 1, column 1", "a single value is there", "database:" },
            { "an empty item", "databases:\n  -\n", "line 2", "is empty", "remove it" },
            { "an empty item of a list", "backup:\n  exclude_table: [a, \"\"]\n", "line 2", "is empty", "remove it" },
            { "a list within a list", "backup:\n  exclude_table: [[a]]\n", "line 2", "a list is there", "--example" },
            {
                "a map within a list of events",
                "notifications:\n  slack:\n    webhook_url: https://a.example/x\n    on: [{a: b}]\n",
                "line 4",
                "a map is there",
                "--example"
            },
            {
                "a list in place of headers",
                "notifications:\n  webhook:\n    url: https://a.example/x\n    headers: [a]\n",
                "line 4",
                "'notifications.webhook.headers' takes names with values",
                "--example"
            },
            {
                "a list in place of a header",
                "notifications:\n  webhook:\n    url: https://a.example/x\n    headers: {a: [b]}\n",
                "line 4",
                "'notifications.webhook.headers.a' takes a text",
                "--example"
            },
            {
                "a header that is none",
                "notifications:\n  webhook:\n    url: https://a.example/x\n    headers: {a b: c}\n",
                "line 4",
                "notifications.webhook.headers",
                ""
            },
            {
                "a list in place of a database",
                "databases:\n  - [a]\n",
                "line 2",
                "a database's name, or a map with its name",
                "--example"
            },
            {
                "immutability in Azure without a length",
                "azure:\n  immutability_mode: unlocked\n",
                "line 2",
                "say nothing without each other",
                "Give both"
            },
            {
                "immutability in Azure without a way",
                "azure:\n  immutability_days: 30\n",
                "line 2",
                "say nothing without each other",
                "Give both"
            },
            {
                "immutability in Azure of no kind",
                "azure:\n  immutability_days: 30\n  immutability_mode: forever\n",
                "line 3",
                "is neither unlocked nor locked",
                "locked nobody"
            },
            { "two documents", "log_format: json\n---\nlog_format: text\n", "line 2, column 1", "second document", "one document" },
            { "unknown key at the top", "databse:\n  host: a\n", "line 1, column 1", "'databse' is not known", "'database'" },
            {
                "a path of Windows in double quotes",
                "local_backup_dir: \"C:\\Backups\"\n",
                "line 1, column 19",
                "unknown escape character",
                "write a path of Windows in single quotes, as in 'C:\\Backups'"
            },
            {
                "one whose backslashes say something",
                "local_backup_dir: \"C:\\new\"\n",
                "line 1, column 19",
                "'local_backup_dir' holds a control character",
                "write a path of Windows in single quotes"
            },
            {
                "one in a list of places",
                "encryption:\n  recipients_file: [a.txt, \"C:\\table.txt\"]\n",
                "line 2",
                "holds a control character",
                "single quotes"
            },
            {
                "the word of another program",
                "database:\n  hostname: a\n",
                "line 2, column 3",
                "'database.hostname' is not known",
                "'host'"
            },
            { "libpq's word", "database:\n  dbname: a\n", "line 2, column 3", "'database.dbname' is not known", "'database'" },
            {
                "unknown key in a section",
                "database:\n  host: a\n  pasword: b\n",
                "line 3, column 3",
                "'database.pasword' is not known",
                "'password'"
            },
            {
                "unknown key two deep",
                "notifications:\n  email:\n    smtp_sever: a\n",
                "line 3, column 5",
                "'notifications.email.smtp_sever'",
                "'smtp_server'"
            },
            { "a key of another section", "host: localhost\n", "line 1, column 1", "'host' is not known", "database.host" },
            { "a key like none", "zzzzzzzzzzzz: 1\n", "line 1, column 1", "'zzzzzzzzzzzz' is not known", "The keys here are database" },
            { "upper case", "Database:\n  host: a\n", "line 1, column 1", "'Database' is not known", "'database'" },
            {
                "duplicated key",
                "database:\n  host: a\n  port: 1\n  host: b\n",
                "line 4, column 3",
                "a key is there twice; the first time in line 2",
                "one of the two"
            },
            {
                "duplicated section",
                "database:\n  host: a\ndatabase:\n  port: 1\n",
                "line 3, column 1",
                "a key is there twice; the first time in line 1",
                "one of the two"
            },
            { "tab", "database:\n\thost: a\n", "line 2, column 1", "indented with a tab", "spaces" },
            { "tab after spaces", "database:\n  host: a\n  \tport: 1\n", "line 3, column 3", "tab", "spaces" },
            { "unclosed quote", "database:\n  host: \"a\n  port: 1\n", "line", "not YAML", "--example" },
            { "unclosed bracket", "databases: [a, b\nlog_format: json\n", "line", "not YAML", "--example" },
            { "unclosed brace", "database: {host: a\n", "line", "not YAML", "--example" },
            { "wrong indentation", "database:\n   host: a\n  port: 1\n", "line 3", "not YAML", "--example" },
            { "colon without space", "database:\n  host:a\n", "line 2, column 3", "takes keys with values", "--example" },
            { "text that begins with a percent sign", "database:\n  host: %a\n", "line 2", "not YAML", "--example" },
            { "text that begins with an at sign", "database:\n  host: @a\n", "line 2", "not YAML", "--example" },
            {
                "section is a text",
                "database: localhost\n",
                "line 1, column 11",
                "'database' takes keys with values, and a single value is there",
                "--example"
            },
            {
                "section is a list",
                "database:\n  - host: a\n",
                "line 2, column 3",
                "'database' takes keys with values, and a list is there",
                "--example"
            },
            {
                "section is nothing",
                "encryption:\ndatabase:\n  host: a\n",
                "line 1, column 1",
                "'encryption' has no value",
                "remove the line"
            },
            { "value is nothing", "database:\n  password:\n", "line 2, column 3", "'database.password' has no value", "remove the line" },
            {
                "value is a list",
                "database:\n  host: [a, b]\n",
                "line 2, column 9",
                "'database.host' takes a text, and a list is there",
                "--example"
            },
            {
                "value is a map",
                "local_backup_dir:\n  path: a\n",
                "line 2, column 3",
                "'local_backup_dir' takes a text, and a map is there",
                "--example"
            },
            { "number is a word", "database:\n  port: many\n", "line 2, column 9", "takes ", "from 1 to 65535" },
            { "number is a fraction", "database:\n  port: 54.32\n", "line 2, column 9", "takes ", "whole number" },
            {
                "number is too large",
                "database:\n  port: 65536\n",
                "line 2, column 9",
                "'database.port' is out of its range",
                "from 1 to 65535"
            },
            { "number is beyond all", "database:\n  port: 99999999999999999999\n", "line 2, column 9", "takes ", "from 1 to 65535" },
            {
                "level is too small",
                "compression:\n  level: 0\n",
                "line 2, column 10",
                "'compression.level' is out of its range",
                "from 1 to 9"
            },
            {
                "retention is negative",
                "retention:\n  full_backup: -1\n",
                "line 2, column 16",
                "'retention.full_backup' is out of its range",
                "from 1"
            },
            { "retention is a duration", "retention:\n  full_backup: 30d\n", "line 2, column 16", "takes ", "whole number" },
            { "flag is a word", "encryption:\n  enabled: perhaps\n", "line 2, column 12", "takes true or false.", "true or false" },
            { "flag is a number", "encryption:\n  enabled: 1\n", "line 2, column 12", "takes true or false.", "true or false" },
            { "duration without unit", "backup:\n  timeout: 30\n", "line 2, column 12", "takes ", "90s" },
            { "duration of words", "backup:\n  timeout: an hour\n", "line 2, column 12", "takes ", "90s" },
            { "duration of nothing", "verification:\n  max_age: 0h\n", "line 2, column 12", "takes ", "26h" },
            { "duration is negative", "backup:\n  lock_timeout: -5s\n", "line 2, column 17", "takes ", "90s" },
            { "choice is unknown", "database:\n  ssl_mode: maybe\n", "line 2, column 13", "takes ", "verify-full" },
            {
                "event is unknown",
                "notifications:\n  slack:\n    webhook_url: https://a.example/x\n    on: [success, disaster]\n",
                "line 4, column 19",
                "takes ",
                "success, failure, warning"
            },
            {
                "no events",
                "notifications:\n  slack:\n    webhook_url: https://a.example/x\n    on: []\n",
                "line 4, column 9",
                "is empty",
                "enabled: false"
            },
            {
                "address of the web is none",
                "notifications:\n  slack:\n    webhook_url: hooks.example\n",
                "line 3, column 18",
                "not a web address",
                "https://"
            },
            {
                "required key is missing",
                "notifications:\n  email:\n    from: a@b.example\n    to: c@d.example\n",
                "line 3, column 5",
                "'notifications.email.smtp_server' is missing",
                "enabled: false"
            },
            {
                "required key is empty",
                "notifications:\n  email:\n    from: \"\"\n    to: c@d.example\n    smtp_server: s\n",
                "line 3, column 11",
                "'notifications.email.from' is empty",
                "value"
            },
            {
                "mail address is none",
                "notifications:\n  email:\n    from: nobody\n    to: c@d.example\n    smtp_server: s\n",
                "line 3, column 11",
                "an address of 'notifications.email.from' is not",
                "admin@example.com"
            },
            {
                "header with a line break",
                "notifications:\n  webhook:\n    url: https://a.example\n    headers: {A: \"b\\nC: d\"}\n",
                "line 4, column 15",
                "not a header",
                "line breaks"
            },
            { "databases is a number of nothing", "databases: []\n", "line 1, column 12", "not a selection", "all" },
            { "databases is another word", "databases: everything\n", "line 1, column 12", "not a selection", "all" },
            { "database without name", "databases:\n  - host: a\n", "line 2, column 5", "'databases[].name' is missing", "Give it" },
            { "database twice", "databases:\n  - app\n  - app\n", "line 3, column 5", "a database is there twice", "one of the two" },
            {
                "schemas and tables",
                "backup:\n  include_schema: [a]\n  include_table: [b]\n",
                "line 2, column 3",
                "are both there",
                "exclude_table"
            },
            { "bucket is missing", "aws:\n  enabled: true\n", "line 2, column 3", "'aws.bucket' is missing", "aws.enabled: false" },
            { "more copies than places", "copies: [/a]\ncopies_required: 2\n", "line 2, column 18", "there are 1 places", "Name more" },
            { "copy to nowhere", "copies: [gs://a/b]\n", "line 1, column 10", "no kind of store", "rclone" },
            { "copy with a credential", "copies: ['s3://k:canary@b/x']\n", "line 1, column 10", "may be a credential", "alone" },
            { "reference is not closed", "database:\n  password: ${POSTGRES\n", "line 2, column 13", "not closed", "${NAME}" },
            { "reference has no name", "database:\n  password: ${}\n", "line 2, column 13", "not a reference", "${NAME}" },
            { "reference has an odd name", "database:\n  password: ${A-B}\n", "line 2, column 13", "not a reference", "${NAME}" },
            { "reference to no file", "database:\n  password: ${file:}\n", "line 2, column 13", "names no file", "${file:PATH}" },
            { "alias of nothing", "database: *other\n", "line 1, column 11", "which stands for nothing", "value itself" },
            { "alias of itself", "database: &a\n  host: *a\n", "line 2, column 9", "which stands for nothing", "value itself" },
            { "tag of a language", "database: !!python/object:os.system\n  host: a\n", "line 1, column 11", "tag", "Remove the tag" },
            { "merge key", "database: &a {host: b}\ndatabases:\n  - {<<: *a, name: c}\n", "line 3, column 6", "as a key is not known", "" },
            { "list as a key", "? [a, b]\n: c\n", "line 1, column 3", "a list is there where a key belongs", "" },
            { "control character", "database:\n  host: a\u0007b\n", "line 2, column 10", "U+0007", "Remove it" },
            {
                "lock without days",
                "aws:\n  bucket: my-bucket\n  object_lock_mode: GOVERNANCE\n",
                "line 3, column 21",
                "say nothing without each other",
                "Give both"
            },
            {
                "lock without mode",
                "aws:\n  bucket: my-bucket\n  object_lock_days: 30\n",
                "line 3, column 21",
                "say nothing without each other",
                "Give both"
            },
            {
                "lock of another kind",
                "aws:\n  bucket: my-bucket\n  object_lock_mode: governance\n  object_lock_days: 30\n",
                "line 3, column 21",
                "neither GOVERNANCE nor COMPLIANCE",
                "bypass"
            },
            { "bucket is no name", "aws:\n  enabled: true\n  bucket: A_B\n", "line 3, column 11", "'aws': ", "" },
            { "time zone is none", "retention:\n  keep_last: 1\n  time_zone: Mars/Olympus\n", "line ", "'retention': ", "" },
            { "zero character", "database:\n  host: a\0b\n", "line 2, column 10", "U+0000", "Remove it" },
            { "directive", "%YAML 9.9\n---\ndatabase: {}\n", "line 1", "not YAML", "--example" },
            { "nested deeply", "databases: " + new string('[', 50) + "\n", "line 1", "nested", "--example" },
        };

    // Not as a theory's data: ten megabytes would be a test's name.
    private static readonly (string Name, byte[] Bytes, string Reason)[] Bytes =
    [
        ("UTF-16 with mark", [.. Encoding.Unicode.Preamble, .. Encoding.Unicode.GetBytes("log_format: json\n")], "UTF-16"),
        (
            "UTF-16 of the other order",
            [.. Encoding.BigEndianUnicode.Preamble, .. Encoding.BigEndianUnicode.GetBytes("log_format: json\n")],
            "UTF-16"
        ),
        ("UTF-16 without mark", Encoding.Unicode.GetBytes("log_format: json\n"), "UTF-16"),
        ("Latin-1", Encoding.Latin1.GetBytes("log_format: text\nlog_file: ä\n"), "line 2, column 11"),
        ("an archive", [(byte)'P', (byte)'G', (byte)'D', (byte)'M', (byte)'P', 1, 14, 0], "U+0001"),
        (
            "10 MB of aliases",
            Encoding.UTF8.GetBytes("a: &a [x]\n" + string.Concat(Enumerable.Repeat("b: [*a,*a,*a,*a,*a,*a]\n", 450_000))),
            "no configuration is longer"
        ),
        ("many values", Encoding.UTF8.GetBytes("databases: [" + string.Concat(Enumerable.Repeat("a,", 30_000)) + "]"), "more values"),
    ];

    [Theory]
    [MemberData(nameof(Texts))]
    public void TextGivesOneErrorWithPlaceAndRemedy(string name, string text, string place, string reason, string remedy)
    {
        CryoBackupException failure = Fail(Encoding.UTF8.GetBytes(text));
        Assert.True(failure.Message.Contains(place, StringComparison.Ordinal), $"{name}: {failure.Message}");
        Assert.True(failure.Message.Contains(reason, StringComparison.Ordinal), $"{name}: {failure.Message}");
        Assert.True(failure.Remedy!.Contains(remedy, StringComparison.Ordinal), $"{name}: {failure.Remedy}");
    }

    [UnixFact]
    public void TheEventLogIsOfWindowsAlone() =>
        TextGivesOneErrorWithPlaceAndRemedy("", "event_log: true\n", "line 1", "only Windows has such a log", "log_file");

    [Fact]
    public void BytesThatAreNoTextGiveOneError()
    {
        foreach ((string name, byte[] bytes, string reason) in Bytes)
        {
            CryoBackupException failure = Fail(bytes);
            Assert.True(failure.Message.Contains(reason, StringComparison.Ordinal), $"{name}: {failure.Message}");
        }
    }

    /// <summary>A bomb of aliases grows to 10^9 values when expanded; it is refused, or read, without.</summary>
    [Fact]
    public void AliasBombIsNotExpanded()
    {
        string text = "x0: &x0 [a, a]\n" + string.Concat(Enumerable.Range(1, 30).Select(i => $"x{i}: &x{i} [*x{i - 1}, *x{i - 1}]\n"));
        Assert.Contains("'x0' is not known", Fail(Encoding.UTF8.GetBytes(text)).Message, StringComparison.Ordinal);
    }

    private static CryoBackupException Fail(byte[] bytes)
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "backup_config.yaml");
        File.WriteAllBytes(path, bytes);
        CryoBackupException failure = Assert.Throws<CryoBackupException>(() => ConfigurationFile.Read(path, _ => { }, _ => null));
        Assert.Equal(CryoBackupError.ConfigurationInvalid, failure.Error);
        Assert.StartsWith($"The configuration '{path}'", failure.Message, StringComparison.Ordinal);
        Assert.EndsWith(".", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', failure.Message);
        Assert.DoesNotContain("YamlDotNet", failure.Message, StringComparison.Ordinal);
        Assert.False(string.IsNullOrWhiteSpace(failure.Remedy));
        return failure;
    }
}
