using System.Diagnostics;
using CryoBackup.Backup;
using CryoBackup.Storage;
using CryoBackup.Stores;
using CryoBackup.Tests.Backup;
using CryoBackup.Verification;
using Xunit.Abstractions;

namespace CryoBackup.Tests.Stores;

/// <summary>A backup that is made straight into a store: whole or not there at all, wherever it ends.</summary>
[Collection("backup")]
public sealed class NewInStoreTests : IDisposable
{
    private const string Database = "new_in_store";
    private const string Place = "s3://backups/db";

    private readonly PostgresServer _postgres;
    private readonly S3Server _server = new();
    private readonly List<EngineMessage> _said = [];

    private readonly ITestOutputHelper _output;

    public NewInStoreTests(PostgresServer postgres, ITestOutputHelper output)
    {
        (_postgres, _output) = (postgres, output);
        postgres.CreateDatabase(Database);
        postgres.Execute(
            Database,
            "CREATE TABLE sample AS SELECT n AS id, md5(n::text) || md5((-n)::text) AS text FROM generate_series(1, 12000) AS n"
        );
    }

    public void Dispose() => _server.Dispose();

    [PostgresFact]
    public void ItsFilesAreThereAndNothingElse()
    {
        BackupInfo made = New(request => request with { IncludeGlobals = true });

        Assert.Equal(Place, made.Location);
        Assert.Equal($"{Place}/{Path.GetFileName(made.Path)}", made.Path);
        Assert.Equal(made.Path + ".meta.json", made.ManifestPath);
        string name = "db/" + Path.GetFileName(made.Path);
        Assert.Equal(new[] { name, name + ".globals.sql.gz", name + ".meta.json" }, _server.Objects.Keys.Order(StringComparer.Ordinal));
        Assert.Empty(_server.Uploads);
        Assert.Equal(made.Size, _server.Objects[name].Bytes.Length);
        Assert.Equal(made.Hash, Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(_server.Objects[name].Bytes)));

        // It went in parts, and its manifest came last.
        Assert.Contains(_server.Seen, seen => seen.Line.Contains("partNumber=2", StringComparison.Ordinal));
        string last = _server.Seen.Select(seen => seen.Line).Last(line => line[..3] is "PUT" or "POS");
        Assert.EndsWith(".meta.json", last, StringComparison.Ordinal);
        BackupInfo found = Assert.Single(Find());
        Assert.Equal(made.Path, found.Path);
        Assert.Equal(Place, found.Location);
        Assert.Equal(12000, found.RowCount);
    }

    /// <summary>A database may have any name; its backup is found by the path that is told.</summary>
    [PostgresTheory]
    [InlineData("a#b@c d")]
    [InlineData("50% of: \"x\"/y?")]
    [InlineData("Größe+&=")]
    public void ABackupIsFoundByItsPathWhateverItsDatabaseIsCalled(string database)
    {
        _postgres.CreateDatabase(database);
        BackupInfo made = New(request => request with { Database = database });

        Assert.Equal(made.Path, Assert.Single(Find()).Path);
        VerificationResult result = BackupVerifier.Run(new VerificationRequest { Path = made.Path, Store = Options }, Say, default);
        Assert.True(result.IsValid, result.Reason);
        Assert.Equal(database, result.Database);
    }

    [PostgresFact]
    public void APlaceThatIsNotThereIsFoundBeforeAnythingIsDumped()
    {
        CryoBackupException failure = Assert.Throws<CryoBackupException>(() => New(request => request with { Folder = "s3://absent/db" }));

        Assert.Equal(CryoBackupError.BackupNotFound, failure.Error);
        Assert.Contains("'s3://absent/db' does not exist", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(_said.OfType<VerboseMessage>(), message => message.Text.Contains("snapshot", StringComparison.Ordinal));
    }

    /// <summary>No server here knows Object Lock; the requests are those of S3's documentation, and what a server says of it is read.</summary>
    [PostgresFact]
    public void WhatIsPutIsLockedWhereThatIsAskedFor()
    {
        BackupInfo made = New(request =>
            request with
            {
                IncludeGlobals = true,
                Store = Options with { LockMode = "COMPLIANCE", LockDays = 30 },
            }
        );

        Assert.All(
            _server.Objects.Values,
            content =>
            {
                Assert.Equal("COMPLIANCE", content.Lock!.Value.Mode);
                Assert.Matches("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{3})?Z$", content.Lock.Value.Until);
            }
        );
        Assert.InRange(made.BlockedUntil!.Value, DateTime.UtcNow.AddDays(29.9), DateTime.UtcNow.AddDays(30.1));
        Assert.Equal(DateTimeKind.Utc, made.BlockedUntil.Value.Kind);
        Assert.Null(New(request => request with { Folder = "s3://backups/other" }).BlockedUntil);
    }

    [PostgresFact]
    public void EndedAtAnyRequestForGoodNothingIsLeft()
    {
        New(request => request with { IncludeGlobals = true });
        int requests = _server.Seen.Count;
        for (int at = 1; at <= requests; at += Thoroughness.Of(3, 1))
        {
            _server.Objects.Clear();
            int seen = 0;
            _server.Fault = (_, request) =>
                request.HttpMethod is not ("DELETE" or "HEAD") && Interlocked.Increment(ref seen) == at
                    ? new S3Fault(S3FaultKind.Denied)
                    : null;
            try
            {
                New(request => request with { IncludeGlobals = true });
            }
            catch (CryoBackupException)
            {
                Assert.Empty(_server.Objects);
            }

            Assert.Empty(_server.Uploads);
        }
    }

    /// <summary>A run that may not delete leaves what is no backup, says so, and the next that may removes it.</summary>
    [PostgresFact]
    public void WithoutTheRightToDeleteItIsToldAndTheNextRunRemovesIt()
    {
        _server.Fault = (_, request) =>
            request.HttpMethod == "DELETE"
            || (request.HttpMethod == "PUT" && request.RawUrl!.EndsWith(".meta.json", StringComparison.Ordinal))
                ? new S3Fault(S3FaultKind.Denied)
                : null;
        Assert.Throws<CryoBackupException>(() => New());
        Assert.Single(_server.Objects);
        Assert.Contains(_said.OfType<WarningMessage>(), message => message.Text.Contains("could not be removed", StringComparison.Ordinal));
        Assert.Empty(Find());

        _server.Fault = (_, _) => null;
        New();
        Assert.Equal(2, _server.Objects.Count);
        Assert.Single(Find());
    }

    /// <summary>A request that was given up may still be carried out: a manifest must not come to a backup that was removed.</summary>
    [PostgresFact]
    public void AManifestOfWhichNobodyKnowsWhetherItCameKeepsItsBackup()
    {
        _server.Fault = (_, request) =>
            request.HttpMethod is "PUT" or "HEAD" && request.RawUrl!.EndsWith(".meta.json", StringComparison.Ordinal)
                ? new S3Fault(S3FaultKind.AnswerLost)
                : null;
        CryoBackupException failure = Assert.Throws<CryoBackupException>(() => New());
        Assert.Equal(CryoBackupError.LocationUnreachable, failure.Error);
        Assert.Contains(_said.OfType<WarningMessage>(), message => message.Text.Contains("is not known", StringComparison.Ordinal));
        _server.Fault = (_, _) => null;
        Assert.Single(Find());
        AssertWhole("late manifest");

        // Where it never came, the next run removes the rest.
        Assert.True(_server.Objects.TryRemove(_server.Objects.Keys.Single(BackupFolder.IsManifest), out _));
        New();
        Assert.Equal(2, _server.Objects.Count);
        AssertWhole("after it");
    }

    [PostgresFact]
    public void CancelledItIsGoneWithinASecondOrTwo()
    {
        using var stop = new CancellationTokenSource();
        var clock = new Stopwatch();
        _server.Fault = (_, request) =>
        {
            if (request.RawUrl!.Contains("partNumber=2", StringComparison.Ordinal) && !stop.IsCancellationRequested)
            {
                clock.Start();
                stop.Cancel();
            }

            return null;
        };

        Assert.ThrowsAny<OperationCanceledException>(() => New(stop: stop.Token));

        clock.Stop();
        Assert.Empty(_server.Objects);
        Assert.Empty(_server.Uploads);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(60), $"{clock.Elapsed}");
    }

    /// <summary>
    /// Killed, cut or sent away at random points: what looks whole is whole, nothing is replaced, and the next run leaves nothing of it.
    /// </summary>
    [PostgresFact]
    [Trait("Runs", "Once")]
    public void AtRandomPointsNothingLooksWholeThatIsNot()
    {
        var points = new RandomPoints(few: 4);
        Random random = points.Random;
        New(request => request with { IncludeGlobals = true });
        int requests = _server.Seen.Count;
        (int Killed, int Failed, int Made) counted = default;
        for (int point = 0; point < points.Count; point++)
        {
            _server.Objects.Clear();
            string told = points.Told(point);
            S3FaultKind kind = new[] { S3FaultKind.Busy, S3FaultKind.Cut, S3FaultKind.AnswerLost }[random.Next(3)];
            var fault = new S3Fault(kind, random.Next(S3Server.LeastPart));
            int at = random.Next(1, requests + 1);
            bool lasts = random.Next(3) == 0;
            if (point % 2 == 0)
            {
                Kill(at, fault);
                counted.Killed++;
            }
            else
            {
                int seen = 0;
                _server.Fault = (_, request) =>
                    request.HttpMethod is not ("HEAD" or "DELETE")
                    && Interlocked.Increment(ref seen) is int now
                    && (now == at || (lasts && now > at))
                        ? fault
                        : null;
                try
                {
                    New(request => request with { IncludeGlobals = true });
                    counted.Made++;
                }
                catch (CryoBackupException)
                {
                    counted.Failed++;
                }
            }

            _server.Fault = (_, _) => null;
            AssertWhole(told);
            Dictionary<string, S3Content> before = new(_server.Objects);
            Thread.Sleep(TimeSpan.FromSeconds(before.Count > 0 ? 1 : 0));
            New(request => request with { IncludeGlobals = true });
            string[] backups = [.. _server.Objects.Keys.Where(BackupFolder.IsManifest)];
            Assert.True(_server.Objects.Count == 3 * backups.Length, told + string.Join(", ", _server.Objects.Keys));
            Assert.True(_server.Uploads.IsEmpty, told + "an upload is left");
            Assert.All(before.Where(one => _server.Objects.ContainsKey(one.Key)), one => Assert.Same(one.Value, _server.Objects[one.Key]));
            AssertWhole(told);
        }

        _output.WriteLine($"{points.Count} points of {requests} requests: {counted}");
        Assert.Equal(points.Count, counted.Killed + counted.Failed + counted.Made);
    }

    private void AssertWhole(string told)
    {
        foreach (string manifest in _server.Objects.Keys.Where(BackupFolder.IsManifest))
        {
            var read = BackupManifest.Read(manifest, [.. _server.Objects[manifest].Bytes]);
            string data = BackupFolder.BackupOf(manifest);
            Assert.True(_server.Objects.ContainsKey(data), told + "a manifest without its backup");
            Assert.Equal(
                read.Sha256,
                Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(_server.Objects[data].Bytes)).ToLowerInvariant()
            );
            if (read.Globals is { } globals)
            {
                Assert.Equal(
                    globals.Sha256,
                    Convert
                        .ToHexString(System.Security.Cryptography.SHA256.HashData(_server.Objects[data + ".globals.sql.gz"].Bytes))
                        .ToLowerInvariant()
                );
            }
        }
    }

    private void Kill(int at, S3Fault fault)
    {
        using var begun = new ManualResetEventSlim();
        ChildBackup? child = null;
        int seen = 0;
        _server.Fault = (_, _) =>
        {
            begun.Wait();
            if (Interlocked.Increment(ref seen) >= at)
            {
                child!.Kill();
                return fault;
            }

            return null;
        };
        using (
            child = new ChildBackup(
                _postgres.Connection,
                Database,
                Place,
                includeGlobals: true,
                environment: new Dictionary<string, string>
                {
                    ["AWS_ENDPOINT_URL_S3"] = _server.Endpoint.AbsoluteUri,
                    ["AWS_ACCESS_KEY_ID"] = S3Server.AccessKey,
                    ["AWS_SECRET_ACCESS_KEY"] = S3Server.SecretKey,
                }
            )
        )
        {
            begun.Set();
            child.WaitForExit();
        }
    }

    private BackupInfo New(Func<BackupRequest, BackupRequest>? more = null, CancellationToken stop = default)
    {
        BackupRequest request = Requests.Backup(_postgres.Connection, Database, Place) with { Store = Options };
        return BackupWriter.Run(more?.Invoke(request) ?? request, Say, stop);
    }

    private BackupInfo[] Find() => [.. BackupCatalog.Find(Place, null, latest: false, Say, default, Options)];

    private void Say(EngineMessage message)
    {
        lock (_said)
        {
            _said.Add(message);
        }
    }

    private StoreOptions Options =>
        new()
        {
            Endpoint = _server.Endpoint,
            AccessKey = S3Server.AccessKey,
            SecretKey = S3Server.SecretKey,
            SmallestPart = S3Server.LeastPart,
            FirstPause = TimeSpan.FromMilliseconds(1),
        };
}
