using System.Globalization;

namespace CryoBackup.Archive;

/// <summary>Takes the data blocks out of an archive of pg_dump's, one after the other as they come, to be put into another.</summary>
internal sealed class ArchiveBlocks : IDisposable
{
    /// <summary>The type of a block with a table's rows.</summary>
    public const int Data = 1;

    /// <summary>The type of a block of large objects.</summary>
    public const int LargeObjects = 3;

    // A chunk for every row would cost as much as the rows themselves.
    private const int Together = 1 << 16;

    private readonly ArchiveInput _input;
    private readonly TocReader _toc;
    private readonly ChunkReader _chunks;
    private readonly byte[] _pending = new byte[Together];
    private int _filled;

    private ArchiveBlocks(ArchiveInput input)
    {
        _input = input;
        _toc = new TocReader(input);
        _chunks = new ChunkReader(input, _toc.Read().Compression);
    }

    /// <summary>The entries that have data, in the order of the table of contents.</summary>
    public IReadOnlyList<TocEntry> Entries => [.. _toc.Entries.Where(entry => entry.HasData)];

    /// <summary>The number of bytes read so far. May be read from another thread.</summary>
    public long BytesRead => _input.BytesRead;

    /// <summary>Reads what stands before the blocks.</summary>
    /// <param name="source">The archive from its first byte.</param>
    /// <param name="cancellationToken">Ends the reading between two reads of the source.</param>
    /// <exception cref="CryoBackupException">NotABackup, ArchiveTooNew or ArchiveCorrupt, with the offset in the archive.</exception>
    public static ArchiveBlocks Open(Stream source, CancellationToken cancellationToken)
    {
        var input = new ArchiveInput(source, copyTo: null, cancellationToken);
        try
        {
            return new ArchiveBlocks(input);
        }
        catch
        {
            input.Dispose();
            throw;
        }
    }

    /// <summary>Copies the next block, which must be that of a certain table.</summary>
    /// <param name="entry">Its entry here.</param>
    /// <param name="dumpId">Its number there.</param>
    /// <param name="output">Takes it.</param>
    /// <returns>What it holds.</returns>
    /// <exception cref="CryoBackupException">ArchiveCorrupt.</exception>
    public TableFingerprint CopyTable(TocEntry entry, int dumpId, ArchiveOutput output)
    {
        Begin(entry, Data, dumpId, output);
        var fingerprint = new TableFingerprint();
        bool readable = _chunks.Read(data =>
        {
            fingerprint.Append(data);
            Append(data, output);
        });
        if (!readable || !fingerprint.Terminated || fingerprint.HasPartialRow || fingerprint.HasTrailingData)
        {
            throw _input.Corrupt($"the data of {entry} does not end as COPY text does");
        }

        output.WriteChunk(_pending.AsSpan(0, _filled));
        _filled = 0;
        output.EndRun();
        return fingerprint;
    }

    /// <summary>Copies the next block, which must be that of certain large objects.</summary>
    /// <param name="entry">Its entry here.</param>
    /// <param name="dumpId">Its number there.</param>
    /// <param name="output">Takes it.</param>
    /// <param name="sum">Counts them.</param>
    /// <exception cref="CryoBackupException">ArchiveCorrupt.</exception>
    public void CopyLargeObjects(TocEntry entry, int dumpId, ArchiveOutput output, LargeObjectSum sum)
    {
        Begin(entry, LargeObjects, dumpId, output);
        sum.Read(_input, _chunks, output);
    }

    /// <summary>Behind the last block nothing may follow.</summary>
    /// <exception cref="CryoBackupException">ArchiveCorrupt.</exception>
    public void ReadEnd()
    {
        if (_input.Ensure(1))
        {
            throw _input.Corrupt("more follows after its end");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _input.Dispose();

    private void Begin(TocEntry entry, int type, int dumpId, ArchiveOutput output)
    {
        long start = _input.Offset;
        int found = _input.ReadByte();
        int id = _input.ReadInt();
        if (found != type || id != entry.DumpId)
        {
            throw _input.Corrupt(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"a block of type {found} for dump ID {id} stands where the data of {entry} belongs"
                ),
                start
            );
        }

        output.BeginBlock(type, dumpId);
    }

    private void Append(ReadOnlySpan<byte> data, ArchiveOutput output)
    {
        if (data.Length > Together - _filled)
        {
            output.WriteChunk(_pending.AsSpan(0, _filled));
            _filled = 0;
        }

        if (data.Length > Together)
        {
            output.WriteChunk(data);
            return;
        }

        data.CopyTo(_pending.AsSpan(_filled));
        _filled += data.Length;
    }
}
