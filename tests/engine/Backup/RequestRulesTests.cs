using CryoBackup.Backup;

namespace CryoBackup.Tests.Backup;

/// <summary>What makes no sense is refused before a server is asked for anything.</summary>
[Trait("Runs", "Once")]
public sealed class RequestRulesTests
{
    [Fact]
    public void WhatMakesNoSenseIsRefused()
    {
        BackupRequest good = new() { Database = "app", Folder = Path.GetTempPath() };
        RequestRules.Check(good);
        RequestRules.Check(good with { Folder = "s3://my-bucket/x", Jobs = 1, MaxShrink = 0 });
        RequestRules.Check(good with { MaxShrink = 100 });
        Refuses(good with { Database = "" }, "Database");
        Refuses(good with { Folder = "backups" }, "Path");
        Refuses(good with { Jobs = 0 }, "Jobs");
        Refuses(good with { MaxShrink = -1 }, "MaxShrink");
        Refuses(good with { MaxShrink = 101 }, "MaxShrink");
    }

    private static void Refuses(BackupRequest request, string target)
    {
        CryoBackupException failure = Assert.Throws<CryoBackupException>(() => RequestRules.Check(request));
        Assert.Equal((CryoBackupError.ConfigurationInvalid, target), (failure.Error, failure.Target));
        Assert.NotNull(failure.Remedy);
    }
}
