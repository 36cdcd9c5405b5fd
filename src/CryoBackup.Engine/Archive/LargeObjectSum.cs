using System.IO.Hashing;

namespace CryoBackup.Archive;

/// <summary>Counts and fingerprints the large objects of an archive's blocks.</summary>
internal sealed class LargeObjectSum
{
    /// <summary>Their number.</summary>
    public long Count { get; private set; }

    /// <summary>Their size in bytes.</summary>
    public long Bytes { get; private set; }

    /// <summary>The sum, modulo 2^128, of the XXH128 of each one's content with its OID as the seed.</summary>
    public UInt128 Fingerprint { get; private set; }

    /// <summary>False if the content of some has an inner compression that is not read here.</summary>
    public bool WereRead { get; private set; } = true;

    /// <summary>Reads a block, behind its type and dump ID.</summary>
    /// <param name="input">The archive.</param>
    /// <param name="chunks">Reads its chunks.</param>
    /// <param name="copy">Takes the block's content as it is to stand in another archive; null for none.</param>
    public void Read(ArchiveInput input, ChunkReader chunks, ArchiveOutput? copy)
    {
        while (input.ReadInt() is int oid and not 0)
        {
            copy?.WriteInt(oid);
            var hash = new XxHash128(unchecked((uint)oid));
            long length = 0;
            bool readable = chunks.Read(data =>
            {
                hash.Append(data);
                length += data.Length;
                copy?.WriteChunk(data);
            });
            copy?.EndRun();
            Count++;
            WereRead &= readable;
            if (readable)
            {
                Bytes += length;
                Fingerprint += hash.GetCurrentHashAsUInt128();
            }
        }

        copy?.WriteInt(0);
    }
}
