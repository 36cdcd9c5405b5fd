namespace CryoBackup.Archive;

/// <summary>A file of another tool, or of another form of pg_dump's, known by its first bytes: what it is,
/// and the way in which it is restored.</summary>
/// <param name="What">What it is, as "an SQL script of pg_dump".</param>
/// <param name="Remedy">What to do with it.</param>
internal sealed record ForeignFile(string What, string Remedy)
{
    /// <summary>How many of the first bytes tell it.</summary>
    public const int StartLength = 512;

    private const string Psql = "Restore it with psql: psql -X -v ON_ERROR_STOP=1 -d NAME -f FILE (compressed: gunzip -c FILE | psql …).";
    private const string PgRestore =
        "Restore it with pg_restore -d NAME FILE; for backups that can be proven use New-CryoBackup, or pg_dump -Fc.";
    private const string Tape = "PostgreSQL cannot read it; restore it with the server that it is of.";
    private const int TarMagicOffset = 257;

    /// <summary>Looks at the beginning of a file that is no archive of the custom format.</summary>
    /// <param name="start">Its first bytes.</param>
    /// <returns>Null for a file of no kind that is known.</returns>
    public static ForeignFile? Recognize(ReadOnlySpan<byte> start) => OfDump(start) ?? OfContainer(start) ?? OfOtherServer(start);

    private static ForeignFile? OfDump(ReadOnlySpan<byte> start)
    {
        ReadOnlySpan<byte> text = start.StartsWith("\ufeff"u8) ? start[3..] : start;
        if (text.IndexOf("PostgreSQL database cluster dump"u8) >= 0)
        {
            return new ForeignFile(
                "an SQL script of pg_dumpall, of a whole server",
                "Restore it with psql: psql -X -d postgres -f FILE (compressed: gunzip -c FILE | psql …)."
            );
        }

        if (text.IndexOf("PostgreSQL database dump"u8) >= 0 || text.StartsWith("\\restrict "u8))
        {
            return new ForeignFile("an SQL script of pg_dump", Psql);
        }

        if (start.Length > TarMagicOffset + 5 && start[TarMagicOffset..].StartsWith("ustar"u8))
        {
            return start.StartsWith("toc.dat\0"u8) ? new ForeignFile("an archive of pg_dump's tar format", PgRestore)
                : start.StartsWith("backup_label"u8)
                || start.StartsWith("PG_VERSION"u8)
                || start.StartsWith("base/"u8)
                || start.StartsWith("tablespace_map"u8)
                    ? new ForeignFile(
                        "a physical backup of pg_basebackup",
                        "Unpack it into an empty data directory and start a server of the same major version on it."
                    )
                : new ForeignFile(
                    "a tar file",
                    "Unpack it first: tar -xf FILE. What pg_dump -Fd wrote is restored with pg_restore -d NAME FOLDER."
                );
        }

        return start.StartsWith((ReadOnlySpan<byte>)[0xff, 0xfe]) && start.IndexOf("P\0G\0D\0M\0P\0"u8) >= 0
            ? new ForeignFile(
                "an archive that a redirection of Windows PowerShell has rewritten as text",
                "It cannot be mended. Back up again with New-CryoBackup, or with pg_dump -f FILE."
            )
            : null;
    }

    private static ForeignFile? OfContainer(ReadOnlySpan<byte> start)
    {
        static bool Is(ReadOnlySpan<byte> start, params ReadOnlySpan<byte> magic) => start.StartsWith(magic);
        string? name =
            Is(start, [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c]) ? "a 7z archive|7z x FILE"
            : Is(start, 0x50, 0x4b, 0x03, 0x04) ? "a zip archive|unzip FILE"
            : Is(start, 0xfd, 0x37, 0x7a, 0x58, 0x5a) ? "compressed with xz|xz -d FILE"
            : Is(start, 0x42, 0x5a, 0x68) ? "compressed with bzip2|bzip2 -d FILE"
            : Is(start, 0x04, 0x22, 0x4d, 0x18) ? "compressed with lz4|lz4 -d FILE"
            : Is(start, 0x52, 0x61, 0x72, 0x21) ? "a rar archive|unrar x FILE"
            : null;
        return name?.Split('|') is [{ } what, { } unpack]
            ? new ForeignFile(what, $"Unpack it first ({unpack}), and give what was in it.")
            : null;
    }

    private static ForeignFile? OfOtherServer(ReadOnlySpan<byte> start) =>
        start.StartsWith("TAPE"u8) ? new ForeignFile("a backup of SQL Server (.bak)", Tape)
        : start.StartsWith("-- MySQL dump"u8) || start.StartsWith("-- MariaDB dump"u8) || start.IndexOf("-- MariaDB dump"u8) >= 0
            ? new ForeignFile("an SQL script of MySQL or MariaDB", Tape)
        : start.StartsWith("SQLite format 3\0"u8) ? new ForeignFile("a database of SQLite", Tape)
        : null;
}
