using System.Globalization;
using System.Text;

namespace CryoBackup.Encryption;

/// <summary>
/// The header of a file of age, as C2SP.org/age describes it: the version line, a stanza for each recipient, and the line with the MAC.
/// Anybody can check its form; only an identity can check the MAC.
/// </summary>
internal sealed class AgeHeader
{
    /// <summary>What age's users append to the name of an encrypted file.</summary>
    public const string FileSuffix = ".age";

    /// <summary>How many of a file's first bytes tell whether it is encrypted.</summary>
    public const int StartLength = 21;

    // A recipient takes some hundred bytes, those of post-quantum keys two thousand.
    private const int MaximumLength = 1 << 20;
    private const int BodyColumns = 64;
    private const int MacLength = 32;

    private AgeHeader(IReadOnlyList<string> kinds) => Kinds = kinds;

    /// <summary>The kinds of the recipients, in order: X25519, ssh-ed25519, ssh-rsa, scrypt, the name of a plugin.</summary>
    public IReadOnlyList<string> Kinds { get; }

    /// <summary>True if a passphrase, which nobody is there to type, opens the file instead of an identity.</summary>
    public bool NeedsPassphrase => Kinds.Contains("scrypt", StringComparer.Ordinal);

    /// <summary>The kinds with their numbers, for a sentence.</summary>
    public string Recipients =>
        string.Join(
            ", ",
            Kinds
                .GroupBy(kind => kind, StringComparer.Ordinal)
                .Select(group =>
                    group.Count() == 1 ? group.Key : string.Create(CultureInfo.InvariantCulture, $"{group.Count()} of {group.Key}")
                )
        );

    private static ReadOnlySpan<byte> VersionLine => "age-encryption.org/v1\n"u8;

    /// <summary>Tells whether a file's first bytes are those of age's binary form.</summary>
    public static bool IsStart(ReadOnlySpan<byte> start) => start.StartsWith(VersionLine[..StartLength]);

    /// <summary>Tells whether a file's first bytes are those of age's form for mail,
    /// which is a third larger and is not read here.</summary>
    public static bool IsArmored(ReadOnlySpan<byte> start) => start.StartsWith("-----BEGIN AGE ENCR"u8);

    /// <summary>Reads the header of a file.</summary>
    /// <param name="file">The file at its first byte.</param>
    /// <returns>The header, whose form is good.</returns>
    /// <exception cref="InvalidDataException">It is damaged; the message says where, as the end of a sentence.</exception>
    public static AgeHeader Read(Stream file)
    {
        var lines = new LineReader(file);
        if (!string.Equals(lines.Next(), Encoding.ASCII.GetString(VersionLine[..StartLength]), StringComparison.Ordinal))
        {
            throw new InvalidDataException("the version line is not that of age v1");
        }

        var kinds = new List<string>();
        string line = lines.Next();
        while (line.StartsWith("-> ", StringComparison.Ordinal))
        {
            string[] words = line[3..].Split(' ');
            if (Array.Exists(words, word => word.Length == 0))
            {
                throw new InvalidDataException(
                    string.Create(CultureInfo.InvariantCulture, $"line {lines.Number} does not name a recipient")
                );
            }

            int body = ReadBody(lines);
            CheckNative(words, body, lines.Number);
            kinds.Add(words[0]);
            line = lines.Next();
        }

        if (kinds.Count == 0)
        {
            throw new InvalidDataException("it names no recipient");
        }

        if (!line.StartsWith("--- ", StringComparison.Ordinal) || Decode(line[4..]) != MacLength)
        {
            throw new InvalidDataException(
                string.Create(CultureInfo.InvariantCulture, $"line {lines.Number} is neither a recipient nor the MAC")
            );
        }

        return new AgeHeader(kinds);
    }

    private static int ReadBody(LineReader lines)
    {
        int length = 0;
        while (true)
        {
            string line = lines.Next();
            int bytes = line.Length > BodyColumns ? -1 : Decode(line);
            if (bytes < 0)
            {
                throw new InvalidDataException(
                    string.Create(CultureInfo.InvariantCulture, $"line {lines.Number} is not the base64 of a key")
                );
            }

            length += bytes;
            if (line.Length < BodyColumns)
            {
                return length;
            }
        }
    }

    /// <summary>What the format says of its own kinds; those of plugins are their own affair.</summary>
    private static void CheckNative(string[] words, int body, int line)
    {
        const int KeyLength = 32;
        const int TagLength = 4;
        const int WrappedKeyLength = 32;
        bool good = words[0] switch
        {
            "X25519" => words.Length == 2 && Decode(words[1]) == KeyLength && body == WrappedKeyLength,
            SshPublicKey.Ed25519 => words.Length == 3
                && Decode(words[1]) == TagLength
                && Decode(words[2]) == KeyLength
                && body == WrappedKeyLength,
            SshPublicKey.Rsa => words.Length == 2 && Decode(words[1]) == TagLength && body > 0,
            "scrypt" => words.Length == 3 && body == WrappedKeyLength,
            _ => true,
        };
        if (!good)
        {
            throw new InvalidDataException(
                string.Create(CultureInfo.InvariantCulture, $"the recipient that ends at line {line} is not a whole {words[0]}")
            );
        }
    }

    /// <summary>The number of bytes of canonical base64 without padding; -1 for anything else.</summary>
    private static int Decode(string text)
    {
        string padded = text.PadRight((text.Length + 3) / 4 * 4, '=');
        byte[] bytes = new byte[padded.Length];
        return
            !text.Contains('=', StringComparison.Ordinal)
            && Convert.TryFromBase64String(padded, bytes, out int count)
            && string.Equals(Convert.ToBase64String(bytes, 0, count), padded, StringComparison.Ordinal)
            ? count
            : -1;
    }

    private sealed class LineReader(Stream file)
    {
        private readonly BufferedStream _file = new(file, 4096);
        private int _read;

        public int Number { get; private set; }

        public string Next()
        {
            var line = new StringBuilder();
            Number++;
            while (true)
            {
                int value = _file.ReadByte();
                if (value < 0)
                {
                    throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"the file ends within its line {Number}"));
                }

                if (++_read > MaximumLength)
                {
                    throw new InvalidDataException("it has no end");
                }

                if (value == '\n')
                {
                    return line.ToString();
                }

                if (value is < ' ' or > '~')
                {
                    throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"line {Number} is not text"));
                }

                line.Append((char)value);
            }
        }
    }
}
