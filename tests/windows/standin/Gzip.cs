using System.IO.Compression;

namespace CryoBackup.StandIn;

/// <summary>As much of gzip as the manifest's line for cmd takes, for Windows brings none: <c>gzip -dc [FILE]</c>.</summary>
internal static class Gzip
{
    /// <summary>Runs it.</summary>
    /// <param name="arguments">Its arguments.</param>
    /// <returns>Its exit code.</returns>
    public static int Run(string[] arguments)
    {
        if (arguments is not (["-dc"] or ["-dc", _]))
        {
            Console.Error.WriteLine("gzip: only -dc is known here.");
            return 1;
        }

        using Stream file = arguments is [_, var path] ? File.OpenRead(path) : Console.OpenStandardInput();
        using var plain = new GZipStream(file, CompressionMode.Decompress);
        using Stream output = Console.OpenStandardOutput();
        plain.CopyTo(output);
        return 0;
    }
}
