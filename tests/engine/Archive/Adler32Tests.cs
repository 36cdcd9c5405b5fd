using System.Buffers.Binary;
using System.IO.Compression;
using CryoBackup.Archive;

namespace CryoBackup.Tests.Archive;

public sealed class Adler32Tests
{
    [Fact]
    public void IsWhatZlibWrites()
    {
        var random = new Random(7);
        foreach (int size in (int[])[1, 2, 5551, 5552, 5553, 100_000, 1_000_003])
        {
            byte[] data = new byte[size];
            random.NextBytes(data);
            if (size == 100_000)
            {
                data.AsSpan().Fill(255);
            }

            var output = new MemoryStream();
            using (var zlib = new ZLibStream(output, CompressionLevel.Fastest))
            {
                zlib.Write(data);
            }

            var checksum = new Adler32();
            int cut = random.Next(size);
            checksum.Append(data.AsSpan(0, cut));
            checksum.Append(data.AsSpan(cut));
            Assert.Equal(BinaryPrimitives.ReadUInt32BigEndian(output.ToArray().AsSpan()[^4..]), checksum.Value);
        }
    }

    [Fact]
    public void OfNothingIsOne() => Assert.Equal(1u, new Adler32().Value);
}
