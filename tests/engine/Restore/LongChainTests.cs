using System.Globalization;
using CryoBackup.Archive;
using CryoBackup.Comparison;
using CryoBackup.Restore;
using CryoBackup.Restore.Selection;
using static CryoBackup.Tests.Restore.Toc;

namespace CryoBackup.Tests.Restore;

/// <summary>A chain of 50,000 foreign keys, or of as many views, takes no stack: not in any order, nor for the last of it alone.</summary>
[Trait("Runs", "Once")]
public sealed class LongChainTests
{
    private const int Length = 50_000;

    // What a thread has at the least: of musl, for one.
    private const int SmallStack = 128 << 10;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void OfForeignKeys(bool isReversed)
    {
        TocEntry[] tables = [.. Numbers.Select(i => Entry(i, "TABLE", Name(i)))];
        TocEntry[] data = [.. Numbers.Select(i => Entry(Length + i, "TABLE DATA", Name(i), i))];
        IEnumerable<TocEntry> keys = Numbers
            .Skip(1)
            .Select(i => Entry((2 * Length) + i, "FK CONSTRAINT", $"{Name(i)} {Name(i)}_fkey", i, i - 1));
        TocEntry[] archive = [.. tables, .. isReversed ? Enumerable.Reverse(data) : data, .. keys];
        Run(() =>
        {
            (IReadOnlyList<TocEntry> sorted, IReadOnlyList<string> circular) = DataOrder.Sort(
                [.. archive.Where(entry => entry.IsTableData)],
                archive
            );
            Assert.Equal(data, sorted);
            Assert.Empty(circular);
            (IReadOnlyList<TocEntry> together, IReadOnlyList<TocEntry> after) = ParallelEntries.Split(archive, archive);
            Assert.Equal(archive, together);
            Assert.Empty(after);
            Assert.Equal(archive.Length, RestoreSelection.All(archive).Entries.Count);
            Assert.NotEmpty(RestoreSelection.Of(archive, [], [Name(Length)], TargetContent.Nothing).Entries);
        });
    }

    [Fact]
    public void OfViews()
    {
        TocEntry[] archive =
        [
            Entry(1, "TABLE", Name(1)),
            .. Numbers.Skip(1).Select(i => Entry(i, i == Length ? "MATERIALIZED VIEW" : "VIEW", Name(i), i - 1)),
            Entry(Length + 1, "MATERIALIZED VIEW DATA", Name(Length), Length),
        ];
        Run(() =>
        {
            // Without the rows of the table the last of them has nothing to be filled with.
            var all = RestoreSelection.All(archive);
            Assert.Contains(archive[0], all.Entries);
            var last = RestoreSelection.Of(archive, [], [Name(Length)], TargetContent.Nothing);
            Assert.Equal(Length, last.Entries.Count(TocKinds.IsRelation));
        });
    }

    private static IEnumerable<int> Numbers => Enumerable.Range(1, Length);

    private static string Name(int number) => string.Create(CultureInfo.InvariantCulture, $"t{number:00000}");

    private static void Run(Action work)
    {
        Exception? failure = null;
        var thread = new Thread(
            () =>
            {
                try
                {
                    work();
                }
                catch (Exception exception)
                {
                    failure = exception;
                }
            },
            SmallStack
        );
        thread.Start();
        thread.Join();
        Assert.Null(failure);
    }
}
