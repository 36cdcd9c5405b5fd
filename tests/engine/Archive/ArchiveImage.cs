using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using CryoBackup.Archive;

namespace CryoBackup.Tests.Archive;

/// <summary>
/// A small archive of pg_dump's custom format taken apart, to be changed and put together again. Written from the format's
/// description (src/bin/pg_dump/pg_backup_archiver.c), and not from our reader, which it serves to test.
/// </summary>
internal sealed class ArchiveImage
{
    public byte Minor = 14;
    public byte Revision;
    public byte IntegerSize = 4;
    public byte OffsetSize = 8;
    public byte Format = 1;
    public int Compression;
    public int[] Time = [12, 34, 5, 6, 7, 124, 0];
    public byte[]? Database;
    public byte[]? ServerVersion;
    public byte[]? DumpVersion;
    public int? ClaimedEntries;
    public List<Entry> Entries = [];
    public List<Block> Blocks = [];

    public sealed class Entry
    {
        public int DumpId;
        public int HasData;
        public byte[]? CatalogOid = Ascii("0");
        public byte[]? Oid = Ascii("0");
        public byte[]? Name;
        public byte[]? Kind;
        public int Section;
        public byte[]? Definition;
        public byte[]? Drop;
        public byte[]? Copy;
        public byte[]? Schema;
        public byte[]? Tablespace;
        public byte[]? AccessMethod;
        public int RelationKind;
        public byte[]? Owner = Ascii("postgres");
        public byte[]? WithOids = Ascii("false");
        public List<byte[]?> Dependencies = [];
        public byte OffsetFlag;
        public long Offset;

        public string KindText => Encoding.ASCII.GetString(Kind ?? []);

        public Entry Clone() => (Entry)MemberwiseClone();
    }

    /// <summary>A block: its type and dump ID, then its content as it lies there (chunks, or large objects).</summary>
    public sealed record Block(int Type, int DumpId, byte[] Content);

    public static byte[] Ascii(string text) => Encoding.ASCII.GetBytes(text);

    /// <summary>A database with two tables and two large objects, without a server.</summary>
    public static ArchiveImage CreateSample()
    {
        var image = new ArchiveImage
        {
            Database = Ascii("app"),
            ServerVersion = Ascii("15.18"),
            DumpVersion = Ascii("15.18"),
        };
        image.Add(1, "ENCODING", "ENCODING", TocSection.PreData, "SET client_encoding = 'UTF8';\n");
        image.Add(2, "STDSTRINGS", "STDSTRINGS", TocSection.PreData, "SET standard_conforming_strings = 'on';\n");
        image.Add(3, "TABLE", "t", TocSection.PreData, "CREATE TABLE public.t (\n    a integer,\n    b text\n);\n");
        image.Add(4, "TABLE", "u", TocSection.PreData, "CREATE TABLE public.u (\n    a integer\n);\n");
        image.Add(5, "TABLE DATA", "t", TocSection.Data, null, "COPY public.t (a, b) FROM stdin;\n", data: true);
        image.Add(6, "TABLE DATA", "u", TocSection.Data, null, "COPY public.u (a) FROM stdin;\n", data: true);
        image.Add(7, "BLOB", "4711", TocSection.PreData, "SELECT pg_catalog.lo_create('4711');\n");
        image.Add(8, "BLOBS", "BLOBS", TocSection.Data, null, data: true);
        image.Add(
            9,
            "CONSTRAINT",
            "t t_pkey",
            TocSection.PostData,
            "ALTER TABLE ONLY public.t\n    ADD CONSTRAINT t_pkey PRIMARY KEY (a);\n"
        );
        image.Entries[4].Dependencies.Add(Ascii("3"));
        image.Entries[8].Dependencies.AddRange([Ascii("3"), Ascii("3")]);
        image.Blocks.Add(
            new Block(1, 5, [.. Chunk("1\tone\n"), .. Chunk("2\t\\\\.\n"), .. Chunk("3\t\\N\n"), .. Chunk("\\.\n\n\n"), .. Integer(0)])
        );
        image.Blocks.Add(new Block(1, 6, [.. Chunk("\\.\n\n\n"), .. Integer(0)]));
        image.Blocks.Add(
            new Block(
                3,
                8,
                [
                    .. Integer(4711),
                    .. Chunk("large"),
                    .. Chunk(" object"),
                    .. Integer(0),
                    .. Integer(unchecked((int)4000000000)),
                    .. Integer(0),
                    .. Integer(0),
                ]
            )
        );
        return image;
    }

    public void Add(int dumpId, string kind, string name, TocSection section, string? definition, string? copy = null, bool data = false) =>
        Entries.Add(
            new Entry
            {
                DumpId = dumpId,
                HasData = data ? 1 : 0,
                Kind = Ascii(kind),
                Name = Ascii(name),
                Section = (int)section,
                Definition = definition is null ? null : Ascii(definition),
                Copy = copy is null ? null : Ascii(copy),
                Schema = kind.StartsWith("TABLE", StringComparison.Ordinal) || kind == "CONSTRAINT" ? Ascii("public") : null,
                OffsetFlag = (byte)(data ? 1 : 3),
            }
        );

    /// <summary>Takes an archive of version 1.14, 1.15 or 1.16 apart.</summary>
    public static ArchiveImage Parse(byte[] archive)
    {
        var at = new Cursor(archive);
        if (Encoding.ASCII.GetString(at.Bytes(5)) != "PGDMP" || at.Byte() != 1)
        {
            throw new InvalidOperationException("no archive");
        }

        var image = new ArchiveImage
        {
            Minor = at.Byte(),
            Revision = at.Byte(),
            IntegerSize = at.Byte(),
            OffsetSize = at.Byte(),
            Format = at.Byte(),
        };
        image.Compression = image.Minor >= 15 ? at.Byte() : at.Integer();
        image.Time = [.. Enumerable.Range(0, 7).Select(_ => at.Integer())];
        image.Database = at.Text();
        image.ServerVersion = at.Text();
        image.DumpVersion = at.Text();
        int count = at.Integer();
        for (int i = 0; i < count; i++)
        {
            var entry = new Entry
            {
                DumpId = at.Integer(),
                HasData = at.Integer(),
                CatalogOid = at.Text(),
                Oid = at.Text(),
                Name = at.Text(),
                Kind = at.Text(),
                Section = at.Integer(),
                Definition = at.Text(),
                Drop = at.Text(),
                Copy = at.Text(),
                Schema = at.Text(),
                Tablespace = at.Text(),
                AccessMethod = at.Text(),
                RelationKind = image.Minor >= 16 ? at.Integer() : 0,
                Owner = at.Text(),
                WithOids = at.Text(),
            };
            while (at.Text() is { } dependency)
            {
                entry.Dependencies.Add(dependency);
            }

            entry.OffsetFlag = at.Byte();
            entry.Offset = BinaryPrimitives.ReadInt64LittleEndian(at.Bytes(8));
            image.Entries.Add(entry);
        }

        while (!at.AtEnd)
        {
            int type = at.Byte(),
                dumpId = at.Integer(),
                start = at.Position;
            if (type == 1)
            {
                at.SkipChunks();
            }
            else
            {
                while (at.Integer() != 0)
                {
                    at.SkipChunks();
                }
            }

            image.Blocks.Add(new Block(type, dumpId, archive[start..at.Position]));
        }

        return image;
    }

    /// <summary>The archive as pg_dump writes it to a pipe; with offsets, as it writes it to a file.</summary>
    public byte[] ToBytes(bool offsets = false)
    {
        byte[] archive = Write();
        if (!offsets)
        {
            return archive;
        }

        long position = archive.Length - Blocks.Sum(block => 6L + block.Content.Length);
        foreach (Block block in Blocks)
        {
            Entry entry = Entries.Single(candidate => candidate.DumpId == block.DumpId);
            entry.OffsetFlag = 2;
            entry.Offset = position;
            position += 6 + block.Content.Length;
        }

        return Write();
    }

    /// <summary>
    /// The same database in another version of the format: from 1.15 on the compression is a byte that names the algorithm; from 1.16
    /// on a table's entry tells its pg_class.relkind, and the large objects' definitions stand together in entries of kind BLOB METADATA.
    /// </summary>
    public ArchiveImage ToVersion(byte minor)
    {
        if (Minor != 14 || minor is < 15 or > 16)
        {
            throw new InvalidOperationException("only from 1.14 to 1.15 or 1.16");
        }

        ArchiveImage image = Parse(ToBytes());
        image.Minor = minor;
        image.Compression = Compression == 0 ? 0 : 1;
        if (minor == 16)
        {
            foreach (Entry entry in image.Entries)
            {
                entry.RelationKind = entry.KindText switch
                {
                    "TABLE" => 'r',
                    "INDEX" => 'i',
                    "VIEW" => 'v',
                    "SEQUENCE" => 'S',
                    _ => 0,
                };
            }

            Entry[] definitions = [.. image.Entries.Where(entry => entry.KindText == "BLOB")];
            if (definitions.Length > 0)
            {
                int index = image.Entries.IndexOf(definitions[0]);
                Entry metadata = definitions[0].Clone();
                metadata.Kind = Ascii("BLOB METADATA");
                metadata.Section = (int)TocSection.Data;
                metadata.Name = Ascii(
                    $"{Encoding.ASCII.GetString(definitions[0].Name!)}..{Encoding.ASCII.GetString(definitions[^1].Name!)}"
                );
                metadata.Definition = [.. definitions.SelectMany(entry => entry.Name!.Append((byte)'\n'))];
                metadata.Drop = Ascii("-- dummy\n");
                image.Entries.RemoveAll(definitions.Contains);
                image.Entries.Insert(index, metadata);
                Entry blobs = image.Entries.Single(entry => entry.KindText == "BLOBS");
                blobs.Name = metadata.Name;
                blobs.Dependencies.Add(Ascii(metadata.DumpId.ToString(CultureInfo.InvariantCulture)));
            }
        }

        return image;
    }

    private byte[] Write()
    {
        var output = new MemoryStream();
        output.Write("PGDMP"u8);
        output.Write([1, Minor, Revision, IntegerSize, OffsetSize, Format]);
        if (Minor >= 15)
        {
            output.WriteByte((byte)Compression);
        }
        else
        {
            output.Write(Integer(Compression));
        }

        foreach (int field in Time)
        {
            output.Write(Integer(field));
        }

        output.Write([.. Text(Database), .. Text(ServerVersion), .. Text(DumpVersion), .. Integer(ClaimedEntries ?? Entries.Count)]);
        foreach (Entry entry in Entries)
        {
            output.Write([.. Integer(entry.DumpId), .. Integer(entry.HasData), .. Text(entry.CatalogOid), .. Text(entry.Oid)]);
            output.Write([
                .. Text(entry.Name),
                .. Text(entry.Kind),
                .. Integer(entry.Section),
                .. Text(entry.Definition),
                .. Text(entry.Drop),
            ]);
            output.Write([.. Text(entry.Copy), .. Text(entry.Schema), .. Text(entry.Tablespace), .. Text(entry.AccessMethod)]);
            if (Minor >= 16)
            {
                output.Write(Integer(entry.RelationKind));
            }

            output.Write([.. Text(entry.Owner), .. Text(entry.WithOids)]);
            foreach (byte[]? dependency in entry.Dependencies)
            {
                output.Write(Text(dependency));
            }

            output.Write(Text(null));
            output.WriteByte(entry.OffsetFlag);
            byte[] offset = new byte[8];
            BinaryPrimitives.WriteInt64LittleEndian(offset, entry.Offset);
            output.Write(offset);
        }

        foreach (Block block in Blocks)
        {
            output.WriteByte((byte)block.Type);
            output.Write([.. Integer(block.DumpId), .. block.Content]);
        }

        return output.ToArray();
    }

    /// <summary>An integer: a sign byte, then the magnitude, little-endian.</summary>
    public static byte[] Integer(int value)
    {
        byte[] bytes = new byte[5];
        bytes[0] = (byte)(value < 0 ? 1 : 0);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(1), (uint)Math.Abs((long)value));
        return bytes;
    }

    public static byte[] Text(byte[]? text) => text is null ? Integer(-1) : [.. Integer(text.Length), .. text];

    public static byte[] Chunk(string text) => Text(Ascii(text));

    private sealed class Cursor(byte[] data)
    {
        public int Position { get; private set; }

        public bool AtEnd => Position == data.Length;

        public byte Byte() => data[Position++];

        public byte[] Bytes(int count) => data[Position..(Position += count)];

        public int Integer()
        {
            bool negative = Byte() == 1;
            uint magnitude = BinaryPrimitives.ReadUInt32LittleEndian(Bytes(4));
            return unchecked(negative ? -(int)magnitude : (int)magnitude);
        }

        public byte[]? Text()
        {
            int length = Integer();
            return length < 0 ? null : Bytes(length);
        }

        public void SkipChunks()
        {
            while (Integer() is int length and not 0)
            {
                Position += length;
            }
        }
    }
}
