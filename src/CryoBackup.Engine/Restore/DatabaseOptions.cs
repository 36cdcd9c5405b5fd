using System.Text.RegularExpressions;
using CryoBackup.Postgres;

namespace CryoBackup.Restore;

/// <summary>The options of a CREATE DATABASE that pg_dump wrote: what follows the name.</summary>
internal sealed partial record DatabaseOptions
{
    private const string Provider = "LOCALE_PROVIDER";

    // What pg_dump says of a locale, in its order.
    private static readonly string[] s_ofLocale =
    [
        Provider,
        "LOCALE",
        "LC_COLLATE",
        "LC_CTYPE",
        "BUILTIN_LOCALE",
        "ICU_LOCALE",
        "ICU_RULES",
        "COLLATION_VERSION",
    ];

    private readonly IReadOnlyList<(string Key, string Text)> _options;

    private DatabaseOptions(IReadOnlyList<(string Key, string Text)> options) => _options = options;

    /// <summary>The database's encoding, as PostgreSQL names it; empty where it is not said.</summary>
    public string Encoding => Value("ENCODING") ?? "";

    /// <summary>What they say of the locale.</summary>
    public DatabaseLocale Locale =>
        new(
            Value(Provider) ?? DatabaseLocale.Libc,
            Value("LC_COLLATE") ?? Value("LOCALE") ?? "",
            Value("LC_CTYPE") ?? Value("LOCALE") ?? ""
        )
        {
            Own = Value("BUILTIN_LOCALE") ?? Value("ICU_LOCALE"),
            Rules = Value("ICU_RULES"),
        };

    /// <summary>Reads them; the tablespace is the target server's choice.</summary>
    /// <param name="text">From WITH on, without the semicolon.</param>
    public static DatabaseOptions Parse(string text) =>
        new([
            .. Option()
                .Matches(text)
                .Select(match => (Key: match.Groups["key"].Value.ToUpperInvariant(), Text: match.Groups["value"].Value))
                .Where(option => option.Key != "TABLESPACE"),
        ]);

    /// <summary>The same with another locale.</summary>
    /// <param name="locale">The locale.</param>
    /// <param name="namesProvider">True where the server has a word for providers (15 and later).</param>
    public DatabaseOptions With(DatabaseLocale locale, bool namesProvider)
    {
        var options = _options.Where(option => !s_ofLocale.Contains(option.Key)).ToList();
        void Add(string key, string? value)
        {
            if (value is not null)
            {
                options.Add((key, key == Provider ? value : Sql.Literal(value)));
            }
        }

        Add(Provider, namesProvider ? locale.Provider : null);
        bool isOne = string.Equals(locale.Collate, locale.Ctype, StringComparison.Ordinal);
        Add("LOCALE", isOne ? locale.Collate : null);
        Add("LC_COLLATE", isOne ? null : locale.Collate);
        Add("LC_CTYPE", isOne ? null : locale.Ctype);
        Add("BUILTIN_LOCALE", locale.Provider == DatabaseLocale.Builtin ? locale.Own : null);
        Add("ICU_LOCALE", locale.Provider == DatabaseLocale.Icu ? locale.Own : null);
        Add("ICU_RULES", locale.Rules);
        return new DatabaseOptions(options);
    }

    /// <inheritdoc/>
    public override string ToString() => "WITH " + string.Join(' ', _options.Select(option => $"{option.Key} = {option.Text}"));

    private string? Value(string key)
    {
        string? text = _options.FirstOrDefault(option => option.Key == key).Text;
        return text is ['\'', .., '\''] ? text[1..^1].Replace("''", "'", StringComparison.Ordinal) : text;
    }

    [GeneratedRegex(
        """(?<key>[A-Za-z_]+)\s*=\s*(?<value>'([^']|'')*'|"([^"]|"")*"|[^\s'"]+)""",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant
    )]
    private static partial Regex Option();
}
