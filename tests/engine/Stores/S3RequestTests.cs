using CryoBackup.Stores;
using CryoBackup.Tests.Kept;

namespace CryoBackup.Tests.Stores;

/// <summary>What no server here does of S3: encryption by a key of its KMS, and storage classes. The requests are those of the
/// documentation; Object Lock and legal holds are tried in NewInStoreTests and StoreRemovalTests.</summary>
[Trait("Runs", "Once")]
public sealed class S3RequestTests : IDisposable
{
    private readonly S3Server _server = new();

    public void Dispose() => _server.Dispose();

    /// <summary>Said once an object: of one in parts where it begins.</summary>
    [Theory]
    [InlineData(1000, "PUT /backups/db/a.dump")]
    [InlineData((2 * S3Server.LeastPart) + 1, "POST /backups/db/a.dump?uploads")]
    public async Task WhatIsPutIsEncryptedWhereThatIsAskedFor(int length, string line)
    {
        StoreOptions options = KeptStore.OptionsOf(_server.Endpoint) with
        {
            ServerSideEncryption = "aws:kms",
            KmsKey = "alias/backups",
            StorageClass = "STANDARD_IA",
        };
        using Store store = StoreDrivers.Open(StoreLocation.Parse(KeptStore.Place), options, _ => { });
        await store.PutAsync("a.dump", new MemoryStream(new byte[length]), length, null, default);
        (string Line, System.Net.WebHeaderCollection Headers)[] saying =
        [
            .. _server.Seen.Where(seen => seen.Headers["x-amz-server-side-encryption"] is not null),
        ];
        (string said, System.Net.WebHeaderCollection headers) = Assert.Single(saying);
        Assert.Equal(line, said.TrimEnd('='));
        Assert.Equal("aws:kms", headers["x-amz-server-side-encryption"]);
        Assert.Equal("alias/backups", headers["x-amz-server-side-encryption-aws-kms-key-id"]);
        Assert.Equal("STANDARD_IA", headers["x-amz-storage-class"]);
        Assert.Equal(length, _server.Objects["db/a.dump"].Bytes.Length);
    }
}
