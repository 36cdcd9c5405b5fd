namespace CryoBackup.Configuration;

/// <summary>What a channel wants to hear of.</summary>
public enum NotificationEvent
{
    /// <summary>All went well.</summary>
    Success,

    /// <summary>Something failed: a backup was not made, a verdict is Failed or Inconclusive, a restore did not come back whole.</summary>
    Failure,

    /// <summary>It went well, with warnings.</summary>
    Warning,
}

/// <summary>How the connection to a mail server is secured.</summary>
public enum SmtpSecurity
{
    /// <summary>TLS from the first byte on port 465, STARTTLS on every other.</summary>
    Auto,

    /// <summary>In clear until STARTTLS, which the server must offer.</summary>
    Starttls,

    /// <summary>TLS from the first byte.</summary>
    Tls,

    /// <summary>In clear. Only for a server on this machine or a trusted network.</summary>
    None,
}

/// <summary>Who is told how a run ended: the section <c>notifications</c>. A channel that is not in the file is null.</summary>
public sealed record NotificationSettings : Settings
{
    /// <summary>Mail.</summary>
    [Setting("Mail, by SMTP.")]
    public EmailSettings? Email { get; init; }

    /// <summary>Slack.</summary>
    [Setting("Slack, by an incoming webhook.")]
    public SlackSettings? Slack { get; init; }

    /// <summary>Microsoft Teams.</summary>
    [Setting("Microsoft Teams, by a workflow webhook.")]
    public TeamsSettings? Teams { get; init; }

    /// <summary>Any web server.</summary>
    [Setting("Any web server: the result as JSON, signed if a secret is given.")]
    public WebhookSettings? Webhook { get; init; }

    /// <summary>A dead-man's switch.</summary>
    [Setting("A dead-man's switch in the manner of healthchecks.io: start, success, failure with the reason.")]
    public HealthchecksSettings? Healthchecks { get; init; }
}

/// <summary>What every channel has.</summary>
public abstract record ChannelSettings : Settings
{
    /// <summary>False to keep the section in the file and not use it. A disabled channel's other values may be null.</summary>
    [Setting("Whether it is used; true unless said otherwise.", Example = "false")]
    public bool Enabled { get; init; } = true;

    /// <summary>What it wants to hear of; never empty.</summary>
    [Setting("What it is told of: any of success, failure, warning; all three unless said otherwise.", Example = "[failure, warning]")]
    public IReadOnlyList<NotificationEvent> On { get; init; } =
    [NotificationEvent.Success, NotificationEvent.Failure, NotificationEvent.Warning];

    /// <summary>How long the channel may take, all its attempts together.</summary>
    [Setting("How long it may take, all attempts together: 30s, 2m; 30s unless said otherwise.", Example = "30s")]
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How often it is tried again after an error that may pass.</summary>
    [Setting(
        "How often it is tried again after an error that may pass; 2 unless said otherwise.",
        Example = "2",
        Minimum = 0,
        Maximum = 10
    )]
    public int Retries { get; init; } = 2;

    /// <summary>True unless neither what is sent to its web address nor that itself gives anybody a right.</summary>
    internal virtual bool SendsSecrets => true;
}

/// <summary>The section <c>notifications.email</c>.</summary>
public sealed record EmailSettings : ChannelSettings
{
    /// <summary>The sender's address.</summary>
    [Setting("The sender's address.", Example = "backup@example.com", IsRequired = true)]
    public string From { get; init; } = "";

    /// <summary>The receivers' addresses; at least one.</summary>
    [Setting("The receivers: one address, several separated by commas, or a list.", Example = "[admin@example.com]", IsRequired = true)]
    public IReadOnlyList<string> To { get; init; } = [];

    /// <summary>The mail server's name or address.</summary>
    [Setting("The mail server.", Example = "smtp.example.com", IsRequired = true)]
    public string SmtpServer { get; init; } = "";

    /// <summary>The mail server's port.</summary>
    [Setting("Its port; 587 unless said otherwise.", Example = "587", Minimum = 1, Maximum = 65535)]
    public int SmtpPort { get; init; } = 587;

    /// <summary>How the connection is secured.</summary>
    [Setting("How the connection is secured: auto (tls on port 465, else starttls), starttls, tls, none.", Example = "auto")]
    public SmtpSecurity SmtpSecurity { get; init; } = SmtpSecurity.Auto;

    /// <summary>The account at the mail server; null for none.</summary>
    [Setting("The account at the mail server; without it, no authentication.", Example = "${SMTP_USERNAME}")]
    public string? SmtpUsername { get; init; }

    /// <summary>The account's password. Secret.</summary>
    [Setting("The account's password.", Example = "${SMTP_PASSWORD}", IsSecret = true)]
    public string? SmtpPassword { get; init; }

    /// <summary>The full path of certificates (PEM) that are trusted beside the system's; null for none.</summary>
    [Setting(
        "A file of certificates (PEM) that are trusted beside the system's, for a mail server of one's own.",
        Example = "config/mail-ca.pem",
        IsPath = true
    )]
    public string? SmtpCaFile { get; init; }
}

/// <summary>The section <c>notifications.slack</c>.</summary>
public sealed record SlackSettings : ChannelSettings
{
    /// <summary>The incoming webhook's address. Secret.</summary>
    [Setting("The incoming webhook's address.", Example = "${SLACK_WEBHOOK}", IsRequired = true, IsSecret = true, IsUrl = true)]
    public string WebhookUrl { get; init; } = "";

    /// <summary>The channel, for webhooks that let one choose; null for the webhook's own.</summary>
    [Setting("The channel, where the webhook lets one choose.", Example = "\"#backups\"")]
    public string? Channel { get; init; }
}

/// <summary>The section <c>notifications.teams</c>.</summary>
public sealed record TeamsSettings : ChannelSettings
{
    /// <summary>The workflow's address. Secret.</summary>
    [Setting("The workflow's address.", Example = "${TEAMS_WEBHOOK}", IsRequired = true, IsSecret = true, IsUrl = true)]
    public string WebhookUrl { get; init; } = "";
}

/// <summary>The section <c>notifications.webhook</c>.</summary>
public sealed record WebhookSettings : ChannelSettings
{
    /// <summary>Where the JSON is posted to. Secret: such addresses often carry a token.</summary>
    [Setting("Where the JSON is posted to.", Example = "${BACKUP_WEBHOOK}", IsRequired = true, IsSecret = true, IsUrl = true)]
    public string Url { get; init; } = "";

    /// <summary>The key of the HMAC-SHA-256 over the body; null for no signature. Secret.</summary>
    [Setting(
        "The key of the signature (HMAC-SHA-256 of the body); without it, no signature.",
        Example = "${file:/run/secrets/webhook_key}",
        IsSecret = true
    )]
    public string? Secret { get; init; }

    /// <summary>The header that takes the signature.</summary>
    [Setting(
        "The header that takes the signature, as sha256=<hexadecimal>; X-CryoBackup-Signature unless said otherwise.",
        Example = "X-CryoBackup-Signature"
    )]
    public string SignatureHeader { get; init; } = "X-CryoBackup-Signature";

    /// <summary>More headers; their values are secret.</summary>
    [Setting(
        "More headers to send, each a name and a value.",
        Example = "{ Authorization: \"Bearer ${BACKUP_WEBHOOK_TOKEN}\" }",
        IsSecret = true
    )]
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>The body's template, in which {{name}} stands for a value; null for the whole result as JSON.</summary>
    [Setting(
        "A template of the body, in which {{name}} stands for a value of the result; without it, the whole result as JSON.",
        Example = "'{\"text\": {{summary}}}'"
    )]
    public string? Template { get; init; }

    /// <summary>The body's media type.</summary>
    [Setting("The body's media type; application/json unless said otherwise.", Example = "application/json")]
    public string ContentType { get; init; } = "application/json";

    /// <inheritdoc/>
    internal override bool SendsSecrets => Headers.Count > 0;
}

/// <summary>The section <c>notifications.healthchecks</c>.</summary>
public sealed record HealthchecksSettings : ChannelSettings
{
    /// <summary>The check's address, to which /start and /fail are added. Secret.</summary>
    [Setting(
        "The check's address, to which /start and /fail are added.",
        Example = "${HEALTHCHECKS_URL}",
        IsRequired = true,
        IsSecret = true,
        IsUrl = true
    )]
    public string Url { get; init; } = "";

    /// <summary>Whether the beginning of a run is told.</summary>
    [Setting("Whether the beginning of a run is told; true unless said otherwise.", Example = "true")]
    public bool Start { get; init; } = true;

    /// <inheritdoc/>
    internal override bool SendsSecrets => false;
}
