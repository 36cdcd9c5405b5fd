using System.Text.Json;
using CryoBackup.Text;

namespace CryoBackup.Tests.Text;

/// <summary>Whatever a name holds, nothing of it acts on a terminal, and what is harmless stays as it is.</summary>
[Trait("Runs", "Once")]
public sealed class VisibleTextTests
{
    [Theory]
    [InlineData("größe 日本語 🧊 a\\b 'c' \"d\"", "größe 日本語 🧊 a\\b 'c' \"d\"")]
    [InlineData("می‌خواهم 👩‍💻", "می‌خواهم 👩‍💻")]
    [InlineData("\u001b[2J\u001b]0;title\a", "\\x1B[2J\\x1B]0;title\\x07")]
    [InlineData("a\u009b31mb\u0085c\u007f", "a\\x9B31mb\\x85c\\x7F")]
    [InlineData("one\r\ncryobackup: all is well\nthree\rfour\tfive", "one\\ncryobackup: all is well\\nthree\\rfour five")]
    [InlineData("txt\u202Egpj\u2066x\u2069\u200F\u061C", "txt\\u202Egpj\\u2066x\\u2069\\u200F\\u061C")]
    [InlineData("a\u2028b\u2029c\uFEFFd\u200Be\u00ADf", "a\\u2028b\\u2029c\\uFEFFd\\u200Be\\xADf")]
    [InlineData("\U000E0041tag", "\\U000E0041tag")]
    [InlineData("nul\0", "nul\\x00")]
    [InlineData("", "")]
    [InlineData(null, "")]
    public void ShowsWhatWouldActOrHide(string? text, string expected) => Assert.Equal(expected, VisibleText.Of(text));

    [Fact]
    public void HalvesOfCharactersAreShown() => Assert.Equal("\\uD800alone\\uDC00", VisibleText.Of("\ud800alone\udc00"));

    [Fact]
    public void NoCharacterOfUnicodeActs()
    {
        for (int value = 0; value <= 0x10FFFF; value++)
        {
            string text = value is >= 0xD800 and <= 0xDFFF ? ((char)value).ToString() : char.ConvertFromUtf32(value);
            Assert.DoesNotContain(
                VisibleText.Of(text).EnumerateRunes(),
                rune => System.Text.Rune.IsControl(rune) || rune.Value is 0x202E or 0x2066 or 0x2028 or 0xFFFD && value != 0xFFFD
            );
        }
    }

    [Fact]
    public void JsonMeansTheSame()
    {
        const string name = "a\u202Eb\u001b[31m\u2066c🧊\u009b";
        string json = VisibleText.OfJson(
            JsonSerializer.Serialize(
                new { name },
                new JsonSerializerOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }
            )
        );
        Assert.DoesNotContain('\u202E', json);
        Assert.DoesNotContain('\u2066', json);
        Assert.DoesNotContain(json, char.IsControl);
        Assert.Equal(name, JsonDocument.Parse(json).RootElement.GetProperty("name").GetString());
    }
}
