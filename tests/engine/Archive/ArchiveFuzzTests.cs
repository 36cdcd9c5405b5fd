using CryoBackup.Archive;
using Xunit.Abstractions;

namespace CryoBackup.Tests.Archive;

/// <summary>No input makes the tap throw anything but its own errors, hang, or allocate without bound.</summary>
public sealed class ArchiveFuzzTests(ITestOutputHelper output)
{
    private const int Mutations = 4000;

    // The reader's buffers; and what a byte of input may cost: entries, texts, and for each large object a state of the hash.
    private const long AllocationBase = 2 << 20;
    private const long AllocationPerByte = 256;

    public static TheoryData<string> Seeds =>
        ["sample", "sample 1.16", "offsets", "zlib", "pg_dump-18.3-none.dump", "pg_dump-18.3-gzip.dump"];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void ThrowsNothingButItsOwn(string seed)
    {
        byte[] original = Seed(seed);
        ArchiveAssert.Read(original);
        var mutator = new Mutator(seed.Length * 31 + 5);
        var outcomes = new SortedDictionary<string, int>(StringComparer.Ordinal);
        long worst = 0;
        for (int round = 0; round < Mutations; round++)
        {
            byte[] input = mutator.Mutate(original);
            long before = GC.GetAllocatedBytesForCurrentThread();
            string outcome;
            try
            {
                // A stream that cannot seek, as a pipe.
                ArchiveReader.Read(new SplitStream(input, () => 1 << 16), null, null, CancellationToken.None);
                outcome = "read";
            }
            catch (CryoBackupException exception)
            {
                Assert.True(
                    exception.Error is CryoBackupError.NotABackup or CryoBackupError.ArchiveTooNew or CryoBackupError.ArchiveCorrupt,
                    exception.Error.ToString()
                );
                outcome = exception.Error.ToString();
            }

            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            worst = Math.Max(worst, allocated);
            Assert.InRange(allocated, 0, AllocationBase + (AllocationPerByte * input.Length));
            outcomes[outcome] = outcomes.GetValueOrDefault(outcome) + 1;
        }

        output.WriteLine(
            $"{seed}: {original.Length} bytes, {Mutations} mutations: "
                + $"{string.Join(", ", outcomes.Select(pair => $"{pair.Value} {pair.Key}"))}; at most {worst >> 10} KiB allocated"
        );
        Assert.True(outcomes.ContainsKey("ArchiveCorrupt"));
    }

    [Fact]
    public void TakesNoMemoryForWhatIsOnlyClaimed()
    {
        // Every place where an integer may stand claims to be followed by as much as it can say.
        byte[] original = ArchiveImage.CreateSample().ToBytes();
        foreach (int claim in (int[])[int.MaxValue, 1 << 30, 1 << 28, 1 << 24, -1, int.MinValue + 1])
        {
            for (int at = 8; at + 5 <= original.Length; at++)
            {
                byte[] input = [.. original];
                ArchiveImage.Integer(claim).CopyTo(input, at);
                long before = GC.GetAllocatedBytesForCurrentThread();
                try
                {
                    ArchiveAssert.Read(input);
                }
                catch (CryoBackupException) { }

                Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, AllocationBase);
            }
        }
    }

    private static byte[] Seed(string name) =>
        name switch
        {
            "sample" => ArchiveImage.CreateSample().ToBytes(),
            "sample 1.16" => ArchiveImage.CreateSample().ToVersion(16).ToBytes(),
            "offsets" => ArchiveImage.CreateSample().ToBytes(offsets: true),
            "zlib" => Deflated.Sample().ToBytes(),
            _ => TestData.Read(name),
        };
}
