using CryoBackup.Retention;
using CryoBackup.Storage;
using CryoBackup.Stores;
using CryoBackup.Tests.Stores;
using static CryoBackup.RemovalAction;

namespace CryoBackup.Tests.Kept;

/// <summary>A store that lets nobody delete this or that: what stays is told, and is found again by who may.</summary>
[Trait("Runs", "Once")]
public sealed class StoreRemovalFaultTests : IDisposable
{
    private static readonly RetentionRules LastTwo = new() { KeepLast = 2 };

    private readonly KeptStore _store = new();

    public void Dispose() => _store.Dispose();

    [Fact]
    public void AHoldThatCannotTakeTheFirstOnesPlaceIsTold()
    {
        string held = _store.Add(1);
        _store.Hold(held);
        Deny(_ => true);
        Assert.Contains("held until 2", _store.Hold(held, DateTime.UtcNow.AddDays(1)).Hold, StringComparison.Ordinal);
        Assert.Contains("what held it before holds too", Assert.Single(_store.Warnings), StringComparison.Ordinal);
        Assert.Equal(2, _store.Files.Count(name => name.Contains(".hold.", StringComparison.Ordinal)));
    }

    /// <summary>One object is kept by the store, the others could go: none does.</summary>
    [Fact]
    public void WhatTheStoreRefusesStandsAsItStood()
    {
        string old = _store.Add(1, hasGlobals: true);
        string free = _store.Add(2);
        _store.Add(3);
        _store.Add(4);
        string[] before = _store.Files;
        Deny(name => name == Path.GetFileName(old));
        IReadOnlyList<RemovalResult> done = _store.Remove(LastTwo);
        Assert.Equal(Blocked, done.Single(result => result.Path == old).Action);
        Assert.Equal(Removed, done.Single(result => result.Path == free).Action);
        Assert.Equal(before.Where(name => !name.StartsWith(Path.GetFileName(free), StringComparison.Ordinal)), _store.Files);
    }

    /// <summary>Where even the mark cannot be taken back, the first fault is the one to tell; the mark alone removes nothing.</summary>
    [Fact]
    public void AMarkThatStaysRemovesNothing()
    {
        string old = _store.Add(1, hasGlobals: true);
        _store.Add(2);
        _store.Add(3);
        string[] before = _store.Files;
        Deny(name => !name.Contains("-probe-", StringComparison.Ordinal));
        RemovalResult refused = Assert.Single(_store.Remove(LastTwo), one => one.Path == old);
        Assert.Equal(Blocked, refused.Action);
        Assert.Contains($"'{old}' was refused", refused.Reasons[0], StringComparison.Ordinal);
        Assert.Contains(".removal.", Assert.Single(_store.Files.Except(before)), StringComparison.Ordinal);
        Allow();
        Assert.Equal(3, _store.Find().Count);
        _store.Hold(old);
        Assert.All(_store.Remove(LastTwo), result => Assert.Equal(Keep, result.Action));
        Assert.DoesNotContain(_store.Files, name => name.Contains(".removal.", StringComparison.Ordinal));
        _store.LetGo(old);
        Assert.Equal(Removed, _store.Remove(LastTwo).Single(result => result.Path == old).Action);
    }

    [Fact]
    public void WhatCannotBeCompletedIsToldAndFoundAgain()
    {
        string begun = Begin(_store.Add(1, hasGlobals: true), manifest => manifest);
        _store.Add(2);
        _store.Add(3);
        string[] before = _store.Files;
        Deny(_ => true);
        _store.Remove(LastTwo);
        Assert.Contains(
            _store.Warnings,
            warning => warning.StartsWith($"The removal of '{begun}', which was begun, could not be completed: ", StringComparison.Ordinal)
        );
        Assert.Equal(before, _store.Files);
        Allow();
        _store.Remove(LastTwo);
        Assert.DoesNotContain(_store.Files, name => name.StartsWith(Path.GetFileName(begun), StringComparison.Ordinal));
    }

    /// <summary>A mark that is of another content, or noise, makes nobody remove what lies there.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AMarkOfAnotherCompletesNothing(bool isNoise)
    {
        string lost = Begin(_store.Add(1, hasGlobals: true), manifest => manifest with { Sha256 = new string('f', 64) });
        if (isNoise)
        {
            _store.Write(_store.Files.Single(name => name.Contains(".removal.", StringComparison.Ordinal)), "noise");
        }

        _store.Add(2);
        _store.Add(3);
        string[] before = _store.Files;
        RemovalResult result = Assert.Single(_store.Remove(LastTwo), one => one.Path == lost);
        Assert.Equal((Keep, "its file is gone: the manifest alone tells of it"), (result.Action, Assert.Single(result.Reasons)));
        Assert.Equal(before, _store.Files);
    }

    /// <summary>A verdict that the store does not give may be a failure, and may be the only proof.</summary>
    [Theory]
    [InlineData(0, "what Tests concluded of it cannot be read")]
    [InlineData(3, "frozen: the newest, of 2026-01-30 00:00:00Z, is not proven")]
    public async Task WhatNobodyCanReadTheVerdictsOfStays(int number, string reason)
    {
        string[] all = [.. new[] { 1, 28, 29, 30 }.Select(day => _store.Add(day))];
        using Store store = StoreNotes.Open(StoreLocation.Parse(KeptStore.Place), _store.Options, _store.Say);
        var verdict = new ProofRecord.TestVerdict { Verdict = Verdict.Inconclusive };
        await StoreNotes.RememberAsync(store, Path.GetFileName(all[number]), verdict, _store.Say, default);
        _store.Server.Fault = (_, request) =>
            request.HttpMethod == "GET" && request.RawUrl!.Contains(".proof.", StringComparison.Ordinal)
                ? new S3Fault(S3FaultKind.Denied)
                : null;
        RemovalResult oldest = Assert.Single(_store.Remove(LastTwo), result => result.Path == all[0]);
        Assert.Equal((Keep, reason), (oldest.Action, Assert.Single(oldest.Reasons)));
        Assert.All(
            _store.Warnings,
            warning => Assert.StartsWith($"What Tests concluded of '{all[number]}' cannot be read", warning, StringComparison.Ordinal)
        );
        Assert.NotEmpty(_store.Warnings);
        Allow();
        Assert.Equal(2, _store.Remove(LastTwo).Count(result => result.Action == Removed) + (number == 0 ? 1 : 0));
    }

    /// <summary>Verdicts that cannot be taken away stay beside the new one, which counts.</summary>
    [Fact]
    public async Task OlderVerdictsMayStay()
    {
        string name = Path.GetFileName(_store.Add(1));
        using Store store = StoreNotes.Open(StoreLocation.Parse(KeptStore.Place), _store.Options, _store.Say);
        var verdict = new ProofRecord.TestVerdict { Verdict = Verdict.Passed };
        await StoreNotes.RememberAsync(store, name, verdict, _store.Say, default);
        await Task.Delay(5);
        Deny(_ => true);
        await StoreNotes.RememberAsync(store, name, verdict, _store.Say, default);
        Assert.Equal(2, _store.Files.Count(file => file.Contains(".proof.", StringComparison.Ordinal)));
        Assert.Contains("stay beside it", Assert.IsType<VerboseMessage>(Assert.Single(_store.Said)).Text, StringComparison.Ordinal);
        await Task.Delay(5);
        Allow();
        await StoreNotes.RememberAsync(store, name, verdict, _store.Say, default);
        Assert.Single(_store.Files, file => file.Contains(".proof.", StringComparison.Ordinal));
    }

    /// <summary>A store has no folders below: that is said, and what lies at the place is listed.</summary>
    [Fact]
    public void WhatLiesBelowAPlaceIsNotListedAndThatIsSaid()
    {
        string backup = _store.Add(1);
        Assert.Equal(backup, Assert.Single(Find(KeptStore.Place)).Path);
        Assert.Contains("what lies below it is not listed", Assert.Single(_store.Warnings), StringComparison.Ordinal);

        IReadOnlyList<BackupInfo> Find(string place) =>
            BackupCatalog.Find(place, new CatalogQuery { Recurse = true }, _store.Say, default, _store.Options);
    }

    private void Deny(Predicate<string> isKept) =>
        _store.Server.Fault = (_, request) =>
            request.HttpMethod == "DELETE" && isKept(request.Url!.Segments[^1]) ? new S3Fault(S3FaultKind.Denied) : null;

    private void Allow() => _store.Server.Fault = (_, _) => null;

    /// <summary>Killed once its data was gone.</summary>
    private string Begin(string path, Func<BackupManifest, BackupManifest> change)
    {
        string name = Path.GetFileName(path);
        var manifest = BackupManifest.Read(path, [.. _store.Server.Objects[$"db/{name}{BackupFileName.ManifestSuffix}"].Bytes]);
        _store.Write(
            NoteName.Make(name, BackupFileName.RemovalSuffix, "begun", DateTime.UtcNow),
            System.Text.Encoding.UTF8.GetString(RemovalMark.Write(name, change(manifest)))
        );
        _store.Server.Objects.TryRemove("db/" + name, out _);
        return path;
    }
}
