using CryoBackup.Archive;

namespace CryoBackup.Tests.Archive;

[Trait("Runs", "Once")]
public sealed class InheritedChecksTests
{
    [Fact]
    public void EachBelowAnotherOfItsNameIsDroppedWithItsTable()
    {
        // A table on its own, and three that inherit in a row, of which the middle one has no check of that name.
        TocEntry[] entries =
        [
            Table(1),
            Table(2),
            Table(3, 2),
            Table(4, 3),
            Check(11, 1, "positive"),
            Check(12, 2, "positive"),
            Check(13, 3, "another"),
            Check(14, 4, "positive"),
        ];
        Assert.Equal([14], Dropped(entries));
    }

    [Theory]
    [InlineData(20_000, 1)]
    [InlineData(4_000, 2_000)]
    public void AChainOfAnyLengthIsWalkedToItsEnd(int length, int names)
    {
        TocEntry[] entries =
        [
            .. Enumerable.Range(1, length).Select(number => number == 1 ? Table(1) : Table(number, number - 1)),
            .. Enumerable.Range(1, length).Select(number => Check(length + number, number, $"check{number % names}")),
        ];
        HashSet<int> dropped = [.. Dropped(entries)];
        Assert.Superset(Enumerable.Range(length + names + 1, length - names).ToHashSet(), dropped);
    }

    private static IEnumerable<int> Dropped(TocEntry[] entries) => ArchiveEdit.DropsOfPartitions(entries).Select(edit => (int)edit.Offset);

    private static TocEntry Table(int id, params int[] parents) =>
        new()
        {
            DumpId = id,
            Kind = "TABLE",
            Schema = "public",
            Name = $"t{id}",
            Dependencies = parents,
        };

    private static TocEntry Check(int id, int table, string name) =>
        new()
        {
            DumpId = id,
            Kind = "CHECK CONSTRAINT",
            Schema = "public",
            Name = $"t{table} {name}",
            Dependencies = [table],
            DropStatement = new(id, 1),
        };
}
