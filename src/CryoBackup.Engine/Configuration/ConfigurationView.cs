using System.Collections;
using System.Text.Json.Nodes;
using CryoBackup.Postgres;
using CryoBackup.Text;

namespace CryoBackup.Configuration;

/// <summary>The configuration as it is in effect, in the form of the file, with secrets masked.</summary>
public static class ConfigurationView
{
    private const string Mask = "***";

    /// <summary>As YAML.</summary>
    /// <param name="configuration">The configuration.</param>
    /// <returns>Lines that could stand in a file, but for the secrets.</returns>
    public static string ToYaml(BackupConfiguration configuration) => YamlText.Of(ToJson(configuration));

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
            string text => ConnectionUri.Masked(text),
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
}
