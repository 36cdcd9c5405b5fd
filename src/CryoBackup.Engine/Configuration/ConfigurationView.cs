using System.Collections;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CryoBackup.Text;

namespace CryoBackup.Configuration;

/// <summary>The configuration as it is in effect, in the form of the file, with secrets masked.</summary>
public static partial class ConfigurationView
{
    private const string Mask = "***";
    private static readonly JsonSerializerOptions Quoting = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>As YAML.</summary>
    /// <param name="configuration">The configuration.</param>
    /// <returns>Lines that could stand in a file, but for the secrets.</returns>
    public static string ToYaml(BackupConfiguration configuration)
    {
        var text = new StringBuilder();
        Write(text, ToJson(configuration), "");
        return text.ToString();
    }

    /// <summary>As JSON of the same shape.</summary>
    /// <param name="configuration">The configuration.</param>
    /// <returns>An object.</returns>
    public static JsonObject ToJson(BackupConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return OfSection(configuration);
    }

    private static JsonObject OfSection(Settings section)
    {
        var view = new JsonObject();
        foreach (ConfigurationKey key in ConfigurationKey.Of(section.GetType()).Where(key => key.Setting.Instead is null))
        {
            if (OfValue(key, key.Property.GetValue(section)) is { } value)
            {
                view[key.Name] = value;
            }
        }

        return view;
    }

    private static JsonNode? OfValue(ConfigurationKey key, object? value) =>
        value switch
        {
            null or "" => null,
            IReadOnlyDictionary<string, string> map => map.Count == 0
                ? null
                : new JsonObject(map.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)Mask))),
            DatabaseSelection selection => OfSelection(selection),
            Settings section => OfSection(section) is { Count: > 0 } inner ? inner : null,
            not null when key.Setting.IsSecret => Mask,
            string text => text,
            bool flag => flag,
            int number => number,
            long number => number,
            TimeSpan duration => DurationText.Of(duration),
            IEnumerable items => items
                .Cast<object>()
                .Select(item => (JsonNode?)(item as string ?? ConfigurationKey.WordOf(item.ToString()!)))
                .ToArray()
                is { Length: > 0 } list
                ? new JsonArray(list)
                : null,
            _ => ConfigurationKey.WordOf(value.ToString()!),
        };

    private static JsonNode OfSelection(DatabaseSelection selection) =>
        !selection.All ? new JsonArray([.. selection.Entries.Select(OfSection)])
        : OfSection(selection) is { Count: > 0 } patterns ? patterns
        : "all";

    private static void Write(StringBuilder text, JsonObject view, string indent)
    {
        foreach ((string name, JsonNode? value) in view)
        {
            text.Append(indent).Append(Scalar(name)).Append(':');
            switch (value)
            {
                case JsonObject inner:
                    text.Append('\n');
                    Write(text, inner, indent + "  ");
                    break;
                case JsonArray list when list.All(item => item is JsonValue):
                    text.Append(" [").AppendJoin(", ", list.Select(item => Scalar(item!.ToString()))).Append("]\n");
                    break;
                case JsonArray list:
                    text.Append('\n');
                    foreach (JsonObject item in list.OfType<JsonObject>())
                    {
                        int start = text.Length;
                        Write(text, item, indent + "    ");
                        text[start + indent.Length + 2] = '-';
                    }

                    break;
                default:
                    text.Append(' ')
                        .Append(value!.GetValueKind() == JsonValueKind.String ? Scalar(value.ToString()) : value.ToJsonString())
                        .Append('\n');
                    break;
            }
        }
    }

    /// <summary>Quoted where YAML, or a reader of another version of it, could take it for something else.</summary>
    private static string Scalar(string text) =>
        Plain().IsMatch(text)
        && text.ToLowerInvariant() is not ("true" or "false" or "yes" or "no" or "on" or "off" or "null" or "y" or "n")
            ? text
            : JsonSerializer.Serialize(text, Quoting).Replace("${", "$${", StringComparison.Ordinal);

    [GeneratedRegex(@"^[A-Za-z_/][A-Za-z0-9_./@-]*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Plain();
}
