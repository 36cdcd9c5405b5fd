using CryoBackup.Stores;

namespace CryoBackup.Tests.Stores;

[Trait("Runs", "Once")]
public sealed class StoreLocationTests
{
    [Theory]
    [InlineData("s3://my-bucket", StoreKind.S3, "", "my-bucket", "", "s3://my-bucket")]
    [InlineData("S3://my-bucket/", StoreKind.S3, "", "my-bucket", "", "s3://my-bucket")]
    [InlineData("s3://my.bucket/a/b c/", StoreKind.S3, "", "my.bucket", "a/b c", "s3://my.bucket/a/b c")]
    [InlineData("azblob://account1/container/x", StoreKind.Azure, "account1", "container", "x", "azblob://account1/container/x")]
    [InlineData("azblob://account1/$root", StoreKind.Azure, "account1", "$root", "", "azblob://account1/$root")]
    [InlineData("rclone://nas/backups", StoreKind.Rclone, "", "nas", "backups", "rclone://nas/backups")]
    [InlineData("rclone://nas//srv/backups", StoreKind.Rclone, "", "nas", "/srv/backups", "rclone://nas//srv/backups")]
    public void ALocationIsReadOnceAndPrintedAsItIsWritten(
        string text,
        StoreKind kind,
        string account,
        string container,
        string prefix,
        string printed
    )
    {
        var location = StoreLocation.Parse(text);

        Assert.Equal((kind, account, container, prefix), (location.Kind, location.Account, location.Container, location.Prefix));
        Assert.Equal(printed, location.ToString());
        Assert.Equal(location, StoreLocation.Parse(location.ToString()));
        Assert.True(StoreLocation.IsStore(text));
        Assert.Equal($"{printed}/x.dump", location.PathOf("x.dump"));
    }

    [Fact]
    public void AFolderIsALocationToo()
    {
        string folder = Path.Combine(Path.GetTempPath(), "backups");
        var location = StoreLocation.Parse(folder + Path.DirectorySeparatorChar);

        Assert.Equal((StoreKind.Folder, folder), (location.Kind, location.ToString()));
        Assert.Equal(Path.Combine(folder, "x.dump"), location.PathOf("x.dump"));
        Assert.False(StoreLocation.IsStore(folder));
        Assert.False(StoreLocation.IsStore(@"C:\backups"));
    }

    /// <summary>Where only a path will do, a location is no folder of that name.</summary>
    [Fact]
    public void APathOfThisMachineIsTakenWhereNoLocationWillDo()
    {
        Assert.Equal(Path.GetFullPath("backups"), StoreLocation.FullPath("backups"));
        Assert.Equal(Path.GetFullPath("backups"), StoreLocation.FullPathOrLocation("backups"));
        Assert.Equal("s3://my-bucket/x", StoreLocation.FullPathOrLocation("S3://my-bucket/x/"));
        foreach (string text in (string[])["s3://my-bucket/x", "S3://my-bucket", "gs://my-bucket/x"])
        {
            CryoBackupException failure = Assert.Throws<CryoBackupException>(() => StoreLocation.FullPath(text));
            Assert.Equal(CryoBackupError.ConfigurationInvalid, failure.Error);
            Assert.NotNull(failure.Remedy);
        }
    }

    [Theory]
    [InlineData("s3://my-bucket/a/b.dump", "s3://my-bucket/a", "b.dump")]
    [InlineData("s3://my-bucket/b.dump", "s3://my-bucket", "b.dump")]
    [InlineData("rclone://nas//b.dump", "rclone://nas//", "b.dump")]
    public void AFileHasAPlaceAndAName(string path, string place, string name)
    {
        (StoreLocation lies, string called) = StoreLocation.ParseFile(path);
        Assert.Equal((place, name), (lies.ToString(), called));
        Assert.Equal(path, lies.PathOf(called));
    }

    [Fact]
    public void WithoutANameThereIsNoFile() =>
        Assert.Contains(
            "names no file",
            Assert.Throws<CryoBackupException>(() => StoreLocation.ParseFile("s3://my-bucket")).Message,
            StringComparison.Ordinal
        );

    [Theory]
    [InlineData("backups")]
    [InlineData("s3://")]
    [InlineData("s3://A_B/x")]
    [InlineData("s3://bucket/a//b")]
    [InlineData("s3://bucket/../b")]
    [InlineData("s3://bucket/a\\b")]
    [InlineData("s3://bucket/a\nb")]
    [InlineData("azblob://account1")]
    [InlineData("azblob://account1.blob.core.windows.net/container")]
    [InlineData("rclone://")]
    [InlineData("rclone://-flag/x")]
    [InlineData("gs://bucket/x")]
    [InlineData("https://bucket.s3.amazonaws.com/x")]
    public void WhatIsNoLocationIsRefusedWithARemedy(string text)
    {
        CryoBackupException failure = Assert.Throws<CryoBackupException>(() => StoreLocation.Parse(text));

        Assert.Equal(CryoBackupError.ConfigurationInvalid, failure.Error);
        Assert.NotNull(failure.Remedy);
    }

    [Theory]
    [InlineData("s3://AKIAX:canary@bucket/x")]
    [InlineData("azblob://account1/container/x?sv=1&sig=canary")]
    [InlineData("https://user:canary@example.com/x")]
    [InlineData("rclone://nas/x#canary")]
    [InlineData("s3://AKIAX:abc/canary@bucket/x")]
    [InlineData("rclone://:s3,access_key_id=a,secret_access_key=canary:bucket/x")]
    public void ACredentialInALocationIsRefusedAndNotRepeated(string text)
    {
        CryoBackupException failure = Assert.Throws<CryoBackupException>(() => StoreLocation.Parse(text));

        Assert.Equal(CryoBackupError.ConfigurationInvalid, failure.Error);
        Assert.DoesNotContain("canary", failure + failure.Target + failure.Remedy, StringComparison.Ordinal);
    }
}
