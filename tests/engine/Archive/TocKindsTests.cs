using CryoBackup.Archive;
using CryoBackup.Tests.Restore;

namespace CryoBackup.Tests.Archive;

[Trait("Runs", "Once")]
public sealed class TocKindsTests
{
    [Theory]
    [InlineData("TABLE", "CREATE TABLE public.t (\n    price money\n);\n", true)]
    [InlineData("TYPE", "CREATE TYPE public.t AS (\n\tprice money\n);\n", true)]
    [InlineData("DOMAIN", "CREATE DOMAIN public.d AS money;\n", true)]
    [InlineData("TABLE", "CREATE TABLE public.t (\n    moneybag integer\n);\n", false)]
    [InlineData("TYPE", "CREATE TYPE public.t AS (\n\tprice numeric\n);\n", false)]
    [InlineData("VIEW", "CREATE VIEW public.v AS SELECT '1'::money;\n", false)]
    public void OnlyColumnsOfMoneySpeakOfIt(string kind, string definition, bool speaks) =>
        Assert.Equal(speaks, TocKinds.SpeaksOfMoney(Toc.Defined(1, kind, "t", definition)));

    [Theory]
    [InlineData("BLOB", "16400", "", new[] { "16400" })]
    [InlineData("BLOB METADATA", "16400..16402", "16400\n16402\n", new[] { "16400", "16402" })]
    [InlineData("BLOBS", "16400..16402", "16400\n", new string[0])]
    public void LargeObjectsAreNamedAsEachVersionDoes(string kind, string name, string definition, string[] expected) =>
        Assert.Equal(expected, TocKinds.LargeObjectsOf(Toc.Defined(1, kind, name, definition)));

    [Theory]
    [InlineData("EVENT TRIGGER", "e", true)]
    [InlineData("COMMENT", "EVENT TRIGGER e", true)]
    [InlineData("TABLE", "EVENT TRIGGER e", false)]
    [InlineData("TRIGGER", "t e", false)]
    public void EventTriggersAreToldFromNamesLikeTheirs(string kind, string name, bool isOne) =>
        Assert.Equal(isOne, TocKinds.IsOfEventTrigger(Toc.Entry(1, kind, name)));

    [Theory]
    [InlineData("COMMENT", "DATABASE app", false)]
    [InlineData("DATABASE", "app", false)]
    [InlineData("ENCODING", "ENCODING", false)]
    [InlineData("TABLE", "DATABASE app", true)]
    [InlineData("COMMENT", "TABLE t", true)]
    public void TheDatabaseItselfIsNoObject(string kind, string name, bool isOne) =>
        Assert.Equal(isOne, TocKinds.IsObject(Toc.Entry(1, kind, name)));

    [Theory]
    [InlineData("SET standard_conforming_strings = 'off';\n", false)]
    [InlineData("SET standard_conforming_strings = 'on';\n", true)]
    public void BackslashesEscapeWhereTheArchiveSaysSo(string definition, bool isStandard) =>
        Assert.Equal(isStandard, TocKinds.HasStandardStrings([Toc.Defined(1, "STDSTRINGS", "STDSTRINGS", definition)]));
}
