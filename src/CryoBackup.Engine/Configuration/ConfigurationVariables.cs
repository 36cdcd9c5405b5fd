using System.Text;
using CryoBackup.Streams;

namespace CryoBackup.Configuration;

/// <summary>Fills in <c>${NAME}</c>, <c>${NAME:-default}</c> and <c>${file:PATH}</c>; <c>$${</c> stands for <c>${</c> itself.</summary>
/// <param name="baseFolder">What a relative path of a file is relative to.</param>
/// <param name="environment">Looks a variable up; null for one that is not set.</param>
internal sealed class ConfigurationVariables(string baseFolder, Func<string, string?> environment)
{
    private const int MaximumFileLength = 1 << 16;
    private static readonly UTF8Encoding Utf8 = new(false, throwOnInvalidBytes: true);
    private const string FilePrefix = "file:";
    private const string Forms = "Write ${NAME}, ${NAME:-default} or ${file:PATH}; $${ stands for ${ itself.";

    /// <summary>Fills a value in.</summary>
    /// <param name="node">The value.</param>
    /// <param name="errors">Names the file.</param>
    /// <param name="missing">Why it cannot be filled in, where a variable or a file is missing; null otherwise.</param>
    /// <returns>The text; empty where something is missing.</returns>
    /// <exception cref="CryoBackupException">ConfigurationInvalid: it is not written rightly.</exception>
    public string Fill(ScalarNode node, ConfigurationErrors errors, out CryoBackupException? missing)
    {
        missing = null;
        var filled = new StringBuilder();
        string text = node.Text;
        int position = 0;
        while (text.IndexOf("${", position, StringComparison.Ordinal) is >= 0 and var start)
        {
            if (start > position && text[start - 1] == '$')
            {
                filled.Append(text, position, start - 1 - position).Append("${");
                position = start + 2;
                continue;
            }

            int end = text.IndexOf('}', start);
            if (end < 0)
            {
                throw errors.At(node, "a ${ is not closed by }", Forms);
            }

            filled.Append(text, position, start - position);
            filled.Append(ValueOf(text[(start + 2)..end], node, errors, ref missing));
            position = end + 1;
        }

        return missing is null ? filled.Append(text, position, text.Length - position).ToString() : "";
    }

    /// <summary>Tells whether a value depends on something outside the file.</summary>
    /// <param name="text">The value as written.</param>
    public static bool AreIn(string text) => text.Contains("${", StringComparison.Ordinal);

    private string? ValueOf(string reference, ScalarNode node, ConfigurationErrors errors, ref CryoBackupException? missing)
    {
        if (reference.StartsWith(FilePrefix, StringComparison.Ordinal))
        {
            return ReadFile(reference[FilePrefix.Length..], node, errors, ref missing);
        }

        int mark = reference.IndexOf(":-", StringComparison.Ordinal);
        string name = mark < 0 ? reference : reference[..mark];
        if (!IsName(name))
        {
            throw errors.At(node, "what stands within ${ and } is not a reference", Forms);
        }

        string? value = environment(name);
        if (mark >= 0)
        {
            return string.IsNullOrEmpty(value) ? reference[(mark + 2)..] : value;
        }

        if (value is null)
        {
            missing ??= errors.At(
                node,
                $"the environment variable {name} is not set",
                $"Set {name}, or write ${{{name}:-default}}; a secret may also be mounted: ${{file:PATH}}."
            );
        }
        else if (value.Contains('\0', StringComparison.Ordinal))
        {
            missing ??= errors.At(node, $"the environment variable {name} holds a zero character", $"Correct {name}.");
        }

        return value;
    }

    private string? ReadFile(string path, ScalarNode node, ConfigurationErrors errors, ref CryoBackupException? missing)
    {
        if (path.Trim().Length == 0)
        {
            throw errors.At(node, "'${file:}' names no file", Forms);
        }

        string full = Path.GetFullPath(path, baseFolder);
        try
        {
            // A file of /proc has no length, and may have no end.
            using FileStream file = RegularFile.Read(full);
            byte[] bytes = new byte[MaximumFileLength + 1];
            int length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            if (length > MaximumFileLength)
            {
                missing ??= errors.At(
                    node,
                    $"the file '{full}' is too long for a value, which has at most {MaximumFileLength} bytes",
                    "Name a file that holds the value alone."
                );
                return null;
            }

            return Utf8.GetString(bytes, 0, length).TrimStart('\uFEFF').TrimEnd('\r', '\n');
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or DecoderFallbackException)
        {
            string reason = exception is FileNotFoundException or DirectoryNotFoundException
                ? "does not exist"
                : $"cannot be read: {exception.Message.TrimEnd('.')}";
            missing ??= errors.At(node, $"the file '{full}' {reason}", "Mount the file, or correct its path.");
            return null;
        }
    }

    private static bool IsName(string name) =>
        name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(character => char.IsAsciiLetterOrDigit(character) || character == '_');
}
