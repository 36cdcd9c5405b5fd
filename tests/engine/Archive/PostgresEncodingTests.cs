using System.Text;
using CryoBackup.Archive;
using Npgsql;

namespace CryoBackup.Tests.Archive;

/// <summary>A name that is read from an archive is compared with what the server tells of it: both read the same bytes alike.</summary>
[Collection("postgres")]
[Trait("Runs", "Once")]
public sealed class PostgresEncodingTests(PostgresServer server)
{
    // Those that a database can have and .NET knows.
    public static TheoryData<string> Known
    {
        get
        {
            var known = new TheoryData<string>();
            foreach (string name in ServerEncodingTests.Names.Where(static name => name != "UTF8" && !ServerEncoding.IsRaw(name)))
            {
                known.Add(name);
            }

            return known;
        }
    }

    [PostgresTheory]
    [MemberData(nameof(Known))]
    public void ReadsAndWritesEveryCharacterAsTheServerDoes(string name)
    {
        Encoding encoding = ServerEncoding.Find(name)!;
        var differences = new List<string>();
        int count = 0;
        using NpgsqlConnection connection = server.Open("postgres");
        using var command = new NpgsqlCommand(
            $"""
            CREATE FUNCTION pg_temp.read(b bytea) RETURNS text LANGUAGE plpgsql AS
                $$BEGIN RETURN convert_from(b, '{name}'); EXCEPTION WHEN OTHERS THEN RETURN NULL; END$$;
            SELECT b, t, convert_to(t, '{name}') FROM (SELECT b, pg_temp.read(b) AS t FROM (
                SELECT set_byte('\x00'::bytea, 0, i) AS b FROM generate_series(128, 255) i WHERE '{name}' !~ '^EUC'
                UNION ALL SELECT set_byte(set_byte('\x0000'::bytea, 0, i), 1, j) FROM generate_series(161, 254) i, generate_series(161, 254) j
                    WHERE '{name}' ~ '^EUC'
                UNION ALL SELECT set_byte('\x8e00'::bytea, 1, j) FROM generate_series(161, 223) j WHERE '{name}' = 'EUC_JP'
                UNION ALL SELECT set_byte(set_byte('\x8f0000'::bytea, 1, i), 2, j) FROM generate_series(161, 254) i, generate_series(161, 254) j
                    WHERE '{name}' = 'EUC_JP') AS bytes) AS texts WHERE t IS NOT NULL
            """,
            connection
        );
        using (NpgsqlDataReader row = command.ExecuteReader())
        {
            while (row.Read())
            {
                byte[] bytes = row.GetFieldValue<byte[]>(0);
                string text = row.GetString(1);
                count++;
                if (encoding.GetString(bytes) != text || !encoding.GetBytes(text).SequenceEqual(row.GetFieldValue<byte[]>(2)))
                {
                    differences.Add($"{Convert.ToHexString(bytes)} {text}");
                }
            }
        }

        Assert.Empty(differences);
        Assert.InRange(count, 80, 20_000);
    }

    [Theory]
    [InlineData("EUC_JP", "SELECT '表' AS Größe, 髙, ⅰ, ￤, 丂 FROM ｱ")]
    [InlineData("EUC_KR", "한국 ㉾ 닒닒")]
    [InlineData("ISO_8859_7", "Ελλάδα €")]
    [InlineData("KOI8U", "╝ґ╬")]
    public void WhatItWritesItReads(string name, string text)
    {
        byte[] bytes = ServerEncoding.Find(name)!.GetBytes(text);
        Assert.Equal(text, ServerEncoding.Decode(bytes, ServerEncoding.Find(name)));
        Assert.Equal(text[..^1], ServerEncoding.Decode(ServerEncoding.Find(name)!.GetBytes(text[..^1]), ServerEncoding.Find(name)));
    }

    /// <summary>A damaged archive may end a character in its middle.</summary>
    [Theory]
    [InlineData("EUC_JP")]
    [InlineData("EUC_KR")]
    public void TakesHalfACharacter(string name) =>
        Assert.All(
            (byte[][])
                [
                    [0x8F],
                    [0x8F, 0xB0],
                    [0x41, 0xB0],
                    [0x8F, 0x41, 0x42],
                    [0xFF, 0xFF],
                ],
            bytes => Assert.NotEmpty(ServerEncoding.Decode(bytes, ServerEncoding.Find(name)))
        );
}
