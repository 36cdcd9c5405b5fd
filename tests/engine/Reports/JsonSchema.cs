using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace CryoBackup.Tests.Reports;

/// <summary>Checks JSON against one of the shipped schemas. Knows the keywords that these use, and refuses any other.</summary>
internal sealed class JsonSchema
{
    private static readonly HashSet<string> Annotations = ["$schema", "$defs", "title", "description"];
    private readonly JsonElement _root;

    private JsonSchema(JsonElement root) => _root = root;

    public static JsonSchema Shipped(string name, [CallerFilePath] string thisFile = "") =>
        new(
            JsonDocument
                .Parse(File.ReadAllText(Path.Combine(Path.GetDirectoryName(thisFile)!, "..", "..", "..", "schemas", name)))
                .RootElement
        );

    /// <summary>What does not fit, with its place; empty for JSON that is as the schema demands.</summary>
    public IReadOnlyList<string> Check(JsonElement value)
    {
        var faults = new List<string>();
        Check(_root, value, "$", faults);
        return faults;
    }

    private void Check(JsonElement schema, JsonElement value, string at, List<string> faults)
    {
        foreach (JsonProperty keyword in schema.EnumerateObject().Where(keyword => !Annotations.Contains(keyword.Name)))
        {
            JsonElement demand = keyword.Value;
            bool fits = keyword.Name switch
            {
                "type" => Types(demand).Any(type => IsOf(type, value)),
                "enum" => demand.EnumerateArray().Any(allowed => Equal(allowed, value)),
                "const" => Equal(demand, value),
                "pattern" => value.ValueKind != JsonValueKind.String
                    || Regex.IsMatch(value.GetString()!, demand.GetString()!, RegexOptions.ECMAScript),
                "minLength" => value.ValueKind != JsonValueKind.String || value.GetString()!.Length >= demand.GetInt32(),
                "minimum" => value.ValueKind != JsonValueKind.Number || value.GetDouble() >= demand.GetDouble(),
                "maximum" => value.ValueKind != JsonValueKind.Number || value.GetDouble() <= demand.GetDouble(),
                "minItems" => value.ValueKind != JsonValueKind.Array || value.GetArrayLength() >= demand.GetInt32(),
                "required" => value.ValueKind != JsonValueKind.Object
                    || demand.EnumerateArray().All(name => value.TryGetProperty(name.GetString()!, out _)),
                "anyOf" => demand.EnumerateArray().Any(choice => Fits(choice, value)),
                "properties" or "additionalProperties" or "items" or "$ref" => true,
                _ => throw new NotSupportedException($"The schema has the keyword {keyword.Name} at {at}."),
            };
            if (!fits)
            {
                faults.Add($"{at}: {keyword.Name} {demand.GetRawText()} is not met by {value.GetRawText()}");
            }
        }

        if (schema.TryGetProperty("$ref", out JsonElement reference))
        {
            Check(_root.GetProperty("$defs").GetProperty(reference.GetString()!["#/$defs/".Length..]), value, at, faults);
        }

        if (schema.TryGetProperty("items", out JsonElement items) && value.ValueKind == JsonValueKind.Array)
        {
            foreach ((JsonElement item, int index) in value.EnumerateArray().Select((item, index) => (item, index)))
            {
                Check(items, item, string.Create(CultureInfo.InvariantCulture, $"{at}[{index}]"), faults);
            }
        }

        if (value.ValueKind == JsonValueKind.Object)
        {
            CheckProperties(schema, value, at, faults);
        }
    }

    private void CheckProperties(JsonElement schema, JsonElement value, string at, List<string> faults)
    {
        bool describes = schema.TryGetProperty("properties", out JsonElement known);
        bool limits = schema.TryGetProperty("additionalProperties", out JsonElement more);
        foreach (JsonProperty property in value.EnumerateObject())
        {
            string place = $"{at}.{property.Name}";
            if (describes && known.TryGetProperty(property.Name, out JsonElement itsSchema))
            {
                Check(itsSchema, property.Value, place, faults);
            }
            else if (limits && more.ValueKind == JsonValueKind.False)
            {
                faults.Add($"{place} is not described");
            }
            else if (limits && more.ValueKind == JsonValueKind.Object)
            {
                Check(more, property.Value, place, faults);
            }
        }
    }

    private bool Fits(JsonElement schema, JsonElement value)
    {
        var faults = new List<string>();
        Check(schema, value, "", faults);
        return faults.Count == 0;
    }

    // JsonElement.DeepEquals is not in .NET 8; what is compared here is a text, a number or null.
    private static bool Equal(JsonElement one, JsonElement other) =>
        one.ValueKind == other.ValueKind && string.Equals(one.GetRawText(), other.GetRawText(), StringComparison.Ordinal);

    private static IEnumerable<string> Types(JsonElement demand) =>
        demand.ValueKind == JsonValueKind.String ? [demand.GetString()!] : demand.EnumerateArray().Select(type => type.GetString()!);

    private static bool IsOf(string type, JsonElement value) =>
        type switch
        {
            "object" => value.ValueKind == JsonValueKind.Object,
            "array" => value.ValueKind == JsonValueKind.Array,
            "string" => value.ValueKind == JsonValueKind.String,
            "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
            "null" => value.ValueKind == JsonValueKind.Null,
            "number" => value.ValueKind == JsonValueKind.Number,
            "integer" => value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out _),
            _ => throw new NotSupportedException($"The schema has the type {type}."),
        };
}
