using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using CryoBackup.Text;

namespace CryoBackup.Cli.Output;

/// <summary>The result objects for programs.</summary>
internal static class Json
{
    public static readonly JsonSerializerOptions Options = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        // Names in any script stay readable; the text goes to a pipe, never into HTML.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter() },
    };

    public static void Print<T>(IReadOnlyList<T> results, TextWriter output) =>
        output.WriteLine(VisibleText.OfJson(JsonSerializer.Serialize(results, Options)));
}
