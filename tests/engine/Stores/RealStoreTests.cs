using System.Security.Cryptography;
using CryoBackup.Processes;
using CryoBackup.Stores;

namespace CryoBackup.Tests.Stores;

/// <summary>The drivers against servers that others have written.</summary>
[Collection(Name)]
public sealed class RealStoreTests
{
    internal const string Name = "Stores' environment";

    // Azurite's own, which stands in its documentation.
    private const string Account = "devstoreaccount1";
    private const string AccountKey = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    [StoreServerFact]
    public async Task AzureByAKey()
    {
        using var server = StoreServer.Azurite();
        await MakeContainerAsync(server.Port);
        var options = new StoreOptions
        {
            Endpoint = new Uri($"http://127.0.0.1:{server.Port}/{Account}"),
            SecretKey = AccountKey,
            SmallestPart = S3Server.LeastPart,
        };
        await TryAsync("azblob://devstoreaccount1/backups/a b", options, refusesToReplace: true);
        StoreOptions wrong = options with { SecretKey = Convert.ToBase64String(new byte[64]) };
        using Store store = StoreDrivers.Open(StoreLocation.Parse("azblob://devstoreaccount1/backups"), wrong, _ => { });
        CryoBackupException failure = await Assert.ThrowsAsync<CryoBackupException>(() => store.ListAsync("", default));
        Assert.Equal(CryoBackupError.PermissionDenied, failure.Error);
        using Store absent = StoreDrivers.Open(StoreLocation.Parse("azblob://devstoreaccount1/absent"), options, _ => { });
        failure = await Assert.ThrowsAsync<CryoBackupException>(() => absent.ListAsync("", default));
        Assert.Equal(CryoBackupError.BackupNotFound, failure.Error);
    }

    [StoreServerFact]
    public async Task S3OfAnotherAuthor()
    {
        using var server = StoreServer.S3rver("backups");
        var options = new StoreOptions
        {
            Endpoint = new Uri($"http://127.0.0.1:{server.Port}"),
            AccessKey = "S3RVER",
            SecretKey = "S3RVER",
            SmallestPart = 5 << 20,
        };
        // It takes the condition and does not obey it.
        await TryAsync("s3://backups/a b", options, refusesToReplace: false);
    }

    [RcloneFact]
    public async Task RcloneToAFolder()
    {
        using var folder = new TemporaryFolder();
        string config = Path.Combine(folder.Path, "rclone.conf");
        await File.WriteAllTextAsync(config, $"[here]\ntype = alias\nremote = {Path.Combine(folder.Path, "there")}\n");
        Environment.SetEnvironmentVariable("RCLONE_CONFIG", config);
        try
        {
            await TryAsync("rclone://here/a b", new StoreOptions(), refusesToReplace: true);
            using Store store = StoreDrivers.Open(StoreLocation.Parse("rclone://nowhere/x"), new StoreOptions(), _ => { });
            CryoBackupException failure = await Assert.ThrowsAsync<CryoBackupException>(() => store.HeadAsync("a", default));
            Assert.Equal(CryoBackupError.BackupNotFound, failure.Error);
            Assert.Contains("rclone://nowhere/x", failure.Message, StringComparison.Ordinal);
        }
        finally
        {
            Environment.SetEnvironmentVariable("RCLONE_CONFIG", null);
        }
    }

    private static async Task TryAsync(string location, StoreOptions options, bool refusesToReplace)
    {
        using Store store = StoreDrivers.Open(StoreLocation.Parse(location), options, _ => { });
        Assert.Empty(await store.ListAsync("", default));
        Assert.Null(await store.HeadAsync("large", default));
        byte[] small = RandomNumberGenerator.GetBytes(10_000);
        byte[] large = RandomNumberGenerator.GetBytes((2 * options.SmallestPart) + 17);
        foreach ((string name, byte[] content) in new[] { ("small", small), ("large", large) })
        {
            await store.PutAsync(name, new MemoryStream(content), content.Length, null, default);
            StoreObject found = (await store.HeadAsync(name, default))!;
            Assert.Equal(content.Length, found.Size);
            await using Stream stream = store.OpenRead(found, default);
            using var read = new MemoryStream();
            await stream.CopyToAsync(read);
            Assert.True(content.AsSpan().SequenceEqual(read.ToArray()), name);
            await ReadPartsAsync(store, found, content);
            if (refusesToReplace)
            {
                CryoBackupException failure = await Assert.ThrowsAsync<CryoBackupException>(() =>
                    store.PutAsync(name, new MemoryStream(new byte[content.Length]), content.Length, null, default)
                );
                Assert.Equal(CryoBackupError.DestinationNotWritable, failure.Error);
                Assert.Contains("is there already", failure.Message, StringComparison.Ordinal);
            }
        }

        // An upload that is not committed is not there.
        await Assert.ThrowsAsync<InvalidOperationException>(() => store.PutAsync("half", new Broken(large), large.Length, null, default));
        Assert.Equal(["large", "small"], (await store.ListAsync("", default)).Select(store.NameOf).Order(StringComparer.Ordinal));
        await store.DeleteAsync("large", default);
        await store.DeleteAsync("large", default);
        Assert.Equal(["small"], (await store.ListAsync("s", default)).Select(store.NameOf));
        Assert.Empty(await store.ListAsync("l", default));
    }

    private static async Task ReadPartsAsync(Store store, StoreObject found, byte[] content)
    {
        foreach ((int start, int end) in new[] { (0, 1), (0, 4096), (17, 9000), (9999, content.Length) })
        {
            await using Stream part = store.OpenRead(found, default, start, end);
            using var read = new MemoryStream();
            await part.CopyToAsync(read);
            Assert.True(content.AsSpan(start..end).SequenceEqual(read.ToArray()), $"{start} to {end}");
        }
    }

    private static async Task MakeContainerAsync(int port)
    {
        // The request of the documentation, signed as it says.
        string date = DateTime.UtcNow.ToString("R", System.Globalization.CultureInfo.InvariantCulture);
        string text =
            $"PUT\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:{date}\nx-ms-version:2021-08-06\n/{Account}/{Account}/backups\nrestype:container";
        string signature = Convert.ToBase64String(
            HMACSHA256.HashData(Convert.FromBase64String(AccountKey), System.Text.Encoding.UTF8.GetBytes(text))
        );
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Put, $"http://127.0.0.1:{port}/{Account}/backups?restype=container")
        {
            Content = new ByteArrayContent([]),
        };
        request.Headers.Add("x-ms-date", date);
        request.Headers.Add("x-ms-version", "2021-08-06");
        request.Headers.TryAddWithoutValidation("Authorization", $"SharedKey {Account}:{signature}");
        using HttpResponseMessage answer = await client.SendAsync(request);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>Gives its half, and fails.</summary>
    private sealed class Broken(byte[] content) : MemoryStream(content)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            Position > Length / 2 ? throw new InvalidOperationException("half of it") : base.ReadAsync(buffer, cancellationToken);
    }
}

/// <summary>A test that needs rclone.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class RcloneFactAttribute : FactAttribute
{
    public RcloneFactAttribute()
    {
        try
        {
            OptionalTool.Find("rclone", "The test");
        }
        catch (CryoBackupException)
        {
            Skip = "needs rclone";
        }
    }
}
