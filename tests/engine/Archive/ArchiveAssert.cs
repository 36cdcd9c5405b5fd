using CryoBackup.Archive;

namespace CryoBackup.Tests.Archive;

/// <summary>Reads archives in tests, and compares what was read.</summary>
internal static class ArchiveAssert
{
    public static ArchiveContent Read(byte[] archive) => Read(new MemoryStream(archive));

    public static ArchiveContent Read(Stream archive, Stream? copyTo = null) =>
        ArchiveReader.Read(archive, copyTo, null, CancellationToken.None);

    /// <summary>Everything that a reading gives, as one text.</summary>
    public static string Describe(ArchiveContent content) =>
        string.Join(
            '\n',
            new[]
            {
                $"{content.Header.Version} {content.Header.Compression} {content.Header.Created:O} {content.Header.Database} "
                    + $"{content.Header.ServerVersion} {content.Header.DumpVersion}",
                $"{content.Encoding} {content.Length} {content.LargeObjectCount} {content.LargeObjectBytes} "
                    + $"{content.LargeObjectFingerprint:x32}",
            }
                .Concat(
                    content.Entries.Select(entry =>
                        $"{entry.DumpId} {entry.CatalogOid} {entry.Oid} {entry} {entry.Owner} {entry.Section} {entry.HasData} "
                        + $"{string.Join(',', entry.Dependencies)} {entry.Definition} {entry.CopyStatement}"
                    )
                )
                .Concat(DescribeTables(content))
        );

    /// <summary>Each table's rows, bytes and fingerprint.</summary>
    public static IEnumerable<string> DescribeTables(ArchiveContent content) =>
        content.Tables.Select(table => $"{table.Entry} {table.Fingerprint?.Rows} {table.Fingerprint?.Bytes} {table.Fingerprint?.Text}");

    /// <summary>Reads what must fail, with the engine's own error of that kind and with these words.</summary>
    public static CryoBackupException Fails(CryoBackupError kind, byte[] archive, params string[] words)
    {
        CryoBackupException exception = Assert.Throws<CryoBackupException>(() => Read(archive));
        Assert.Equal(kind, exception.Error);
        Assert.All(words, word => Assert.Contains(word, exception.Message, StringComparison.Ordinal));
        return exception;
    }
}

/// <summary>Gives its bytes in pieces of random sizes.</summary>
internal sealed class SplitStream(byte[] data, Func<int> nextSize) : MemoryStream(data, writable: false)
{
    public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(count, nextSize()));

    public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(buffer.Length, nextSize())]);
}
