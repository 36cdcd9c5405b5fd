using CryoBackup.Processes;

namespace CryoBackup.Tests.Postgres;

/// <summary>Work on the server is told that it was cancelled, and its own end is waited for.</summary>
public sealed class PatienceTests
{
    [Fact]
    public async Task WaitsForWorkThatGivesIn()
    {
        using var cancellation = new CancellationTokenSource();
        bool gaveIn = false;
        Task running = Patience.RunAsync(
            async token =>
            {
                await cancellation.CancelAsync();
                try
                {
                    await Task.Delay(Timeout.Infinite, token);
                }
                finally
                {
                    gaveIn = true;
                }
            },
            cancellation.Token
        );
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.True(gaveIn);
    }

    [Fact]
    public async Task PassesOnWhatWentWrong() =>
        await Assert.ThrowsAsync<IOException>(() =>
            Patience.RunAsync(_ => Task.FromException(new IOException("broken")), CancellationToken.None)
        );
}
