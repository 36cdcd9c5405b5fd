using CryoBackup.Archive;
using CryoBackup.Restore.Selection;
using CryoBackup.Tests.Restore;
using CryoBackup.Verification.Rehearsal;

namespace CryoBackup.Tests.Rehearsal;

/// <summary>What a rehearsal does with each kind of entry, by the table of contents alone.</summary>
[Trait("Runs", "Once")]
public sealed class RehearsalSelectionTests
{
    /// <summary>What PostgreSQL lets only superusers create is known before the server refuses it, by forms that pg_dump writes.</summary>
    [Theory]
    [InlineData("ACCESS METHOD", "", true)]
    [InlineData("OPERATOR CLASS", "", true)]
    [InlineData("PROCEDURAL LANGUAGE", "", true)]
    [InlineData("OPERATOR", "", false)]
    [InlineData("FUNCTION", "CREATE FUNCTION public.f() RETURNS int\n    LANGUAGE c\n    AS 'x', 'f';\n", true)]
    [InlineData("FUNCTION", "CREATE FUNCTION public.f() RETURNS int\n    LANGUAGE internal IMMUTABLE\n    AS 'int4pl';\n", true)]
    [InlineData("FUNCTION", "CREATE FUNCTION public.f() RETURNS int\n    LANGUAGE plpython3u\n    AS 'return 1';\n", true)]
    [InlineData("PROCEDURE", "CREATE PROCEDURE public.p()\n    LANGUAGE plperlu\n    AS 'x';\n", true)]
    [InlineData("FUNCTION", "CREATE FUNCTION public.f() RETURNS int\n    LANGUAGE sql IMMUTABLE LEAKPROOF\n    AS 'SELECT 1';\n", true)]
    [InlineData("FUNCTION", "CREATE FUNCTION public.f() RETURNS int\n    LANGUAGE sql IMMUTABLE\n    AS 'SELECT 1 -- LEAKPROOF';\n", false)]
    [InlineData("FUNCTION", "CREATE FUNCTION public.f() RETURNS int\n    LANGUAGE plpgsql\n    AS $$ LANGUAGE c $$;\n", false)]
    [InlineData("PROCEDURE", "CREATE PROCEDURE public.p()\n    LANGUAGE sql\n    AS 'SELECT 1';\n", false)]
    [InlineData("AGGREGATE", "CREATE AGGREGATE public.a(int) (\n    SFUNC = f,\n    STYPE = internal\n);\n", true)]
    [InlineData(
        "AGGREGATE",
        "CREATE AGGREGATE public.a(int) (\n    SFUNC = f,\n    STYPE = int,\n    MSTYPE = internal,\n    X = y\n);\n",
        true
    )]
    [InlineData("AGGREGATE", "CREATE AGGREGATE public.a(int) (\n    SFUNC = f,\n    STYPE = public.internal_one\n);\n", false)]
    [InlineData("VIEW", "CREATE VIEW public.v AS\n    LANGUAGE c\n    STYPE = internal\n    INPUT = x", false)]
    [InlineData("TYPE", "CREATE TYPE public.t (\n    INTERNALLENGTH = 4,\n    INPUT = public.t_in,\n    OUTPUT = public.t_out\n);\n", true)]
    [InlineData("TYPE", "CREATE TYPE public.t AS ENUM (\n    'a'\n);\n", false)]
    [InlineData("SHELL TYPE", "CREATE TYPE public.t;\n", true)]
    [InlineData("CAST", "CREATE CAST (public.a AS public.b) WITHOUT FUNCTION;\n", true)]
    [InlineData("CAST", "CREATE CAST (public.a AS public.b) WITH FUNCTION public.f(public.a);\n", false)]
    [InlineData("COMMENT", "COMMENT ON CAST (public.a AS public.b) IS ' WITHOUT FUNCTION';\n", false)]
    public void WhatOnlySuperusersMayCreateIsKnown(string kind, string definition, bool isTheirs)
    {
        TocEntry[] entries = [Toc.Defined(1, kind, "one", definition)];
        foreach (Func<IReadOnlyList<TocEntry>, bool, RehearsalSelection> sort in Sorts)
        {
            RehearsalSelection ordinary = sort(entries, false);
            Assert.Equal(isTheirs ? [1] : [], ordinary.NeedSuperuser.Select(entry => entry.DumpId));
            Assert.Equal([1], ordinary.Restored);
            Assert.Empty(sort(entries, true).NeedSuperuser);
        }
    }

    [Theory]
    [InlineData("PUBLICATION", "p")]
    [InlineData("PUBLICATION TABLE", "p t")]
    [InlineData("SUBSCRIPTION", "s")]
    [InlineData("EVENT TRIGGER", "e")]
    [InlineData("USER MAPPING", "USER MAPPING me SERVER far")]
    [InlineData("FOREIGN DATA WRAPPER", "w")]
    [InlineData("COMMENT", "EVENT TRIGGER e")]
    [InlineData("ACL", "FOREIGN DATA WRAPPER w")]
    public void WhatReachesOutsideIsLeftOutWithItsReason(string kind, string name)
    {
        TocEntry[] entries = [Toc.InSchema("", 1, kind, name)];
        foreach (Func<IReadOnlyList<TocEntry>, bool, RehearsalSelection> sort in Sorts)
        {
            RehearsalSelection selection = sort(entries, true);
            Assert.NotEmpty(Assert.Single(selection.LeftOut).Reason);
            Assert.True(selection.IsBeyondComparison(entries[0]));
            Assert.Empty(selection.Restored);
            Assert.Empty(selection.Expected);
        }
    }

    /// <summary>A table may bear the name of any kind.</summary>
    [Fact]
    public void WhatIsSaidOfATableIsNoRemarkOnAKindOfItsName()
    {
        TocEntry comment = Toc.Entry(1, "COMMENT", "PUBLICATION TABLE");
        foreach (Func<IReadOnlyList<TocEntry>, bool, RehearsalSelection> sort in Sorts)
        {
            Assert.Equal([1], sort([comment], true).Restored);
            Assert.False(sort([comment], true).IsBeyondComparison(comment));
        }
    }

    /// <summary>On a throwaway server there is a server without options for what hangs on it; on somebody's own there is none.</summary>
    [Fact]
    public void AForeignServerIsMadeHarmlessOrLeftOutWithAllThatNeedsIt()
    {
        TocEntry[] entries = [Toc.InSchema("", 1, "SERVER", "far"), Toc.Entry(2, "FOREIGN TABLE", "t", 1), Toc.Entry(3, "VIEW", "v", 2)];
        var scratch = RehearsalSelection.ForScratchServer(entries, asSuperuser: false);
        Assert.Equal([1], scratch.Servers.Select(entry => entry.DumpId));
        Assert.Equal([2, 3], scratch.Restored.Order());
        Assert.Equal([1], scratch.LeftOut.Select(item => item.Entry.DumpId));
        var named = RehearsalSelection.ForNamedServer(entries, asSuperuser: false);
        Assert.Empty(named.Restored);
        Assert.Equal([1, 2, 3], named.LeftOut.Select(item => item.Entry.DumpId));
        Assert.Equal("what it needs is left out", named.LeftOut[2].Reason);
    }

    /// <summary>Neither asks a foreign server for what a materialized view is computed from.</summary>
    [Fact]
    public void WhatIsComputedFromAForeignTableIsNotFilled()
    {
        TocEntry[] entries =
        [
            Toc.Entry(1, "FOREIGN TABLE", "far"),
            Toc.Entry(2, "VIEW", "between", 1),
            Toc.Entry(3, "MATERIALIZED VIEW", "m", 2),
            Toc.Entry(4, "MATERIALIZED VIEW DATA", "m", 3),
            Toc.Entry(5, "MATERIALIZED VIEW", "near"),
            Toc.Entry(6, "MATERIALIZED VIEW DATA", "near", 5),
        ];
        var scratch = RehearsalSelection.ForScratchServer(entries, asSuperuser: true);
        Assert.Equal([6], scratch.Refreshes.Select(entry => entry.DumpId));
        Assert.StartsWith("it is computed from a foreign table", Assert.Single(scratch.LeftOut).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatIsMadeFromNamesOrComesLaterIsNotPgRestores()
    {
        TocEntry[] entries =
        [
            Toc.InSchema("", 1, "SCHEMA", "app"),
            Toc.InSchema("", 2, "EXTENSION", "ltree"),
            Toc.Entry(3, "MATERIALIZED VIEW DATA", "m"),
            Toc.Entry(4, "ACL", "TABLE t"),
            Toc.InSchema("", 5, "ACL", "LARGE OBJECT 7"),
            Toc.InSchema("", 6, "COMMENT", "EXTENSION ltree"),
            Toc.InSchema("", 7, "DATABASE", "app"),
            Toc.InSchema("", 8, "DEFAULT ACL", "DEFAULT PRIVILEGES FOR TABLES"),
        ];
        var scratch = RehearsalSelection.ForScratchServer(entries, asSuperuser: false);
        Assert.Equal([1], scratch.Schemas.Select(entry => entry.DumpId));
        Assert.Equal([2], scratch.Extensions.Select(entry => entry.DumpId));
        Assert.Equal([3], scratch.Refreshes.Select(entry => entry.DumpId));
        Assert.Equal([4, 8], scratch.Privileges.Select(entry => entry.DumpId));
        Assert.Equal([5], scratch.Restored);
        Assert.Equal([(6, "only the extension's owner, a superuser here, may say it")], scratch.LeftOut.Select(Told));
        Assert.Equal([1, 2, 3, 4, 5, 8], scratch.Expected.Select(entry => entry.DumpId));
        Assert.Equal([5, 6], RehearsalSelection.ForScratchServer(entries, asSuperuser: true).Restored.Order());

        var named = RehearsalSelection.ForNamedServer(entries, asSuperuser: false);
        Assert.Equal([1, 2, 3], named.Restored.Order());
        Assert.Equal([4, 5, 6, 8], named.LeftOut.Select(item => item.Entry.DumpId));
    }

    private static (int DumpId, string Reason) Told(LeftOut item) => (item.Entry.DumpId, item.Reason);

    private static Func<IReadOnlyList<TocEntry>, bool, RehearsalSelection>[] Sorts =>
        [RehearsalSelection.ForScratchServer, RehearsalSelection.ForNamedServer];
}
