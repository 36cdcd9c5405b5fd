namespace CryoBackup.Encryption;

/// <summary>Bech32, the form of age's public and secret keys: readable part, the digit 1, data, six characters of checksum.</summary>
internal static class Bech32
{
    private const string Alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    private const int ChecksumLength = 6;
    private static readonly uint[] Generator = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];

    /// <summary>Checks a text's form and its checksum, which finds every mistyped character.</summary>
    /// <param name="text">The text, all in lower or all in upper case.</param>
    /// <param name="readable">Its readable part, in lower case.</param>
    /// <param name="bytes">How many bytes it holds.</param>
    /// <returns>False if it is not Bech32.</returns>
    public static bool TryRead(string text, out string readable, out int bytes)
    {
        readable = "";
        bytes = 0;
        string lower = text.ToLowerInvariant();
        int separator = lower.LastIndexOf('1');
        if (
            separator < 1
            || lower.Length - separator - 1 < ChecksumLength
            || (
                !string.Equals(text, lower, StringComparison.Ordinal)
                && !string.Equals(text, text.ToUpperInvariant(), StringComparison.Ordinal)
            )
        )
        {
            return false;
        }

        readable = lower[..separator];
        if (readable.Any(character => character is < '!' or > '~'))
        {
            return false;
        }

        uint checksum = 1;
        foreach (char character in readable)
        {
            checksum = Step(checksum, (uint)character >> 5);
        }

        checksum = Step(checksum, 0);
        foreach (char character in readable)
        {
            checksum = Step(checksum, (uint)character & 31);
        }

        foreach (char character in lower.AsSpan(separator + 1))
        {
            int value = Alphabet.IndexOf(character, StringComparison.Ordinal);
            if (value < 0)
            {
                return false;
            }

            checksum = Step(checksum, (uint)value);
        }

        bytes = (lower.Length - separator - 1 - ChecksumLength) * 5 / 8;
        return checksum == 1;
    }

    private static uint Step(uint checksum, uint value)
    {
        uint top = checksum >> 25;
        checksum = ((checksum & 0x1ffffff) << 5) ^ value;
        for (int i = 0; i < Generator.Length; i++)
        {
            checksum ^= ((top >> i) & 1) == 1 ? Generator[i] : 0;
        }

        return checksum;
    }
}
