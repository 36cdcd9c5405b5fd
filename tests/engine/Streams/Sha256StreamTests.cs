using System.Security.Cryptography;
using CryoBackup.Streams;

namespace CryoBackup.Tests.Streams;

/// <summary>The hash is of every byte, however long the file is and however it was read before.</summary>
public sealed class Sha256StreamTests
{
    [Theory]
    [InlineData(0)]
    [InlineData((1 << 17) - 1)]
    [InlineData(1 << 17)]
    [InlineData((1 << 18) + 1)]
    [InlineData((1 << 20) + 12_345)]
    public void HashesToTheLastByte(int length)
    {
        byte[] bytes = GzipSamples.Text(length);
        foreach (int before in new[] { 0, Math.Min(100, length) })
        {
            using var stream = new Sha256ReadStream(new MemoryStream(bytes));
            stream.ReadExactly(new byte[before]);
            Assert.Equal(Convert.ToHexString(SHA256.HashData(bytes)), stream.Finish(default));
            Assert.Equal(length, stream.BytesRead);
        }
    }
}
