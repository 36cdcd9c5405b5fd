using System.Reflection;
using CryoBackup.Backup;
using CryoBackup.Hosting;
using CryoBackup.Postgres;
using CryoBackup.Restore;
using CryoBackup.Verification;

namespace CryoBackup.Tests.Configuration;

/// <summary>What was said is laid over the configuration, and that over the defaults.</summary>
public sealed class OptionsTests
{
    /// <summary>They are matched by name: one that has no counterpart would be said in vain.</summary>
    [Theory]
    [InlineData(typeof(BackupOptions), typeof(BackupRequest), "Database")]
    [InlineData(typeof(VerificationOptions), typeof(VerificationRequest), "Path")]
    public void WhatCanBeSaidIsWhatCanBeAskedFor(Type options, Type request, string named)
    {
        Assert.Equal(Names(request).Except([named]), Names(options));
        foreach (PropertyInfo said in Said(options))
        {
            Type asked = request.GetProperty(said.Name)!.PropertyType;
            Assert.Equal(Nullable.GetUnderlyingType(asked) ?? asked, Nullable.GetUnderlyingType(said.PropertyType) ?? said.PropertyType);
        }
    }

    /// <summary>Nothing said is no change, of any property.</summary>
    [Fact]
    public void NothingSaidChangesNothing()
    {
        var backup = new BackupRequest
        {
            Label = "x",
            Retention = new() { KeepLast = 3 },
        };
        Assert.Equal(backup, new BackupOptions().Over(new BackupOptions()).Over(backup));
        var verification = new VerificationRequest { Path = "/b", MaxAge = TimeSpan.FromHours(1) };
        Assert.Equal(
            verification,
            new VerificationOptions().Over(VerificationOptions.Of(null)).Over(verification) with
            {
                Identities = [],
            }
        );
    }

    [Fact]
    public void NoLimitCanBeSaid()
    {
        var none = new BackupOptions { StallTimeout = Timeout.InfiniteTimeSpan };
        Assert.Null(none.Over(new BackupOptions { StallTimeout = TimeSpan.FromHours(1) }).Over(new BackupRequest()).StallTimeout);
        Assert.Null(
            new VerificationOptions { Timeout = Timeout.InfiniteTimeSpan }
                .Over(new VerificationRequest())
                .Timeout
        );
    }

    [Fact]
    public void WhatIsChosenTogetherIsReplacedTogether()
    {
        var file = new BackupOptions
        {
            Compression = CompressionKind.Zstd,
            CompressionLevel = 9,
            IncludeSchema = ["s"],
        };
        BackupOptions laid = new BackupOptions { Compression = CompressionKind.Gzip, IncludeTable = ["t"] }.Over(file);
        Assert.Equal((CompressionKind.Gzip, null), (laid.Compression, laid.CompressionLevel));
        Assert.Null(laid.IncludeSchema);
        Assert.Equal((CompressionKind.Zstd, 4), Kind(new BackupOptions { CompressionLevel = 4 }.Over(file)));

        static (CompressionKind?, int?) Kind(BackupOptions options) => (options.Compression, options.CompressionLevel);
    }

    /// <summary>A record tells its properties; a request ends in logs and assertions.</summary>
    [Fact]
    public void NoRequestTellsAPassword()
    {
        var connection = new ConnectionRequest { UserName = "me", Password = "canary" };
        foreach (
            object request in (object[])
                [
                    connection,
                    new BackupRequest { Connection = connection },
                    new RestoreRequest { Connection = connection },
                    new VerificationRequest { Connection = connection },
                    new BackupOptions { Connection = connection },
                    new VerificationOptions { Connection = connection },
                ]
        )
        {
            Assert.DoesNotContain("canary", request.ToString(), StringComparison.Ordinal);
        }
    }

    private static IEnumerable<string> Names(Type type) => Said(type).Select(property => property.Name).Order(StringComparer.Ordinal);

    private static IEnumerable<PropertyInfo> Said(Type type) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.CanWrite);
}
