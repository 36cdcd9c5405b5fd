using CryoBackup.Streams;

namespace CryoBackup.Storage;

/// <summary>
/// Which ranges of a file sampled Tests have read, in rounds: one that has read all is followed by a new one. It tells what is to be read
/// next, and proves nothing.
/// </summary>
internal sealed record SampleRecord
{
    private const int LongestText = 256;
    private const int BitsOfDigit = 4;

    /// <summary>The SHA-256 that the manifest records of the file, in lower-case hexadecimal.</summary>
    public string Sha256 { get; init; } = "";

    /// <summary>The size of that file in bytes.</summary>
    public long SizeBytes { get; init; }

    /// <summary>When that file was last written to, in UTC.</summary>
    public DateTime Modified { get; init; }

    /// <summary>What a store calls the content; empty for a file.</summary>
    public string Tag { get; init; } = "";

    /// <summary>When the round began, in UTC.</summary>
    public DateTime Begun { get; init; }

    /// <summary>How many Tests have read a part of it.</summary>
    public int Runs { get; init; }

    /// <summary>The ranges that were read: four a hexadecimal digit, the lowest bit first.</summary>
    public string Read { get; init; } = "";

    /// <summary>The ranges that were not as recorded when they were last read, likewise: each Test reads them again, in every
    /// round.</summary>
    public string Differing { get; init; } = "";

    /// <summary>A round that goes on, or a new one where none is known, the last has read all, or the file is another.</summary>
    /// <param name="known">What was read before; null for nothing.</param>
    /// <param name="file">The file as it is.</param>
    /// <param name="sha256">What its manifest records.</param>
    /// <param name="count">How many ranges it has.</param>
    public static SampleRecord Of(SampleRecord? known, FileMark file, string sha256, int count)
    {
        bool isOf =
            known is not null
            && known.SizeBytes == file.Length
            && known.Modified == file.Modified
            && string.Equals(known.Tag, file.Tag, StringComparison.Ordinal)
            && string.Equals(known.Sha256, sha256, StringComparison.OrdinalIgnoreCase)
            && known.Read.Length == DigitsOf(count)
            && known.Differing.Length == DigitsOf(count);
        string none = new('0', DigitsOf(count));
        return isOf && known!.CountOf(count) < count
            ? known
            : new SampleRecord
            {
                Sha256 = sha256.ToLowerInvariant(),
                SizeBytes = file.Length,
                Modified = file.Modified,
                Tag = file.Tag,
                Begun = DateTime.UtcNow,
                Read = none,
                Differing = isOf ? known!.Differing : none,
            };
    }

    /// <summary>Whether nobody else could have written it.</summary>
    public bool IsWhole() =>
        this
            is {
                Sha256: { Length: <= LongestText },
                Tag: { Length: <= LongestText },
                Read: { Length: <= RangeFingerprints.MostRanges / BitsOfDigit },
                Differing: { Length: <= RangeFingerprints.MostRanges / BitsOfDigit },
                SizeBytes: >= 0,
                Runs: >= 0
            }
        && Read.All(char.IsAsciiHexDigit)
        && Differing.All(char.IsAsciiHexDigit);

    /// <summary>How many ranges were read.</summary>
    /// <param name="count">How many there are.</param>
    public int CountOf(int count) => Enumerable.Range(0, count).Count(range => Has(Read, range));

    /// <summary>Chooses what is read next: what differed, and by chance among what this round has not read yet.</summary>
    /// <param name="count">How many ranges there are.</param>
    /// <param name="percent">Which share of them.</param>
    /// <returns>The ranges, in their order; at least one.</returns>
    public int[] Choose(int count, int percent)
    {
        int[] unread = [.. Enumerable.Range(0, count).Where(range => !Has(Read, range))];
        Random.Shared.Shuffle(unread);
        IEnumerable<int> differing = Enumerable.Range(0, count).Where(range => Has(Differing, range));
        return [.. unread.Take(((count * percent) + 99) / 100).Union(differing).Order()];
    }

    /// <summary>The round with one more Test.</summary>
    /// <param name="read">The ranges that it read.</param>
    /// <param name="differing">Those among them that were not as recorded.</param>
    public SampleRecord With(IReadOnlyCollection<int> read, IReadOnlyCollection<int> differing) =>
        this with
        {
            Read = Set(Read, read, isSo: true),
            Differing = Set(Set(Differing, read, isSo: false), differing, isSo: true),
            Runs = Runs + 1,
        };

    private static int DigitsOf(int count) => (count + BitsOfDigit - 1) / BitsOfDigit;

    private static bool Has(string digits, int range) => (Digit(digits[range / BitsOfDigit]) & (1 << (range % BitsOfDigit))) != 0;

    private static string Set(string digits, IEnumerable<int> ranges, bool isSo)
    {
        char[] changed = digits.ToCharArray();
        foreach (int range in ranges)
        {
            ref char digit = ref changed[range / BitsOfDigit];
            int bit = 1 << (range % BitsOfDigit);
            digit = "0123456789abcdef"[isSo ? Digit(digit) | bit : Digit(digit) & ~bit];
        }

        return new string(changed);
    }

    private static int Digit(char digit) => Convert.ToInt32(digit.ToString(), 16);
}
