using System.Globalization;

namespace CryoBackup.Tests.Strangers;

/// <summary>PostgreSQL's own types, with values that were once somebody's trouble.</summary>
internal static class BuiltInTypes
{
    private static readonly (string Name, string Family, string[] Values)[] Ordered =
    [
        ("smallint", "number", ["-32768", "32767", "0"]),
        ("bigint", "number", ["-9223372036854775808", "9223372036854775807", "0", "1"]),
        ("numeric", "number", ["NaN", "0.000", "-1e-30", "1e100", "123456789012345678901234567890.12345", "Infinity"]),
        ("numeric(12,2)", "number", ["0.00", "-9999999999.99", "3.10", "NaN"]),
        ("real", "number", ["1e-45", "3.4028235e38", "NaN", "-Infinity", "0.1", "-0"]),
        ("double precision", "number", ["4.9e-324", "1.7976931348623157e308", "NaN", "Infinity", "0.1", "-0", "0.30000000000000004"]),
        ("money", "", ["-92233720368547758.08", "0.01", "12.34"]),
        ("date", "time", ["infinity", "-infinity", "4713-01-01 BC", "5874897-12-31", "2024-02-29", "1999-12-31"]),
        ("time", "", ["00:00", "24:00", "23:59:59.999999"]),
        ("time with time zone", "", ["12:00+15:59", "00:00-15:59", "12:34:56.7+02"]),
        ("timestamp", "time", ["infinity", "4713-01-01 00:00:00 BC", "294276-12-31 23:59:59.999999", "2024-02-29 12:00"]),
        (
            "timestamp with time zone",
            "time",
            ["-infinity", "4713-01-01 00:00:00+00 BC", "2024-03-31 02:30:00+01", "1883-11-18 12:00:00-08"]
        ),
        ("timestamp(0)", "time", ["2024-02-29 12:00:00", "0001-01-01 00:00:00 BC"]),
        ("interval", "", ["-1 mon +2 days -03:04:05.6", "178000000 years", "0", "1 day 24:00:00"]),
        ("interval day to second", "", ["2 days 03:04:05", "-1 day"]),
        ("uuid", "", ["00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"]),
        ("inet", "", ["::1/64", "10.0.0.1/8", "255.255.255.255"]),
        ("cidr", "", ["10.0.0.0/8", "::/0"]),
        ("macaddr", "", ["08:00:2b:01:02:03"]),
        ("macaddr8", "", ["08:00:2b:01:02:03:04:05"]),
        ("bit(8)", "", ["10101010", "00000000"]),
        ("bit varying", "", ["", "1", "0101010101010101010101"]),
        ("pg_lsn", "", ["0/0", "FFFFFFFF/FFFFFFFF"]),
        ("oid", "", ["0", "4294967295"]),
        ("\"char\"", "", ["", "x", "\\"]),
        ("tsvector", "", ["", "a:1A b:2", "'it''s':3"]),
        ("int4range", "range", ["empty", "[1,)", "(,)", "[1,10)"]),
        ("numrange", "range", ["(0.5,1.5]", "empty", "[,0)"]),
        ("daterange", "range", ["[2024-01-01,infinity)", "empty", "[2024-01-01,2024-02-01)"]),
        ("jsonb", "", ["null", "{}", "{\"a\": [1, 2, {\"b\": null}]}", "\"\\u0041\"", "1e400", "[]"]),
        ("integer[]", "", ["{}", "{1,NULL,3}", "{{1,2},{3,4}}", "[-1:1]={1,2,3}"]),
        ("text[]", "", ["{}", "{\"a,b\",NULL,\"NULL\",\"\\\"\",\"\"}", "{{a,b},{c,d}}"]),
        ("timestamp with time zone[]", "", ["{\"2024-01-01 00:00:00+00\",infinity}"]),
    ];

    private static readonly (string Name, string[] Values)[] Unordered =
    [
        ("json", ["null", "{\"a\" : 1,  \"a\":2}", "[1 , 2]"]),
        ("xml", ["<a>&amp;</a>", "x<b/>", ""]),
        ("point", ["(1,2)", "(NaN,Infinity)", "(1e-300,-0)"]),
        ("line", ["{1,2,3}"]),
        ("lseg", ["[(0,0),(1,1)]"]),
        ("box", ["(1,1),(0,0)"]),
        ("path", ["[(0,0),(1,1)]", "((0,0),(1,1))"]),
        ("polygon", ["((0,0),(1,1),(1,0))"]),
        ("circle", ["<(0,0),1>"]),
        ("tsquery", ["", "a & !b:*", "'it''s' <-> b"]),
        ("jsonpath", ["$.a[*] ? (@ > 1)", "$"]),
        ("txid_snapshot", ["10:20:10,14"]),
        ("regtype", ["integer", "text"]),
        ("regclass", ["pg_catalog.pg_class"]),
        ("regprocedure", ["pg_catalog.lower(text)"]),
        ("xid", ["0", "4294967295"]),
    ];

    public static List<DraftType> All(Dice dice, Words words, int major)
    {
        List<DraftType> types =
        [
            .. Ordered.Select(type => new DraftType(type.Name, () => Cast(dice.Pick(type.Values), type.Name)) { Family = type.Family }),
            .. Unordered.Select(type => new DraftType(type.Name, () => Cast(dice.Pick(type.Values), type.Name)) { IsOrdered = false }),
            Integer(dice),
            Integer(dice),
            new("text", () => $"{words.Text()}::text") { Family = "text" },
            new("text", () => dice.Chance(15) ? Wide(dice) : $"{words.Text()}::text") { Family = "text" },
            new("character varying(30)", () => $"{words.Text()}::character varying(30)") { Family = "text" },
            new("character(5)", () => $"{words.Text()}::character(5)"),
            new("name", () => $"{words.Text()}::name"),
            new("boolean", () => dice.Pick(["true", "false", "NULL::boolean"])),
            new("bytea", () => dice.Pick(["'\\x'::bytea", "'\\x00ff5c27'::bytea", "decode(repeat('00ff', 3000), 'hex')"])),
        ];
        if (major >= 14)
        {
            types.Add(new DraftType("int4multirange", () => dice.Pick(["'{}'::int4multirange", "'{[1,2),[5,)}'::int4multirange"])));
        }

        return types;
    }

    /// <summary>Small numbers, which keys and partitions are made of.</summary>
    public static DraftType Integer(Dice dice) =>
        new("integer", () => dice.Next(-5, 120).ToString(CultureInfo.InvariantCulture)) { Family = "number" };

    private static string Cast(string value, string type) => $"{Words.Literal(value)}::{type}";

    /// <summary>More than a page: compressed, or beside its row.</summary>
    private static string Wide(Dice dice) =>
        dice.Pick([
            "repeat('wide ', 5000)",
            "(SELECT string_agg(md5(n::text), '') FROM generate_series(1, 400) AS n)",
            "repeat(E'\\\\\\n\\t', 2000)",
        ]);
}
