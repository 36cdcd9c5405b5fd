using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace CryoBackup.Configuration;

/// <summary>Reads YAML into nodes that know their places, event by event, within limits that no honest file meets.</summary>
internal sealed partial class ConfigurationTree
{
    private const int MaximumDepth = 16;
    private const int MaximumNodes = 20_000;
    private const string Remedy = "Correct the line; cryobackup config --example prints a file that is right.";

    private readonly ConfigurationErrors _errors;
    private readonly Parser _parser;
    private readonly string[] _lines;
    private readonly Dictionary<string, ConfigurationNode> _anchors = new(StringComparer.Ordinal);
    private int _nodes;

    private ConfigurationTree(string text, ConfigurationErrors errors)
    {
        _errors = errors;
        _lines = text.Split('\n');
        _parser = new Parser(new StringReader(text));
    }

    /// <summary>Reads the one document of a text.</summary>
    /// <param name="text">YAML.</param>
    /// <param name="errors">Names the file.</param>
    /// <returns>The document's map.</returns>
    /// <exception cref="CryoBackupException">ConfigurationInvalid, with line and column.</exception>
    public static MapNode Read(string text, ConfigurationErrors errors)
    {
        var tree = new ConfigurationTree(text, errors);
        try
        {
            return tree.ReadDocument();
        }
        catch (YamlException exception)
        {
            throw tree.NotYaml(exception);
        }
        catch (Exception exception) when (exception is not (CryoBackupException or OutOfMemoryException))
        {
            // The parser trips over some texts instead of refusing them.
            Mark mark = tree._parser.Current?.Start ?? Mark.Empty;
            throw errors.At(Math.Max(1, mark.Line), Math.Max(1, mark.Column), "from here on it is not YAML", Remedy, exception);
        }
    }

    private MapNode ReadDocument()
    {
        Next();
        if (Next() is StreamEnd)
        {
            throw _errors.Whole("it is empty", "Write what is wanted into it; cryobackup config --example prints a file to begin with.");
        }

        Next();
        ConfigurationNode root = ReadNode(0);
        if (Next() is DocumentEnd && Next() is DocumentStart second)
        {
            throw _errors.At(
                second.Start.Line,
                second.Start.Column,
                "a second document begins here",
                "Keep one document in the file, and remove the line ---."
            );
        }

        return root switch
        {
            MapNode map => map,
            ScalarNode { IsEmpty: true } => throw _errors.Whole(
                "it is empty",
                "Write what is wanted into it; cryobackup config --example prints a file to begin with."
            ),
            _ => throw _errors.At(
                root,
                $"{root.Kind} is there where keys with values belong",
                "Begin with lines such as 'database:' and, under it and indented, '  host: localhost'."
            ),
        };
    }

    private ParsingEvent Next()
    {
        if (!_parser.MoveNext())
        {
            throw _errors.Whole("it ends too early", Remedy);
        }

        return _parser.Current!;
    }

    /// <summary>Reads the node that the parser stands at.</summary>
    private ConfigurationNode ReadNode(int depth)
    {
        ParsingEvent current = _parser.Current!;
        (int line, int column) = ((int)current.Start.Line, (int)current.Start.Column);
        if (depth > MaximumDepth || ++_nodes > MaximumNodes)
        {
            throw _errors.At(
                line,
                column,
                depth > MaximumDepth ? "it is nested more deeply than any configuration" : "it holds more values than any configuration",
                Remedy
            );
        }

        if (current is AnchorAlias alias)
        {
            return _anchors.TryGetValue(alias.Value.Value, out ConfigurationNode? known)
                ? known
                : throw _errors.At(
                    line,
                    column,
                    "an alias is there, a word that begins with *, which stands for nothing that ends before it",
                    "Write the value itself; a text that begins with * stands in quotes."
                );
        }

        var begun = (NodeEvent)current;
        if (!begun.Tag.IsEmpty && !begun.Tag.IsNonSpecific)
        {
            throw _errors.At(
                line,
                column,
                "a tag is there, a word that begins with !, and none is known here",
                "Remove the tag; a text that begins with ! stands in quotes."
            );
        }

        ConfigurationNode node = current switch
        {
            Scalar scalar => new ScalarNode(scalar.Value, scalar.Style is not (ScalarStyle.Plain or ScalarStyle.Any), line, column),
            SequenceStart => ReadList(line, column, depth),
            _ => ReadMap(line, column, depth),
        };
        if (!begun.Anchor.IsEmpty)
        {
            _anchors[begun.Anchor.Value] = node;
        }

        return node;
    }

    private ListNode ReadList(int line, int column, int depth)
    {
        var items = new List<ConfigurationNode>();
        while (Next() is not SequenceEnd)
        {
            items.Add(ReadNode(depth + 1));
        }

        return new ListNode(items, line, column);
    }

    private MapNode ReadMap(int line, int column, int depth)
    {
        var entries = new List<(ScalarNode Key, ConfigurationNode Value)>();
        var lines = new Dictionary<string, int>(StringComparer.Ordinal);
        while (Next() is not MappingEnd)
        {
            ConfigurationNode key = ReadNode(depth + 1);
            if (key is not ScalarNode { IsEmpty: false } name)
            {
                throw _errors.At(key, $"{key.Kind} is there where a key belongs", Remedy);
            }

            if (!lines.TryAdd(name.Text, name.Line))
            {
                throw _errors.At(name, $"a key is there twice; the first time in line {lines[name.Text]}", "Keep one of the two.");
            }

            Next();
            entries.Add((name, ReadNode(depth + 1)));
        }

        return new MapNode(entries, line, column);
    }

    private CryoBackupException NotYaml(YamlException exception)
    {
        int line = (int)Math.Clamp(exception.Start.Line, 1, _lines.Length);
        foreach (int candidate in new[] { line, line + 1, line - 1 }.Where(number => number >= 1 && number <= _lines.Length))
        {
            // The parser names the line before, where what the tab breaks began.
            string text = _lines[candidate - 1];
            int tab = text.AsSpan().IndexOfAnyExcept(' ');
            if (tab >= 0 && text[tab] == '\t')
            {
                return _errors.At(
                    candidate,
                    tab + 1,
                    "the line is indented with a tab, which YAML does not allow",
                    "Indent with spaces.",
                    exception
                );
            }
        }

        string remedy =
            IsEscaped(_lines[line - 1]) ? "Within double quotes \\ begins an escape: " + ConfigurationErrors.WindowsPath
            : _lines[line - 1].Contains("${", StringComparison.Ordinal)
                ? "Put what holds ${…} in quotes where it stands within braces or brackets. " + Remedy
            : Remedy;
        return _errors.At(line, Math.Max(1, exception.Start.Column), "it is not YAML: " + Reason(exception), remedy, exception);
    }

    private static bool IsEscaped(string line) =>
        line.IndexOf('"', StringComparison.Ordinal) is >= 0 and var quote && line.IndexOf('\\', quote) >= 0;

    /// <summary>The parser's words, without the place that they begin with and the full stop at their end.</summary>
    private static string Reason(YamlException exception)
    {
        string text = exception.Message;
        int end = text.StartsWith("(Line: ", StringComparison.Ordinal) ? text.LastIndexOf("): ", StringComparison.Ordinal) : -1;
        text = (end >= 0 ? text[(end + 3)..] : text).TrimEnd('.', ' ');

        // What it quotes, but for a sign or two of YAML's own, may be of a value.
        text = Quoted().Replace(text, "…");
        return text.Length > 0 ? char.ToLowerInvariant(text[0]) + text[1..] : "it cannot be understood";
    }

    [GeneratedRegex("'[^']{3,}'|\"[^\"]{3,}\"|`[^`]{3,}`", RegexOptions.CultureInvariant)]
    private static partial Regex Quoted();
}
