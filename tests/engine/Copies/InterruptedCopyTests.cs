using System.Diagnostics;
using CryoBackup.Copies;
using CryoBackup.Stores;
using CryoBackup.Tests.Stores;

namespace CryoBackup.Tests.Copies;

/// <summary>Copies that end anywhere, or go on beside each other.</summary>
public sealed class InterruptedCopyTests : CopyTestBase
{
    /// <summary>Ended at any request, for good: nothing that looks whole is left, and the next run completes it.</summary>
    [Fact]
    public void EndedAnywhereItLooksNotWholeAndTheNextRunCompletesIt()
    {
        string backup = Make((2 * S3Server.LeastPart) + 100);
        Copy(backup);

        // But for those that note at last that it was proven, without which it is proven all the same.
        int requests = Server.Seen.TakeWhile(seen => !seen.Line.Contains(".proof.", StringComparison.Ordinal)).Count() - 1;
        for (int at = 1; at <= requests; at++)
        {
            Server.Objects.Clear();
            int seen = 0;
            Server.Fault = (_, _) => Interlocked.Increment(ref seen) >= at ? new S3Fault(S3FaultKind.Denied) : null;
            try
            {
                Copy(backup);
                Assert.Fail($"Request {at} of {requests} was refused.");
            }
            catch (CryoBackupException) { }

            Assert.True(
                !Server.Objects.ContainsKey($"db/{Name}.meta.json")
                    || Server.Objects[$"db/{Name}"].Bytes.AsSpan().SequenceEqual(File.ReadAllBytes(backup)),
                $"ended at request {at}"
            );
            Server.Fault = (_, _) => null;
            Assert.NotNull(Copy(backup).Proven);
            Assert.Equal(3, Stored.Length);
            Assert.Empty(Server.Uploads);
        }
    }

    /// <summary>SIGKILL at any request: what is left does not look whole, and the next run leaves nothing else than the copy.</summary>
    [Fact]
    [Trait("Runs", "Once")]
    public void KilledAnywhereItLooksNotWholeAndTheNextRunLeavesNothingElse()
    {
        string backup = Make((2 * PartedUpload.SmallestPart) + 100);
        Copy(backup, Target() with { Options = Target().Options with { SmallestPart = PartedUpload.SmallestPart } });
        int requests = Server.Seen.Count;
        for (int at = 1; at <= requests; at += Thoroughness.Of(3, 1))
        {
            Server.Objects.Clear();
            int seen = 0;
            using var begun = new ManualResetEventSlim();
            Process? tool = null;
            Server.Fault = (_, _) =>
            {
                begun.Wait();
                if (Interlocked.Increment(ref seen) >= at)
                {
                    tool!.Kill();
                    return new S3Fault(S3FaultKind.Busy);
                }

                return null;
            };
            using (tool = StartTool(backup))
            {
                begun.Set();
                tool.WaitForExit();
                Assert.True(seen >= at, $"It was to be killed at request {at} of {requests}.");
            }

            Server.Fault = (_, _) => null;
            Assert.True(
                !Server.Objects.ContainsKey($"db/{Name}.meta.json")
                    || Server.Objects[$"db/{Name}"].Bytes.AsSpan().SequenceEqual(File.ReadAllBytes(backup)),
                $"killed at request {at}"
            );
            Assert.NotNull(Copy(backup).Proven);
            Assert.Equal(3, Stored.Length);
            Assert.Empty(Server.Uploads);
        }
    }

    /// <summary>Two at once of one backup to one place: neither ends the other's upload.</summary>
    [Fact]
    public async Task AnotherRunOfTheSameBackupIsLeftItsUpload()
    {
        string backup = Make((2 * S3Server.LeastPart) + 100);
        using var reached = new ManualResetEventSlim();
        using var go = new ManualResetEventSlim();
        int first = 0;
        Server.Fault = (_, request) =>
        {
            if (request.RawUrl!.Contains("partNumber=2", StringComparison.Ordinal) && Interlocked.Increment(ref first) == 1)
            {
                reached.Set();
                go.Wait();
            }

            return null;
        };
        Task<BackupInfo> slow = Task.Run(() =>
            BackupCopier.Run(new CopyRequest { Path = backup, Destination = Target() }, _ => { }, default)
        );
        reached.Wait();
        BackupInfo quick = Copy(backup);

        Assert.NotNull(quick.Proven);
        Assert.Single(Server.Uploads);
        go.Set();
        Assert.NotNull((await slow).Proven);
        Assert.Empty(Server.Uploads);
        Assert.Equal(3, Stored.Length);
    }
}
