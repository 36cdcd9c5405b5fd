using System.Buffers.Binary;
using System.Text;

namespace CryoBackup.Encryption;

/// <summary>The kinds of SSH keys that age encrypts to, in OpenSSH's form.</summary>
internal static class SshPublicKey
{
    public const string Ed25519 = "ssh-ed25519";
    public const string Rsa = "ssh-rsa";

    // Those that age does not know: they sign, and cannot be encrypted to, or are of old.
    private static readonly string[] ForeignKinds = ["ecdsa-", "sk-", "ssh-dss"];

    private const string PrivateHeader = "-----BEGIN OPENSSH PRIVATE KEY-----";
    private const string PrivateFooter = "-----END OPENSSH PRIVATE KEY-----";
    private const int Ed25519Length = 32;

    /// <summary>Tells whether a line begins as one of a public key file of SSH does.</summary>
    /// <param name="line">The line.</param>
    public static bool IsMeant(string line) => line.StartsWith("ssh-", StringComparison.Ordinal) || IsForeign(line);

    /// <summary>Tells whether a line is a key of a kind of SSH that age does not know.</summary>
    /// <param name="line">The line.</param>
    public static bool IsForeign(string line) =>
        Array.Exists(ForeignKinds, kind => line.StartsWith(kind, StringComparison.Ordinal)) && line.AsSpan().ContainsAny(' ', '\t');

    /// <summary>Checks a line of a public key file.</summary>
    /// <param name="line">Kind, base64, and maybe a comment.</param>
    /// <returns>The line without its comment; null if it is not whole.</returns>
    public static string? Read(string line)
    {
        string[] words = line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        if (words.Length < 2 || words[0] is not (Ed25519 or Rsa))
        {
            return null;
        }

        byte[] blob = new byte[words[1].Length];
        if (!Convert.TryFromBase64String(words[1], blob, out int length))
        {
            return null;
        }

        ReadOnlySpan<byte> rest = blob.AsSpan(0, length);
        bool whole =
            TryTake(ref rest, out ReadOnlySpan<byte> kind)
            && kind.SequenceEqual(Encoding.ASCII.GetBytes(words[0]))
            && TryTake(ref rest, out ReadOnlySpan<byte> first)
            && (words[0] == Rsa ? TryTake(ref rest, out _) : first.Length == Ed25519Length)
            && rest.IsEmpty;
        return whole ? $"{words[0]} {words[1]}" : null;
    }

    /// <summary>What a private key file in OpenSSH's own form tells without its secret.</summary>
    /// <param name="text">The file's text.</param>
    /// <param name="isProtected">True if a passphrase protects it.</param>
    /// <returns>The public key that belongs to it; null if the file is in another form.</returns>
    public static string? OfPrivateKey(string text, out bool isProtected)
    {
        isProtected = false;
        int start = text.IndexOf(PrivateHeader, StringComparison.Ordinal);
        int end = text.IndexOf(PrivateFooter, StringComparison.Ordinal);
        if (start < 0 || end < start)
        {
            return null;
        }

        string body = string.Concat(text[(start + PrivateHeader.Length)..end].Where(character => !char.IsWhiteSpace(character)));
        byte[] blob = new byte[body.Length];
        ReadOnlySpan<byte> magic = "openssh-key-v1\0"u8;
        if (!Convert.TryFromBase64String(body, blob, out int length) || !blob.AsSpan(0, length).StartsWith(magic))
        {
            return null;
        }

        // Cipher, key derivation and its options, the number of keys, the first public key.
        ReadOnlySpan<byte> rest = blob.AsSpan(magic.Length, length - magic.Length);
        if (
            !TryTake(ref rest, out ReadOnlySpan<byte> cipher)
            || !TryTake(ref rest, out _)
            || !TryTake(ref rest, out _)
            || rest.Length < sizeof(uint)
        )
        {
            return null;
        }

        isProtected = !cipher.SequenceEqual("none"u8);
        rest = rest[sizeof(uint)..];
        if (!TryTake(ref rest, out ReadOnlySpan<byte> key))
        {
            return null;
        }

        ReadOnlySpan<byte> inner = key;
        return TryTake(ref inner, out ReadOnlySpan<byte> kind)
            ? Read($"{Encoding.ASCII.GetString(kind)} {Convert.ToBase64String(key)}")
            : null;
    }

    private static bool TryTake(ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> field)
    {
        field = default;
        if (rest.Length < sizeof(uint) || BinaryPrimitives.ReadUInt32BigEndian(rest) is var length && length > rest.Length - sizeof(uint))
        {
            return false;
        }

        field = rest.Slice(sizeof(uint), (int)length);
        rest = rest[(sizeof(uint) + (int)length)..];
        return true;
    }
}
