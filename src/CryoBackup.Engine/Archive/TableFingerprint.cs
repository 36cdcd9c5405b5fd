using System.Globalization;
using System.IO.Hashing;

namespace CryoBackup.Archive;

/// <summary>
/// Counts and fingerprints the rows of one table from its COPY text, in any split. In COPY text a newline inside a value is
/// escaped, so a newline byte ends a row. The fingerprint is the sum, modulo 2^128, of the XXH128 (seed 0,
/// github.com/Cyan4973/xxHash) of each row's line without its newline: the order of the rows does not matter, their number and
/// every byte do. It is no protection against forgery: that is SHA-256's and age's business.
/// </summary>
internal sealed class TableFingerprint
{
    private readonly XxHash128 _pending = new();
    private long _pendingLength;
    private ushort _pendingStart;
    private UInt128 _sum;

    /// <summary>The number of complete rows.</summary>
    public long Rows { get; private set; }

    /// <summary>The size of the complete rows with their newlines, in bytes.</summary>
    public long Bytes { get; private set; }

    /// <summary>True once the line <c>\.</c>, which pg_dump writes after the last row, was seen.</summary>
    public bool Terminated { get; private set; }

    /// <summary>True if bytes have come since the last newline.</summary>
    public bool HasPartialRow => _pendingLength > 0;

    /// <summary>True once anything but empty lines followed the line <c>\.</c>.</summary>
    public bool HasTrailingData { get; private set; }

    /// <summary>The fingerprint of the complete rows.</summary>
    public UInt128 Value => _sum;

    /// <summary>The fingerprint as 32 lower-case hexadecimal digits.</summary>
    public string Text => Format(_sum);

    /// <summary>What was counted before, as it was recorded.</summary>
    /// <param name="rows">The number of rows.</param>
    /// <param name="bytes">Their size with their newlines.</param>
    /// <param name="text">The fingerprint as <see cref="Text"/> gives it.</param>
    /// <returns>Null where that is no fingerprint.</returns>
    internal static TableFingerprint? Recorded(long rows, long bytes, string text) =>
        UInt128.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out UInt128 value)
            ? new TableFingerprint
            {
                Rows = rows,
                Bytes = bytes,
                _sum = value,
            }
            : null;

    /// <summary>A fingerprint as 32 lower-case hexadecimal digits.</summary>
    /// <param name="value">The fingerprint.</param>
    /// <returns>The digits, most significant first.</returns>
    public static string Format(UInt128 value) => value.ToString("x32", CultureInfo.InvariantCulture);

    /// <summary>Takes the next bytes of the table's COPY text.</summary>
    /// <param name="data">Any number of bytes.</param>
    public void Append(ReadOnlySpan<byte> data)
    {
        if (_pendingLength > 0)
        {
            int newline = data.IndexOf((byte)'\n');
            if (newline < 0)
            {
                AppendPending(data);
                return;
            }

            AppendPending(data[..newline]);
            data = data[(newline + 1)..];
            EndPending();
        }

        while (!data.IsEmpty)
        {
            int newline = data.IndexOf((byte)'\n');
            if (newline < 0)
            {
                AppendPending(data);
                return;
            }

            AddRow(data[..newline]);
            data = data[(newline + 1)..];
        }
    }

    /// <summary>Adds the rows that another fingerprint counted, of another part of the same table.</summary>
    /// <param name="other">One without a partial row.</param>
    internal void Add(TableFingerprint other)
    {
        Rows += other.Rows;
        Bytes += other.Bytes;
        _sum += other._sum;
    }

    private void AddRow(ReadOnlySpan<byte> line)
    {
        if (Terminated)
        {
            HasTrailingData |= !line.IsEmpty;
            return;
        }

        if (line.Length == 2 && line[0] == '\\' && line[1] == '.')
        {
            Terminated = true;
            return;
        }

        Rows++;
        Bytes += line.Length + 1L;
        _sum += XxHash128.HashToUInt128(line);
    }

    private void AppendPending(ReadOnlySpan<byte> part)
    {
        for (int i = 0; i < part.Length && _pendingLength + i < 2; i++)
        {
            _pendingStart = (ushort)((_pendingStart << 8) | part[i]);
        }

        _pending.Append(part);
        _pendingLength += part.Length;
    }

    private void EndPending()
    {
        if (Terminated)
        {
            HasTrailingData = true;
        }
        else if (_pendingLength == 2 && _pendingStart == (('\\' << 8) | '.'))
        {
            Terminated = true;
        }
        else
        {
            Rows++;
            Bytes += _pendingLength + 1;
            _sum += _pending.GetCurrentHashAsUInt128();
        }

        _pending.Reset();
        _pendingLength = 0;
        _pendingStart = 0;
    }
}
