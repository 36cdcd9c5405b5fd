using System.CommandLine;
using CryoBackup.Cli.Output;
using CryoBackup.Configuration;
using CryoBackup.Notifications;

namespace CryoBackup.Cli.Commands;

/// <summary>cryobackup notify: tries the channels of notification.</summary>
internal sealed class NotifyCommand : Command
{
    private readonly Option<bool> _test = new("--test")
    {
        Description = "Send a test through every channel that is enabled, whatever it is told of otherwise",
        Required = true,
    };

    private readonly ConfigOption _config = new(ConfigurationUse.Notify);

    public NotifyCommand()
        : base("notify", "Try the channels of notification: exit code 0 if all took the test, 1 if any did not")
    {
        Add(_test);
        _config.AddTo(this);
        SetAction(arguments =>
            Batch.Run<BackupConfiguration, Delivery>(
                arguments,
                (observer, _) => [_config.Read(arguments, observer) ?? throw Unconfigured("There is no configuration file.", "--config")],
                (configuration, observer, cancellationToken) =>
                {
                    var notifier = new Notifier(configuration.Notifications);
                    if (notifier.IsEmpty)
                    {
                        throw Unconfigured($"'{configuration.Path}' enables no channel of notification.", configuration.Path);
                    }
                    Delivery[] deliveries = notifier.TryAllAsync(cancellationToken).GetAwaiter().GetResult();
                    foreach (Delivery delivery in deliveries.Where(delivery => delivery.Answer is not null))
                    {
                        observer(new VerboseMessage($"By {delivery.Channel} came this answer: {delivery.Answer}"));
                    }
                    return deliveries;
                },
                Print,
                delivery => delivery.Sent ? ExitCode.Good : ExitCode.Failed
            )
        );
    }

    private static CryoBackupException Unconfigured(string message, string target) =>
        new(
            CryoBackupError.ConfigurationInvalid,
            message,
            target,
            "Add a section under 'notifications'; cryobackup config --example shows them all."
        );

    private static void Print(IReadOnlyList<Delivery> deliveries, TextWriter output)
    {
        var table = new Table("Channel", "Sent", "Detail");
        foreach (Delivery delivery in deliveries)
        {
            table.Add(delivery.Channel, delivery.Sent ? "yes" : "no", delivery.Detail);
        }
        table.Print(output);
    }
}
