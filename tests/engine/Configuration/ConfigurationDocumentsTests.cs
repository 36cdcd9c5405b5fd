using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CryoBackup.Configuration;
using CryoBackup.Tests.Standalone;

namespace CryoBackup.Tests.Configuration;

/// <summary>The schema, the example and the help say what the model says, key by key.</summary>
public sealed partial class ConfigurationDocumentsTests
{
    [Fact]
    public void ShippedSchemaIsTheModels() =>
        Assert.Equal(
            ConfigurationSchema.Create(),
            File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "data", "cryobackup.schema.json"))
        );

    /// <summary>The file itself is walked, not what makes it.</summary>
    [Fact]
    public void ShippedSchemaHasExactlyTheModelsKeys()
    {
        JsonNode schema = JsonNode.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "data", "cryobackup.schema.json")))!;
        Assert.Equal(
            ConfigurationKey.All().Select(item => item.Path).Order(StringComparer.Ordinal),
            Paths(schema, "").Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public void ExampleIsReadAsItStands()
    {
        string text = ConfigurationExample.Create();
        BackupConfiguration configuration = Read(text, name => name == "POSTGRES_PASSWORD" ? "x" : null);
        configuration.Require(ConfigurationUse.Check);
        Assert.Equal(
            (30, false, false),
            (configuration.Retention!.FullBackup, configuration.Encryption!.Enabled, configuration.Notifications.Email!.Enabled)
        );
    }

    [Trait(WineLimits.Trait, WineLimits.TimeZones)]
    [Fact]
    public void ExampleIsReadWithEveryKeyInUse()
    {
        string all = InUse()
            .Replace(ConfigurationExample.Create(), "$1$2")
            .Replace("enabled: false", "enabled: true", StringComparison.Ordinal);
        all = OneOfTwo().Replace(all, "").Replace("${file:/run/secrets/webhook_key}", "key", StringComparison.Ordinal);
        BackupConfiguration configuration = Read(all, _ => "https://value.example");
        configuration.Require(ConfigurationUse.Check);
        Assert.Equal(["app", "warehouse"], configuration.Databases!.Entries.Select(entry => entry.Name));
    }

    [Fact]
    public void ExampleShowsEveryKey()
    {
        string text = ConfigurationExample.Create();
        Assert.All(
            ConfigurationKey
                .All()
                .Where(item =>
                    item.Key.Setting.Instead is null && !item.Path.Contains("[].", StringComparison.Ordinal) && item.Path is not "schedules"
                ),
            item =>
                Assert.Matches(
                    $@"[ #{{]{Regex.Escape(item.Key.Name)}: ?|^{Regex.Escape(item.Key.Name)}:",
                    text.Replace("\n", "\n ", StringComparison.Ordinal)
                )
        );
    }

    /// <summary>Each key stands in the help with its sentence, and the help names no other.</summary>
    [Fact]
    public void HelpDescribesEveryKey()
    {
        string text = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "data", "about_CryoBackup_Configuration.help.txt"))
            .ReplaceLineEndings("\n");
        string words = Blanks().Replace(text, " ");
        (string Path, ConfigurationKey Key)[] keys = [.. ConfigurationKey.All()];
        Assert.All(keys, item => Assert.Contains(item.Key.Setting.Description, words, StringComparison.Ordinal));
        Assert.Equal(
            keys.Select(item => item.Path).Order(StringComparer.Ordinal),
            HelpKey().Matches(text).Select(match => match.Groups[1].Value).Order(StringComparer.Ordinal)
        );
        Assert.All(text.Split('\n'), line => Assert.True(line.Length <= 80, line));
    }

    private static BackupConfiguration Read(string text, Func<string, string?> environment) =>
        ConfigurationFile.Read(text, new ConfigurationErrors(Path.Combine(Path.GetTempPath(), "example.yaml")), _ => { }, environment);

    private static IEnumerable<string> Paths(JsonNode schema, string prefix)
    {
        foreach ((string name, JsonNode? key) in schema["properties"]?.AsObject() ?? [])
        {
            yield return prefix + name;
            IEnumerable<string> inner = Paths(key!, $"{prefix}{name}.");
            foreach (JsonNode? form in key!["anyOf"]?.AsArray() ?? [])
            {
                inner = inner.Concat(Paths(form!, $"{prefix}{name}."));
                foreach (JsonNode? item in form!["items"]?["anyOf"]?.AsArray() ?? [])
                {
                    inner = inner.Concat(Paths(item!, $"{prefix}{name}[]."));
                }
            }

            foreach (string path in inner)
            {
                yield return path;
            }
        }
    }

    [GeneratedRegex(@"^( *)#([a-z-])", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex InUse();

    // The example has both, one of which excludes the other.
    [GeneratedRegex(@"^  include_table: .*\n", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex OneOfTwo();

    [GeneratedRegex(@"\s+", RegexOptions.CultureInvariant)]
    private static partial Regex Blanks();

    [GeneratedRegex(@"^    ([a-z_.\[\]]+)$", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex HelpKey();
}
