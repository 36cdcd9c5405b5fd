namespace CryoBackup.Configuration;

/// <summary>What no single key can tell.</summary>
internal static class ConfigurationRules
{
    private static readonly LockKeys s_ofAws = new("aws", "object_lock", "GOVERNANCE", "COMPLIANCE")
    {
        Meaning = "GOVERNANCE lets those who may bypass it remove what is locked, COMPLIANCE nobody.",
    };

    private static readonly LockKeys s_ofAzure = new("azure", "immutability", "unlocked", "locked")
    {
        Meaning = "unlocked lets those who may change policies end it, locked nobody.",
    };

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

    private static void CheckLock(LockKeys keys, string? mode, int? days, MapNode root, ConfigurationErrors errors)
    {
        string name = $"{keys.Section}.{keys.Start}";
        if ((mode is null) != (days is null))
        {
            throw errors.At(
                PlaceOf(root, keys.Section, $"{keys.Start}_{(mode is null ? "days" : "mode")}"),
                $"'{name}_mode' and '{name}_days' say nothing without each other",
                $"Give both: how, {keys.Weak} or {keys.Strong}, and for how long."
            );
        }

        if (mode is not null && mode != keys.Weak && mode != keys.Strong)
        {
            throw errors.At(
                PlaceOf(root, keys.Section, $"{keys.Start}_mode"),
                $"'{name}_mode' is neither {keys.Weak} nor {keys.Strong}",
                keys.Meaning
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

        CheckLock(s_ofAws, configuration.Aws?.ObjectLockMode, configuration.Aws?.ObjectLockDays, root, errors);
        CheckLock(s_ofAzure, configuration.Azure?.ImmutabilityMode, configuration.Azure?.ImmutabilityDays, root, errors);
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

    /// <summary>The keys of a lock that a store keeps.</summary>
    /// <param name="Section">The section.</param>
    /// <param name="Start">How both keys begin: the one ends with _mode, the other with _days.</param>
    /// <param name="Weak">The mode that some may undo.</param>
    /// <param name="Strong">The mode that nobody can.</param>
    private sealed record LockKeys(string Section, string Start, string Weak, string Strong)
    {
        /// <summary>What the modes mean, as a sentence.</summary>
        public required string Meaning { get; init; }
    }
}
