using CryoBackup.Archive;
using CryoBackup.Comparison;
using CryoBackup.Restore;
using CryoBackup.Restore.Selection;

namespace CryoBackup.Tests.Security;

/// <summary>
/// A table of contents in which each entry needs the one behind it: what follows dependencies takes time in proportion to its length, and
/// no stack, whatever order a stranger gave it.
/// </summary>
[Trait("Runs", "Once")]
public sealed class HostileOrderTests
{
    private const int Length = 50_000;

    // Much more than it takes; a loop that looks at all entries for each of them takes many minutes.
    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task PartitionsOfPartitionsAreChosen()
    {
        TocEntry[] attached = [.. Reversed(i => Entry(Length + i, "TABLE ATTACH", $"t{i}", i, i - 1), from: 2)];
        IReadOnlyList<TocEntry> entries =
        [
            .. Reversed(i => Entry(i, "TABLE", $"t{i}")),
            .. attached,
            .. Reversed(i => Entry((2 * Length) + i, "TABLE DATA", $"t{i}", i)),
        ];
        RestoreSelection selection = await Within(() => RestoreSelection.Of(entries, [], ["t1"], TargetContent.Nothing));
        Assert.Equal(entries.Count, selection.Entries.Count);
        Assert.Empty(selection.LeftOut);
    }

    [Fact]
    public async Task PartsThatNeedPartsAreIncluded()
    {
        const int Table = 2 * Length;
        IReadOnlyList<TocEntry> entries =
        [
            .. Reversed(i => Entry(i, "INDEX", $"t i{i}", Table, i == 1 ? Table : i - 1)),
            Entry(Table, "TABLE", "t"),
            Entry(Table + 1, "TABLE", "other"),
        ];
        RestoreSelection selection = await Within(() => RestoreSelection.Of(entries, [], ["t"], TargetContent.Nothing));
        Assert.Equal(Length + 1, selection.Entries.Count);
        Assert.Empty(selection.LeftOut);

        // With what the first of them needs, all others are missing too, each with its reason.
        entries = [.. entries.Select(entry => entry.DumpId == 1 ? Entry(1, "INDEX", "t i1", Table, Table + 1) : entry)];
        selection = await Within(() => RestoreSelection.Of(entries, [], ["t"], TargetContent.Nothing));
        Assert.Equal("t", Assert.Single(selection.Entries).Name);
        Assert.Equal(Length, selection.LeftOut.Count);
        Assert.All(selection.LeftOut, left => Assert.StartsWith("it needs ", left.Reason, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ViewsWithinViewsAreNoStack(bool choosesTable)
    {
        IReadOnlyList<TocEntry> entries =
        [
            .. Reversed(i => Entry((3 * Length) + i, "MATERIALIZED VIEW DATA", $"m{i}", (2 * Length) + i)),
            .. Reversed(i => Entry((2 * Length) + i, "MATERIALIZED VIEW", $"m{i}", Length)),
            .. Reversed(i => Entry(i, "VIEW", $"v{i}", i == 1 ? 4 * Length + 1 : i - 1)),
            Entry((4 * Length) + 1, "TABLE", "t"),
        ];
        RestoreSelection selection = await Within(() =>
            RestoreSelection.Of(entries, [], choosesTable ? ["m*", "t"] : ["m*"], TargetContent.Nothing)
        );
        Assert.Equal(choosesTable ? 0 : Length, selection.Unpopulated.Count());
        Assert.Equal(choosesTable ? entries.Count : entries.Count - Length, selection.Entries.Count);
    }

    [Fact]
    public async Task WhatReachesAForeignTableIsFound()
    {
        const int Foreign = 2 * Length;
        IReadOnlyList<TocEntry> entries =
        [
            .. Reversed(i => Entry(i, "VIEW", $"v{i}", i == 1 ? Foreign : i - 1)),
            Entry(Foreign, "FOREIGN TABLE", "f"),
            Entry(Foreign + 1, "MATERIALIZED VIEW DATA", "m", Length),
        ];
        IReadOnlyList<LeftOut> found = await Within(() => ForeignReach.Of(entries));
        Assert.Equal("m", Assert.Single(found).Entry.Name);
    }

    [Fact]
    public async Task WhatHangsOnOneWaitsWithIt()
    {
        IReadOnlyList<TocEntry> entries =
        [
            .. Reversed(i => Entry(i, i == 1 ? "TRIGGER" : "INDEX", $"t i{i}", i - 1)),
            Entry(Length + 1, "INDEX", "t alone"),
        ];
        entries =
        [
            .. entries.Select(entry => new TocEntry
            {
                DumpId = entry.DumpId,
                Kind = entry.Kind,
                Name = entry.Name,
                Schema = "public",
                Section = TocSection.PostData,
                Dependencies = entry.Dependencies,
            }),
        ];
        (IReadOnlyList<TocEntry> together, IReadOnlyList<TocEntry> after) = await Within(() => ParallelEntries.Split(entries, entries));
        Assert.Equal("t alone", Assert.Single(together).Name);
        Assert.Equal(Length, after.Count);
    }

    private static async Task<T> Within<T>(Func<T> work)
    {
        Task<T> working = Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        Assert.True(await Task.WhenAny(working, Task.Delay(Budget)) == working, $"It takes longer than {Budget}.");
        return await working;
    }

    private static IEnumerable<TocEntry> Reversed(Func<int, TocEntry> make, int from = 1) =>
        Enumerable.Range(from, Length - from + 1).Reverse().Select(make);

    private static TocEntry Entry(int id, string kind, string name, params int[] dependencies) =>
        new()
        {
            DumpId = id,
            Kind = kind,
            Name = name,
            Schema = "public",
            Section = TocSection.PreData,
            Dependencies = dependencies,
        };
}
