using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using CryoBackup.Stores;

namespace CryoBackup.Tests.Stores;

/// <summary>What a store is asked, and what follows from its answers: by a server that goes wrong where it is told to.</summary>
public sealed class StoreTests : IDisposable
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(2);
    private readonly S3Server _server = new();

    public void Dispose() => _server.Dispose();

    [Fact]
    public async Task WhatIsPutIsThereAndIsReadBack()
    {
        using Store store = Open();
        byte[] content = RandomNumberGenerator.GetBytes(100_000);

        await store.PutAsync("a.dump", new MemoryStream(content), content.Length, null, default);

        StoreObject found = (await store.HeadAsync("a.dump", default))!;
        Assert.Equal(content.Length, found.Size);
        Assert.Equal(content, await ReadAsync(store, found));
        Assert.Equal(["a.dump"], (await store.ListAsync("", default)).Select(store.NameOf));
        Assert.Null(await store.HeadAsync("b.dump", default));
    }

    [Fact]
    public async Task ALargeObjectGoesInPartsThatTheServerChecks()
    {
        using Store store = Open();
        byte[] content = RandomNumberGenerator.GetBytes((2 * S3Server.LeastPart) + 4711);

        await store.PutAsync("a.dump", new MemoryStream(content), content.Length, null, default);

        Assert.Equal(content, _server.Objects["db/a.dump"].Bytes);
        Assert.Empty(_server.Uploads);
        (string Line, WebHeaderCollection Headers)[] parts = _server
            .Seen.Where(seen => seen.Line.Contains("partNumber", StringComparison.Ordinal))
            .ToArray();
        Assert.Equal(3, parts.Length);
        Assert.All(parts, part => Assert.NotNull(part.Headers["Content-MD5"]));
        Assert.All(parts, part => Assert.Equal(64, part.Headers["X-Amz-Content-SHA256"]!.Length));
        // What other servers than Amazon's stumble over.
        Assert.All(_server.Seen, seen => Assert.Null(seen.Headers["x-amz-sdk-checksum-algorithm"]));
        Assert.All(_server.Seen, seen => Assert.Null(seen.Headers["x-amz-trailer"]));
        Assert.Contains(
            _server.Seen,
            seen => seen.Line.StartsWith("POST", StringComparison.Ordinal) && seen.Headers["If-None-Match"] == "*"
        );
    }

    [Theory]
    [InlineData(1000)]
    [InlineData(S3Server.LeastPart + 1)]
    public async Task NothingIsReplaced(int length)
    {
        using Store store = Open();
        _server.Objects["db/a.dump"] = new S3Content([1, 2, 3], "");

        CryoBackupException failure = await Assert.ThrowsAsync<CryoBackupException>(() =>
            store.PutAsync("a.dump", new MemoryStream(new byte[length]), length, null, default)
        );

        Assert.Equal(CryoBackupError.DestinationNotWritable, failure.Error);
        Assert.Contains("is there already", failure.Message, StringComparison.Ordinal);
        Assert.Equal([1, 2, 3], _server.Objects["db/a.dump"].Bytes);
        Assert.Empty(_server.Uploads);
    }

    [Theory]
    [InlineData(1000)]
    [InlineData(S3Server.LeastPart + 1)]
    public async Task WhereTheConditionIsUnknownALookKeepsFromReplacing(int length)
    {
        using Store store = Open();
        _server.Fault = (_, request) => request.Headers["If-None-Match"] is null ? null : new S3Fault(S3FaultKind.Unknown);
        await store.PutAsync("a.dump", new MemoryStream(new byte[length]), length, null, default);
        Assert.Equal(length, _server.Objects["db/a.dump"].Bytes.Length);

        CryoBackupException failure = await Assert.ThrowsAsync<CryoBackupException>(() =>
            store.PutAsync("a.dump", new MemoryStream(new byte[7]), 7, null, default)
        );

        Assert.Contains("is there already", failure.Message, StringComparison.Ordinal);
        Assert.Equal(length, _server.Objects["db/a.dump"].Bytes.Length);
    }

    /// <summary>503s, cuts at any byte, lost answers, wrong bytes: at every request once, and the object is there as it was
    /// given.</summary>
    [Fact]
    public async Task WhateverGoesWrongOnceIsRepaired()
    {
        byte[] content = RandomNumberGenerator.GetBytes((2 * S3Server.LeastPart) + 100);
        var random = new Random(12);
        int wrong = 0;
        for (int round = 0; round < Thoroughness.Of(60, 400); round++)
        {
            string name = $"{round}.dump";
            int at = 1 + (round % 6);
            int seen = 0;
            S3Fault fault = (round / 6 % 4) switch
            {
                0 => new S3Fault(S3FaultKind.Busy),
                1 => new S3Fault(S3FaultKind.Cut, random.Next(S3Server.LeastPart)),
                2 => new S3Fault(S3FaultKind.AnswerLost),
                _ => new S3Fault(S3FaultKind.WrongBytes),
            };
            _server.Fault = (_, _) =>
            {
                bool now = Interlocked.Increment(ref seen) == at;
                wrong += now ? 1 : 0;
                return now ? fault : null;
            };
            using Store store = Open();

            await store.PutAsync(name, new MemoryStream(content), content.Length, null, default);

            Assert.True(content.AsSpan().SequenceEqual(_server.Objects[$"db/{name}"].Bytes), $"{fault} at request {at}");
            _server.Objects.TryRemove($"db/{name}", out _);
            // A beginning whose answer was lost leaves one that the next run removes.
            _server.Fault = (_, _) => null;
            await store.RemoveUnfinishedAsync("", _ => true, default);
            Assert.Empty(_server.Uploads);
        }

        Assert.True(wrong > 10);
    }

    [Theory]
    [InlineData(1000)]
    [InlineData(S3Server.LeastPart + 1)]
    public async Task AnAnswerThatIsLostIsNoSecondWriter(int length)
    {
        using Store store = Open();
        int lost = 0;
        _server.Fault = (_, request) =>
            request.Headers["If-None-Match"] is not null && Interlocked.Increment(ref lost) == 1
                ? new S3Fault(S3FaultKind.AnswerLost)
                : null;

        await store.PutAsync("a.dump", new MemoryStream(new byte[length]), length, null, default);

        Assert.Equal(length, _server.Objects["db/a.dump"].Bytes.Length);
        Assert.True(lost > 1);
    }

    [Fact]
    public async Task WhatIsRefusedIsNotRepeated()
    {
        using Store store = Open();
        int asked = 0;
        _server.Fault = (_, _) =>
        {
            Interlocked.Increment(ref asked);
            return new S3Fault(S3FaultKind.Denied);
        };

        CryoBackupException failure = await Assert.ThrowsAsync<CryoBackupException>(() =>
            store.PutAsync("a.dump", new MemoryStream(new byte[10]), 10, null, default)
        );

        Assert.Equal(CryoBackupError.PermissionDenied, failure.Error);
        Assert.Equal(1, asked);
        Assert.DoesNotContain(S3Server.SecretKey, failure.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(S3Server.AccessKey, failure.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatIsGoneSinceItWasListedIsToldSo()
    {
        using Store store = Open();
        _server.Objects["db/a.dump"] = new S3Content([1, 2, 3], "");
        StoreObject found = Assert.Single(await store.ListAsync("", default));
        _server.Objects.Clear();

        CryoBackupException failure = await Assert.ThrowsAsync<CryoBackupException>(() => store.ReadAllAsync(found, default));

        Assert.Equal(CryoBackupError.BackupNotFound, failure.Error);
        Assert.Contains("'s3://backups/db/a.dump' is not there", failure.Message, StringComparison.Ordinal);
        Assert.Same(failure, store.Explain(failure, "a.dump"));
    }

    /// <summary>What a cancellation tears down is no fault of the store.</summary>
    [Theory]
    [InlineData(S3FaultKind.Cut)]
    [InlineData(S3FaultKind.Denied)]
    public async Task WhatIsCancelledIsToldAsThat(object kind)
    {
        using Store store = Open();
        using var stop = new CancellationTokenSource();
        _server.Fault = (_, _) =>
        {
            stop.Cancel();
            return new S3Fault((S3FaultKind)kind);
        };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => store.HeadAsync("a.dump", stop.Token));
    }

    [Fact]
    public async Task WrongKeysAreTold()
    {
        using Store store = Open(
            new StoreOptions
            {
                Endpoint = _server.Endpoint,
                AccessKey = S3Server.AccessKey,
                SecretKey = "wrong",
            }
        );

        CryoBackupException failure = await Assert.ThrowsAsync<CryoBackupException>(() => store.ListAsync("", default));

        Assert.Equal(CryoBackupError.PermissionDenied, failure.Error);
        Assert.Contains("SignatureDoesNotMatch", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ABucketThatIsMissingIsTold()
    {
        using Store store = StoreDrivers.Open(StoreLocation.Parse("s3://no-such-bucket/db"), Options(), _ => { });

        CryoBackupException failure = await Assert.ThrowsAsync<CryoBackupException>(() =>
            store.PutAsync("a.dump", new MemoryStream(new byte[10]), 10, null, default)
        );

        Assert.Equal(CryoBackupError.BackupNotFound, failure.Error);
        Assert.Contains("s3://no-such-bucket/db", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NobodyAtTheAddressIsTold()
    {
        // Taken, so that nobody else listens there meanwhile.
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using Store store = Open(Options() with { Endpoint = new Uri($"http://{taken.LocalEndPoint}") });

        CryoBackupException failure = await Assert.ThrowsAsync<CryoBackupException>(() => store.HeadAsync("a.dump", default));

        Assert.Equal(CryoBackupError.LocationUnreachable, failure.Error);
    }

    [Fact]
    public async Task AReadThatIsCutGoesOnAtTheNextByte()
    {
        using Store store = Open();
        byte[] content = RandomNumberGenerator.GetBytes(300_000);
        _server.Objects["db/a.dump"] = new S3Content(content, "");
        StoreObject found = (await store.HeadAsync("a.dump", default))!;
        int cuts = 0;
        _server.Fault = (_, _) => Interlocked.Increment(ref cuts) <= 5 ? new S3Fault(S3FaultKind.Cut, 40_000) : null;

        Assert.Equal(content, await ReadAsync(store, found));
        Assert.True(cuts > 5);
    }

    [Fact]
    public async Task AnObjectThatIsAnotherMeanwhileIsNotReadOn()
    {
        using Store store = Open();
        _server.Objects["db/a.dump"] = new S3Content(RandomNumberGenerator.GetBytes(300_000), "");
        StoreObject found = (await store.HeadAsync("a.dump", default))!;
        _server.Objects["db/a.dump"] = new S3Content(RandomNumberGenerator.GetBytes(300_000), "");

        await Assert.ThrowsAnyAsync<Exception>(() => ReadAsync(store, found));
    }

    [Fact]
    public async Task ACancellationLeavesNothing()
    {
        using Store store = Open();
        using var stop = new CancellationTokenSource();
        int parts = 0;
        _server.Fault = (_, request) =>
        {
            if (request.RawUrl!.Contains("partNumber", StringComparison.Ordinal) && Interlocked.Increment(ref parts) == 2)
            {
                stop.Cancel();
            }

            return null;
        };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            store.PutAsync("a.dump", new MemoryStream(new byte[5 * S3Server.LeastPart]), null, null, stop.Token)
        );

        Assert.Empty(_server.Objects);
        Assert.Empty(_server.Uploads);
    }

    [Fact]
    public async Task AListOfThousandsTakesAPageAThousand()
    {
        using Store store = Open();
        for (int i = 0; i < 2500; i++)
        {
            _server.Objects[$"db/{i:D5}"] = new S3Content([1], "");
        }

        _server.Objects["db/below/x"] = new S3Content([1], "");
        Assert.Equal(2500, (await store.ListAsync("", default)).Count);
        Assert.Equal(3, _server.Seen.Count);
    }

    [Theory]
    [InlineData(0, 9000, 8)]
    [InlineData(100L << 30, 9000, 12)]
    [InlineData(5L << 40, 9000, 583)]
    [InlineData(1L << 30, 100, 11)]
    public void ThePartsOfAnEstimateAreWithinTheirNumber(long estimate, int most, int mebibytes)
    {
        int size = PartedUpload.PartSizeFor(estimate, most);
        Assert.Equal(mebibytes << 20, size);
        Assert.True((estimate + size - 1) / size <= most);
        Assert.InRange(PartedUpload.AtOnce(size), 2, 4);
    }

    private Store Open(StoreOptions? options = null) =>
        StoreDrivers.Open(StoreLocation.Parse($"s3://{S3Server.Bucket}/db"), options ?? Options(), _ => { }, Soon);

    private StoreOptions Options() =>
        new()
        {
            Endpoint = _server.Endpoint,
            AccessKey = S3Server.AccessKey,
            SecretKey = S3Server.SecretKey,
            SmallestPart = S3Server.LeastPart,
        };

    private static async Task<byte[]> ReadAsync(Store store, StoreObject found)
    {
        await using Stream stream = store.OpenRead(found, default);
        using var read = new MemoryStream();
        await stream.CopyToAsync(read);
        return read.ToArray();
    }
}
