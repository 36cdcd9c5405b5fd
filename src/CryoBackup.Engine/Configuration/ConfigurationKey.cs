using System.Collections.Concurrent;
using System.Reflection;
using System.Text.Json;

namespace CryoBackup.Configuration;

/// <summary>What a key takes.</summary>
internal enum KeyKind
{
    /// <summary>A text.</summary>
    Text,

    /// <summary>A whole number.</summary>
    Number,

    /// <summary>true or false.</summary>
    Flag,

    /// <summary>A length of time.</summary>
    Duration,

    /// <summary>A word out of several.</summary>
    Choice,

    /// <summary>One text or a list of them.</summary>
    TextList,

    /// <summary>One word or a list of them.</summary>
    ChoiceList,

    /// <summary>Names with texts.</summary>
    TextMap,

    /// <summary>A section with keys of its own.</summary>
    Section,

    /// <summary>The databases: all, a list, or a map of patterns.</summary>
    Databases,
}

/// <summary>A key of the file, as its property of the model tells it.</summary>
internal sealed class ConfigurationKey
{
    private static readonly ConcurrentDictionary<Type, IReadOnlyList<ConfigurationKey>> KeysByType = new();

    private ConfigurationKey(PropertyInfo property, SettingAttribute setting)
    {
        Property = property;
        Setting = setting;
        Name = JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name);
        ValueType = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        Kind = KindOf(ValueType);
        ItemType = Kind is KeyKind.TextList or KeyKind.ChoiceList ? ValueType.GetGenericArguments()[0] : ValueType;
    }

    /// <summary>The key as it is written: <c>smtp_server</c>.</summary>
    public string Name { get; }

    /// <summary>What is said about it.</summary>
    public SettingAttribute Setting { get; }

    /// <summary>What it takes.</summary>
    public KeyKind Kind { get; }

    /// <summary>The property's type, without its nullability.</summary>
    public Type ValueType { get; }

    /// <summary>The type of a list's item; else <see cref="ValueType"/>.</summary>
    public Type ItemType { get; }

    /// <summary>The property.</summary>
    public PropertyInfo Property { get; }

    /// <summary>The words that a choice takes, as they are documented.</summary>
    public IReadOnlyList<string> Words => [.. Enum.GetNames(ItemType).Select(WordOf)];

    /// <summary>The keys of a section, in the model's order; what every channel has comes last.</summary>
    /// <param name="section">A type of the model.</param>
    /// <returns>Its keys.</returns>
    public static IReadOnlyList<ConfigurationKey> Of(Type section) =>
        KeysByType.GetOrAdd(
            section,
            type =>
                [
                    .. type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
                        .Select(property => (Property: property, Setting: property.GetCustomAttribute<SettingAttribute>()))
                        .Where(pair => pair.Setting is not null)
                        .Select(pair => new ConfigurationKey(pair.Property, pair.Setting!))
                        .OrderBy(key =>
                            key.Name == "enabled" ? 0
                            : key.Property.DeclaringType == type ? 1
                            : 2
                        )
                        .ThenBy(key => key.Property.MetadataToken),
                ]
        );

    /// <summary>Every key of the file with its path, sections before what is in them:
    /// <c>notifications.email.to</c>, <c>databases[].name</c>.</summary>
    /// <returns>Paths and keys.</returns>
    public static IEnumerable<(string Path, ConfigurationKey Key)> All() => Below("", typeof(BackupConfiguration));

    /// <summary>A word of a choice, as the file has it: <c>verify-full</c>.</summary>
    /// <param name="name">The enumeration's name for it.</param>
    /// <returns>The word.</returns>
    public static string WordOf(string name) => JsonNamingPolicy.KebabCaseLower.ConvertName(name);

    private static IEnumerable<(string Path, ConfigurationKey Key)> Below(string prefix, Type section)
    {
        foreach (ConfigurationKey key in Of(section))
        {
            string path = prefix + key.Name;
            yield return (path, key);
            IEnumerable<(string, ConfigurationKey)> inner = key.Kind switch
            {
                KeyKind.Section => Below(path + ".", key.ValueType),
                KeyKind.Databases => Below(path + ".", typeof(DatabaseSelection)).Concat(Below(path + "[].", typeof(DatabaseEntry))),
                _ => [],
            };
            foreach ((string, ConfigurationKey) item in inner)
            {
                yield return item;
            }
        }
    }

    private static KeyKind KindOf(Type type) =>
        type == typeof(string) ? KeyKind.Text
        : type == typeof(bool) ? KeyKind.Flag
        : type == typeof(int) || type == typeof(long) ? KeyKind.Number
        : type == typeof(TimeSpan) ? KeyKind.Duration
        : type.IsEnum ? KeyKind.Choice
        : type == typeof(DatabaseSelection) ? KeyKind.Databases
        : type == typeof(IReadOnlyList<string>) ? KeyKind.TextList
        : type == typeof(IReadOnlyDictionary<string, string>) ? KeyKind.TextMap
        : type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>) ? KeyKind.ChoiceList
        : KeyKind.Section;
}
