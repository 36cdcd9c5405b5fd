using System.Diagnostics;
using CryoBackup.Streams;
using CryoBackup.Tests.Archive;

namespace CryoBackup.Tests.Streams;

/// <summary>What is compressed here the stock program opens, and what it compresses opens here.</summary>
public sealed class ZstdTests
{
    // Of a block, of several that workers share, and of nothing.
    public static TheoryData<int, int, int> Inputs =>
        new()
        {
            { 0, 3, 1 },
            { 1, 1, 4 },
            { 70_000, 3, 1 },
            { 9_000_000, 1, 4 },
            { 9_000_000, 3, 2 },
            { 2_000_000, 9, 2 },
        };

    [ProgramTheory("zstd")]
    [MemberData(nameof(Inputs))]
    public void StockProgramOpensWhatIsWritten(int length, int level, int workers)
    {
        byte[] data = GzipSamples.Text(length);
        byte[] file = Compress(data, level, workers);
        Assert.True(data.AsSpan().SequenceEqual(Zstd(file, "-dc")));

        // The third bit of the frame's descriptor: a checksum follows.
        Assert.True((file[4] & 4) != 0);
    }

    [ProgramTheory("zstd")]
    [InlineData("-1", "--check")]
    [InlineData("-19", "--no-check")]
    [InlineData("-3", "-T0")]
    [InlineData("--fast=5", "--long=27")]
    public void WhatTheStockProgramWroteIsOpened(string level, string option)
    {
        byte[] data = GzipSamples.Text(3_000_000);
        Assert.True(data.AsSpan().SequenceEqual(Decompress(Zstd(data, level, option, "-c"))));
    }

    [Fact]
    public void ManyFramesInAnySplitAreOne()
    {
        var random = new Random(4);
        List<byte> plain = [],
            file = [];
        for (int i = 0; i < 40; i++)
        {
            // Sizes around those of the buffers, so that frames end in all places; between them, one that is to be skipped.
            byte[] data = GzipSamples.Text(random.Next(4) == 0 ? random.Next(100_000, 300_000) : random.Next(0, 3000), i);
            plain.AddRange(data);
            file.AddRange(Compress(data));
            file.AddRange(i % 8 == 0 ? [0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3] : []);
        }

        byte[] bytes = [.. file],
            expected = [.. plain];
        Assert.True(expected.AsSpan().SequenceEqual(Decompress(bytes)));
        Assert.True(expected.AsSpan().SequenceEqual(Decompress(new SplitStream(bytes, () => random.Next(1, 9000)))));
        Assert.True(expected.AsSpan().SequenceEqual(Decompress(new SplitStream(bytes, () => 1))));
    }

    [Fact]
    public void WhatIsCutOffIsFoundAtEveryLength()
    {
        byte[] file = Compress(GzipSamples.Text(3000));
        for (int length = 1; length < file.Length; length++)
        {
            string message = Assert.Throws<InvalidDataException>(() => Decompress(file[..length])).Message;
            Assert.Equal("the file ends within a frame of zstd", message);
        }
    }

    [Fact]
    public void NoChangedBitGivesOtherContent()
    {
        byte[] data = GzipSamples.Text(3000);
        byte[] file = Compress(data);
        for (int bit = 0; bit < file.Length * 8; bit++)
        {
            byte[] changed = (byte[])file.Clone();
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            try
            {
                // A bit of the header that says nothing, or the one that says that there is a checksum, of which four bytes then are left over.
                Assert.Equal(data, Decompress(changed));
            }
            catch (InvalidDataException)
            {
                // Found.
            }
        }
    }

    [Theory]
    [InlineData("more")]
    [InlineData("\u001f\u008b")]
    public void WhatFollowsTheLastFrameIsFound(string more)
    {
        byte[] file = [.. Compress(GzipSamples.Text(3000)), .. more.Select(character => (byte)character), 0, 0, 0, 0];
        Assert.StartsWith("a frame of zstd is damaged (", Assert.Throws<InvalidDataException>(() => Decompress(file)).Message);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void AFailureOfTheDiskIsTold(int workers)
    {
        using var writer = new ZstdWriter(new FailingStream([], 100_000), 1, workers);
        byte[] data = GzipSamples.Text(5_000_000);
        Assert.Equal(
            "the disk failed",
            Assert
                .Throws<IOException>(() =>
                {
                    writer.Write(data);
                    writer.Complete();
                })
                .Message
        );
        Assert.Equal("the disk failed", Assert.Throws<IOException>(() => Decompress(new FailingStream(Compress(data), 100_000))).Message);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void WhatIsAbandonedHasNoEnd(int workers)
    {
        var output = new MemoryStream();
        using (var writer = new ZstdWriter(output, 3, workers))
        {
            writer.Write(GzipSamples.Text(3_000_000));
        }

        byte[] file = output.ToArray();
        Assert.True(file.Length == 0 || Assert.Throws<InvalidDataException>(() => Decompress(file)) is not null);
    }

    private static byte[] Compress(byte[] data, int level = 3, int workers = 1)
    {
        var output = new MemoryStream();
        using var writer = new ZstdWriter(output, level, workers);
        for (int start = 0; start < data.Length; start += 50_000)
        {
            writer.Write(data.AsSpan(start, Math.Min(50_000, data.Length - start)));
        }

        writer.Complete();
        return output.ToArray();
    }

    private static byte[] Decompress(byte[] file) => Decompress(new MemoryStream(file));

    private static byte[] Decompress(Stream file)
    {
        using var reader = new ZstdReader(file);
        return GzipSamples.ReadAll(reader);
    }

    private static byte[] Zstd(byte[] input, params string[] options)
    {
        using Process process = Process.Start(
            new ProcessStartInfo("zstd", ["-q", .. options]) { RedirectStandardInput = true, RedirectStandardOutput = true }
        )!;
        var feed = Task.Run(() =>
        {
            process.StandardInput.BaseStream.Write(input);
            process.StandardInput.Close();
        });
        var output = new MemoryStream();
        process.StandardOutput.BaseStream.CopyTo(output);
        feed.Wait();
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        return output.ToArray();
    }
}
