using System.Globalization;
using CryoBackup.Storage;
using CryoBackup.Stores;
using CryoBackup.Streams;
using CryoBackup.Text;

namespace CryoBackup.Inspection;

/// <summary>
/// One reading of a part of a backup's file, chosen by chance among what the readings before it have not read, and compared range by range
/// with what the manifest records. After enough of them all was read once. It is no proof of the whole.
/// </summary>
/// <param name="file">The backup.</param>
/// <param name="manifest">Its manifest.</param>
/// <param name="percent">Which share of the ranges to read.</param>
/// <param name="observer">Takes progress, and warnings that what was read is not remembered.</param>
/// <param name="cancellationToken">Ends the reading.</param>
internal sealed class SampledReading(
    StoredFile file,
    BackupManifest manifest,
    int percent,
    Action<EngineMessage> observer,
    CancellationToken cancellationToken
)
{
    private readonly List<int> _differing = [];
    private long _bytes;
    private long _most;
    private string _covered = "";

    /// <summary>Which share of the file this reading and those before it in the same round have read, 0 to 1; null before it.</summary>
    public double? Covered { get; private set; }

    /// <summary>The reason of a verdict that is good.</summary>
    public string Good => $"The {Size} that were read, of {SizeText.Of(manifest.SizeBytes)}, are what was written; {_covered}.";

    private string Size => SizeText.Of(_bytes);

    /// <summary>Reads, remembers what it read, and judges it.</summary>
    /// <param name="checks">Takes the check.</param>
    /// <exception cref="IOException">What was chosen cannot be read.</exception>
    /// <exception cref="CryoBackupException">BackupNotFound, PermissionDenied, NotABackup, LocationUnreachable.</exception>
    public void Run(CheckList checks)
    {
        checks.Skip(CheckNames.Hash, "not taken: only a sample was read");
        if (manifest is not { Ranges: { } recorded, Sha256: { } sha256 })
        {
            string why = $"its manifest, by version {manifest.BackupToolVersion}, was made before ranges of the file were recorded";
            checks.Hinder(
                CheckNames.Sample,
                why,
                "Test it at level Hash without -Sample, which reads all of it; backups that are made from now on can be sampled.",
                $"'{file.Path}' cannot be sampled: {why}."
            );
            return;
        }

        using Stream bytes = file.Open(cancellationToken);
        if (bytes.Length != manifest.SizeBytes)
        {
            checks.Fail(
                CheckNames.Sample,
                Other(FormattableString.Invariant($"has {bytes.Length} bytes; {manifest.SizeBytes} were written"))
            );
            return;
        }

        FileMark mark =
            file.Mark(cancellationToken)
            ?? throw new CryoBackupException(
                CryoBackupError.BackupNotFound,
                $"The backup '{file.Path}' was removed while it was read.",
                file.Path,
                "List the backups there are with Get-CryoBackup."
            );
        var ranges = new FileRanges(recorded, bytes.Length);
        var memory = new SampleMemory(file, observer, cancellationToken);
        var round = SampleRecord.Of(memory.Read(), mark, sha256, ranges.Count);
        int[] chosen = round.Choose(ranges.Count, percent);
        Read(bytes, ranges, chosen);
        SampleRecord read = round.With(chosen, _differing);
        memory.Keep(read);
        Judge(checks, ranges, chosen, read);
    }

    private void Read(Stream bytes, FileRanges ranges, int[] chosen)
    {
        _most = chosen.Sum(range => ranges.EndOf(range) - ranges.StartOf(range));
        using var progress = new ProgressReporter(
            $"Sampling {file.Name}",
            observer,
            () => ($"{SizeText.Of(Volatile.Read(ref _bytes))} of {SizeText.Of(_most)}", (double)Volatile.Read(ref _bytes) / _most)
        );
        for (int at = 0; at < chosen.Length; )
        {
            // What lies side by side is one request to a store.
            int count = 1;
            while (at + count < chosen.Length && chosen[at + count] == chosen[at] + count)
            {
                count++;
            }

            Read(bytes, ranges, chosen[at], count);
            at += count;
        }
    }

    private void Read(Stream bytes, FileRanges ranges, int first, int count)
    {
        long position = ranges.StartOf(first);
        if (bytes is StoreFile stored)
        {
            stored.Narrow(position, ranges.EndOf(first + count - 1));
        }
        else
        {
            bytes.Position = position;
        }

        byte[] block = new byte[RangeFingerprints.BlockLength];
        for (int range = first; range < first + count; range++)
        {
            UInt128 sum = 0;
            for (int length; position < ranges.EndOf(range); position += length)
            {
                cancellationToken.ThrowIfCancellationRequested();
                length = (int)Math.Min(block.Length, ranges.EndOf(range) - position);
                bytes.ReadExactly(block, 0, length);
                sum += RangeFingerprints.OfBlock(block.AsSpan(0, length), position / block.Length);
                Volatile.Write(ref _bytes, _bytes + length);
            }

            if (sum != ranges.FingerprintOf(range))
            {
                _differing.Add(range);
            }
        }
    }

    private void Judge(CheckList checks, FileRanges ranges, int[] chosen, SampleRecord read)
    {
        int covered = read.CountOf(ranges.Count);
        Covered = (double)covered / ranges.Count;
        string since = read.Begun.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        _covered =
            covered == ranges.Count
                ? $"all of it was read once since {since}"
                : string.Create(CultureInfo.InvariantCulture, $"{100 * covered / ranges.Count} % of it was read once since {since}");
        if (_differing.Count > 0)
        {
            string which = string.Join(
                ", ",
                _differing.Take(5).Select(range => FormattableString.Invariant($"{ranges.StartOf(range)} to {ranges.EndOf(range) - 1}"))
            );
            checks.Fail(CheckNames.Sample, Other($"is not what was written: of its bytes, {which} differ from what was recorded"));
            return;
        }

        checks.Pass(
            CheckNames.Sample,
            string.Create(
                CultureInfo.InvariantCulture,
                $"{chosen.Length} of {ranges.Count} ranges, {Size}, are the recorded ones; {_covered}, by {read.Runs} tests"
            )
        );
    }

    private CryoBackupException Other(string what) =>
        new(
            CryoBackupError.HashMismatch,
            $"'{file.Path}' {what}.",
            file.Path,
            "Use another backup, and look for a failing disk or transfer."
        );
}
