namespace CryoBackup.Archive;

/// <summary>The checksum that ends a zlib stream (RFC 1950).</summary>
internal struct Adler32
{
    private const uint Modulus = 65521;

    // The longest run whose sums stay within 32 bits.
    private const int Run = 5552;

    private uint _low = 1;
    private uint _high;

    /// <summary>Begins with the checksum of nothing.</summary>
    public Adler32() { }

    /// <summary>The checksum of what was appended.</summary>
    public readonly uint Value => (_high << 16) | _low;

    /// <summary>Takes the next bytes.</summary>
    /// <param name="data">Any number of bytes.</param>
    public void Append(ReadOnlySpan<byte> data)
    {
        uint low = _low,
            high = _high;
        while (!data.IsEmpty)
        {
            int length = Math.Min(Run, data.Length);
            foreach (byte value in data[..length])
            {
                low += value;
                high += low;
            }

            low %= Modulus;
            high %= Modulus;
            data = data[length..];
        }

        (_low, _high) = (low, high);
    }
}
