using CryoBackup.Backup;

namespace CryoBackup.Tests.Backup;

/// <summary>Rows of several sessions come out piece after piece, and never more of them lie between than may.</summary>
[Trait("Runs", "Once")]
public sealed class RowQueueTests
{
    private static readonly TimeSpan Hang = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData(1, 0)]
    [InlineData(3, RowQueue.BlockSize)]
    [InlineData(8, 5 * RowQueue.BlockSize)]
    public async Task PieceAfterPieceWhateverTheRoom(int sessions, long most)
    {
        const int Pieces = 40;
        var queue = new RowQueue(most);
        int next = -1;
        Task[] readers =
        [
            .. Enumerable
                .Range(0, sessions)
                .Select(seed =>
                    Task.Factory.StartNew(
                        () =>
                        {
                            var random = new Random(seed);
                            for (int piece = Interlocked.Increment(ref next); piece < Pieces; piece = Interlocked.Increment(ref next))
                            {
                                for (int block = 0; block < piece % 7; block++)
                                {
                                    byte[] bytes = queue.Rent();
                                    (bytes[0], bytes[1]) = ((byte)piece, (byte)block);
                                    queue.Add(piece, bytes, 2);
                                    Thread.SpinWait(random.Next(5000));
                                }

                                queue.End(piece);
                            }
                        },
                        TaskCreationOptions.LongRunning
                    )
                ),
        ];
        List<(int, int)> taken = await Task.Run(() => TakeAll(queue, Pieces)).WaitAsync(Hang);
        await Task.WhenAll(readers).WaitAsync(Hang);
        Assert.Equal(
            Enumerable.Range(0, Pieces).SelectMany(piece => Enumerable.Range(0, piece % 7).Select(block => (piece, block))),
            taken
        );
    }

    [Fact]
    public async Task OnlyTheWrittenPieceGetsBeyondTheRoomByOneBlock()
    {
        var queue = new RowQueue(2 * RowQueue.BlockSize);
        queue.Add(1, queue.Rent(), 1);
        queue.Add(1, queue.Rent(), 1);
        var third = Task.Run(() => queue.Add(1, queue.Rent(), 1));
        queue.Add(0, queue.Rent(), 1);
        var next = Task.Run(() => queue.Add(0, queue.Rent(), 1));
        Task first = await Task.WhenAny(third, next, Task.Delay(200));
        Assert.True(first != third && first != next);
        Assert.True(queue.Take(0, _ => { }));
        await next.WaitAsync(Hang);
        queue.End(0);
        Assert.True(queue.Take(0, _ => { }));
        Assert.False(queue.Take(0, _ => { }));
        Assert.True(queue.Take(1, _ => { }));
        await third.WaitAsync(Hang);
    }

    [Fact]
    public async Task WhoWaitsIsLetGo()
    {
        var queue = new RowQueue(0);
        Task writer = Task.Run(() => queue.Take(0, _ => { }));
        var reader = Task.Run(() => queue.Add(1, queue.Rent(), 1));
        queue.Stop();
        await Assert.ThrowsAsync<OperationCanceledException>(() => writer.WaitAsync(Hang));
        await Assert.ThrowsAsync<OperationCanceledException>(() => reader.WaitAsync(Hang));
    }

    private static List<(int, int)> TakeAll(RowQueue queue, int pieces)
    {
        var taken = new List<(int, int)>();
        for (int piece = 0; piece < pieces; piece++)
        {
            while (queue.Take(piece, rows => taken.Add((rows.Span[0], rows.Span[1])))) { }
        }

        return taken;
    }
}
