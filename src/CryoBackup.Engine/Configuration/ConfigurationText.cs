using System.Text;
using CryoBackup.Streams;

namespace CryoBackup.Configuration;

/// <summary>The configuration file's text: UTF-8, of a sane size, without what no text holds.</summary>
internal static class ConfigurationText
{
    private const long MaximumLength = 1 << 18;

    /// <summary>Reads it.</summary>
    /// <param name="errors">Names the file.</param>
    /// <returns>The text.</returns>
    /// <exception cref="CryoBackupException">ConfigurationInvalid; PermissionDenied.</exception>
    public static string Read(ConfigurationErrors errors)
    {
        byte[] bytes = ReadBytes(errors);
        if (bytes is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..] || LooksLikeUtf16(bytes))
        {
            throw errors.Whole("it is encoded in UTF-16", "Save it as UTF-8: Get-Content FILE | Set-Content -Encoding utf8 NEW.");
        }

        ReadOnlySpan<byte> content = bytes.AsSpan().StartsWith(Encoding.UTF8.Preamble)
            ? bytes.AsSpan(Encoding.UTF8.Preamble.Length)
            : bytes;
        if (FirstFault(content) is { } fault)
        {
            (int line, int column) = PlaceOf(content, fault.Index);
            throw errors.At(line, column, fault.Reason, fault.Remedy);
        }

        return Encoding.UTF8.GetString(content);
    }

    private static byte[] ReadBytes(ConfigurationErrors errors)
    {
        try
        {
            using FileStream file = RegularFile.Read(errors.Path);
            if (file.Length > MaximumLength)
            {
                throw errors.Whole(
                    $"it has {file.Length} bytes, and no configuration is longer than {MaximumLength}",
                    "Name the right file; cryobackup config --example prints one."
                );
            }

            byte[] bytes = new byte[file.Length];
            file.ReadExactly(bytes);
            return bytes;
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw errors.Whole(
                "it does not exist",
                "Name a file that exists; cryobackup config --example prints one to begin with.",
                exception
            );
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or IOException)
        {
            string reason = Directory.Exists(errors.Path) ? "it is a folder" : $"it cannot be read: {exception.Message.TrimEnd('.')}";
            throw errors.Whole(reason, "Name a file that this account may read.", exception);
        }
    }

    private static bool LooksLikeUtf16(byte[] bytes) => bytes is [not 0, 0, not 0, 0, ..] or [0, not 0, 0, not 0, ..];

    private static (int Index, string Reason, string Remedy)? FirstFault(ReadOnlySpan<byte> content)
    {
        for (int index = 0; index < content.Length; )
        {
            if (Rune.DecodeFromUtf8(content[index..], out Rune rune, out int length) != System.Buffers.OperationStatus.Done)
            {
                return (index, "a byte is there that is not UTF-8", "Save the file as UTF-8.");
            }

            if (rune.Value is < ' ' and not ('\t' or '\n' or '\r') or 0x7F)
            {
                return (index, $"a control character (U+{rune.Value:X4}) is there", "Remove it; a text file holds none.");
            }

            index += length;
        }

        return null;
    }

    private static (int Line, int Column) PlaceOf(ReadOnlySpan<byte> content, int index)
    {
        ReadOnlySpan<byte> before = content[..index];
        int start = before.LastIndexOf((byte)'\n') + 1;
        return (before.Count((byte)'\n') + 1, Encoding.UTF8.GetCharCount(before[start..]) + 1);
    }
}
