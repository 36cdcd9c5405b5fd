using CryoBackup.Archive;

namespace CryoBackup.Tests.Archive;

/// <summary>Blocks of one archive that go into another: each is the one that belongs there, and whole.</summary>
[Trait("Runs", "Once")]
public sealed class ArchiveBlocksTests
{
    private readonly ArchiveImage _image = ArchiveImage.CreateSample();

    [Fact]
    public void EachIsTakenWithWhatItHolds()
    {
        (TableFingerprint first, byte[] taken) = Copy(_image);
        Assert.Equal(3, first.Rows);
        Assert.Equal(1, taken[0]);
        Assert.Contains("1\tone\n", System.Text.Encoding.UTF8.GetString(taken), StringComparison.Ordinal);
    }

    /// <summary>Rows that are longer than what is gathered come through as they are.</summary>
    [Fact]
    public void AChunkThatIsLongComesThroughWhole()
    {
        byte[] row = [.. Enumerable.Repeat((byte)'x', 200_000), (byte)'\n'];
        _image.Blocks[0] = new ArchiveImage.Block(1, 5, [.. Chunk("1\tone\n"u8), .. Chunk(row), .. Chunk("\\.\n\n\n"u8), .. Integer(0)]);
        (TableFingerprint rows, byte[] taken) = Copy(_image);
        Assert.Equal(2, rows.Rows);
        Assert.True(taken.AsSpan().IndexOf(row) > taken.AsSpan().IndexOf("1\tone\n"u8));
    }

    [Fact]
    public void OneThatIsAnothersIsRefused()
    {
        ArchiveImage.Block own = _image.Blocks[0];
        foreach (ArchiveImage.Block other in (ArchiveImage.Block[])[own with { DumpId = 6 }, own with { Type = 3 }])
        {
            _image.Blocks[0] = other;
            Fails("stands where the data of TABLE DATA public.t belongs");
        }
    }

    [Fact]
    public void RowsThatDoNotEndAreRefused()
    {
        foreach (
            byte[] rows in (byte[][])
                [
                    [.. "1\tone\n"u8],
                    [.. "1\tone"u8],
                    [.. "\\.\n\n\n1\n"u8],
                ]
        )
        {
            _image.Blocks[0] = new ArchiveImage.Block(1, 5, [.. Chunk(rows), .. Integer(0)]);
            Fails("does not end as COPY text does");
        }
    }

    [Fact]
    public void WhatFollowsTheEndIsRefused()
    {
        using var blocks = ArchiveBlocks.Open(new MemoryStream(_image.ToBytes()), default);
        Assert.Contains("more follows", Corrupt(blocks.ReadEnd), StringComparison.Ordinal);
    }

    [Fact]
    public void WhatIsNoArchiveIsRefused() =>
        Assert.Equal(
            CryoBackupError.NotABackup,
            Assert.Throws<CryoBackupException>(() => ArchiveBlocks.Open(new MemoryStream(new byte[100]), default)).Error
        );

    private void Fails(string words) => Assert.Contains(words, Corrupt(() => Copy(_image)), StringComparison.Ordinal);

    private static string Corrupt(Action act)
    {
        CryoBackupException failure = Assert.Throws<CryoBackupException>(act);
        Assert.Equal(CryoBackupError.ArchiveCorrupt, failure.Error);
        return failure.Message;
    }

    private static (TableFingerprint First, byte[] Taken) Copy(ArchiveImage image)
    {
        using var taken = new MemoryStream();
        var output = new ArchiveOutput(taken);
        using var blocks = ArchiveBlocks.Open(new MemoryStream(image.ToBytes()), default);
        TableFingerprint first = blocks.CopyTable(blocks.Entries[0], 77, output);
        output.Flush();
        return (first, taken.ToArray());
    }

    private static byte[] Chunk(ReadOnlySpan<byte> data) => [.. Integer(data.Length), .. data];

    private static byte[] Integer(int value) => [0, .. BitConverter.GetBytes(value)];
}
