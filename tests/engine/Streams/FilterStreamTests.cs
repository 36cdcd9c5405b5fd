using CryoBackup.Processes;

namespace CryoBackup.Tests.Streams;

public sealed class FilterStreamTests
{
    private static readonly TimeSpan HangGuard = TimeSpan.FromSeconds(60);
    private static readonly byte[] Data = GzipSamples.Text(5_000_000);

    private static ToolCommand Sh(string script) => new("/bin/sh", "-c", script);

    [UnixFact]
    public void WritesAndReadsThroughAProgram()
    {
        var output = new MemoryStream();
        using (var writer = new FilterWriteStream(Sh("tr a-z A-Z"), output, CancellationToken.None))
        {
            writer.Write(Data);
            writer.Complete();
        }

        using var reader = new FilterReadStream(Sh("tr A-Z a-z"), new MemoryStream(output.ToArray()), CancellationToken.None);
        Assert.True(Data.AsSpan().SequenceEqual(GzipSamples.ReadAll(reader)));
    }

    [UnixFact]
    public async Task TellsADestinationThatFailsAndDoesNotWaitForIt()
    {
        await Task.Run(() =>
            {
                using var writer = new FilterWriteStream(Sh("cat"), new FailingStream([], failAt: 100_000), CancellationToken.None);
                IOException exception = Assert.Throws<IOException>(() =>
                {
                    // More than all pipes hold.
                    for (int i = 0; i < 20; i++)
                    {
                        writer.Write(Data);
                    }

                    writer.Complete();
                });
                Assert.Equal("the disk failed", exception.Message);
            })
            .WaitAsync(HangGuard);
    }

    [UnixFact]
    public async Task TellsAProgramThatFails()
    {
        await Task.Run(() =>
            {
                using var writer = new FilterWriteStream(
                    Sh("head -c 10 >/dev/null; echo no room >&2; exit 3"),
                    new MemoryStream(),
                    CancellationToken.None
                );
                CryoBackupException failure = Assert.Throws<CryoBackupException>(() =>
                {
                    writer.Write(Data);
                    writer.Complete();
                });
                Assert.Equal(CryoBackupError.DumpFailed, failure.Error);
                Assert.Contains("exit code 3", failure.Message, StringComparison.Ordinal);
                Assert.Equal(["no room"], failure.StandardError);

                using var reader = new FilterReadStream(
                    Sh("head -c 100000; echo bad data >&2; exit 4"),
                    new MemoryStream(Data),
                    CancellationToken.None
                );
                InvalidDataException damage = Assert.Throws<InvalidDataException>(() => GzipSamples.ReadAll(reader));
                Assert.Contains("exit code 4: bad data", damage.Message, StringComparison.Ordinal);
                Assert.Throws<InvalidDataException>(() => reader.Read(new byte[1]));
            })
            .WaitAsync(HangGuard);
    }

    [UnixFact]
    public async Task TellsASourceThatFails()
    {
        await Task.Run(() =>
            {
                using var reader = new FilterReadStream(Sh("cat"), new FailingStream(Data, failAt: 1_000_000), CancellationToken.None);
                Assert.Equal("the disk failed", Assert.Throws<IOException>(() => GzipSamples.ReadAll(reader)).Message);
            })
            .WaitAsync(HangGuard);
    }

    [UnixFact]
    public async Task CanBeLeftAtAnyTime()
    {
        await Task.Run(() =>
            {
                using (var writer = new FilterWriteStream(Sh("cat"), new MemoryStream(), CancellationToken.None))
                {
                    writer.Write(Data);
                }

                using (var reader = new FilterReadStream(Sh("cat"), new MemoryStream(Data), CancellationToken.None))
                {
                    reader.ReadExactly(new byte[1000]);
                }

                using (var idle = new FilterReadStream(Sh("sleep 1000"), new MemoryStream(Data), CancellationToken.None)) { }
            })
            .WaitAsync(HangGuard);
    }

    [UnixFact]
    public async Task EndsWithItsToken()
    {
        await Task.Run(() =>
            {
                using var source = new CancellationTokenSource();
                using var reader = new FilterReadStream(Sh("sleep 1000"), new MemoryStream(Data), source.Token);
                source.Cancel();
                Assert.Throws<InvalidDataException>(() => reader.Read(new byte[10]));
            })
            .WaitAsync(HangGuard);
    }
}
