using System.Net;
using System.Text;
using System.Text.Encodings.Web;
using CryoBackup.Notifications;

namespace CryoBackup.Tests.Notifications;

/// <summary>A secret is found in whatever form the other side repeats it, whole or in part.</summary>
[Trait("Runs", "Once")]
public sealed class SecretsTests
{
    private const string Word = "Zq7+x/\"&<ö>kT9'p";

    /// <summary>The forms in which a service, a proxy or a page of errors repeats what it was sent.</summary>
    internal static readonly IReadOnlyList<Func<string, string>> Forms =
    [
        static text => text,
        static text => text.ToUpperInvariant(),
        Uri.EscapeDataString,
        static text => Uri.EscapeDataString(Uri.EscapeDataString(text)),
        static text => WebUtility.UrlEncode(text),
        JavaScriptEncoder.Default.Encode,
        JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode,
        static text => string.Concat(text.Select(character => $"\\u{(int)character:X4}")),
        static text => WebUtility.HtmlEncode(text),
        HtmlEncoder.Default.Encode,
        static text => Convert.ToBase64String(Encoding.UTF8.GetBytes(text)),
        static text => Convert.ToBase64String(Encoding.UTF8.GetBytes("x:" + text + ":y")),
        static text => Convert.ToBase64String(Encoding.UTF8.GetBytes("robot\0" + text)).TrimEnd('=').Replace('+', '-').Replace('/', '_'),
        static text => Convert.ToHexString(Encoding.UTF8.GetBytes(text)),
        static text => text[..^3],
        static text => text[3..],
    ];

    public static TheoryData<int> EachForm => [.. Enumerable.Range(0, Forms.Count)];

    [Theory]
    [MemberData(nameof(EachForm))]
    public void AWordOfAHeaderIsHidden(int form) => AssertHidden(new Secrets("Bearer " + Word), form, Word);

    [Theory]
    [MemberData(nameof(EachForm))]
    public void APasswordIsHidden(int form) => AssertHidden(new Secrets(Word), form, Word);

    [Theory]
    [MemberData(nameof(EachForm))]
    public void AValueOfAQueryIsHidden(int form) =>
        AssertHidden(new Secrets($"https://a.example/hooks?sig={Uri.EscapeDataString(Word)}&v=1"), form, Word);

    [Theory]
    [MemberData(nameof(EachForm))]
    public void AnAccountWithinAnAddressIsHidden(int form) =>
        AssertHidden(new Secrets($"https://robot:{Uri.EscapeDataString(Word)}@a.example/"), form, Word);

    [Fact]
    public void AnAccountOfAnyAddressIsHidden() =>
        Assert.Equal("proxy 'http://***@proxy:3128/' failed", new Secrets().Clean("proxy 'http://user:pass@proxy:3128/' failed"));

    [Fact]
    public void WhatBasicAuthenticationHoldsIsHidden()
    {
        var secrets = new Secrets("Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("robot:" + Word)));
        Assert.Equal("no account *** here", secrets.Clean($"no account robot:{Word} here"));
    }

    /// <summary>The text is masked as a whole, and only then cut: what is left of a cut secret is shorter than a word.</summary>
    [Fact]
    public void WhereverTheOtherSideCutsIt()
    {
        var secrets = new Secrets(Word);
        string text = "I got " + Word;
        for (int length = 0; length <= text.Length; length++)
        {
            string cleaned = secrets.Clean(text[..length]);
            Assert.True(cleaned.Length <= "I got ".Length + 3, cleaned);
        }
    }

    [Fact]
    public void OrdinaryWordsStay() =>
        Assert.Equal(
            "the channel is archived (invalid_token)",
            new Secrets("https://hooks.slack.example/services/T000/B000/XXXX", "ab").Clean("the channel is archived\n(invalid_token)")
        );

    private static void AssertHidden(Secrets secrets, int form, string secret)
    {
        string echo = Forms[form](secret);
        string cleaned = secrets.Clean($"<p>I got {echo}, thank you.");
        Assert.Contains("***", cleaned, StringComparison.Ordinal);

        // Of what is around the secret, in base64 of a longer text, a few letters may stay.
        Assert.True(cleaned.Length <= "<p>I got ***, thank you.".Length + 12, cleaned);
        for (int start = 0; start + 9 <= echo.Length; start++)
        {
            Assert.DoesNotContain(echo.Substring(start, 9), cleaned, StringComparison.OrdinalIgnoreCase);
        }
    }
}
