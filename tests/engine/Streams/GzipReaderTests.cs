using CryoBackup.Streams;
using CryoBackup.Tests.Archive;

namespace CryoBackup.Tests.Streams;

public sealed class GzipReaderTests
{
    private static byte[] Decompress(byte[] file) => Decompress(new MemoryStream(file));

    private static byte[] Decompress(Stream file)
    {
        using var reader = new GzipReader(file);
        return GzipSamples.ReadAll(reader);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(8_000)]
    [InlineData(65_536)]
    [InlineData(3_000_000)]
    public void ReadsStockGzip(int length)
    {
        byte[] data = GzipSamples.Text(length);
        Assert.True(data.AsSpan().SequenceEqual(Decompress(GzipSamples.Stock(data))));
        Assert.True(data.AsSpan().SequenceEqual(Decompress(GzipSamples.WithFullHeader(data))));
    }

    [Fact]
    public void ReadsMembersThatHoldNothing()
    {
        byte[] empty = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        Assert.Empty(Decompress(empty));
        Assert.Empty(Decompress([]));
        byte[] data = GzipSamples.Text(100);
        Assert.Equal(data, Decompress([.. empty, .. GzipSamples.Stock(data), .. empty]));
    }

    [Fact]
    public void ReadsManyMembersInAnySplit()
    {
        var random = new Random(4);
        var plain = new List<byte>();
        var file = new List<byte>();
        for (int i = 0; i < 60; i++)
        {
            // Sizes around those of the buffers, so that members end in all places.
            byte[] data = GzipSamples.Text(random.Next(4) == 0 ? random.Next(60_000, 200_000) : random.Next(1, 3000), i);
            plain.AddRange(data);
            file.AddRange(random.Next(3) == 0 ? GzipSamples.WithFullHeader(data) : GzipSamples.Stock(data));
        }

        byte[] bytes = [.. file],
            expected = [.. plain];
        Assert.True(expected.AsSpan().SequenceEqual(Decompress(bytes)));
        Assert.True(expected.AsSpan().SequenceEqual(Decompress(new SplitStream(bytes, () => random.Next(1, 9000)))));
        Assert.True(expected.AsSpan().SequenceEqual(Decompress(new SplitStream(bytes, () => 1))));
    }

    [Theory]
    [InlineData(900)]
    [InlineData(30_000)]
    public void RefusesEveryTruncation(int length)
    {
        // .NET's own GZipStream takes each of them for a whole file.
        byte[] file = GzipSamples.WithFullHeader(GzipSamples.Text(length));
        for (int cut = 1; cut < file.Length; cut += cut < file.Length - 40 && length > 1000 ? 7 : 1)
        {
            Assert.Throws<InvalidDataException>(() => Decompress(file[..cut]));
        }
    }

    [Fact]
    public void RefusesWhatFollows()
    {
        byte[] file = GzipSamples.Stock(GzipSamples.Text(900));
        foreach (
            byte[] more in (byte[][])
                [
                    [0],
                    [0x1f],
                    [0x1f, 0x8b],
                    [1, 2, 3, 4, 5, 6, 7, 8, 9],
                    new byte[100_000],
                ]
        )
        {
            Assert.Throws<InvalidDataException>(() => Decompress([.. file, .. more]));
        }
    }

    [Fact]
    public void FindsEveryFlippedBitThatMatters()
    {
        byte[] data = GzipSamples.Text(900);
        byte[] file = GzipSamples.WithFullHeader(data);
        int unseen = 0;
        for (int bit = 0; bit < file.Length * 8; bit++)
        {
            byte[] flipped = [.. file];
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            try
            {
                Assert.Equal(data, Decompress(flipped));
                unseen++;
            }
            catch (InvalidDataException) { }
        }

        // Nothing reads the bits that fill up deflate's last byte.
        Assert.InRange(unseen, 0, 7);
    }

    [Fact]
    public void ThrowsNothingButInvalidData()
    {
        byte[] file = [.. GzipSamples.Stock(GzipSamples.Text(900)), .. GzipSamples.WithFullHeader(GzipSamples.Text(3000))];
        var mutator = new Mutator(9);
        for (int round = 0; round < 5000; round++)
        {
            byte[] input = mutator.Mutate(file);
            byte[] output = new byte[1 << 16];
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                using var reader = new GzipReader(new MemoryStream(input));
                while (reader.Read(output) > 0) { }
            }
            catch (InvalidDataException) { }

            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 18);
        }
    }
}
