using System.Text;

namespace CryoBackup.Postgres;

/// <summary>
/// A service file with one service, which says in UTF-8 what libpq's programs cannot be told otherwise. Its grammar has no quotes: a line
/// is <c>keyword=value</c>, what is blank at its end is cut, and what is long is refused.
/// </summary>
/// <param name="onWindows">True for Windows' programs.</param>
internal sealed class NamedService(bool onWindows)
{
    /// <summary>The service's name.</summary>
    public const string Name = "cryobackup";

    // libpq reads 1,024 bytes with their end; before PostgreSQL 14 it was 256, which names and folders of sockets do not reach.
    private const int LongestLine = 1_000;

    // In the code pages of one byte a letter Windows calls this one a blank, whatever letter of UTF-8 it is the end of.
    private const byte NoBreakSpace = 0xA0;

    private readonly StringBuilder _text = new($"[{Name}]\n");

    /// <summary>True if nothing has been added.</summary>
    public bool IsEmpty { get; private set; } = true;

    /// <summary>Adds a setting.</summary>
    /// <param name="keyword">libpq's.</param>
    /// <param name="value">Its value.</param>
    /// <param name="what">What the value is, for the error.</param>
    /// <exception cref="CryoBackupException">ConfigurationInvalid: such a file cannot say it.</exception>
    public void Add(string keyword, string value, string what)
    {
        string line = $"{keyword}={value}";
        byte[] bytes = Encoding.UTF8.GetBytes(line);
        string? why =
            value.AsSpan().ContainsAny('\n', '\r', '\u001a') ? "a line end or the sign for the end of a file in it"
            : bytes[^1] is (byte)' ' or (>= 9 and <= 13) ? "a blank at its end"
            : bytes[^1] == NoBreakSpace && onWindows ? $"'{value[^1]}' at its end, which they take for a blank"
            : bytes.Length > LongestLine ? $"more than {LongestLine} bytes"
            : null;
        if (why is not null)
        {
            throw new CryoBackupException(
                CryoBackupError.ConfigurationInvalid,
                $"The {what} '{value}' cannot be told to PostgreSQL's programs on Windows: it has letters beyond ASCII, and {why}.",
                value,
                "Rename it, or work with it from Linux or macOS, where names are told as they are."
            );
        }

        _text.Append(line).Append('\n');
        IsEmpty = false;
    }

    /// <summary>The file's text.</summary>
    public override string ToString() => _text.ToString();
}
