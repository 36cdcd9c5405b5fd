using System.Collections.Concurrent;
using CryoBackup.Backup;

namespace CryoBackup.Tests.Backup;

/// <summary>How far a backup is, told by table and bytes.</summary>
[Collection("backup")]
public sealed class ProgressTests(PostgresServer server) : IDisposable
{
    private readonly TemporaryFolder _destination = new();

    public void Dispose() => _destination.Dispose();

    [PostgresFact]
    public void NamesTablesGrowsAndEnds()
    {
        SlowDatabase.Create(server, "progress", milliseconds: 10, rows: 300);
        var messages = new ConcurrentQueue<ProgressMessage>();
        BackupWriter.Run(
            Requests.Backup(server.Connection, "progress", _destination.Path),
            message =>
            {
                if (message is ProgressMessage progress)
                {
                    messages.Enqueue(progress);
                }
            },
            CancellationToken.None
        );

        Assert.All(messages, message => Assert.Equal("Backing up progress", message.Activity));
        Assert.Contains(
            messages,
            message =>
                message.Status.StartsWith("step 2 of 3, writing: public.slow, ", StringComparison.Ordinal)
                && message.Status.EndsWith("B", StringComparison.Ordinal)
        );
        Assert.StartsWith("step 1 of 3, connecting", messages.First().Status, StringComparison.Ordinal);
        double[] fractions = [.. messages.Select(message => message.Fraction).OfType<double>()];
        Assert.Equal(fractions.Order(), fractions);
        Assert.All(fractions, fraction => Assert.InRange(fraction, 0, 1));
        Assert.True(fractions.Distinct().Count() > 3, "It stood still.");
        Assert.Contains(messages, message => message.Remaining is not null);
        Assert.True(Assert.Single(messages, message => message.Completed).Equals(messages.Last()));
    }

    /// <summary>An observer that fails on a timer's thread must not end the process.</summary>
    [PostgresFact]
    public void FaultyObserverOfProgressDoesNoHarm()
    {
        SlowDatabase.Create(server, "progress_faulty", milliseconds: 5, rows: 100);
        int calls = 0;
        BackupInfo info = BackupWriter.Run(
            Requests.Backup(server.Connection, "progress_faulty", _destination.Path),
            message =>
            {
                if (message is ProgressMessage)
                {
                    calls++;
                    throw new InvalidOperationException("a faulty observer");
                }
            },
            CancellationToken.None
        );
        Assert.Equal(1100, info.RowCount);
        Assert.Equal(1, calls);
    }
}
