using CryoBackup.Restore;

namespace CryoBackup.Tests.Restore;

/// <summary>A database gets the source's locale, or what means the same on its server; what is other is told.</summary>
public sealed class LocaleChoiceTests
{
    private const string Head = "WITH TEMPLATE = template0 ENCODING = 'UTF8' ";

    /// <summary>Home to the server that it came from: the clients of 15 and later name a provider, which servers before have no word for.</summary>
    [Theory]
    [InlineData(13, "LOCALE = 'C.UTF-8'")]
    [InlineData(14, "LOCALE = 'C.UTF-8'")]
    [InlineData(15, "LOCALE_PROVIDER = libc LOCALE = 'C.UTF-8'")]
    [InlineData(18, "LOCALE_PROVIDER = libc LOCALE = 'C.UTF-8'")]
    public Task AServerIsToldOfAProviderOnlyWhereItKnowsOne(int major, string expected) =>
        Same("LOCALE_PROVIDER = libc LOCALE = 'C.UTF-8'", major, "C.UTF-8", expected);

    /// <summary>A cluster of ICU would give its own provider to a database of whose provider nothing is said.</summary>
    [Fact]
    public Task WhatWasMadeBeforeThereWereProvidersIsOfTheOperatingSystem() =>
        Same(
            "LC_COLLATE = 'de_DE.utf8' LC_CTYPE = 'C'",
            17,
            "de_DE.utf8",
            "LOCALE_PROVIDER = libc LC_COLLATE = 'de_DE.utf8' LC_CTYPE = 'C'"
        );

    /// <summary>Another spelling is no other locale.</summary>
    [Theory]
    [InlineData("en_US.utf8", "en_US.UTF-8")]
    [InlineData("en_US.UTF-8", "en_US.utf8")]
    [InlineData("ca_ES.utf8@valencia", "ca_ES.UTF-8@valencia")]
    [InlineData("C.utf8", "C.UTF-8")]
    public Task TakesAnotherSpellingWithoutAWord(string source, string has) =>
        Same($"LOCALE_PROVIDER = libc LOCALE = '{source}'", 15, has, $"LOCALE_PROVIDER = libc LOCALE = '{has}'");

    /// <summary>Another system's name of the same language is told.</summary>
    [Theory]
    [InlineData("de_DE.utf8", "de-DE")]
    [InlineData("de_DE.UTF-8", "German_Germany")]
    [InlineData("German_Germany.1252", "de_DE.UTF-8")]
    [InlineData("English_United States.1252", "en_US.utf8")]
    [InlineData("de-DE", "de_DE.utf8")]
    [InlineData("sr_RS", "sr_RS.UTF-8")]
    public async Task TakesAnotherSystemsNameAndTellsIt(string source, string has)
    {
        LocaleChoice choice = await ChooseAsync($"LOCALE_PROVIDER = libc LOCALE = '{source}'", 16, [has]);
        Assert.Equal(Head + $"LOCALE_PROVIDER = libc LOCALE = '{has}'", choice.Options);
        Assert.Contains($"the locale {has} here, in place of the source's {source}", choice.Change, StringComparison.Ordinal);
        Assert.Contains("partitions by ranges of text", choice.Change, StringComparison.Ordinal);
    }

    /// <summary>C.UTF-8, which Windows, macOS and older Linux lack.</summary>
    [Theory]
    [InlineData(17, "", "LOCALE_PROVIDER = builtin LOCALE = 'C' BUILTIN_LOCALE = 'C.UTF-8'", "the same order.")]
    [InlineData(16, "en_US.UTF-8", "LOCALE_PROVIDER = libc LC_COLLATE = 'C' LC_CTYPE = 'en_US.UTF-8'", "small or capital")]
    [InlineData(16, "en-US", "LOCALE_PROVIDER = libc LC_COLLATE = 'C' LC_CTYPE = 'en-US'", "small or capital")]
    [InlineData(16, "", "LOCALE_PROVIDER = libc LOCALE = 'C'", "small or capital")]
    [InlineData(13, "", "LOCALE = 'C'", "small or capital")]
    public async Task TakesTheOrderOfBytesForCUtf8(int major, string has, string expected, string told)
    {
        LocaleChoice choice = await ChooseAsync("LOCALE_PROVIDER = libc LOCALE = 'C.UTF-8'", major, [has]);
        Assert.Equal(Head + expected, choice.Options);
        Assert.Contains(told, choice.Change, StringComparison.Ordinal);
    }

    /// <summary>The builtin provider of 17 on a server of before.</summary>
    [Theory]
    [InlineData("C.UTF-8", 15, "C.UTF-8", "LOCALE_PROVIDER = libc LOCALE = 'C.UTF-8'", true)]
    [InlineData("C", 15, "", "LOCALE_PROVIDER = libc LOCALE = 'C'", false)]
    [InlineData("C", 13, "", "LOCALE = 'C'", false)]
    [InlineData("C.UTF-8", 17, "en_US.UTF-8", "LOCALE_PROVIDER = builtin LOCALE = 'en_US.UTF-8' BUILTIN_LOCALE = 'C.UTF-8'", false)]
    [InlineData("C.UTF-8", 18, "", "LOCALE_PROVIDER = builtin LOCALE = 'C' BUILTIN_LOCALE = 'C.UTF-8'", false)]
    [InlineData("PG_UNICODE_FAST", 17, "", "LOCALE_PROVIDER = builtin LOCALE = 'C' BUILTIN_LOCALE = 'C.UTF-8'", true)]
    public async Task TakesTheOperatingSystemsForTheBuiltin(string own, int major, string has, string expected, bool isTold)
    {
        LocaleChoice choice = await ChooseAsync($"LOCALE_PROVIDER = builtin LOCALE = 'en_US.UTF-8' BUILTIN_LOCALE = '{own}'", major, [has]);
        Assert.Equal(Head + expected, choice.Options);
        Assert.Equal(isTold, choice.Change is not null);
    }

    /// <summary>Of a database of ICU the operating system's locale hardly matters.</summary>
    [Fact]
    public Task KeepsIcuWhereTheMachineLacksTheLanguage() =>
        Same(
            "LOCALE_PROVIDER = icu LOCALE = 'de_DE.utf8' ICU_LOCALE = 'de-AT'",
            15,
            "",
            "LOCALE_PROVIDER = icu LOCALE = 'C' ICU_LOCALE = 'de-AT'"
        );

    [Theory]
    [InlineData("LOCALE_PROVIDER = libc LOCALE = 'de_DE.utf8'", 15, "the locale de_DE.utf8: its machine has no locale of that language")]
    [InlineData("LOCALE_PROVIDER = libc LOCALE = 'klingon'", 15, "the locale klingon: its machine has no locale of that language")]
    [InlineData("LOCALE_PROVIDER = icu LOCALE = 'C' ICU_LOCALE = 'de'", 14, "the locale icu:de: PostgreSQL 14 has no database of ICU")]
    [InlineData("LOCALE_PROVIDER = icu LOCALE = 'C' ICU_LOCALE = 'de' ICU_RULES = '&a < b'", 15, "knows no rules of ICU")]
    public async Task SaysWhatTheServerLacks(string options, int major, string reason)
    {
        CryoBackupException e = await Assert.ThrowsAsync<CryoBackupException>(() => ChooseAsync(options, major, []));
        Assert.Equal(CryoBackupError.ObjectNotFound, e.Error);
        Assert.Contains(reason, e.Message, StringComparison.Ordinal);
        Assert.Contains("-Locale", e.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("C", 13, "LOCALE = 'C'")]
    [InlineData("libc:C", 18, "LOCALE_PROVIDER = libc LOCALE = 'C'")]
    [InlineData("icu:sv-SE", 15, "LOCALE_PROVIDER = icu LOCALE = 'C' ICU_LOCALE = 'sv-SE'")]
    [InlineData("builtin:C.UTF-8", 17, "LOCALE_PROVIDER = builtin LOCALE = 'C' BUILTIN_LOCALE = 'C.UTF-8'")]
    public async Task TakesWhatIsWished(string wish, int major, string expected)
    {
        LocaleChoice choice = await ChooseAsync(
            "LOCALE_PROVIDER = icu LOCALE = 'de_DE.utf8' ICU_LOCALE = 'de'",
            major,
            ["de_DE.utf8"],
            wish
        );
        Assert.Equal(Head + expected, choice.Options);
        Assert.Contains("in place of the source's icu:de, as -Locale asks", choice.Change, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("de_DE", 18, "its machine has no locale of that name")]
    [InlineData("icu:de", 14, "PostgreSQL 14 has no provider icu")]
    [InlineData("builtin:C", 16, "PostgreSQL 16 has no provider builtin")]
    public async Task SaysWhatTheServerLacksOfAWish(string wish, int major, string reason)
    {
        CryoBackupException e = await Assert.ThrowsAsync<CryoBackupException>(() =>
            ChooseAsync("LOCALE_PROVIDER = libc LOCALE = 'C'", major, [], wish)
        );
        Assert.Contains(reason, e.Message, StringComparison.Ordinal);
    }

    /// <summary>What an archive says goes into a statement: quoted, whatever it is.</summary>
    [Fact]
    public Task AQuoteStaysInItsName() =>
        Same("LOCALE_PROVIDER = libc LOCALE = 'it''s'", 15, "it's", "LOCALE_PROVIDER = libc LOCALE = 'it''s'");

    private static async Task Same(string options, int major, string has, string expected)
    {
        LocaleChoice choice = await ChooseAsync(options, major, [has]);
        Assert.Equal(Head + expected, choice.Options);
        Assert.Null(choice.Change);
    }

    private static Task<LocaleChoice> ChooseAsync(string options, int major, string[] has, string? wish = null) =>
        LocaleChoice.MakeAsync(
            DatabaseOptions.Parse(Head + options),
            major,
            wish is null ? null : DatabaseLocale.Parse(wish),
            name => Task.FromResult(name == "C" || has.Contains(name, StringComparer.Ordinal))
        );
}
