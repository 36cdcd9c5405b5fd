using CryoBackup.Archive;
using CryoBackup.Comparison;
using CryoBackup.Restore.Selection;
using static CryoBackup.Tests.Restore.Select;
using static CryoBackup.Tests.Restore.Toc;

namespace CryoBackup.Tests.Restore;

/// <summary>What comes along though nobody named it: the content of schemas, what bodies, constraints and types need.</summary>
public sealed class SelectionOfFollowersTests
{
    [Fact]
    public void ASchemaComesWithWhatIsInItAndWhatIsSaidOfIt()
    {
        TocEntry[] entries =
        [
            InSchema("", 1, "SCHEMA", "app"),
            InSchema("", 2, "COMMENT", "SCHEMA app", "", 1),
            InSchema("", 3, "ACL", "SCHEMA app", "", 1),
            InSchema("", 4, "SCHEMA", "other"),
            InSchema("app", 5, "TABLE", "t", "", 1),
            InSchema("app", 6, "FUNCTION", "f()", "", 1),
            InSchema("other", 7, "TABLE", "t", "", 4),
            InSchema("app", 8, "TABLE DATA", "t", "", 5),
            InSchema("app", 9, "DEFAULT ACL", "DEFAULT PRIVILEGES FOR TABLES", "", 1),
            InSchema("app", 10, "TABLE DATA", "config"),
            InSchema("app", 11, "SEQUENCE SET", "config_id_seq"),
            InSchema("", 12, "ACL", "SCHEMA other", "", 4),
        ];
        RestoreSelection selection = Of(entries, ["app"], [], TargetContent.Nothing);
        Assert.Equal([1, 2, 3, 5, 6, 8, 9], Ids(selection));
        Assert.Equal(
            [
                "TABLE DATA app.config: it belongs to an extension, which was not chosen",
                "SEQUENCE SET app.config_id_seq: it belongs to an extension, which was not chosen",
            ],
            LeftOut(selection)
        );

        // A table alone brings its schema, and not the privileges that new objects in it are to have.
        Assert.Equal([1, 2, 3, 5, 8], Ids(Of(entries, [], ["app.t"], TargetContent.Nothing)));
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8, 9, 12], Ids(Of(entries, ["*"], [], TargetContent.Nothing)));
    }

    [Fact]
    public void WhatIsSaidOfThePublicSchemaComesWithAnythingInIt()
    {
        TocEntry[] entries =
        [
            InSchema("", 1, "ACL", "SCHEMA public"),
            InSchema("", 2, "SCHEMA", "app"),
            Entry(3, "TABLE", "t"),
            InSchema("app", 4, "TABLE", "t", "", 2),
            InSchema("", 5, "COMMENT", "DATABASE mine"),
            InSchema("", 6, "COMMENT", "SCHEMA public"),
        ];
        Assert.Equal([1, 3, 6], Ids(Of(entries, ["public"], [], TargetContent.Nothing)));
        Assert.Equal([1, 3, 6], Ids(Of(entries, [], ["public.t"], TargetContent.Nothing)));
        Assert.Equal([2, 4], Ids(Of(entries, ["app"], [], TargetContent.Nothing)));

        // The target's own schema keeps what is said of it, unless the schema was chosen.
        TargetContent target = Has(InSchema("", 0, "SCHEMA", "public"));
        Assert.Equal([3], Ids(Of(entries, [], ["public.t"], target)));
        Assert.Equal([1, 3, 6], Ids(Of(entries, ["public"], [], target)));
    }

    [Fact]
    public void WhatBodiesNameComesAlongOrIsTold()
    {
        TocEntry[] entries =
        [
            Entry(1, "TABLE", "t"),
            Entry(2, "TABLE", "log"),
            Defined(3, "FUNCTION", "noted()", "CREATE FUNCTION public.noted() RETURNS trigger AS $$ SELECT public.note('x') $$;"),
            Defined(4, "FUNCTION", "note(text)", "CREATE FUNCTION public.note(text) RETURNS void AS 'INSERT INTO public.log SELECT $1';"),
            Defined(5, "FUNCTION", "other()", "CREATE FUNCTION public.other() RETURNS void AS 'SELECT 1';"),
            Entry(10, "TABLE DATA", "t", 1),
            Entry(11, "TABLE DATA", "log", 2),
            Entry(20, "TRIGGER", "t noted", 1, 3),
        ];
        RestoreSelection selection = Tables(entries, "t");
        Assert.Equal([1, 3, 4, 10, 20], Ids(selection));
        Assert.Equal(
            ["TABLE public.log: the body of FUNCTION public.note(text) names it; where that is called, add -Table public.log"],
            LeftOut(selection)
        );
        Assert.Empty(Tables(entries, "t", "log").LeftOut);
        Assert.Empty(Of(entries, [], ["t"], Has(entries[1])).LeftOut);
    }

    [Theory]
    [InlineData("ALTER TABLE ONLY public.t ADD CONSTRAINT x EXCLUDE USING gist (a WITH =);", true)]
    [InlineData("ALTER TABLE ONLY public.t ADD CONSTRAINT x PRIMARY KEY (a, b WITHOUT OVERLAPS);", true)]
    [InlineData("ALTER TABLE ONLY public.t ADD CONSTRAINT x EXCLUDE USING btree (a WITH =);", false)]
    [InlineData("ALTER TABLE ONLY public.t ADD CONSTRAINT x UNIQUE (a);", false)]
    public void AConstraintThatMayNeedTheExtensionBringsIt(string definition, bool brings)
    {
        TocEntry[] entries =
        [
            InSchema("", 1, "EXTENSION", "btree_gist"),
            InSchema("", 2, "EXTENSION", "hstore"),
            Entry(3, "TABLE", "t"),
            Defined(20, "CONSTRAINT", "t x", definition, 3),
        ];
        Assert.Equal(brings ? [1, 3, 20] : [3, 20], Ids(Tables(entries, "t")));
    }

    [Fact]
    public void ATypeBringsItsOperatorClasses()
    {
        TocEntry[] entries =
        [
            Entry(1, "TYPE", "box3"),
            Entry(2, "OPERATOR CLASS", "box3_ops", 1),
            Entry(3, "OPERATOR CLASS", "other_ops"),
            Entry(4, "TABLE", "t", 1),
        ];
        Assert.Equal([1, 2, 4], Ids(Tables(entries, "t")));
    }

    [Fact]
    public void TheSequenceOfAnIdentityFollowsItsTable()
    {
        TocEntry[] entries =
        [
            Entry(1, "TABLE", "t"),
            Entry(2, "SEQUENCE", "t_id_seq", 1),
            Entry(3, "SEQUENCE", "free"),
            Entry(4, "SEQUENCE SET", "t_id_seq", 2),
            Entry(5, "SEQUENCE SET", "free", 3),
        ];
        Assert.Equal([1, 2, 4], Ids(Tables(entries, "t")));
        Assert.Equal([3, 5], Ids(Tables(entries, "free")));
    }

    [Fact]
    public void PublicationsAreNotBroughtByTheirTables()
    {
        TocEntry[] entries = [Entry(1, "TABLE", "t"), InSchema("", 2, "PUBLICATION", "p"), Entry(3, "PUBLICATION TABLE", "p t", 1, 2)];
        RestoreSelection selection = Tables(entries, "t");
        Assert.Equal([1], Ids(selection));
        Assert.Equal(["PUBLICATION TABLE public.p t: it needs PUBLICATION p, which was not chosen"], LeftOut(selection));
    }
}
