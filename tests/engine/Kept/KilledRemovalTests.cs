using System.Diagnostics;
using System.Globalization;
using CryoBackup.Retention;
using CryoBackup.Storage;

namespace CryoBackup.Tests.Kept;

/// <summary>A removal that is killed is completed by the next one.</summary>
[Trait("Runs", "Once")]
public sealed class KilledRemovalTests
{
    private static readonly RetentionRules LastTwo = new() { KeepLast = 2 };

    /// <summary>Killed before each file goes, a removal leaves what is found again, and the next run completes it.</summary>
    [UnixFact]
    public void KilledAtEachStepItIsCompletedByTheNext()
    {
        for (int step = 0; step < 6; step++)
        {
            using var folder = new Folder();
            string old = folder.Add(1, hasGlobals: true);
            folder.Add(2);
            folder.Add(3);
            HoldRecord.Put(old, Folder.Now.AddDays(-1), "ended");
            ProofRecord.Remember(old, new ProofRecord.TestVerdict());
            string[] others = [.. folder.Files.Where(name => !name.StartsWith(Path.GetFileName(old), StringComparison.Ordinal))];
            var start = new ProcessStartInfo(
                Environment.ProcessPath!,
                ["exec", typeof(KilledRemovalTests).Assembly.Location, "remove", old, step.ToString(CultureInfo.InvariantCulture)]
            );
            using (Process child = Process.Start(start)!)
            {
                child.WaitForExit();
                Assert.Equal(137, child.ExitCode);
            }

            // As long as anything of it is there, its manifest is, or the mark that the last step removes.
            string[] left = [.. folder.Files.Except(others)];
            Assert.NotEmpty(left);
            Assert.True(
                left.Contains(Path.GetFileName(old) + BackupFileName.ManifestSuffix)
                    || (left is [var only] && only.EndsWith(BackupFileName.RemovalSuffix, StringComparison.Ordinal)),
                $"Step {step}: {string.Join(", ", left)}"
            );
            folder.Remove(LastTwo);
            Assert.True(others.SequenceEqual(folder.Files), $"Step {step}: {string.Join(", ", folder.Files)}");
        }
    }

    /// <summary>Runs as the child: kills itself before the given file goes.</summary>
    internal static int Run(string backup, string step)
    {
        int next = 0;
        BackupRemover.Remove(
            StoredBackup.Read(
                BackupListing.Of(Path.GetDirectoryName(backup)!, null, static _ => { }, CancellationToken.None),
                backup + BackupFileName.ManifestSuffix,
                DateTime.UtcNow
            ),
            _ =>
            {
                if (next++ == int.Parse(step, CultureInfo.InvariantCulture))
                {
                    using var self = Process.GetCurrentProcess();
                    self.Kill();
                    Thread.Sleep(Timeout.Infinite);
                }
            }
        );
        return 0;
    }
}
