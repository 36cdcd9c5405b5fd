using CryoBackup.Storage;
using CryoBackup.Stores;
using CryoBackup.Tests.Kept;

namespace CryoBackup.Tests.Stores;

/// <summary>A file of a new backup in a store: it is what was written, or it is taken back, and nobody else's ever is.</summary>
[Trait("Runs", "Once")]
public sealed class StoreOutputTests : IDisposable
{
    private const string Name = "app_20260101_000000_full.dump.gz";

    private readonly KeptStore _store = new();

    public void Dispose() => _store.Dispose();

    /// <summary>A store that cuts, or drops, what it has taken is found before there is a manifest.</summary>
    [Theory]
    [InlineData(3, "was put with 5 bytes, and the store has 3 of them")]
    [InlineData(0, "was put with 5 bytes, and the store has none of them")]
    public void WhatIsNotThereAsItWasPutIsRefused(int left, string words)
    {
        using BackupOutput output = Put();
        _store.Server.Fault = (_, request) =>
        {
            if (request.HttpMethod == "HEAD" && left > 0)
            {
                _store.Change($"{KeptStore.Place}/{Name}", content => content with { Bytes = content.Bytes[..left] });
            }
            else if (request.HttpMethod == "HEAD")
            {
                _store.Server.Objects.Clear();
            }

            return null;
        };
        CryoBackupException failure = Assert.Throws<CryoBackupException>(output.Publish);
        Assert.Equal(CryoBackupError.DestinationNotWritable, failure.Error);
        Assert.Contains(words, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatIsWithdrawnIsGone()
    {
        using (BackupOutput output = Put())
        {
            output.Publish();
            Assert.Equal([Name], _store.Files);
            output.Withdraw();
        }

        Assert.Empty(_store.Files);
        Assert.Empty(_store.Warnings);
    }

    /// <summary>With its manifest it is a backup, whoever has put that there.</summary>
    [Fact]
    public void WhatHasAManifestIsNotTakenBack()
    {
        using (BackupOutput output = Put())
        {
            output.Publish();
            _store.Write(Name + BackupFileName.ManifestSuffix, "{}");
            output.Withdraw();
        }

        Assert.Contains(Name, _store.Files);
        Assert.Contains("could not be removed again", Assert.Single(_store.Warnings), StringComparison.Ordinal);
    }

    /// <summary>Another run has put another file under the name since.</summary>
    [Fact]
    public void WhatAnotherHasPutThereIsNotTakenAway()
    {
        using (BackupOutput output = Put())
        {
            output.Publish();
            _store.Change($"{KeptStore.Place}/{Name}", content => content with { Mark = "another" });
            output.Withdraw();
        }

        Assert.Equal([Name], _store.Files);
        Assert.Empty(_store.Warnings);
    }

    /// <summary>What is written is counted, and begins anew where it is cut to nothing.</summary>
    [Fact]
    public void WhatIsBegunAnewHoldsTheSecondAlone()
    {
        using BackupOutput output = Put();
        Assert.Equal((5, 5), (output.Stream.Length, output.Stream.Position));
        Assert.Throws<ArgumentOutOfRangeException>(() => output.Stream.SetLength(3));
        output.Stream.SetLength(0);
        output.Stream.Write([.. "again"u8], 1, 3);
        output.Publish();
        Assert.Equal("gai", System.Text.Encoding.UTF8.GetString(_store.Server.Objects["db/" + Name].Bytes));
    }

    /// <summary>To whoever writes, a store that refuses is a disk that does; the reason lies within.</summary>
    [Fact]
    public void ARefusalWhileItIsWrittenIsAFaultOfWriting()
    {
        using BackupOutput output = Put();
        _store.Server.Fault = (_, _) => new S3Fault(S3FaultKind.Denied);
        IOException failure = Assert.Throws<IOException>(() =>
        {
            for (int part = 0; part < 20; part++)
            {
                output.Stream.Write(new byte[S3Server.LeastPart]);
            }
        });
        Assert.Equal(CryoBackupError.PermissionDenied, Assert.IsType<CryoBackupException>(failure.InnerException).Error);
    }

    private OutputOfStore Put()
    {
        var output = new OutputOfStore(_store);
        output.Stream.Write("12345"u8);
        return output;
    }

    /// <summary>An output that closes its store.</summary>
    private sealed class OutputOfStore : BackupOutput
    {
        private readonly Store _opened;
        private readonly StoreOutput _output;

        public OutputOfStore(KeptStore store)
        {
            _opened = StoreDrivers.Open(StoreLocation.Parse(KeptStore.Place), store.Options, store.Say);
            _output = new StoreOutput(_opened, Name, null, null, store.Say, default);
        }

        public override string FinalPath => _output.FinalPath;

        public override Stream Stream => _output.Stream;

        public override void Complete() => _output.Complete();

        public override void Publish() => _output.Publish();

        public override void Withdraw() => _output.Withdraw();

        public override void Dispose()
        {
            _output.Dispose();
            _opened.Dispose();
        }
    }
}
