using System.Globalization;
using CryoBackup.Archive;
using static CryoBackup.Tests.Archive.ArchiveImage;

namespace CryoBackup.Tests.Archive;

/// <summary>Each thing that can be wrong with an archive has its own error, with the place.</summary>
public sealed class ArchiveStrictnessTests
{
    private readonly ArchiveImage _image = CreateSample();

    [Fact]
    public void TakesTheSample()
    {
        foreach (bool offsets in (bool[])[false, true])
        {
            ArchiveContent content = ArchiveAssert.Read(_image.ToBytes(offsets));

            Assert.Equal(new Version(1, 14, 0), content.Header.Version);
            Assert.Equal(new DateTime(2024, 8, 6, 5, 34, 12), content.Header.Created);
            Assert.Equal(
                ["TABLE DATA public.t 3", "TABLE DATA public.u 0"],
                content.Tables.Select(table => $"{table.Entry} {table.Fingerprint!.Rows}")
            );
            Assert.Equal((2, 12), (content.LargeObjectCount, content.LargeObjectBytes));
            Assert.Equal([3, 3], content.Entries[8].Dependencies);
        }
    }

    /// <summary>pg_dump writes no text at all where there is none.</summary>
    [Fact]
    public void WhatIsNotWrittenIsEmpty()
    {
        _image.Entries[0].Owner = null;
        _image.Entries[1].Owner = [];
        ArchiveContent content = ArchiveAssert.Read(_image.ToBytes());
        Assert.Equal(("", ""), (content.Entries[0].Schema, content.Entries[0].Owner));
        Assert.Equal(("", ""), (content.Entries[1].Schema, content.Entries[1].Owner));
        Assert.Equal("ENCODING ENCODING", content.Entries[0].ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("PGDM")]
    [InlineData("PGDMQ0123456789")]
    public void RefusesAnotherMagic(string start) => ArchiveAssert.Fails(CryoBackupError.NotABackup, Ascii(start), "PGDMP");

    [Fact]
    public void CallsAScriptOfSqlAScript() =>
        ArchiveAssert.Fails(CryoBackupError.NotABackup, Ascii("-- PostgreSQL database dump"), "SQL script of pg_dump");

    [Fact]
    public void RefusesTheVersionsThatItDoesNotKnow()
    {
        byte[] Version(byte major, byte minor)
        {
            byte[] archive = _image.ToBytes();
            (archive[5], archive[6]) = (major, minor);
            return archive;
        }

        ArchiveAssert.Fails(CryoBackupError.ArchiveTooNew, Version(1, 17), "1.17.0", "1.16");
        ArchiveAssert.Fails(CryoBackupError.ArchiveTooNew, Version(2, 0), "2.0.0");
        ArchiveAssert.Fails(CryoBackupError.NotABackup, Version(1, 13), "1.13.0", "PostgreSQL 11");
    }

    [Fact]
    public void RefusesAHeaderThatCannotBe()
    {
        Fails(image => image.IntegerSize = 8, "byte 9", "integers is 8");
        Fails(image => image.OffsetSize = 2, "byte 10", "offsets is 2");
        Fails(image => image.Compression = 10, "compression level is 10");
        Fails(image => image.Time[4] = 12, "time");
        Fails(image => image.Time[3] = 32, "time");
        ArchiveImage tar = CreateSample();
        tar.Format = 3;
        ArchiveAssert.Fails(CryoBackupError.NotABackup, tar.ToBytes(), "format 3", "custom format");
        ArchiveImage newer = CreateSample().ToVersion(15);
        newer.Compression = 4;
        ArchiveAssert.Fails(CryoBackupError.ArchiveCorrupt, newer.ToBytes(), "algorithm is 4");
    }

    [Fact]
    public void RefusesATableOfContentsThatCannotBe()
    {
        Fails(image => image.ClaimedEntries = -1, "-1 entries");
        Fails(image => image.Entries[2].DumpId = 0, "dump ID 0");
        Fails(image => image.Entries[3].DumpId = 3, "dump ID 3 stands twice");
        Fails(image => image.Entries[2].HasData = 2, "dump ID 3 is 2");
        Fails(image => image.Entries[2].Section = 5, "section of dump ID 3 is 5");
        Fails(image => image.Entries[2].Oid = Ascii("-7"), "\"-7\"", "OID");
        Fails(image => image.Entries[2].Dependencies.Add(Ascii("x")), "\"x\"", "dump ID 3");
        Fails(image => image.Entries[2].OffsetFlag = 4, "flag 4");
        Fails(image => image.Entries[2].OffsetFlag = 1, "dump ID 3", "flag 1");
        Fails(image => image.Entries[4].OffsetFlag = 3, "dump ID 5", "flag 3");
    }

    [Fact]
    public void RefusesLengthsBeyondReason()
    {
        byte[] archive = _image.ToBytes();
        int name = archive.AsSpan().IndexOf([.. Integer(3), .. "app"u8]);

        // What stands there is too long for a text at all; what follows is too short for the other.
        Overwrite(archive, name, Integer(int.MaxValue));
        ArchiveAssert.Fails(CryoBackupError.ArchiveCorrupt, archive, $"byte {name + 5}", "2147483647 bytes");
        Overwrite(archive, name, Integer(-2));
        ArchiveAssert.Fails(CryoBackupError.ArchiveCorrupt, archive, "-2 bytes");
        Overwrite(archive, name, Integer(100_000));
        ArchiveAssert.Fails(CryoBackupError.ArchiveCorrupt, archive, "ends in the middle");
        Overwrite(archive, name, Integer(5_000_000));
        ArchiveAssert.Fails(CryoBackupError.ArchiveCorrupt, archive, "ends in the middle");

        archive = _image.ToBytes();
        int chunk = archive.AsSpan().IndexOf(Chunk("1\tone\n"));
        Overwrite(archive, chunk, Integer(-6));
        ArchiveAssert.Fails(CryoBackupError.ArchiveCorrupt, archive, $"byte {chunk + 5}", "-6 bytes");
        Overwrite(archive, chunk, Integer(int.MaxValue));
        ArchiveAssert.Fails(CryoBackupError.ArchiveCorrupt, archive, "ends in the middle");
    }

    [Fact]
    public void RefusesIntegersInAnotherForm()
    {
        byte[] archive = _image.ToBytes();
        int name = archive.AsSpan().IndexOf([.. Integer(3), .. "app"u8]);
        foreach (
            byte[] form in (byte[][])
                [
                    [2, 3, 0, 0, 0],
                    [1, 0, 0, 0, 0],
                    [0, 255, 255, 255, 255],
                    [1, 1, 0, 0, 128],
                ]
        )
        {
            Overwrite(archive, name, form);
            ArchiveAssert.Fails(CryoBackupError.ArchiveCorrupt, archive, $"byte {name}", "integer");
        }
    }

    [Fact]
    public void RefusesABlockWithoutEntry()
    {
        int start = BlockOffset(0);
        _image.Blocks[0] = _image.Blocks[0] with { DumpId = 99 };
        ArchiveAssert.Fails(CryoBackupError.ArchiveCorrupt, _image.ToBytes(), $"byte {start}", "dump ID 99", "does not know");
        _image.Blocks[0] = _image.Blocks[0] with { DumpId = 3 };
        ArchiveAssert.Fails(CryoBackupError.ArchiveCorrupt, _image.ToBytes(), $"byte {start}", "TABLE public.t", "no data");
    }

    [Fact]
    public void RefusesABlockThatComesTwice()
    {
        int second = BlockOffset(1);
        _image.Blocks.Insert(1, _image.Blocks[0]);
        ArchiveAssert.Fails(CryoBackupError.ArchiveCorrupt, _image.ToBytes(), $"byte {second}", "TABLE DATA public.t comes twice");
    }

    [Fact]
    public void RefusesABlockOfTheWrongType()
    {
        int start = BlockOffset(0);
        foreach (int type in (int[])[0, 2, 3, 4, 255])
        {
            _image.Blocks[0] = _image.Blocks[0] with { Type = type };
            ArchiveAssert.Fails(CryoBackupError.ArchiveCorrupt, _image.ToBytes(), $"byte {start}", $"type {type}", "public.t");
        }
    }

    [Fact]
    public void RefusesAnArchiveWithoutItsEnd()
    {
        _image.Blocks.RemoveRange(1, 2);
        byte[] archive = _image.ToBytes();
        ArchiveAssert.Fails(CryoBackupError.ArchiveCorrupt, archive, $"byte {archive.Length}", "TABLE DATA public.u", "2 data blocks");
    }

    [Fact]
    public void RefusesWhatFollowsTheEnd()
    {
        byte[] archive = _image.ToBytes();
        ArchiveAssert.Fails(CryoBackupError.ArchiveCorrupt, [.. archive, 0], $"byte {archive.Length}", "follows after its end");
        _image.Blocks.Add(_image.Blocks[0]);
        ArchiveAssert.Fails(CryoBackupError.ArchiveCorrupt, _image.ToBytes(), $"byte {archive.Length}", "follows after its end");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public void RefusesDataThatLiesElsewhereThanItsOffset(int away)
    {
        byte[] archive = _image.ToBytes(offsets: true);
        int start = BlockOffset(1);
        int field = archive.AsSpan().IndexOf((ReadOnlySpan<byte>)[2, .. BitConverter.GetBytes((long)start)]) + 1;
        Overwrite(archive, field, BitConverter.GetBytes((long)start + away));
        ArchiveAssert.Fails(CryoBackupError.ArchiveCorrupt, archive, $"byte {start}", $"says at {start + away}", "public.u");
    }

    [Theory]
    [InlineData("1\tone\n")]
    [InlineData("1\tone\n\\.")]
    [InlineData("1\tone\n\\.\n2\ttwo\n")]
    [InlineData("1\tone\n\\.\n\n\nx")]
    [InlineData("1\tone")]
    [InlineData("")]
    public void RefusesRowsWithoutTheirEnd(string copy)
    {
        byte[] content = copy.Length == 0 ? Integer(0) : [.. Chunk(copy), .. Integer(0)];
        _image.Blocks[0] = _image.Blocks[0] with { Content = content };
        ArchiveAssert.Fails(CryoBackupError.ArchiveCorrupt, _image.ToBytes(), "public.t", "does not end as COPY text does");
    }

    [Fact]
    public void RefusesEveryTruncation()
    {
        byte[] archive = _image.ToBytes();
        for (int length = 0; length < archive.Length; length++)
        {
            ArchiveAssert.Fails(length < 5 ? CryoBackupError.NotABackup : CryoBackupError.ArchiveCorrupt, archive[..length]);
        }
    }

    [Fact]
    public void RefusesCompressedBlocksThatAreNotWhole()
    {
        byte[] zlib = Deflated.Zlib("1\tone\n\\.\n\n\n");
        _image.Compression = -1;
        void Put(byte[] first) =>
            (_image.Blocks[0], _image.Blocks[1], _image.Blocks[2]) = (
                new Block(1, 5, first.Length == 0 ? Integer(0) : [.. ArchiveImage.Text(first), .. Integer(0)]),
                new Block(1, 6, [.. ArchiveImage.Text(Deflated.Zlib("\\.\n\n\n")), .. Integer(0)]),
                new Block(3, 8, Integer(0))
            );

        Put(zlib);
        ArchiveContent content = ArchiveAssert.Read(_image.ToBytes());
        Assert.Equal([1, 0], content.Tables.Select(table => table.Fingerprint!.Rows));

        for (int length = 0; length < zlib.Length; length++)
        {
            Put(zlib[..length]);
            ArchiveAssert.Fails(CryoBackupError.ArchiveCorrupt, _image.ToBytes(), "compressed data block");
        }

        Put([.. zlib, 0]);
        ArchiveAssert.Fails(CryoBackupError.ArchiveCorrupt, _image.ToBytes(), "checksum");
        Put([.. zlib, .. zlib]);
        Assert.ThrowsAny<CryoBackupException>(() => ArchiveAssert.Read([.. _image.ToBytes(), 0]));

        // The flag of a preset dictionary, of which the archive knows none.
        byte[] dictionary = [.. zlib];
        dictionary[1] = (byte)((dictionary[1] & 0xc0) | 0x20);
        dictionary[1] |= (byte)(31 - (((dictionary[0] << 8) | dictionary[1]) % 31));
        Put(dictionary);
        ArchiveAssert.Fails(CryoBackupError.ArchiveCorrupt, _image.ToBytes(), "compressed data block");
    }

    [Fact]
    public void FindsEveryFlippedBitThatACompressedBlockNeeds()
    {
        byte[] zlib = Deflated.Zlib(
            string.Concat(Enumerable.Range(0, 40).Select(i => string.Create(CultureInfo.InvariantCulture, $"{i}\t{i * i % 97}\n")))
                + "\\.\n\n\n"
        );
        _image.Compression = -1;
        _image.Blocks[1] = new Block(1, 6, [.. ArchiveImage.Text(Deflated.Zlib("\\.\n\n\n")), .. Integer(0)]);
        _image.Blocks[2] = new Block(3, 8, Integer(0));
        string good = Describe(zlib);
        int unseen = 0;
        for (int i = 0; i < zlib.Length * 8; i++)
        {
            byte[] flipped = [.. zlib];
            flipped[i / 8] ^= (byte)(1 << (i % 8));
            try
            {
                // Nothing reads the bits that fill up the last byte before the checksum.
                Assert.Equal(good, Describe(flipped));
                unseen++;
            }
            catch (CryoBackupException exception)
            {
                Assert.Equal(CryoBackupError.ArchiveCorrupt, exception.Error);
            }
        }

        Assert.InRange(unseen, 0, 7);

        string Describe(byte[] first)
        {
            _image.Blocks[0] = new Block(1, 5, [.. ArchiveImage.Text(first), .. Integer(0)]);
            return ArchiveAssert.Describe(ArchiveAssert.Read(_image.ToBytes()));
        }
    }

    private static void Fails(Action<ArchiveImage> change, params string[] words)
    {
        ArchiveImage image = CreateSample();
        change(image);
        ArchiveAssert.Fails(CryoBackupError.ArchiveCorrupt, image.ToBytes(), ["damaged at byte", .. words]);
    }

    private static void Overwrite(byte[] target, int offset, byte[] bytes) => bytes.CopyTo(target, offset);

    private int BlockOffset(int index) => _image.ToBytes().Length - _image.Blocks.Skip(index).Sum(block => 6 + block.Content.Length);
}
