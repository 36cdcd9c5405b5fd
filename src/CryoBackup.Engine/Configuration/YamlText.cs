using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace CryoBackup.Configuration;

/// <summary>Writes YAML that every version of it reads alike.</summary>
internal static partial class YamlText
{
    private static readonly EmitterSettings Form = EmitterSettings
        .Default.WithBestIndent(2)
        .WithBestWidth(int.MaxValue)
        .WithIndentedSequences()
        .WithNewLine("\n");

    /// <summary>A document: a key a line, lists of plain values on one.</summary>
    /// <param name="document">What it holds.</param>
    public static string Of(JsonObject document)
    {
        var text = new StringWriter { NewLine = "\n" };
        var emitter = new Emitter(text, Form);
        emitter.Emit(new StreamStart());
        emitter.Emit(new DocumentStart(null, null, isImplicit: true));
        Emit(emitter, document);
        emitter.Emit(new DocumentEnd(isImplicit: true));
        emitter.Emit(new StreamEnd());
        return text.ToString();
    }

    private static void Emit(Emitter emitter, JsonNode node)
    {
        switch (node)
        {
            case JsonObject map:
                emitter.Emit(new MappingStart(AnchorName.Empty, TagName.Empty, isImplicit: true, MappingStyle.Block));
                foreach ((string name, JsonNode? value) in map)
                {
                    emitter.Emit(Text(name));
                    Emit(emitter, value!);
                }

                emitter.Emit(new MappingEnd());
                break;
            case JsonArray list:
                SequenceStyle style = list.All(item => item is JsonValue) ? SequenceStyle.Flow : SequenceStyle.Block;
                emitter.Emit(new SequenceStart(AnchorName.Empty, TagName.Empty, isImplicit: true, style));
                foreach (JsonNode? item in list)
                {
                    Emit(emitter, item!);
                }

                emitter.Emit(new SequenceEnd());
                break;
            default:
                emitter.Emit(node.GetValueKind() == JsonValueKind.String ? Text(node.ToString()) : Plain(node.ToJsonString()));
                break;
        }
    }

    /// <summary>Quoted where YAML, or a reader of another version of it, could take it for something else.</summary>
    private static Scalar Text(string text) =>
        Word().IsMatch(text) && text.ToLowerInvariant() is not ("true" or "false" or "yes" or "no" or "on" or "off" or "null" or "y" or "n")
            ? Plain(text)
            : new Scalar(
                AnchorName.Empty,
                TagName.Empty,
                text.Replace("${", "$${", StringComparison.Ordinal),
                ScalarStyle.DoubleQuoted,
                isPlainImplicit: false,
                isQuotedImplicit: true
            );

    private static Scalar Plain(string text) => new(AnchorName.Empty, TagName.Empty, text, ScalarStyle.Plain, true, false);

    [GeneratedRegex(@"^[A-Za-z_/][A-Za-z0-9_./@-]*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Word();
}
