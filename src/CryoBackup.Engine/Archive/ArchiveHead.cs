namespace CryoBackup.Archive;

/// <summary>What stands before an archive's data: its header and its table of contents, as they are read and as they are written.</summary>
/// <param name="Header">The header.</param>
/// <param name="Encoding">PostgreSQL's name of the archive's encoding.</param>
/// <param name="Entries">The table of contents, in the archive's order.</param>
/// <param name="Bytes">Both, byte for byte.</param>
internal sealed record ArchiveHead(ArchiveHeader Header, string Encoding, IReadOnlyList<TocEntry> Entries, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>Reads it, and a little of what follows.</summary>
    /// <param name="source">The archive from its first byte.</param>
    /// <param name="cancellationToken">Ends the reading between two reads of the source.</param>
    /// <exception cref="CryoBackupException">NotABackup, ArchiveTooNew or ArchiveCorrupt, with the offset in the archive.</exception>
    public static ArchiveHead Read(Stream source, CancellationToken cancellationToken)
    {
        using var copy = new MemoryStream();
        using var input = new ArchiveInput(source, copy, cancellationToken);
        var toc = new TocReader(input);
        ArchiveHeader header = toc.Read();
        return new ArchiveHead(header, toc.EncodingName, toc.Entries, copy.GetBuffer().AsMemory(0, checked((int)input.Offset)));
    }
}
