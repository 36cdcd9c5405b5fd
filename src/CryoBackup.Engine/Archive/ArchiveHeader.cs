using System.Globalization;

namespace CryoBackup.Archive;

/// <summary>How the data blocks within an archive are compressed.</summary>
internal enum ArchiveCompression
{
    /// <summary>Not: they hold plain COPY text.</summary>
    None = 0,

    /// <summary>Each is a zlib stream.</summary>
    Gzip = 1,

    /// <summary>Each is an LZ4 frame.</summary>
    Lz4 = 2,

    /// <summary>Each is a Zstandard frame.</summary>
    Zstd = 3,
}

/// <summary>What stands before an archive's table of contents.</summary>
internal sealed class ArchiveHeader
{
    /// <summary>The archive format's version, for example 1.14.0.</summary>
    public required Version Version { get; init; }

    /// <summary>The compression of the data blocks.</summary>
    public ArchiveCompression Compression { get; init; }

    /// <summary>When pg_dump began, in the local time of the machine that it ran on.</summary>
    public DateTime Created { get; init; }

    /// <summary>The database's name.</summary>
    public string Database { get; init; } = "";

    /// <summary>The server's version.</summary>
    public string ServerVersion { get; init; } = "";

    /// <summary>pg_dump's version.</summary>
    public string DumpVersion { get; init; } = "";

    /// <summary>The major version at the start of a text such as "15.18 (Debian 15.18-0+deb12u1)"; 0 where there is none.</summary>
    /// <param name="version">A server's or a program's version.</param>
    internal static int Major(string version)
    {
        int end = version.AsSpan().IndexOfAnyExceptInRange('0', '9');
        return int.TryParse(end < 0 ? version : version.AsSpan(0, end), NumberStyles.None, CultureInfo.InvariantCulture, out int major)
            ? major
            : 0;
    }
}
