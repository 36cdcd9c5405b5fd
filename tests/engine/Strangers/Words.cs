using System.Globalization;
using System.Text;

namespace CryoBackup.Tests.Strangers;

/// <summary>Names and texts as people give them, and as only an enemy would.</summary>
internal sealed class Words(Dice dice)
{
    private static readonly string[] Plain =
    [
        "account",
        "address",
        "amount",
        "article",
        "branch",
        "city",
        "customer",
        "device",
        "event",
        "invoice",
        "item",
        "journal",
        "member",
        "note",
        "order",
        "parcel",
        "price",
        "reading",
        "region",
        "room",
        "sensor",
        "shift",
        "stock",
        "ticket",
        "user",
        "visit",
        "work",
        "zone",
    ];

    private static readonly string[] Odd =
    [
        "Mixed Case",
        "select",
        "a.b",
        "it's",
        "quo\"ted",
        "back\\slash",
        "per%cent",
        "semi;colon",
        "--dash",
        "/* open",
        "$dollar$",
        "tab\tin",
        " space at both ends ",
        "line\nbreak",
        "Größe",
        "naïveté",
        "注文",
        "Заказ",
        "🦁 lion",
        "שלום",
        "e\u0301 combining",
        "(paren",
        "{brace}",
        "1st",
        "UPPER",
        "comma, and",
        "= equals",
        "TABLE x",
        "public",
        "pg_like",
        "a very long name that is as long as the server lets it be, 63 b",
    ];

    private static readonly string[] Texts =
    [
        "",
        " ",
        "plain",
        "it's",
        "back\\slash",
        "\\.",
        "\\N",
        "two\nlines",
        "tab\tand\rreturn",
        "semi; colon -- dash /* open",
        "$$ dollar $x$",
        "\"quoted\"",
        "Ünïcödé €",
        "🦁🦁",
        "注文",
        "שלום",
        "e\u0301",
        "NULL",
        "null",
        "{1,2}",
        "%s %d %",
        "'; DROP TABLE x; --",
        "\b\f\v",
        "trailing \\",
    ];

    private readonly HashSet<string> _taken = new(StringComparer.Ordinal);

    /// <summary>A name that nothing else has, quoted.</summary>
    public string Name(int oddPercent = 12)
    {
        string stem =
            dice.Chance(oddPercent) ? dice.Pick(Odd)
            : dice.Chance(40) ? $"{dice.Pick(Plain)}_{dice.Pick(Plain)}"
            : dice.Pick(Plain);
        string name = stem;
        for (int number = 2; !_taken.Add(name); number++)
        {
            string suffix = number.ToString(CultureInfo.InvariantCulture);
            name = Cut(stem, 63 - suffix.Length) + suffix;
        }

        return Quote(name);
    }

    /// <summary>A text, as an SQL literal.</summary>
    public string Text() => Literal(RawText());

    public string RawText() => dice.Chance(60) ? $"{dice.Pick(Plain)} {dice.Pick(Plain)}" : dice.Pick(Texts);

    public static string Quote(string name) => PostgresServer.Quote(name);

    public static string Literal(string text) => "'" + text.Replace("'", "''", StringComparison.Ordinal) + "'";

    private static string Cut(string text, int bytes)
    {
        while (Encoding.UTF8.GetByteCount(text) > bytes)
        {
            text = text[..^1];
        }

        return text;
    }
}
