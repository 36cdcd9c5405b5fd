namespace CryoBackup.Streams;

/// <summary>Writes through, and fingerprints the ranges of what was written.</summary>
internal sealed class RangeWriteStream(Stream destination) : WriteOnlyStream
{
    private readonly RangeFingerprints _ranges = new();

    /// <summary>As <see cref="RangeFingerprints.RangeLength"/>.</summary>
    public long RangeLength => _ranges.RangeLength;

    /// <summary>As <see cref="RangeFingerprints.Complete"/> gives them; empty before <see cref="Complete"/>.</summary>
    public string Fingerprints { get; private set; } = "";

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        destination.Write(buffer);
        _ranges.Append(buffer);
    }

    /// <inheritdoc/>
    public override void Complete() => Fingerprints = _ranges.Complete();
}
