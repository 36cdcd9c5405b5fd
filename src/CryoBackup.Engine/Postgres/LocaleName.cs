using System.Globalization;
using System.Text.RegularExpressions;

namespace CryoBackup.Postgres;

/// <summary>
/// The name of a locale of an operating system. Each system has its own for the same language: de_DE.utf8, de_DE.UTF-8, de-DE,
/// German_Germany.1252.
/// </summary>
internal sealed partial record LocaleName
{
    /// <summary>The name that every system has for the order of the bytes.</summary>
    public const string C = "C";

    private readonly string _name;

    /// <summary>Language and country, for example de_DE; null for C, and where the name tells none.</summary>
    private readonly string? _region;
    private readonly string _codeset;
    private readonly string _modifier;

    private LocaleName(string name, string? region, string codeset, string modifier)
    {
        _name = name;
        _region = region;
        _codeset = codeset;
        _modifier = modifier;
    }

    /// <summary>True for C and POSIX.</summary>
    public bool IsC => _name is C or "POSIX";

    /// <summary>True for C.UTF-8 in each of its spellings: the order of C, and every letter of Unicode known for one.</summary>
    public bool IsUnicodeC => _region == C && IsUtf8(_codeset);

    /// <summary>Reads a name.</summary>
    /// <param name="name">As PostgreSQL has it (datcollate, datctype).</param>
    /// <returns>What it says; a name of no known form is only itself.</returns>
    public static LocaleName Parse(string name)
    {
        Match posix = Posix().Match(name);
        if (posix.Success)
        {
            string region = posix.Groups["region"].Value.Replace('-', '_');
            return new LocaleName(name, region, posix.Groups["codeset"].Value, posix.Groups["modifier"].Value);
        }

        Match windows = Windows().Match(name);
        return windows.Success && RegionInWords(windows.Groups["language"].Value, windows.Groups["country"].Value) is { } found
            ? new LocaleName(name, found, windows.Groups["codeset"].Value, "")
            : new LocaleName(name, region: null, "", "");
    }

    /// <summary>The names under which other systems have it, the likeliest first.</summary>
    /// <param name="encoding">The database's encoding, as PostgreSQL names it.</param>
    public IEnumerable<string> Others(string encoding)
    {
        if (_region is null || IsC)
        {
            return [];
        }

        string[] codesets = encoding == "UTF8" ? ["UTF-8", "utf8"] : Spellings(_codeset);
        IEnumerable<string> names = codesets.Select(codeset => $"{_region}.{codeset}{_modifier}");
        if (_region != C && _modifier.Length == 0)
        {
            // Windows, whose database of UTF8 takes a locale of any code page.
            names = [.. names, _region.Replace('_', '-'), .. InWords(_region)];
        }

        return names.Where(name => !string.Equals(name, _name, StringComparison.Ordinal)).Distinct(StringComparer.Ordinal);
    }

    /// <summary>Whether another name is this one in another spelling of the same system, so that nothing differs.</summary>
    /// <param name="other">The other name.</param>
    public bool IsSpelled(string other) =>
        Parse(other) is var that
        && _region is not null
        && string.Equals(_region, that._region, StringComparison.Ordinal)
        && string.Equals(Plain(_codeset), Plain(that._codeset), StringComparison.Ordinal)
        && string.Equals(_modifier, that._modifier, StringComparison.Ordinal);

    private static bool IsUtf8(string codeset) => Plain(codeset) == "utf8";

    private static string Plain(string codeset) => codeset.Replace("-", "", StringComparison.Ordinal).ToLowerInvariant();

    private static string[] Spellings(string codeset) =>
        codeset.All(char.IsAsciiDigit) && codeset.Length > 0
            ? ["CP" + codeset, "cp" + codeset]
            : [codeset, codeset.ToUpperInvariant(), Plain(codeset)];

    /// <summary>German_Germany, as Windows says it.</summary>
    private static string[] InWords(string region)
    {
        try
        {
            var culture = CultureInfo.GetCultureInfo(region.Replace('_', '-'), predefinedOnly: true);
            return culture.IsNeutralCulture ? [] : [$"{culture.Parent.EnglishName}_{new RegionInfo(culture.Name).EnglishName}"];
        }
        catch (ArgumentException)
        {
            // This machine does not know the language, or no language at all (invariant globalization).
            return [];
        }
    }

    private static string? RegionInWords(string language, string country) =>
        CultureInfo
            .GetCultures(CultureTypes.SpecificCultures)
            .Select(culture => culture.Name.Replace('-', '_'))
            .FirstOrDefault(region => InWords(region).Contains($"{language}_{country}", StringComparer.OrdinalIgnoreCase));

    [GeneratedRegex(
        @"^(?<region>C|[a-z]{2,3}([_-][A-Za-z]{4})?([_-]([A-Z]{2}|[0-9]{3}))?)(\.(?<codeset>[A-Za-z0-9_-]+))?(?<modifier>@[A-Za-z0-9]+)?$",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant
    )]
    private static partial Regex Posix();

    [GeneratedRegex(
        @"^(?<language>[A-Z][A-Za-z ()]+)_(?<country>[A-Z][^_.]+)(\.(?<codeset>[A-Za-z0-9-]+))?$",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant
    )]
    private static partial Regex Windows();
}
