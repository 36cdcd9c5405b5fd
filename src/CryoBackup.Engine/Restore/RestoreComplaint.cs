using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using CryoBackup.Processes;

namespace CryoBackup.Restore;

/// <summary>
/// The first error that pg_restore reports, taken apart as its lines come: of a long statement, which it prints after the error, the
/// last lines of standard error would show nothing else.
/// </summary>
internal sealed partial class RestoreComplaint
{
    // A statement as long as this is no longer kept whole, and not repeated.
    private const int LongestStatement = 1 << 16;
    private const int LongestField = 8_000;
    private const int MostLines = 40;

    private readonly List<string> _lines = [];
    private readonly StringBuilder _statement = new();
    private readonly Dictionary<string, string> _fields = new(StringComparer.Ordinal);
    private string? _field;
    private bool _begun;
    private bool _ended;
    private bool _isCut;

    /// <summary>The dump ID of the entry that was being restored; null where none was named.</summary>
    public int? DumpId { get; private set; }

    /// <summary>What the server said of a statement, without the word ERROR; null where it said nothing, or ended the session.</summary>
    public string? Message { get; private set; }

    /// <summary>What the server added; null for nothing.</summary>
    public string? Detail => _fields.GetValueOrDefault("DETAIL");

    /// <summary>What the server advises; null for nothing.</summary>
    public string? Hint => _fields.GetValueOrDefault("HINT");

    /// <summary>Where the server was at work; null where it did not say.</summary>
    public string? Context => _fields.GetValueOrDefault("CONTEXT");

    /// <summary>The whole statement; null where none was printed, or it was too long to be kept.</summary>
    public string? Statement => !_isCut && _statement.Length > 0 ? _statement.ToString().Trim() : null;

    /// <summary>The statement's first line; null where none was printed.</summary>
    public string? StatementStart => _statement.Length == 0 ? null : FirstLine(_statement.ToString());

    /// <summary>The lines up to the statement's first.</summary>
    public IReadOnlyList<string> Lines => _lines;

    /// <summary>The first line with text.</summary>
    /// <param name="text">Any text.</param>
    public static string FirstLine(string text) => text.Trim().Split('\n')[0].TrimEnd();

    /// <summary>Takes the next line of standard error.</summary>
    /// <param name="line">The line.</param>
    public void Take(string line)
    {
        if (_ended)
        {
            return;
        }

        bool isOwn = line.StartsWith("pg_restore: ", StringComparison.Ordinal);
        if (isOwn && _begun)
        {
            _ended = true;
        }
        else if (!_begun)
        {
            TakeBefore(line);
        }
        else
        {
            TakeWithin(line);
        }
    }

    private void TakeBefore(string line)
    {
        if (TocEntry().Match(line) is { Success: true } entry)
        {
            DumpId = int.TryParse(entry.Groups[1].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out int id) ? id : null;
            Keep(line);
        }
        else if (line.StartsWith("pg_restore: error: ", StringComparison.Ordinal))
        {
            _begun = true;
            Keep(line);
            Match message = ServerMessage().Match(line);
            Message = message.Success ? message.Groups[1].Value : null;
        }
    }

    private void TakeWithin(string line)
    {
        const string Command = "Command was: ";
        if (_field == Command)
        {
            KeepStatement(line);
        }
        else if (line.StartsWith(Command, StringComparison.Ordinal))
        {
            _field = Command;
            Keep(line);
            KeepStatement(line[Command.Length..]);
        }
        else if (Field().Match(line) is { Success: true } field)
        {
            _field = field.Groups[1].Value;
            _fields.TryAdd(_field, field.Groups[2].Value);
            Keep(line);
        }
        else
        {
            Keep(line);
            if (_field is not null && _fields.TryGetValue(_field, out string? before) && line.Length > 0 && before.Length < LongestField)
            {
                _fields[_field] = $"{before}; {line.Trim()}";
            }
        }
    }

    private void Keep(string line)
    {
        if (_lines.Count < MostLines)
        {
            _lines.Add(line);
        }
    }

    private void KeepStatement(string line)
    {
        if (_statement.Length < LongestStatement)
        {
            _statement.Append(line).Append('\n');
            _isCut |= line.Length >= StandardErrorTail.MaximumCharacters;
        }
        else
        {
            _isCut = true;
        }
    }

    [GeneratedRegex(@"from TOC entry (\d+); \d+ \d+ ", RegexOptions.CultureInvariant)]
    private static partial Regex TocEntry();

    [GeneratedRegex("ERROR:  (.*)$", RegexOptions.CultureInvariant)]
    private static partial Regex ServerMessage();

    [GeneratedRegex("^([A-Z]+):  (.*)$", RegexOptions.CultureInvariant)]
    private static partial Regex Field();
}
