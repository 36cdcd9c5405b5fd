using CryoBackup.Archive;
using CryoBackup.Restore;

namespace CryoBackup.Tests.Restore;

/// <summary>A disk that fills up while a backup is proven: the backup is not to blame, and the disk is told of when it is needed.</summary>
[Collection("environment")]
public sealed class FullSpoolTests
{
    private const int Megabyte = 1 << 20;

    [FullDiskFact]
    public void WhatDoesNotFitIsDropped()
    {
        using var folder = new TemporaryFolder();
        using SmallDisk disk = SmallDisk.TryMount(folder.Path, 2)!;
        string? before = Environment.GetEnvironmentVariable("TMPDIR");
        Environment.SetEnvironmentVariable("TMPDIR", folder.Path);
        try
        {
            using var spooling = new ArchiveSpooling(jobs: 2, makes: true, "a.dump", static _ => { }, static _ => { });
            Stream copy = spooling.Begin(isEncrypted: false, length: Megabyte)!;

            // Somebody else was quicker.
            string other = Path.Combine(folder.Path, "other");
            File.WriteAllBytes(other, new byte[Megabyte * 3 / 2]);
            for (int i = 0; i < 4; i++)
            {
                copy.Write(new byte[Megabyte / 4]);
            }

            spooling.Complete(
                new ArchiveContent
                {
                    Header = new ArchiveHeader { Version = new Version(1, 14, 0) },
                    Encoding = "UTF8",
                    Entries = [],
                    Tables = [],
                }
            );
            Assert.Null(spooling.Spooled);

            // What was written is given back.
            File.WriteAllBytes(other, new byte[Megabyte * 7 / 4]);
            Assert.Null(spooling.Begin(isEncrypted: false, length: Megabyte));
        }
        finally
        {
            Environment.SetEnvironmentVariable("TMPDIR", before);
        }
    }
}
