using System.Globalization;
using CryoBackup.Stores;
using CryoBackup.Text;

namespace CryoBackup.Configuration;

/// <summary>Turns the file's nodes into the model: every key is known, every value of its kind, or an error names the place.</summary>
/// <param name="errors">Names the file.</param>
/// <param name="variables">Fills variables in.</param>
/// <param name="baseFolder">What relative paths are relative to.</param>
internal sealed class ConfigurationReader(ConfigurationErrors errors, ConfigurationVariables variables, string baseFolder)
{
    private readonly List<(string Path, string Instead)> _foreign = [];
    private Dictionary<string, CryoBackupException> _missing = new(StringComparer.Ordinal);

    /// <summary>What could not be filled in, by the key's path.</summary>
    public IReadOnlyDictionary<string, CryoBackupException> Missing => _missing;

    /// <summary>Keys that are somebody else's job, with whose.</summary>
    public IReadOnlyList<(string Path, string Instead)> Foreign => _foreign;

    /// <summary>Reads the whole.</summary>
    /// <param name="root">The document.</param>
    /// <returns>The model, paths made full.</returns>
    /// <exception cref="CryoBackupException">ConfigurationInvalid, with line and column.</exception>
    public BackupConfiguration Read(MapNode root)
    {
        var configuration = (BackupConfiguration)ReadSection(typeof(BackupConfiguration), root, "");
        ReportSettings reports = configuration.Reports;
        return configuration with
        {
            Path = errors.Path,
            Reports = reports with
            {
                VerificationDir = Path.GetFullPath(reports.VerificationDir, baseFolder),
                RestoreDir = Path.GetFullPath(reports.RestoreDir, baseFolder),
                RemovalDir = Path.GetFullPath(reports.RemovalDir, baseFolder),
            },
        };
    }

    private object ReadSection(Type type, MapNode map, string path)
    {
        object section = Activator.CreateInstance(type)!;
        IReadOnlyList<ConfigurationKey> keys = ConfigurationKey.Of(type);
        var read = new HashSet<string>(StringComparer.Ordinal);
        foreach ((ScalarNode name, ConfigurationNode value) in map.Entries)
        {
            ConfigurationKey key =
                keys.FirstOrDefault(candidate => candidate.Name == name.Text)
                ?? throw errors.At(name, $"{Unknown(name, value, path)} is not known", NearestKey.Remedy(name.Text, keys));
            string keyPath = path + key.Name;
            if (key.Setting.Instead is { } instead && key.Name != "enabled")
            {
                _foreign.Add((keyPath, instead));
                if (value is not ScalarNode)
                {
                    throw Wrong(value, keyPath, "a single value");
                }

                continue;
            }

            if (value is ScalarNode { IsEmpty: true })
            {
                throw errors.At(name, $"'{keyPath}' has no value", "Give it one, or remove the line.");
            }

            read.Add(key.Name);
            if (ReadValue(key, value, keyPath) is { } result)
            {
                key.Property.SetValue(section, result);
            }
        }

        Complete(section, keys, read, map, path);
        return section;
    }

    /// <summary>A section that is disabled needs no variables; one that is enabled needs its required keys.</summary>
    private void Complete(object section, IReadOnlyList<ConfigurationKey> keys, HashSet<string> read, MapNode map, string path)
    {
        if (
            keys.FirstOrDefault(key => key.Name == "enabled") is { } enabled
            && enabled.Property.GetValue(section) is false
            && !_missing.ContainsKey(path + "enabled")
        )
        {
            // Made anew: what is removed from one leaves a gap, which the next to come would fill, before its turn.
            _missing = new Dictionary<string, CryoBackupException>(
                _missing.Where(missing => !missing.Key.StartsWith(path, StringComparison.Ordinal)),
                StringComparer.Ordinal
            );
            return;
        }

        foreach (ConfigurationKey key in keys.Where(key => key.Setting.IsRequired && !_missing.ContainsKey(path + key.Name)))
        {
            if (!read.Contains(key.Name))
            {
                throw errors.At(
                    map,
                    $"'{path}{key.Name}' is missing",
                    path.EndsWith("[].", StringComparison.Ordinal) ? "Give it." : $"Give it, or say '{path}enabled: false'."
                );
            }

            if (key.Property.GetValue(section) is null or "" or IReadOnlyList<string> { Count: 0 })
            {
                throw errors.At(
                    map.Entries.First(entry => entry.Key.Text == key.Name).Value,
                    $"'{path}{key.Name}' is empty",
                    "Give it a value."
                );
            }
        }
    }

    private object? ReadValue(ConfigurationKey key, ConfigurationNode value, string path) =>
        key.Kind switch
        {
            KeyKind.Section => ReadSection(key.ValueType, value as MapNode ?? throw Wrong(value, path, "keys with values"), path + "."),
            KeyKind.Databases => ReadDatabases(value, path),
            KeyKind.TextList => ReadTexts(key, value, path),
            KeyKind.ChoiceList => ReadChoices(key, value, path),
            KeyKind.TextMap => ReadMap(value, path),
            _ => ReadScalar(key, value as ScalarNode ?? throw Wrong(value, path, KindInWords(key)), path),
        };

    private object? ReadScalar(ConfigurationKey key, ScalarNode node, string path)
    {
        string text = variables.Fill(node, errors, out CryoBackupException? missing);
        if (missing is not null)
        {
            _missing.TryAdd(path, missing);
            return null;
        }

        switch (key.Kind)
        {
            case KeyKind.Text:
                return text.Length == 0 ? null : ReadText(key, node, text, path);
            case KeyKind.Flag:
                return text.ToLowerInvariant() switch
                {
                    "true" or "yes" or "on" => true,
                    "false" or "no" or "off" => false,
                    _ => throw Unfit(node, path, KindInWords(key)),
                };
            case KeyKind.Number:
                if (!long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number))
                {
                    throw Unfit(node, path, KindInWords(key));
                }

                if (
                    number < key.Setting.Minimum
                    || number > Math.Min(key.Setting.Maximum, key.ValueType == typeof(int) ? int.MaxValue : long.MaxValue)
                )
                {
                    throw errors.At(node, $"'{path}' is out of its range", $"Give {KindInWords(key)}.");
                }

                return key.ValueType == typeof(int) ? (object)(int)number : number;
            case KeyKind.Duration:
                return DurationText.TryParse(text) is { } duration && duration > TimeSpan.Zero
                    ? duration
                    : throw Unfit(node, path, KindInWords(key));
            default:
                return ReadChoice(key, node, text, path);
        }
    }

    private object ReadChoice(ConfigurationKey key, ScalarNode node, string text, string path)
    {
        int index = key.Words.ToList().FindIndex(word => string.Equals(word, text, StringComparison.OrdinalIgnoreCase));
        return index >= 0 ? Enum.GetValues(key.ItemType).GetValue(index)! : throw Unfit(node, path, KindInWords(key));
    }

    private string ReadText(ConfigurationKey key, ScalarNode node, string text, string path)
    {
        if (key.Setting.IsUrl && !(Uri.TryCreate(text, UriKind.Absolute, out Uri? address) && address.Scheme is "http" or "https"))
        {
            // Not shown: such addresses are secrets.
            throw errors.At(node, $"'{path}' is not a web address", "Give an address that begins with https:// or http://.");
        }

        if (key.Setting.IsLocation && StoreLocation.IsStore(text))
        {
            try
            {
                return StoreLocation.Parse(text).ToString();
            }
            catch (CryoBackupException failure)
            {
                throw errors.At(node, $"'{path}': {failure.Message.TrimEnd('.')}", failure.Remedy ?? "");
            }
        }

        if (key.Setting.IsPath && StoreLocation.IsStore(text))
        {
            throw errors.At(
                node,
                $"'{path}' is a location of a store",
                "Give a path of this machine; local_backup_dir and copies may lie in a store."
            );
        }

        if (key.Setting.IsPath || key.Setting.IsLocation)
        {
            return text.Any(char.IsControl)
                ? throw errors.At(
                    node,
                    $"'{path}' holds a control character, as \\b, \\n, \\t and others make one within double quotes",
                    "In YAML " + ConfigurationErrors.WindowsPath
                )
                : Path.GetFullPath(text, baseFolder);
        }

        return text;
    }

    /// <summary>The items of a list, or the one that stands for it, with their variables filled; one whose variable is missing is noted
    /// and left out.</summary>
    private IEnumerable<(ScalarNode Node, string Text)> Filled(ConfigurationKey key, ConfigurationNode value, string path)
    {
        foreach (ConfigurationNode item in value is ListNode list ? list.Items : [value])
        {
            ScalarNode node = item as ScalarNode ?? throw Wrong(item, path, KindInWords(key));
            string text = variables.Fill(node, errors, out CryoBackupException? missing);
            if (missing is not null)
            {
                _missing.TryAdd(path, missing);
                continue;
            }

            yield return (node, text);
        }
    }

    private List<string> ReadTexts(ConfigurationKey key, ConfigurationNode value, string path)
    {
        var texts = new List<string>();
        foreach ((ScalarNode node, string text) in Filled(key, value, path))
        {
            // The predecessor's mail addresses: several in one text.
            foreach (string part in key.Name == "to" ? text.Split(',', StringSplitOptions.TrimEntries) : [text])
            {
                texts.Add(
                    part.Length > 0 && !node.IsEmpty
                        ? ReadText(key, node, part, path)
                        : throw errors.At(node, $"an item of '{path}' is empty", "Give it a value, or remove it.")
                );
            }
        }

        return texts;
    }

    private object ReadChoices(ConfigurationKey key, ConfigurationNode value, string path)
    {
        var choices = (System.Collections.IList)Activator.CreateInstance(typeof(List<>).MakeGenericType(key.ItemType))!;
        foreach ((ScalarNode node, string text) in Filled(key, value, path))
        {
            object choice = ReadChoice(key, node, text, path);
            if (!choices.Contains(choice))
            {
                choices.Add(choice);
            }
        }

        return choices.Count > 0 || _missing.ContainsKey(path)
            ? choices
            : throw errors.At(value, $"'{path}' is empty", $"Give {KindInWords(key)}, or say 'enabled: false'.");
    }

    private Dictionary<string, string> ReadMap(ConfigurationNode value, string path)
    {
        var map = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach ((ScalarNode name, ConfigurationNode item) in (value as MapNode ?? throw Wrong(value, path, "names with values")).Entries)
        {
            string text = variables.Fill(
                item as ScalarNode ?? throw Wrong(item, IsPlainName(name.Text) ? $"{path}.{name.Text}" : path, "a text"),
                errors,
                out CryoBackupException? missing
            );
            if (missing is not null)
            {
                _missing.TryAdd(path, missing);
            }

            if (!IsPlainName(name.Text) || text.AsSpan().ContainsAny('\r', '\n') || !map.TryAdd(name.Text, text))
            {
                throw errors.At(
                    name,
                    $"an entry of '{path}' is not a header of its own, on one line",
                    "Give each header once: letters, digits and hyphens, and a value without line breaks."
                );
            }
        }

        return map;
    }

    private static bool IsPlainName(string name) => name.All(character => char.IsAsciiLetterOrDigit(character) || character is '-' or '_');

    private DatabaseSelection ReadDatabases(ConfigurationNode value, string path)
    {
        switch (value)
        {
            case ScalarNode { Text: "all" }:
                return new DatabaseSelection { All = true };
            case MapNode map:
                return (DatabaseSelection)ReadSection(typeof(DatabaseSelection), map, path + ".") with { All = true };
            case ListNode { Items.Count: > 0 } list:
                return new DatabaseSelection { Entries = [.. ReadEntries(list, path)] };
            default:
                throw errors.At(
                    value,
                    $"'{path}' is not a selection of databases",
                    "Write all, a list of databases, or a map of include and exclude."
                );
        }
    }

    private IEnumerable<DatabaseEntry> ReadEntries(ListNode list, string path)
    {
        var seen = new HashSet<(string?, int?, string)>();
        foreach (ConfigurationNode item in list.Items)
        {
            DatabaseEntry entry;
            if (item is MapNode map)
            {
                entry = (DatabaseEntry)ReadSection(typeof(DatabaseEntry), map, path + "[].");
            }
            else
            {
                ScalarNode node = item as ScalarNode ?? throw Wrong(item, path, "a database's name, or a map with its name");
                string name = variables.Fill(node, errors, out CryoBackupException? missing);
                if (missing is not null)
                {
                    _missing.TryAdd(path, missing);
                    continue;
                }

                entry = new DatabaseEntry
                {
                    Name =
                        name.Length > 0 && !node.IsEmpty
                            ? name
                            : throw errors.At(node, $"an item of '{path}' is empty", "Give it a value, or remove it."),
                };
            }

            yield return seen.Add((entry.Host, entry.Port, entry.Name))
                ? entry
                : throw errors.At(item, "a database is there twice", "Keep one of the two.");
        }
    }

    private static string KindInWords(ConfigurationKey key) =>
        key.Kind switch
        {
            KeyKind.Flag => "true or false",
            KeyKind.Number when key.Setting.Maximum != long.MaxValue => string.Create(
                CultureInfo.InvariantCulture,
                $"a whole number from {key.Setting.Minimum} to {key.Setting.Maximum}"
            ),
            KeyKind.Number => string.Create(CultureInfo.InvariantCulture, $"a whole number from {key.Setting.Minimum}"),
            KeyKind.Duration => "a length of time such as " + DurationText.Forms,
            KeyKind.Choice => "one of " + string.Join(", ", key.Words),
            KeyKind.ChoiceList => "any of " + string.Join(", ", key.Words),
            KeyKind.TextList => "a text or a list of texts",
            _ => "a text",
        };

    private CryoBackupException Wrong(ConfigurationNode node, string path, string wanted) =>
        errors.At(node, $"'{path}' takes {wanted}, and {node.Kind} is there", $"Give {wanted}; cryobackup config --example shows how.");

    // Without a value it may be one itself, whose colon has no blank behind it.
    private static string Unknown(ScalarNode name, ConfigurationNode value, string path) =>
        value is ScalarNode { IsEmpty: true } || !IsPlainName(name.Text)
            ? "what stands here as a key"
            : $"the key {ConfigurationErrors.Quote(path + name.Text)}";

    private CryoBackupException Unfit(ScalarNode node, string path, string wanted) =>
        errors.At(
            node,
            // Not what is there instead: it may be a secret that got to the wrong place.
            $"'{path}' takes {wanted}",
            $"Give {wanted}."
        );
}
