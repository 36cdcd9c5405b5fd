using CryoBackup.Streams;

namespace CryoBackup.Restore;

/// <summary>Passes an archive on, whose header and table of contents must be those that were read before: what was made from them is then
/// of the file whose hash is taken now.</summary>
/// <param name="head">What was read before.</param>
/// <param name="destination">Takes the archive; null for nothing.</param>
/// <param name="path">The backup file's full path.</param>
internal sealed class SameHead(ReadOnlyMemory<byte> head, Stream? destination, string path) : WriteOnlyStream
{
    private int _compared;

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        ReadOnlySpan<byte> expected = head.Span[_compared..];
        expected = expected[..Math.Min(expected.Length, buffer.Length)];
        if (!buffer.StartsWith(expected))
        {
            throw new CryoBackupException(
                CryoBackupError.HashMismatch,
                $"'{path}' was changed while it was restored: its table of contents is no longer the one that was restored from.",
                path,
                "Restore again when nothing else writes to the file, or use another backup."
            );
        }

        _compared += expected.Length;
        destination?.Write(buffer);
    }

    /// <inheritdoc/>
    public override void Complete() { }
}
