using System.IO.Compression;

namespace CryoBackup.Tests.Archive;

/// <summary>Data blocks as pg_dump writes them with zlib.</summary>
internal static class Deflated
{
    /// <summary>The sample with compressed blocks.</summary>
    public static ArchiveImage Sample()
    {
        var image = ArchiveImage.CreateSample();
        image.Compression = -1;
        image.Blocks =
        [
            new(1, 5, Run("1\tone\n2\t\\\\.\n3\t\\N\n\\.\n\n\n")),
            new(1, 6, Run("\\.\n\n\n")),
            new(3, 8, [.. ArchiveImage.Integer(4711), .. Run("large object"), .. ArchiveImage.Integer(0)]),
        ];
        return image;
    }

    /// <summary>A zlib stream in chunks, to their end.</summary>
    public static byte[] Run(string text)
    {
        byte[] zlib = Zlib(text);
        int half = zlib.Length / 2;
        return [.. ArchiveImage.Text(zlib[..half]), .. ArchiveImage.Text(zlib[half..]), .. ArchiveImage.Integer(0)];
    }

    public static byte[] Zlib(string text)
    {
        var output = new MemoryStream();
        using (var zlib = new ZLibStream(output, CompressionLevel.Optimal))
        {
            zlib.Write(ArchiveImage.Ascii(text));
        }

        return output.ToArray();
    }
}
