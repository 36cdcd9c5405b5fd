using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using CryoBackup.Text;

namespace CryoBackup.Configuration;

/// <summary>The JSON Schema of the file, for editors, made from the model. cryobackup.schema.json is what it makes.</summary>
public static class ConfigurationSchema
{
    private static readonly JsonSerializerOptions Form = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Makes it.</summary>
    /// <returns>JSON, with a line break at its end.</returns>
    public static string Create()
    {
        var schema = new JsonObject
        {
            ["$schema"] = "http://json-schema.org/draft-07/schema#",
            ["title"] = "The configuration of CryoBackup",
        };
        foreach ((string name, JsonNode? value) in OfSection(typeof(BackupConfiguration)).ToArray())
        {
            schema[name] = value?.DeepClone();
        }

        return schema.ToJsonString(Form).ReplaceLineEndings("\n") + "\n";
    }

    private static JsonObject OfSection(Type section)
    {
        IReadOnlyList<ConfigurationKey> keys = ConfigurationKey.Of(section);
        var schema = new JsonObject
        {
            ["type"] = "object",
            ["additionalProperties"] = false,
            ["properties"] = new JsonObject(keys.Select(key => KeyValuePair.Create(key.Name, (JsonNode?)OfKey(key)))),
        };
        JsonArray required = [.. keys.Where(key => key.Setting.IsRequired).Select(key => (JsonNode)key.Name)];
        if (required.Count > 0 && keys.Any(key => key.Name == "enabled"))
        {
            schema["if"] = new JsonObject
            {
                ["properties"] = new JsonObject { ["enabled"] = new JsonObject { ["const"] = false } },
                ["required"] = new JsonArray("enabled"),
            };
            schema["else"] = new JsonObject { ["required"] = required };
        }
        else if (required.Count > 0)
        {
            schema["required"] = required;
        }

        return schema;
    }

    private static JsonObject OfKey(ConfigurationKey key)
    {
        JsonObject schema = key.Kind switch
        {
            KeyKind.Section => OfSection(key.ValueType),
            KeyKind.Databases => AnyOf(
                new JsonObject { ["const"] = "all" },
                new JsonObject
                {
                    ["type"] = "array",
                    ["minItems"] = 1,
                    ["items"] = AnyOf(Text(), OfSection(typeof(DatabaseEntry))),
                },
                OfSection(typeof(DatabaseSelection))
            ),
            KeyKind.Flag => OrReference(new JsonObject { ["type"] = "boolean" }),
            KeyKind.Number => OrReference(Number(key)),
            KeyKind.Duration => OrReference(Pattern(DurationText.Pattern)),
            KeyKind.Choice => OrReference(Words(key)),
            KeyKind.TextList => AnyOf(Text(), new JsonObject { ["type"] = "array", ["items"] = Text() }),
            KeyKind.ChoiceList => AnyOf(
                Words(key),
                new JsonObject
                {
                    ["type"] = "array",
                    ["minItems"] = 1,
                    ["items"] = Words(key),
                }
            ),
            KeyKind.TextMap => new JsonObject { ["type"] = "object", ["additionalProperties"] = Text() },
            _ => Text(),
        };
        schema["description"] = key.Setting.Instead is { } instead
            ? $"{key.Setting.Description} Not used: {instead}."
            : key.Setting.Description;
        if (key.Setting.Instead is not null)
        {
            schema["deprecated"] = true;
        }

        return schema;
    }

    private static JsonObject Number(ConfigurationKey key)
    {
        var schema = new JsonObject { ["type"] = "integer" };
        if (key.Setting.Minimum != long.MinValue)
        {
            schema["minimum"] = key.Setting.Minimum;
        }

        if (key.Setting.Maximum != long.MaxValue)
        {
            schema["maximum"] = key.Setting.Maximum;
        }

        return schema;
    }

    private static JsonObject Words(ConfigurationKey key) =>
        new() { ["enum"] = new JsonArray([.. key.Words.Select(word => (JsonNode)word)]) };

    // What looks like a number or a word of YAML may be a text too: a password of digits.
    private static JsonObject Text() => new() { ["type"] = new JsonArray("string", "number", "boolean") };

    private static JsonObject Pattern(string pattern) => new() { ["type"] = "string", ["pattern"] = pattern };

    private static JsonObject OrReference(JsonObject schema) => AnyOf(schema, Pattern(@"\$\{.*\}"));

    private static JsonObject AnyOf(params JsonObject[] schemas) => new() { ["anyOf"] = new JsonArray([.. schemas]) };
}
