using CryoBackup.Backup;
using CryoBackup.Copies;
using CryoBackup.Retention;
using CryoBackup.Storage;
using CryoBackup.Stores;
using CryoBackup.Tests.Inspection;
using CryoBackup.Tests.Kept;
using CryoBackup.Tests.Stores;
using CryoBackup.Verification;

namespace CryoBackup.Tests.Proofs;

/// <summary>Each Test of a backup in a store leaves its verdict there, each copy that it was proven, and whoever asks later asks these.</summary>
[Collection("backup")]
[Trait("Runs", "Once")]
public sealed class StoreProofTests(PostgresServer postgres) : IDisposable
{
    private readonly KeptStore _store = new();
    private DateTime _nextSecond;

    public void Dispose() => _store.Dispose();

    [PostgresFact]
    public void EachTestLeavesItsVerdict()
    {
        BackupInfo made = Make();
        Assert.Equal(made.End, made.Proven);
        Assert.Equal(made.End, Listed(made).Proven);
        Assert.Empty(Notes());

        VerificationResult content = Test(made.Path);
        Assert.Equal(content.End, Listed(made).Proven);
        Assert.Null(Listed(made).Rehearsed);
        string note = Assert.Single(Notes());
        ProofRecord.TestVerdict verdict = Assert.Single(
            ProofRecord.Parse(_store.Server.Objects["db/" + note].Bytes, Path.GetFileName(made.Path))!.Verdicts
        );
        Assert.Equal((Environment.MachineName, VerificationLevel.Content), (verdict.Machine, verdict.Level));
        Assert.Equal(made.Hash, verdict.Sha256, ignoreCase: true);

        VerificationResult rehearsal = Test(made.Path, VerificationLevel.Restore);
        Assert.Equal((rehearsal.End, rehearsal.End), (Listed(made).Proven, Listed(made).Rehearsed));

        // A later one of the same level takes the place of the one before.
        VerificationResult again = Test(made.Path);
        Assert.Equal((again.End, rehearsal.End), (Listed(made).Proven, Listed(made).Rehearsed));
        Assert.Equal(2, Notes().Length);
        Assert.Empty(_store.Warnings);
    }

    /// <summary>What was put there since is not what was proven, though it be the same size and bear all the notes.</summary>
    [PostgresFact]
    public void WhatWasExchangedSinceIsNotProven()
    {
        BackupInfo made = Make();
        Test(made.Path, VerificationLevel.Restore);
        _store.Change(
            made.Path,
            content => new S3Content([.. content.Bytes.Select((value, at) => at == 9 ? (byte)~value : value)], content.Mark)
        );
        Assert.Equal((null, null), (Listed(made).Proven, Listed(made).Rehearsed));
        Assert.Equal(Verdict.Failed, Test(made.Path, VerificationLevel.Hash).Verdict);
        Assert.NotNull(Listed(made).Disproven);
        RemovalResult decided = Assert.Single(
            BackupRemoval.Plan(_store.By(new() { KeepLast = 1 }) with { Now = null }, _store.Say, default)
        );
        Assert.Contains("frozen", string.Join(' ', decided.Reasons), StringComparison.Ordinal);
    }

    /// <summary>The same bytes under another content's tag, noted for that one, or a note that is none.</summary>
    [PostgresTheory]
    [InlineData("noise")]
    [InlineData("{}")]
    [InlineData("another's")]
    public void WhatAnybodyPutsThereProvesNothing(string text)
    {
        BackupInfo made = Make();
        Test(made.Path, VerificationLevel.Restore);
        string note = Assert.Single(Notes());
        string good = System.Text.Encoding.UTF8.GetString(_store.Server.Objects["db/" + note].Bytes);
        _store.Write(
            note,
            text == "another's" ? good.Replace("app", "other", StringComparison.Ordinal).Replace("tag\": \"", "tag\": \"x") : text
        );
        Assert.Null(Listed(made).Rehearsed);
        Assert.Equal(made.End, Listed(made).Proven);
    }

    /// <summary>To write nothing there is told, and the verdict stands.</summary>
    [PostgresFact]
    public void WhereNobodyMayWriteTheVerdictStands()
    {
        BackupInfo made = Make();
        _store.Server.Fault = (_, request) => request.HttpMethod is "PUT" or "POST" or "DELETE" ? new S3Fault(S3FaultKind.Denied) : null;
        VerificationResult result = Test(made.Path);
        Assert.True(result.IsValid, result.Reason);
        Assert.Contains("is not remembered", Assert.Single(_store.Warnings), StringComparison.Ordinal);
        Assert.Equal(made.End, Listed(made).Proven);
    }

    /// <summary>A note that cannot be read may be of a Test that failed.</summary>
    [PostgresFact]
    public void WhatCannotBeReadIsNotTakenForAProof()
    {
        BackupInfo made = Make();
        Test(made.Path);
        _store.Server.Fault = (_, request) =>
            request.RawUrl!.Contains(".proof.", StringComparison.Ordinal) && request.HttpMethod == "GET"
                ? new S3Fault(S3FaultKind.Denied)
                : null;
        Assert.Null(Listed(made).Proven);
    }

    /// <summary>Of many at the same moment the last of each stays, and none is lost.</summary>
    [Fact]
    public async Task OfManyAtOnceNoneIsLost()
    {
        string path = _store.Add(1);
        string name = Path.GetFileName(path);
        using Store store = StoreNotes.Open(StoreLocation.Parse(KeptStore.Place), _store.Options, _store.Say);
        VerificationLevel[] levels = Enum.GetValues<VerificationLevel>();
        await Parallel.ForEachAsync(
            Enumerable.Range(0, 24),
            async (number, stop) =>
                await StoreNotes.RememberAsync(
                    store,
                    name,
                    new ProofRecord.TestVerdict { Level = levels[number % levels.Length], Verdict = Verdict.Passed },
                    _store.Say,
                    stop
                )
        );
        string[] said =
        [
            .. Notes().Select(note => NoteName.TryRead(note)!.What).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal),
        ];
        Assert.Equal(["content-passed", "hash-passed", "restore-passed"], said);
    }

    /// <summary>Notes are neither locked nor put where reading them takes hours.</summary>
    [PostgresFact]
    public void ANoteIsNotLocked()
    {
        BackupInfo made = Make();
        StoreOptions options = _store.Options with { LockMode = "GOVERNANCE", LockDays = 30, StorageClass = "GLACIER" };
        BackupVerifier.Run(new VerificationRequest { Path = made.Path, Store = options }, _store.Say, default);
        Assert.Null(_store.Server.Objects["db/" + Assert.Single(Notes())].Lock);
        Assert.DoesNotContain(_store.Server.Seen, seen => seen.Headers["x-amz-storage-class"] is not null);
    }

    /// <summary>A copy says where it lies that it was proven there, in a store and in a folder.</summary>
    [PostgresFact]
    public void ACopyIsProvenWhereItLies()
    {
        using var folder = new TemporaryFolder();
        postgres.CreateDatabase("copied");
        postgres.Execute("copied", SmallBackup.Content);
        BackupInfo made = BackupWriter.Run(Requests.Backup(postgres.Connection, "copied", folder.Path), _store.Say, default);
        BackupInfo copy = Copy(made.Path, KeptStore.Place, _store.Options);
        Assert.True(copy.Proven > made.Proven);
        Assert.InRange(Listed(copy).Proven!.Value, made.Proven!.Value.AddTicks(1), copy.Proven!.Value);
        Assert.Contains("-hash-passed-", Assert.Single(Notes()), StringComparison.Ordinal);

        string back = Path.Combine(folder.Path, "back");
        BackupInfo second = BackupCopier.Run(
            new CopyRequest
            {
                Path = copy.Path,
                Store = _store.Options,
                Destination = new CopyTarget(StoreLocation.Parse(back), new StoreOptions()),
            },
            _store.Say,
            default
        );
        Assert.Equal(VerificationLevel.Hash, Assert.Single(ProofRecord.Read(second.Path)).Level);
        Assert.True(BackupCatalog.Find(back, new CatalogQuery(), _store.Say, default).Single().Proven > made.Proven);
    }

    /// <summary>New into a store obeys its rules there, and compares with what lies there.</summary>
    [PostgresFact]
    public void NewRemovesAndComparesThere()
    {
        BackupInfo old = Make();
        BackupInfo middle = Make();
        BackupInfo newest = Make(request => request with { Retention = new RetentionRules { KeepLast = 2 } });
        Assert.Equal([old.Path], newest.Removed);
        Assert.Equal([newest.Path, middle.Path], _store.Find().Select(backup => backup.Path));

        postgres.Execute("stored", "DROP TABLE IF EXISTS gone; CREATE TABLE gone AS SELECT 1 AS a");
        Make();
        postgres.Execute("stored", "DROP TABLE gone");
        BackupInfo degraded = Make(request => request with { Retention = new RetentionRules { KeepLast = 1 } });
        Assert.NotEmpty(degraded.Degraded);
        Assert.Empty(degraded.Removed);
        Assert.Contains(_store.Warnings, warning => warning.Contains("degraded", StringComparison.Ordinal));
        Assert.NotEmpty(_store.Find()[0].Degraded);
    }

    private BackupInfo Copy(string path, string place, StoreOptions options) =>
        BackupCopier.Run(
            new CopyRequest { Path = path, Destination = new CopyTarget(StoreLocation.Parse(place), options) },
            _store.Say,
            default
        );

    private BackupInfo Make(Func<BackupRequest, BackupRequest>? change = null)
    {
        if (change is null && _store.Server.Objects.IsEmpty)
        {
            postgres.CreateDatabase("stored");
            postgres.Execute("stored", SmallBackup.Content);
        }

        // Of two in one second the later one's name and time are put on by a second; once a name is free again, they would change places.
        SpinWait.SpinUntil(() => DateTime.UtcNow >= _nextSecond);
        BackupRequest request = Requests.Backup(postgres.Connection, "stored", KeptStore.Place) with { Store = _store.Options };
        BackupInfo made = BackupWriter.Run(change?.Invoke(request) ?? request, _store.Say, default);
        _nextSecond = made.Start.AddSeconds(1);
        return made;
    }

    private VerificationResult Test(string path, VerificationLevel level = VerificationLevel.Content) =>
        BackupVerifier.Run(
            new VerificationRequest
            {
                Path = path,
                Store = _store.Options,
                Level = level,
            },
            _store.Say,
            default
        );

    private BackupInfo Listed(BackupInfo backup) => _store.Find().Single(one => one.Path == backup.Path);

    private string[] Notes() => [.. _store.Files.Where(name => name.Contains(".proof.", StringComparison.Ordinal))];
}
