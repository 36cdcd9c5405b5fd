using System.Globalization;
using CryoBackup.Streams;

namespace CryoBackup.Storage;

/// <summary>The ranges of a backup's file as its manifest records them: what a sample of it is judged by.</summary>
/// <param name="record">The record; it fits the size.</param>
/// <param name="size">The file's bytes.</param>
internal sealed class FileRanges(BackupManifest.RangesRecord record, long size)
{
    private const int Digits = 32;

    /// <summary>How many there are.</summary>
    public int Count => CountOf(record.SizeBytes, size);

    /// <summary>The first byte of a range.</summary>
    /// <param name="range">Which, from 0.</param>
    public long StartOf(int range) => range * record.SizeBytes;

    /// <summary>The byte behind a range.</summary>
    /// <param name="range">Which, from 0.</param>
    public long EndOf(int range) => Math.Min(size, StartOf(range) + record.SizeBytes);

    /// <summary>The recorded fingerprint of a range.</summary>
    /// <param name="range">Which, from 0.</param>
    public UInt128 FingerprintOf(int range) =>
        UInt128.Parse(record.Fingerprints.AsSpan(range * Digits, Digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    /// <summary>Whether a record is one of a file.</summary>
    /// <param name="record">What a manifest holds.</param>
    /// <param name="size">The file's bytes.</param>
    public static bool Fit(BackupManifest.RangesRecord record, long size) =>
        record is { SizeBytes: > 0, Fingerprints: { } fingerprints }
        && record.SizeBytes % RangeFingerprints.BlockLength == 0
        && size / record.SizeBytes <= RangeFingerprints.MostRanges
        && CountOf(record.SizeBytes, size) is var count and <= RangeFingerprints.MostRanges
        && fingerprints.Length == count * Digits
        && fingerprints.All(char.IsAsciiHexDigit);

    private static int CountOf(long length, long size) => (int)((size / length) + (size % length > 0 ? 1 : 0));
}
