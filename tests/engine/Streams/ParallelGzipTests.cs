using CryoBackup.Streams;
using CryoBackup.Tests.Archive;

namespace CryoBackup.Tests.Streams;

public sealed class ParallelGzipTests
{
    private const int Block = GzipMember.BlockLength;
    private static readonly TimeSpan HangGuard = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(1)]
    [InlineData(Block - 1)]
    [InlineData(Block)]
    [InlineData(Block + 1)]
    [InlineData((7 * Block) + 12345)]
    public void ComesBackAsItWent(int length)
    {
        byte[] data = GzipSamples.Text(length);
        byte[] file = Compress(data);
        foreach (int workers in (int[])[1, 3])
        {
            using var reader = new ParallelGzipReader(new MemoryStream(file), workers);
            Assert.True(data.AsSpan().SequenceEqual(GzipSamples.ReadAll(reader)));
        }

        Assert.True(GzipSamples.Gunzip(file)?.AsSpan().SequenceEqual(data) ?? true);
    }

    [Fact]
    public void AnySplitGivesTheSame()
    {
        var random = new Random(11);
        byte[] data = GzipSamples.Text((3 * Block) + 777);
        byte[] file = Compress(data);
        using var writtenInParts = new MemoryStream();
        using (var writer = new ParallelGzipWriter(writtenInParts, 2, 2))
        {
            for (int at = 0; at < data.Length; )
            {
                int take = Math.Min(random.Next(1, 300_000), data.Length - at);
                writer.Write(data, at, take);
                at += take;
            }

            writer.Complete();
        }

        Assert.True(file.AsSpan().SequenceEqual(writtenInParts.ToArray()));
        for (int round = 0; round < 5; round++)
        {
            using var reader = new ParallelGzipReader(new SplitStream(file, () => random.Next(1, 5000)), 2);
            var output = new MemoryStream();
            byte[] buffer = new byte[70_000];
            int count;
            while ((count = reader.Read(buffer, 0, random.Next(1, buffer.Length))) > 0)
            {
                output.Write(buffer, 0, count);
            }

            Assert.True(data.AsSpan().SequenceEqual(output.ToArray()));
        }
    }

    [Fact]
    public void RefusesEveryTruncationButBetweenMembers()
    {
        byte[] first = Compress(GzipSamples.Text(900, 1)),
            second = Compress(GzipSamples.Text(900, 2));
        byte[] file = [.. first, .. second];
        for (int length = 1; length < file.Length; length++)
        {
            using var reader = new ParallelGzipReader(new MemoryStream(file[..length]), 2);
            if (length == first.Length)
            {
                // Nothing is missing that gzip could know of; the archive's own end is.
                Assert.Equal(900, GzipSamples.ReadAll(reader).Length);
            }
            else
            {
                Assert.Throws<InvalidDataException>(() => GzipSamples.ReadAll(reader));
            }
        }

        using var followed = new ParallelGzipReader(new MemoryStream([.. file, 0]), 2);
        Assert.Throws<InvalidDataException>(() => GzipSamples.ReadAll(followed));
    }

    [Fact]
    public void GivesTheGoodMembersFirstAndThenNothingButTheError()
    {
        byte[] good = Compress(GzipSamples.Text(Block));
        byte[] bad = Compress(GzipSamples.Text(Block, 2));
        bad[^6] ^= 1;
        using var reader = new ParallelGzipReader(new MemoryStream([.. good, .. bad, .. good]), 2);
        byte[] buffer = new byte[Block];
        reader.ReadExactly(buffer);
        Assert.Throws<InvalidDataException>(() => reader.Read(buffer));

        // Who reads on must not get the member after the bad one.
        Assert.Throws<InvalidDataException>(() => reader.Read(buffer));
    }

    [Fact]
    public void ThrowsNothingButInvalidData()
    {
        byte[] file = [.. Compress(GzipSamples.Text(900, 1)), .. Compress(GzipSamples.Text(900, 2)), .. Compress(GzipSamples.Text(10))];
        var mutator = new Mutator(5);
        for (int round = 0; round < 1000; round++)
        {
            using var reader = new ParallelGzipReader(new MemoryStream(mutator.Mutate(file)), 1);
            try
            {
                GzipSamples.ReadAll(reader);
            }
            catch (InvalidDataException) { }
        }
    }

    [Fact]
    public async Task CanBeLeftAtAnyTime()
    {
        byte[] file = Compress(GzipSamples.Text(12 * Block));
        file[^6] ^= 1;
        await Task.Run(() =>
            {
                for (int read = 0; read < 12; read++)
                {
                    using var reader = new ParallelGzipReader(new MemoryStream(file), 2);
                    if (read > 0)
                    {
                        reader.ReadExactly(new byte[((read - 1) * Block) + 5]);
                    }
                }
            })
            .WaitAsync(HangGuard);
    }

    [Fact]
    public async Task TellsAFailingSource()
    {
        byte[] file = Compress(GzipSamples.Text(3 * Block));
        await Task.Run(() =>
            {
                using var reader = new ParallelGzipReader(new FailingStream(file, failAt: file.Length / 2), 2);
                Assert.Equal("the disk failed", Assert.Throws<IOException>(() => GzipSamples.ReadAll(reader)).Message);
            })
            .WaitAsync(HangGuard);
    }

    [Fact]
    public async Task TellsAFailingDestination()
    {
        await Task.Run(() =>
            {
                using var writer = new ParallelGzipWriter(new FailingStream([], failAt: 300_000), 2, 2);
                byte[] data = GzipSamples.Text(Block);
                IOException exception = Assert.Throws<IOException>(() =>
                {
                    for (int i = 0; i < 64; i++)
                    {
                        writer.Write(data);
                    }

                    writer.Complete();
                });
                Assert.Equal("the disk failed", exception.Message);
            })
            .WaitAsync(HangGuard);
    }

    [Fact]
    public async Task WritesNothingMoreWhenAbandoned()
    {
        await Task.Run(() =>
            {
                var destination = new MemoryStream();
                var writer = new ParallelGzipWriter(destination, 2, 2);
                writer.Write(GzipSamples.Text((5 * Block) + 9));
                writer.Dispose();
                long length = destination.Length;
                writer.Dispose();
                Assert.Equal(length, destination.Length);
                using var reader = new ParallelGzipReader(new MemoryStream(destination.ToArray()), 2);
                Assert.True(GzipSamples.ReadAll(reader).Length <= 5 * Block);
            })
            .WaitAsync(HangGuard);
    }

    private static byte[] Compress(byte[] data)
    {
        using var output = new MemoryStream();
        using var writer = new ParallelGzipWriter(output, 2, 2);
        writer.Write(data);
        writer.Complete();
        return output.ToArray();
    }
}
