using System.Globalization;
using System.IO.Hashing;
using CryoBackup.Storage;
using CryoBackup.Streams;

namespace CryoBackup.Tests.Streams;

/// <summary>The fingerprints by which a part of a file is judged without the rest.</summary>
[Trait("Runs", "Once")]
public sealed class RangeFingerprintsTests
{
    private const int Block = RangeFingerprints.BlockLength;

    /// <summary>As the documentation says it, computed from the whole: however the bytes were split on their way.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(Block)]
    [InlineData(Block + 1)]
    [InlineData((255 * Block) + 9)]
    [InlineData(256 * Block)]
    [InlineData((256 * Block) + 1)]
    [InlineData((513 * Block) - 1)]
    public void AreThoseOfTheDocumentation(int length)
    {
        byte[] content = Content(length);
        foreach (int piece in new[] { 1_000_003, Block, (3 * Block) + 1, 4093 })
        {
            var ranges = new RangeFingerprints();
            foreach (byte[] part in content.Chunk(piece))
            {
                ranges.Append(part);
            }

            string text = ranges.Complete();
            Assert.Equal(Expected(content, ranges.RangeLength), text);
            Assert.True(length <= 256 * Block ? ranges.RangeLength == Block : text.Length is > 128 * 32 and <= 256 * 32);
            Assert.True(FileRanges.Fit(new() { SizeBytes = ranges.RangeLength, Fingerprints = text }, length));
        }
    }

    /// <summary>A byte that is another one, and blocks that changed places, within a range of several.</summary>
    [Fact]
    public void TellEachRangeThatIsAnother()
    {
        byte[] content = Content(600 * Block);
        (long length, string before) = Of(content);
        Assert.Equal(4 * Block, length);
        content[(int)(7 * length) + 5] ^= 1;
        Assert.Equal([7], Differing(before, Of(content).Fingerprints));
        content[(int)(7 * length) + 5] ^= 1;
        byte[] first = content[..Block];
        content.AsSpan(Block, Block).CopyTo(content);
        first.CopyTo(content, Block);
        Assert.Equal([0], Differing(before, Of(content).Fingerprints));
    }

    /// <summary>What no writer of ours recorded is no record.</summary>
    [Theory]
    [InlineData(Block, 32, true)]
    [InlineData(0, 32, false)]
    [InlineData(-Block, 32, false)]
    [InlineData(Block - 1, 32, false)]
    [InlineData(Block, 31, false)]
    [InlineData(Block, 64, false)]
    [InlineData(long.MaxValue / Block * Block, 32, true)]
    public void AreOfTheirFileOrOfNone(long length, int digits, bool fits) =>
        Assert.Equal(fits, FileRanges.Fit(new() { SizeBytes = length, Fingerprints = new string('0', digits) }, Block));

    private static byte[] Content(int length)
    {
        byte[] content = new byte[length];
        new Random(length).NextBytes(content);
        return content;
    }

    private static (long Length, string Fingerprints) Of(byte[] content)
    {
        var ranges = new RangeFingerprints();
        ranges.Append(content);
        return (ranges.RangeLength, ranges.Complete());
    }

    private static string Expected(byte[] content, long length)
    {
        byte[][] blocks = [.. content.Chunk(Block)];
        return string.Concat(
            blocks
                .Select((block, number) => (Range: number * (long)Block / length, Sum: XxHash128.HashToUInt128(block, number)))
                .GroupBy(block => block.Range, block => block.Sum)
                .Select(range => range.Aggregate((one, other) => one + other).ToString("x32", CultureInfo.InvariantCulture))
        );
    }

    private static int[] Differing(string before, string after) =>
        [.. Enumerable.Range(0, before.Length / 32).Where(range => before.Substring(32 * range, 32) != after.Substring(32 * range, 32))];
}
