namespace CryoBackup.Configuration;

/// <summary>What no single key can tell.</summary>
internal static class ConfigurationRules
{
    /// <summary>Checks the whole.</summary>
    /// <param name="configuration">The configuration.</param>
    /// <param name="root">Its document, for the places.</param>
    /// <param name="errors">Names the file.</param>
    /// <exception cref="CryoBackupException">ConfigurationInvalid.</exception>
    public static void Check(BackupConfiguration configuration, MapNode root, ConfigurationErrors errors)
    {
        CheckCopies(configuration, root, errors);
        CheckRetention(configuration, root, errors);
        if (configuration.EventLog && !OperatingSystem.IsWindows())
        {
            throw errors.At(
                PlaceOf(root, "event_log"),
                "'event_log' is true, and only Windows has such a log",
                "Leave it out here, or have it by machine (event_log: ${CRYOBACKUP_EVENT_LOG:-false}); log_file is a log everywhere."
            );
        }

        foreach (
            BackupSettings backup in new[] { configuration.Backup }
                .Concat(configuration.Databases?.Entries.Select(entry => entry.Backup) ?? [])
                .OfType<BackupSettings>()
        )
        {
            if (backup is { IncludeSchema.Count: > 0, IncludeTable.Count: > 0 })
            {
                throw errors.At(
                    PlaceOf(root, "backup"),
                    "'backup.include_schema' and 'backup.include_table' are both there",
                    "Name each table with its schema in include_table, or narrow include_schema with exclude_table."
                );
            }
        }

        if (configuration.Notifications.Email is { Enabled: true } email)
        {
            foreach (
                (string key, string address) in email
                    .To.Select(to => ("to", to))
                    .Prepend(("from", email.From))
                    .Where(pair => pair.Item2.Length > 0 && !IsAddress(pair.Item2))
            )
            {
                throw errors.At(
                    PlaceOf(root, "notifications", "email", key),
                    $"an address of 'notifications.email.{key}' is not a mail address",
                    "Give one such as admin@example.com, or Name <admin@example.com>."
                );
            }
        }
    }

    private static void CheckRetention(BackupConfiguration configuration, MapNode root, ConfigurationErrors errors)
    {
        foreach (
            RetentionSettings retention in new[] { configuration.Retention }
                .Concat(configuration.Databases?.Entries.Select(entry => entry.Retention) ?? [])
                .OfType<RetentionSettings>()
        )
        {
            try
            {
                retention.Rules?.Check();
            }
            catch (CryoBackupException failure)
            {
                throw errors.At(PlaceOf(root, "retention"), $"'retention': {failure.Message.TrimEnd('.')}", failure.Remedy ?? "");
            }
        }
    }

    private static void CheckAzure(AzureSettings? azure, MapNode root, ConfigurationErrors errors)
    {
        if (azure is not null && (azure.ImmutabilityMode is null) != (azure.ImmutabilityDays is null))
        {
            throw errors.At(
                PlaceOf(root, "azure", azure.ImmutabilityMode is null ? "immutability_days" : "immutability_mode"),
                "'azure.immutability_mode' and 'azure.immutability_days' say nothing without each other",
                "Give both: how, unlocked or locked, and for how long."
            );
        }

        if (azure?.ImmutabilityMode is { } mode && mode is not ("unlocked" or "locked"))
        {
            throw errors.At(
                PlaceOf(root, "azure", "immutability_mode"),
                "'azure.immutability_mode' is neither unlocked nor locked",
                "unlocked lets those who may change policies end it, locked nobody."
            );
        }
    }

    private static void CheckCopies(BackupConfiguration configuration, MapNode root, ConfigurationErrors errors)
    {
        if (configuration.Aws is { Enabled: true } aws && configuration.Missing.Count == 0)
        {
            try
            {
                _ = aws.ToLocation();
            }
            catch (CryoBackupException failure)
            {
                throw errors.At(PlaceOf(root, "aws", "bucket"), $"'aws': {failure.Message.TrimEnd('.')}", failure.Remedy ?? "");
            }
        }

        if (configuration.Aws is { } locked && (locked.ObjectLockMode is null) != (locked.ObjectLockDays is null))
        {
            throw errors.At(
                PlaceOf(root, "aws", locked.ObjectLockMode is null ? "object_lock_days" : "object_lock_mode"),
                "'aws.object_lock_mode' and 'aws.object_lock_days' say nothing without each other",
                "Give both: how, GOVERNANCE or COMPLIANCE, and for how long."
            );
        }

        if (configuration.Aws?.ObjectLockMode is { } mode && mode is not ("GOVERNANCE" or "COMPLIANCE"))
        {
            throw errors.At(
                PlaceOf(root, "aws", "object_lock_mode"),
                "'aws.object_lock_mode' is neither GOVERNANCE nor COMPLIANCE",
                "GOVERNANCE lets those who may bypass it remove what is locked, COMPLIANCE nobody."
            );
        }

        CheckAzure(configuration.Azure, root, errors);
        int copies = configuration.Copies.Count + (configuration.Aws is { Enabled: true } ? 1 : 0);
        if (configuration.CopiesRequired > copies)
        {
            throw errors.At(
                PlaceOf(root, "copies_required"),
                $"'copies_required' is {configuration.CopiesRequired}, and there are {copies} places for copies",
                "Name more of them in copies, or require fewer."
            );
        }
    }

    private static bool IsAddress(string text) => !text.Any(char.IsControl) && System.Net.Mail.MailAddress.TryCreate(text, out _);

    private static ConfigurationNode PlaceOf(ConfigurationNode node, params string[] path)
    {
        foreach (string name in path)
        {
            if (node is not MapNode map || map.Entries.FirstOrDefault(entry => entry.Key.Text == name) is not { Value: { } value })
            {
                break;
            }

            node = value;
        }

        return node;
    }
}
