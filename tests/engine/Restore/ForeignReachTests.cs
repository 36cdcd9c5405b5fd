using CryoBackup.Archive;
using CryoBackup.Restore.Selection;
using static CryoBackup.Tests.Restore.Toc;

namespace CryoBackup.Tests.Restore;

/// <summary>What of an archive's data would need a foreign server, however far away that is.</summary>
public sealed class ForeignReachTests
{
    [Fact]
    public void WithoutForeignTablesThereIsNone() =>
        Assert.Empty(ForeignReach.Of([Entry(1, "TABLE", "t"), Entry(2, "TABLE DATA", "t", 1), Entry(3, "MATERIALIZED VIEW DATA", "m", 1)]));

    [Fact]
    public void RowsOfAForeignTableStayThere()
    {
        LeftOut left = Assert.Single(
            ForeignReach.Of([
                Entry(1, "FOREIGN TABLE", "f"),
                Entry(2, "TABLE", "t"),
                Entry(3, "TABLE DATA", "f", 1),
                Entry(4, "TABLE DATA", "t", 2),
            ])
        );
        Assert.Equal(3, left.Entry.DumpId);
        Assert.Contains("belong on another server", left.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("view", true)]
    [InlineData("partition", true)]
    [InlineData("partition of 13", true)]
    [InlineData("child", true)]
    [InlineData("body", true)]
    [InlineData("body of a body", true)]
    [InlineData("string in a body", true)]
    [InlineData("other body", false)]
    [InlineData("type of its row", false)]
    public void AMaterializedViewReachesItBy(string way, bool reaches)
    {
        TocEntry[] entries =
        [
            Entry(1, "FOREIGN TABLE", "far"),
            .. (TocEntry[])(
                way switch
                {
                    "view" => [Entry(2, "VIEW", "v", 1)],
                    "partition" => [Entry(2, "TABLE", "p"), Entry(3, "TABLE ATTACH", "far", 1, 2)],
                    "partition of 13" =>
                    [
                        Entry(2, "TABLE", "p"),
                        Defined(
                            1001,
                            "FOREIGN TABLE",
                            "part",
                            "CREATE FOREIGN TABLE public.part ();\nALTER TABLE ONLY public.p ATTACH PARTITION public.part;",
                            2
                        ),
                    ],
                    "child" =>
                    [
                        Entry(2, "TABLE", "p"),
                        Defined(1001, "FOREIGN TABLE", "part", "CREATE FOREIGN TABLE public.part ()\nINHERITS (public.p);", 2),
                    ],
                    "body" => [Function(2, "f(integer)", "SELECT * FROM public.far")],
                    "body of a body" => [Function(2, "f()", "SELECT public.g()"), Function(3, "g()", "SELECT 1 FROM public.far")],
                    "string in a body" => [Function(2, "f()", "EXECUTE ''SELECT * FROM public.far''")],
                    "other body" => [Function(2, "f()", "SELECT * FROM public.near"), Function(3, "g()", "SELECT 1 FROM public.far")],
                    _ => [Entry(2, "TABLE", "typed", 1)],
                }
            ),
            Entry(10, "MATERIALIZED VIEW", "m", 2),
            Entry(11, "MATERIALIZED VIEW DATA", "m", 10),
        ];
        Assert.Equal(reaches ? [11] : [], ForeignReach.Of(entries).Select(item => item.Entry.DumpId));
    }

    private static TocEntry Function(int id, string name, string body) =>
        Defined(id, "FUNCTION", name, $"CREATE FUNCTION public.{name} RETURNS SETOF integer LANGUAGE sql AS '{body}';");
}
