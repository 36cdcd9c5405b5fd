using CryoBackup.Configuration;
using CryoBackup.Notifications;

namespace CryoBackup.Hosting;

/// <summary>Tells what a configuration file means and what is wrong with it, and tries its channels of notification.</summary>
public static class ConfigurationCheck
{
    /// <summary>Tests a file. What is wrong with it is a result, not an exception.</summary>
    /// <param name="path">The file's full path; null for the one that other verbs would find.</param>
    /// <param name="currentFolder">The folder that it is looked for in, as a full path.</param>
    /// <param name="notify">True to send a test through every channel that is enabled.</param>
    /// <param name="observer">Takes verbose messages: the channels' answers.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>What was found.</returns>
    public static ConfigurationResult Run(
        string? path,
        string currentFolder,
        bool notify,
        Action<EngineMessage> observer,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(observer);
        var warnings = new List<string>();
        string? file = path;
        BackupConfiguration configuration;
        try
        {
            file =
                ConfigurationFile.Find(path, currentFolder)
                ?? throw new CryoBackupException(
                    CryoBackupError.ConfigurationInvalid,
                    "There is no configuration here.",
                    currentFolder,
                    "Name a file; New-CryoBackupConfiguration makes one to begin with."
                );
            configuration = ConfigurationFile.Read(
                file,
                message =>
                {
                    if (message is WarningMessage warning)
                    {
                        warnings.Add(warning.Text);
                    }
                }
            );
        }
        catch (CryoBackupException failure)
        {
            return new ConfigurationResult
            {
                Path = file ?? currentFolder,
                Problems = [Describe(failure)],
                Warnings = [.. warnings],
            };
        }

        ConfigurationProblem[] missing = [.. configuration.Missing.Select(pair => Describe(pair.Value, pair.Key))];
        return new ConfigurationResult
        {
            Path = configuration.Path,
            Problems = [.. missing, .. notify ? Silent(configuration) : []],
            Warnings = [.. warnings],
            Databases = [.. BackupPlan.Expected(configuration).SelectMany(pair => pair.Databases).Distinct(StringComparer.Ordinal)],
            Folders = [.. BackupPlan.Folders(configuration)],
            Channels = notify ? Try(configuration, observer, cancellationToken) : [],
            Settings = ConfigurationView.ToYaml(configuration),
        };
    }

    private static ConfigurationProblem[] Silent(BackupConfiguration configuration) =>
        new Notifier(configuration.Notifications).IsEmpty
            ?
            [
                new ConfigurationProblem
                {
                    Key = "notifications",
                    Message = $"'{configuration.Path}' enables no channel of notification.",
                    Remedy = "Add a section under 'notifications'; New-CryoBackupConfiguration makes a file that shows them all.",
                },
            ]
            : [];

    private static ChannelResult[] Try(
        BackupConfiguration configuration,
        Action<EngineMessage> observer,
        CancellationToken cancellationToken
    )
    {
        if (configuration.Missing.Keys.Any(key => key.StartsWith("notifications.", StringComparison.Ordinal)))
        {
            // Half an address would be told of as if the other side were at fault.
            return [];
        }

        Delivery[] deliveries = new Notifier(configuration.Notifications).TryAllAsync(cancellationToken).GetAwaiter().GetResult();
        foreach (Delivery delivery in deliveries.Where(delivery => delivery.Answer is not null))
        {
            observer(new VerboseMessage($"By {delivery.Channel} came this answer: {delivery.Answer}"));
        }

        return
        [
            .. deliveries.Select(delivery => new ChannelResult
            {
                Channel = delivery.Channel,
                Sent = delivery.Sent,
                Detail = delivery.Detail,
            }),
        ];
    }

    private static ConfigurationProblem Describe(CryoBackupException failure, string? key = null) =>
        new()
        {
            Line = failure.Place?.Line ?? 0,
            Column = failure.Place?.Column ?? 0,
            Key = key ?? failure.Place?.Key,
            Message = failure.Message,
            Remedy = failure.Remedy,
        };
}
