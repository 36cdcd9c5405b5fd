using System.Globalization;
using System.IO.Hashing;
using System.Text;

namespace CryoBackup.Streams;

/// <summary>
/// Fingerprints the ranges of a file while it flows by, so that later one of them can be judged without the rest. How long the file becomes
/// nobody knows beforehand: ranges begin small, and when there are too many of them, each two become one. A range's fingerprint is the
/// sum, modulo 2^128, of the XXH128 of its blocks of 64 KiB, each with its number in the file, from 0, as the seed. It is no protection
/// against forgery: that is SHA-256's and age's business.
/// </summary>
internal sealed class RangeFingerprints
{
    /// <summary>The bytes of a block; the last may have fewer.</summary>
    public const int BlockLength = 1 << 16;

    /// <summary>The most ranges of a file. One that is longer than as many blocks has more than half as many.</summary>
    public const int MostRanges = 256;

    private readonly List<UInt128> _ranges = [];
    private readonly byte[] _block = new byte[BlockLength];
    private int _filled;
    private long _blocks;
    private long _blocksOfRange = 1;

    /// <summary>The bytes of a range; the last may have fewer.</summary>
    public long RangeLength => _blocksOfRange * BlockLength;

    /// <summary>The fingerprint of a block.</summary>
    /// <param name="block">Its bytes.</param>
    /// <param name="number">Which one of the file, from 0.</param>
    public static UInt128 OfBlock(ReadOnlySpan<byte> block, long number) => XxHash128.HashToUInt128(block, number);

    /// <summary>Takes the next bytes.</summary>
    /// <param name="data">Any number of bytes.</param>
    public void Append(ReadOnlySpan<byte> data)
    {
        while (!data.IsEmpty)
        {
            if (_filled == 0 && data.Length >= BlockLength)
            {
                Add(data[..BlockLength]);
                data = data[BlockLength..];
                continue;
            }

            int count = Math.Min(data.Length, BlockLength - _filled);
            data[..count].CopyTo(_block.AsSpan(_filled));
            _filled += count;
            data = data[count..];
            if (_filled == BlockLength)
            {
                Flush();
            }
        }
    }

    /// <summary>Ends the last range.</summary>
    /// <returns>The fingerprints, 32 lower-case hexadecimal digits each, joined.</returns>
    public string Complete()
    {
        if (_filled > 0)
        {
            Flush();
        }

        var text = new StringBuilder(_ranges.Count * 32);
        foreach (UInt128 range in _ranges)
        {
            text.Append(CultureInfo.InvariantCulture, $"{range:x32}");
        }

        return text.ToString();
    }

    private void Flush()
    {
        Add(_block.AsSpan(0, _filled));
        _filled = 0;
    }

    private void Add(ReadOnlySpan<byte> block)
    {
        if (_blocks / _blocksOfRange == MostRanges)
        {
            for (int range = 0; range < MostRanges / 2; range++)
            {
                _ranges[range] = _ranges[2 * range] + _ranges[(2 * range) + 1];
            }

            _ranges.RemoveRange(MostRanges / 2, MostRanges / 2);
            _blocksOfRange *= 2;
        }

        int at = (int)(_blocks / _blocksOfRange);
        if (at == _ranges.Count)
        {
            _ranges.Add(0);
        }

        _ranges[at] += OfBlock(block, _blocks);
        _blocks++;
    }
}
