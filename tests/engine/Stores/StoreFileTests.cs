using System.Security.Cryptography;
using CryoBackup.Storage;
using CryoBackup.Stores;
using CryoBackup.Tests.Kept;

namespace CryoBackup.Tests.Stores;

/// <summary>An object that is read as a file.</summary>
[Trait("Runs", "Once")]
public sealed class StoreFileTests : IDisposable
{
    private readonly KeptStore _store = new();

    public void Dispose() => _store.Dispose();

    /// <summary>As a file it is read from wherever its position is set, its beginning also without asking again.</summary>
    [Fact]
    public void AnObjectIsReadFromAnyPosition()
    {
        byte[] content = RandomNumberGenerator.GetBytes(300_000);
        _store.Server.Objects["db/a.dump"] = new S3Content(content, "");
        using StoreFile file = StoreFile.Open("s3://backups/db/a.dump", _store.Options, _store.Say, default)!;
        Assert.Equal((300_000, true, true, false), (file.Length, file.CanSeek, file.CanRead, file.CanWrite));
        byte[] read = new byte[1000];
        foreach (
            (long offset, SeekOrigin origin, int at) in ((long, SeekOrigin, int)[])
                [
                    (0, SeekOrigin.Begin, 0),
                    (100_000, SeekOrigin.Current, 101_000),
                    (-1000, SeekOrigin.End, 299_000),
                    (70_000, SeekOrigin.Begin, 70_000),
                    (500, SeekOrigin.Begin, 500),
                ]
        )
        {
            Assert.Equal(at, file.Seek(offset, origin));
            file.ReadExactly(read, 0, read.Length);
            Assert.Equal(content[at..(at + 1000)], read);
            Assert.Equal(at + 1000, file.Position);
        }

        int asked = _store.Server.Seen.Count;
        file.Position = 1500;
        file.ReadExactly(read);
        Assert.Equal(content[1500..2500], read);
        Assert.Equal(asked, _store.Server.Seen.Count);
        file.Position = 299_990;
        Assert.Equal(10, file.ReadAtLeast(read, read.Length, throwOnEndOfStream: false));
        Assert.Equal(0, file.Read(read));
    }

    [Fact]
    public void AFileThatIsRefusedOrNotThereIsToldApart()
    {
        Assert.Null(StoreFile.Open("s3://backups/db/a.dump", _store.Options, _store.Say, default));
        _store.Server.Fault = (_, _) => new S3Fault(S3FaultKind.Denied);
        Assert.Equal(
            CryoBackupError.PermissionDenied,
            Assert.Throws<CryoBackupException>(() => StoreFile.Open("s3://backups/db/a.dump", _store.Options, _store.Say, default)).Error
        );
    }

    /// <summary>What is longer than any manifest is not read, wherever it lies.</summary>
    [Fact]
    public void AManifestThatIsTooLongIsNone()
    {
        using var folder = new TemporaryFolder();
        using FileStream sparse = File.Create(Path.Combine(folder.Path, "long"));
        sparse.SetLength(1L << 40);
        CryoBackupException failure = Assert.Throws<CryoBackupException>(() =>
            StoredFile.ReadManifest("s3://backups/db/a.dump.meta.json", sparse)
        );
        Assert.Equal(CryoBackupError.ManifestInvalid, failure.Error);
        Assert.Contains("more than any manifest", failure.Message, StringComparison.Ordinal);
    }

    /// <summary>A manifest that the store does not give is none that is damaged.</summary>
    [Fact]
    public void AManifestThatCannotBeReadIsToldAsWhatItIs()
    {
        var stored = new StoredFile("s3://backups/db/a.dump", _store.Options, _store.Say);
        Assert.Null(stored.ReadManifest(default));
        _store.Server.Objects["db/a.dump.meta.json"] = new S3Content(new byte[1000], "");
        _store.Server.Fault = (_, request) => request.HttpMethod == "GET" ? new S3Fault(S3FaultKind.Denied) : null;
        Assert.Equal(CryoBackupError.PermissionDenied, Assert.Throws<CryoBackupException>(() => stored.ReadManifest(default)).Error);
        _store.Server.Fault = (_, _) => null;
        Assert.Equal(CryoBackupError.ManifestInvalid, Assert.Throws<CryoBackupException>(() => stored.ReadManifest(default)).Error);
    }
}
