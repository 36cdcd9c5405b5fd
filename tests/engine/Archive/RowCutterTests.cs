using System.Text;
using CryoBackup.Archive;

namespace CryoBackup.Tests.Archive;

/// <summary>COPY text in any split becomes blocks of whole rows, and nothing of it is lost, added or told twice.</summary>
public sealed class RowCutterTests
{
    private static readonly string[] Texts =
    [
        "\\.\n\n\n",
        "1\ta\n2\tb\n\\.\n\n\n",
        // Empty rows, of a table with one column of empty texts; and rows that look a little like the end.
        "\n\n\n\n\\.\n\n\n",
        "\\\\.\n.\n\\N\n\\.\n\n\n",
        "a row that is longer than any block of these\nshort\nanother one that is longer than a block\n\\.\n\n\n",
        // A newline behind a backslash is no end of a row, but two of these are a backslash.
        "a\\\nb\nc\\\\\nd\n\\.\n\n\n",
    ];

    [Fact]
    public void BlocksAreWholeRowsAndAllOfThem()
    {
        foreach (string text in Texts)
        {
            string rows = text[..^"\\.\n\n\n".Length];
            for (int size = 4; size <= 24; size++)
            {
                for (int split = 1; split <= text.Length; split++)
                {
                    (List<string> blocks, string all) = Cut(text, size, split);
                    Assert.Equal(rows, all);
                    Assert.All(blocks, block => Assert.True(block.EndsWith('\n'), $"'{block}' of '{text}' does not end with a row"));
                    Assert.All(blocks, block => Assert.False(IsCutBehindBackslash(block), $"'{block}' of '{text}' ends within a row"));
                }
            }
        }
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData("no end", 0)]
    [InlineData("\n\n", 2)]
    [InlineData("a\\\nb\nc\\\\\nd\n\\\n\\\n", 3)]
    public void RowsAreCountedAsTheServerReadsThem(string block, long rows) =>
        Assert.Equal(rows, RowCutter.CountRows(Encoding.ASCII.GetBytes(block)));

    private static bool IsCutBehindBackslash(string block)
    {
        string line = block[..^1];
        return (line.Length - line.TrimEnd('\\').Length) % 2 != 0;
    }

    /// <summary>Cuts a text that comes in pieces.</summary>
    /// <returns>The blocks, those that go on with a row joined with the ones that it began in; and all of them.</returns>
    private static (List<string> Blocks, string All) Cut(string text, int size, int split)
    {
        var blocks = new List<string>();
        var all = new StringBuilder();
        var cutter = new RowCutter(
            () => new byte[size],
            (bytes, length, startsRow) =>
            {
                string block = Encoding.ASCII.GetString(bytes, 0, length);
                all.Append(block);
                if (startsRow)
                {
                    blocks.Add(block);
                }
                else
                {
                    blocks[^1] += block;
                }
            }
        );
        byte[] given = Encoding.ASCII.GetBytes(text);
        for (int at = 0; at < given.Length; at += split)
        {
            cutter.Take(given.AsSpan(at, Math.Min(split, given.Length - at)));
        }

        cutter.End();
        return (blocks, all.ToString());
    }
}
