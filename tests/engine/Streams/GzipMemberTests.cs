using CryoBackup.Streams;

namespace CryoBackup.Tests.Streams;

public sealed class GzipMemberTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(6)]
    [InlineData(9)]
    public void HoldsAnyBlockAtAnyLevel(int level)
    {
        var random = new Random(level);
        byte[] noise = new byte[GzipMember.BlockLength];
        random.NextBytes(noise);

        // Bytes from 144 on take 9 bits in deflate's fixed code, which the quickest level uses also where it makes the data longer.
        byte[] longest = [.. noise.Select(value => (byte)(144 + (value % 112)))];
        foreach (
            byte[] block in (byte[][])
                [
                    [7],
                    GzipSamples.Text(GzipMember.BlockLength),
                    noise,
                    longest,
                    new byte[GzipMember.BlockLength],
                ]
        )
        {
            var output = new MemoryStream();
            GzipMember.Compress(block, level, output);
            byte[] member = output.ToArray();

            Assert.Equal(member.Length, GzipMember.ReadLength(member));
            byte[] plain = [];
            int length = GzipMember.Decompress(member, member.Length, ref plain);
            Assert.True(block.AsSpan().SequenceEqual(plain.AsSpan(0, length)));
            Assert.True(GzipSamples.Gunzip(member)?.AsSpan().SequenceEqual(block) ?? true);
        }
    }

    [Fact]
    public void ReusesItsOutput()
    {
        var output = new MemoryStream();
        GzipMember.Compress(GzipSamples.Text(500_000), 2, output);
        GzipMember.Compress(GzipSamples.Text(10), 2, output);
        Assert.Equal((int)output.Length, GzipMember.ReadLength(output.ToArray()));
    }

    [Fact]
    public void TakesNoOthersHeaderForItsOwn()
    {
        byte[] stock = GzipSamples.Stock(GzipSamples.Text(3000));
        Assert.Null(GzipMember.ReadLength(stock));
        Assert.Null(GzipMember.ReadLength(GzipSamples.WithFullHeader(GzipSamples.Text(3000))));
        byte[] member = Member(3000);
        Assert.Null(GzipMember.ReadLength(member.AsSpan(0, GzipMember.HeaderLength - 1)));
        foreach (int length in (int[])[0, -1, int.MaxValue, GzipMember.MaximumLength + 1, 20])
        {
            BitConverter.TryWriteBytes(member.AsSpan(16), length);
            Assert.Null(GzipMember.ReadLength(member));
        }
    }

    [Fact]
    public void FindsEveryFlippedBit()
    {
        byte[] member = Member(700);
        byte[] plain = GzipSamples.Text(700);
        byte[] output = new byte[GzipMember.BlockLength];
        int unseen = 0;
        for (int bit = GzipMember.HeaderLength * 8; bit < member.Length * 8; bit++)
        {
            byte[] flipped = [.. member];
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            if (TryDecompress(flipped, flipped.Length, output) is { } length)
            {
                // Nothing reads the bits that fill up deflate's last byte.
                Assert.True(plain.AsSpan().SequenceEqual(output.AsSpan(0, length)));
                unseen++;
            }
        }

        Assert.InRange(unseen, 0, 7);
    }

    [Fact]
    public void FindsWhatIsMissingOrLeftOver()
    {
        byte[] member = Member(700);
        byte[] output = new byte[GzipMember.BlockLength];
        for (int length = GzipMember.HeaderLength + 8 + 1; length < member.Length; length++)
        {
            Assert.Null(TryDecompress(member, length, output));

            // Cut in the middle, with the right trailer.
            byte[] cut = [.. member[..(length - 8)], .. member[^8..]];
            Assert.Null(TryDecompress(cut, cut.Length, output));
        }

        byte[] longer = [.. member[..^8], 0, .. member[^8..]];
        Assert.Null(TryDecompress(longer, longer.Length, output));
    }

    [Fact]
    public void ThrowsNothingButInvalidData()
    {
        byte[] member = Member(2000);
        var mutator = new Mutator(3);
        byte[] output = new byte[GzipMember.BlockLength];
        for (int round = 0; round < 5000; round++)
        {
            byte[] input = mutator.Mutate(member);
            long before = GC.GetAllocatedBytesForCurrentThread();
            if (input.Length > GzipMember.HeaderLength + 8)
            {
                TryDecompress(input, input.Length, output);
            }

            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 16);
        }
    }

    private static byte[] Member(int length)
    {
        var output = new MemoryStream();
        GzipMember.Compress(GzipSamples.Text(length), 6, output);
        return output.ToArray();
    }

    private static int? TryDecompress(byte[] member, int length, byte[] output)
    {
        try
        {
            return GzipMember.Decompress(member, length, ref output);
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }
}
