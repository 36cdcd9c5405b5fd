using System.Buffers.Binary;
using System.Globalization;
using CryoBackup.Processes;
using CryoBackup.Streams;
using CryoBackup.Text;

namespace CryoBackup.Archive;

/// <summary>
/// An archive in clear on the disk, for the time in which pg_restore reads it. On Linux the file has no name, so that nothing of it is
/// left however this process ends; elsewhere it lies in a private folder until Dispose.
/// </summary>
internal sealed class SpooledArchive : IDisposable
{
    private const int BetweenLooks = 1 << 20;
    private const int NoSpace = 28;

    private readonly PrivateFolder _folder = PrivateFolder.Create("cryobackup-restore-");
    private readonly FileStream _file;
    private int _unchecked = BetweenLooks;

    /// <summary>Makes the file.</summary>
    public SpooledArchive()
    {
        Path = System.IO.Path.Combine(_folder.Path, "archive");
        try
        {
            _file = RegularFile.Create(Path);
            if (OperatingSystem.IsLinux())
            {
                string open = string.Create(
                    CultureInfo.InvariantCulture,
                    $"/proc/{Environment.ProcessId}/fd/{_file.SafeFileHandle.DangerousGetHandle()}"
                );
                if (File.Exists(open))
                {
                    File.Delete(Path);
                    Path = open;
                }
            }
        }
        catch
        {
            _folder.Dispose();
            throw;
        }
    }

    /// <summary>Where a program can open it, by name.</summary>
    public string Path { get; }

    /// <summary>The folder whose disk it lies on.</summary>
    public string Folder => _folder.Path;

    /// <summary>Takes the archive.</summary>
    public Stream Input => new SpoolingStream(this);

    /// <summary>
    /// Writes into the table of contents where each data block lies, which an archive that was written to a pipe does not tell: without
    /// it each session of pg_restore would search the file from its start, and none would know which table is the largest.
    /// </summary>
    /// <param name="content">The same archive, read to its end.</param>
    public void Locate(ArchiveContent content)
    {
        Span<byte> place = stackalloc byte[1 + sizeof(long)];
        place[0] = TocReader.OffsetIsSet;
        foreach ((long field, long block) in content.Unlocated)
        {
            BinaryPrimitives.WriteInt64LittleEndian(place[1..], block);
            RandomAccess.Write(_file.SafeFileHandle, place, field);
        }
    }

    /// <summary>Writes the places of the blocks into a table of contents that stands alone: it tells how large each table is.</summary>
    /// <param name="head">The archive's header and table of contents.</param>
    /// <param name="content">The same archive, read to its end.</param>
    public static void Locate(Span<byte> head, ArchiveContent content)
    {
        foreach ((long field, long block) in content.Unlocated)
        {
            Span<byte> place = head.Slice((int)field, 1 + sizeof(long));
            place[0] = TocReader.OffsetIsSet;
            BinaryPrimitives.WriteInt64LittleEndian(place[1..], block);
        }
    }

    /// <summary>Writes other bytes to a place of the archive.</summary>
    /// <param name="offset">The first of them.</param>
    /// <param name="bytes">What is to stand there.</param>
    public void Change(long offset, ReadOnlySpan<byte> bytes) => RandomAccess.Write(_file.SafeFileHandle, bytes, offset);

    /// <summary>Removes the file.</summary>
    public void Dispose()
    {
        _file.Dispose();
        _folder.Dispose();
    }

    /// <summary>Writes, unless too little of the disk would be left: an archive may be longer than its manifest says.</summary>
    private void Write(ReadOnlySpan<byte> buffer)
    {
        _unchecked += buffer.Length;
        if (_unchecked >= BetweenLooks)
        {
            _unchecked = 0;
            long reserve = LocalDisk.Reserve(Folder);
            if (LocalDisk.FreeSpace(Folder) - BetweenLooks < reserve)
            {
                throw new IOException($"No space left but the reserve of {SizeText.Of(reserve)}.", NoSpace);
            }
        }

        _file.Write(buffer);
    }

    private sealed class SpoolingStream(SpooledArchive spool) : WriteOnlyStream
    {
        public override void Complete() { }

        public override void Write(ReadOnlySpan<byte> buffer) => spool.Write(buffer);
    }
}
