using System.IO.Hashing;
using System.Text;
using CryoBackup.Archive;

namespace CryoBackup.Tests.Archive;

public sealed class TableFingerprintTests
{
    private static TableFingerprint Of(params string[] parts)
    {
        var fingerprint = new TableFingerprint();
        foreach (string part in parts)
        {
            fingerprint.Append(Encoding.UTF8.GetBytes(part));
        }

        return fingerprint;
    }

    [Fact]
    public void IsTheSumOfTheRowsHashes()
    {
        TableFingerprint rows = Of("a\nb\n");
        Assert.Equal(XxHash128.HashToUInt128("a"u8) + XxHash128.HashToUInt128("b"u8), rows.Value);
        Assert.Equal((2, 4), (rows.Rows, rows.Bytes));

        // The published test vector of XXH128 for no input and no seed.
        Assert.Equal("99aa06d3014798d86001c324468d497f", Of("\n").Text);
        Assert.Equal(new string('0', 32), Of("").Text);
    }

    [Fact]
    public void DoesNotKnowTheOrderButEveryRow()
    {
        Assert.Equal(Of("a\nb\nc\n").Text, Of("c\na\nb\n").Text);
        Assert.NotEqual(Of("a\nb\n").Text, Of("a\nb\nb\n").Text);
        Assert.NotEqual(Of("a\na\n").Text, Of("a\n").Text);
        Assert.NotEqual(Of("ab\n").Text, Of("a\nb\n").Text);
        Assert.NotEqual(Of("a\n").Text, Of("a\n\n").Text);
    }

    [Fact]
    public void EndsAtTheLineOfPgDump()
    {
        TableFingerprint whole = Of("a\n\\\\.\n\\.\n\n\n");
        Assert.True(whole.Terminated);
        Assert.False(whole.HasTrailingData);
        Assert.Equal(Of("a\n\\\\.\n").Text, whole.Text);
        Assert.Equal(2, whole.Rows);
        Assert.True(Of("\\.\nx\n").HasTrailingData);
        Assert.True(Of("\\.\n", "x", "\n").HasTrailingData);
        Assert.True(Of("\\.\nx\n\n").HasTrailingData);
        Assert.True(Of("\\.\n", "x", "\n\n", "\n").HasTrailingData);
        Assert.True(Of("\\.\nx").HasPartialRow);
        Assert.False(Of("\\.x\n").Terminated);
        Assert.False(Of("x\\.\n").Terminated);
        Assert.False(Of("\\.").Terminated);
    }

    [Fact]
    public void AnySplitGivesTheSame()
    {
        var random = new Random(20240806);
        for (int round = 0; round < 300; round++)
        {
            var text = new StringBuilder();
            for (int row = random.Next(6); row > 0; row--)
            {
                string value = random.Next(5) switch
                {
                    0 => "",
                    1 => "\\\\.",
                    2 => new string('x', random.Next(600)),
                    3 => "\\",
                    _ => random.Next().ToString("d", null) + "\tä\\N",
                };
                text.Append(value).Append('\n');
            }

            text.Append(
                random.Next(3) switch
                {
                    0 => "\\.\n\n\n",
                    1 => "\\.\n",
                    _ => "rest",
                }
            );
            byte[] bytes = Encoding.UTF8.GetBytes(text.ToString());
            string whole = Describe(bytes, bytes.Length);
            Assert.Equal(whole, Describe(bytes, 1));
            Assert.Equal(whole, Describe(bytes, 2));
            Assert.Equal(whole, Describe(bytes, 0));

            string Describe(byte[] data, int size)
            {
                var fingerprint = new TableFingerprint();
                for (int at = 0; at < data.Length; )
                {
                    int take = Math.Min(data.Length - at, size > 0 ? size : random.Next(0, 40));
                    fingerprint.Append(data.AsSpan(at, take));
                    at += take;
                }

                return $"{fingerprint.Rows} {fingerprint.Bytes} {fingerprint.Text} {fingerprint.Terminated} "
                    + $"{fingerprint.HasPartialRow} {fingerprint.HasTrailingData}";
            }
        }
    }
}
