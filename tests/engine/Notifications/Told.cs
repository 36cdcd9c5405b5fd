using CryoBackup.Configuration;
using CryoBackup.Notifications;
using CryoBackup.Runs;
using CryoBackup.Tests.Reports;

namespace CryoBackup.Tests.Notifications;

/// <summary>A run of a minute and a half, told to the channels of settings.</summary>
internal static class Told
{
    public static async Task SendAsync(NotificationSettings settings, params RunItem[] items) =>
        Assert.All(await TryAsync(settings, items), delivery => Assert.True(delivery.Sent, delivery.Detail));

    public static Task<Delivery[]> TryAsync(NotificationSettings settings, params RunItem[] items)
    {
        var run = new RunRecord
        {
            Kind = RunKind.Backup,
            Start = SampleResults.Noon,
            End = SampleResults.Noon.AddSeconds(90),
        };
        run.Items.AddRange(items);
        return new Notifier(settings).EndAsync(run, CancellationToken.None);
    }
}
