using System.Diagnostics;
using System.IO.Compression;

namespace CryoBackup.Tests.Streams;

/// <summary>Bytes to compress, and gzip of other makers.</summary>
internal static class GzipSamples
{
    /// <summary>Bytes that compress about as COPY text does.</summary>
    public static byte[] Text(int length, int seed = 1)
    {
        var random = new Random(seed);
        byte[] data = new byte[length];
        for (int i = 0; i < length; i++)
        {
            data[i] = (byte)(random.Next(8) == 0 ? '\n' : 'a' + random.Next(12));
        }

        return data;
    }

    /// <summary>One member as .NET writes it.</summary>
    public static byte[] Stock(byte[] data)
    {
        var output = new MemoryStream();
        using (var gzip = new GZipStream(output, CompressionLevel.Fastest))
        {
            gzip.Write(data);
        }

        return output.ToArray();
    }

    /// <summary>A member with everything that a header can have: extra field, name, comment, checksum.</summary>
    public static byte[] WithFullHeader(byte[] data)
    {
        byte[] plain = Stock(data);
        byte[] header = [0x1f, 0x8b, 8, 2 + 4 + 8 + 16, 1, 2, 3, 4, 0, 255, 5, 0, 1, 2, 3, 4, 5, .. "n.dump\0"u8, .. "comment\0"u8];
        uint checksum = System.IO.Hashing.Crc32.HashToUInt32(header);
        return [.. header, (byte)checksum, (byte)(checksum >> 8), .. plain[10..]];
    }

    /// <summary>What gunzip makes of a file; null where there is no gunzip.</summary>
    public static byte[]? Gunzip(byte[] file)
    {
        try
        {
            using Process process = Process.Start(
                new ProcessStartInfo("gzip", ["-dc"]) { RedirectStandardInput = true, RedirectStandardOutput = true }
            )!;
            var feed = Task.Run(() =>
            {
                process.StandardInput.BaseStream.Write(file);
                process.StandardInput.Close();
            });
            var output = new MemoryStream();
            process.StandardOutput.BaseStream.CopyTo(output);
            feed.Wait();
            process.WaitForExit();
            Assert.Equal(0, process.ExitCode);
            return output.ToArray();
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    public static byte[] ReadAll(Stream stream)
    {
        var output = new MemoryStream();
        stream.CopyTo(output);
        return output.ToArray();
    }
}
