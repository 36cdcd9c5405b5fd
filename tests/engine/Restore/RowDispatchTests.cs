using CryoBackup.Archive;
using CryoBackup.Restore;

namespace CryoBackup.Tests.Restore;

/// <summary>Every block reaches one session, rows that go on the one that has their beginning; nobody waits for ever.</summary>
public sealed class RowDispatchTests
{
    private const int Sessions = 3;
    private const int Blocks = 2_000;
    private const int OfTable = 500;
    private const int Together = 100 * RowDispatch.BlockSize;

    [Fact]
    public async Task EachBlockComesOnceAndRowsStayTogether()
    {
        var dispatch = new RowDispatch(Sessions, keptTogether: Together);
        var taken = new List<(int Number, bool StartsRow)>[Sessions];
        var ends = new System.Collections.Concurrent.ConcurrentQueue<(int Session, int Last, int Table)>();
        Task[] sessions =
        [
            .. Enumerable
                .Range(0, Sessions)
                .Select(session =>
                    Task.Run(() =>
                    {
                        taken[session] = [];
                        while (dispatch.TryTake(session, out RowBlock block))
                        {
                            if (block.EndsTable)
                            {
                                ends.Enqueue((session, taken[session][^1].Number, block.Entry.DumpId));
                                continue;
                            }

                            taken[session].Add((BitConverter.ToInt32(block.Bytes), block.StartsRow));
                            dispatch.Return(block.Bytes);
                        }
                    })
                ),
        ];
        TocEntry[] tables = [new() { DumpId = 1 }, new() { DumpId = 2 }];
        for (int i = 0; i < Blocks; i++)
        {
            byte[] block = dispatch.Rent();
            BitConverter.TryWriteBytes(block, i);
            dispatch.Add(new RowBlock(tables[i / OfTable % 2], block, block.Length, StartsRow: i % 5 != 3));
        }

        dispatch.Complete();
        await Task.WhenAll(sessions);
        Assert.Equal(Enumerable.Range(0, Blocks), taken.SelectMany(blocks => blocks.Select(block => block.Number)).Order());
        Assert.All(taken, Assert.NotEmpty);

        // The first rows of a table are one session's, and come in their order.
        int[] starts = [.. Enumerable.Range(0, Blocks / OfTable).Select(table => table * OfTable)];
        Assert.All(
            starts,
            start =>
                Assert.Single(taken, blocks => Enumerable.Range(start, 100).All(number => blocks.Exists(block => block.Number == number)))
        );
        Assert.All(taken, blocks => Assert.Equal(blocks.Order(), blocks));

        // Each of these is told so when others begin to share the table, or it has no more rows: behind the last of its own alone.
        Assert.Equal(Blocks / OfTable, ends.Count);
        Assert.All(
            ends,
            end =>
            {
                int start = end.Last / OfTable * OfTable;
                Assert.Equal(tables[end.Last / OfTable % 2].DumpId, end.Table);
                Assert.InRange(end.Last, start + 99, start + OfTable - 1);
                Assert.Contains(taken[end.Session], block => block.Number == start);
                Assert.True(Enumerable.Range(start, end.Last - start + 1).All(taken[end.Session].Select(block => block.Number).Contains));
            }
        );
        Assert.All(
            taken,
            blocks =>
                Assert.All(
                    Enumerable.Range(0, blocks.Count).Where(index => !blocks[index].StartsRow),
                    index => Assert.Equal(blocks[index - 1].Number + 1, blocks[index].Number)
                )
        );
    }

    [Fact]
    public async Task WhoWaitsIsLetGo()
    {
        var dispatch = new RowDispatch(1);
        var table = new TocEntry();
        var adding = Task.Run(() =>
        {
            while (true)
            {
                dispatch.Add(new RowBlock(table, dispatch.Rent(), 1, StartsRow: true));
            }
        });
        await Task.Delay(50);
        dispatch.Stop();
        await Assert.ThrowsAsync<OperationCanceledException>(() => adding);
        Assert.Throws<OperationCanceledException>(() => dispatch.TryTake(0, out _));
    }
}
