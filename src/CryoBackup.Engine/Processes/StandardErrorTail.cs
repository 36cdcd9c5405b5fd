using CryoBackup.Text;

namespace CryoBackup.Processes;

/// <summary>Reads standard error line by line and keeps the last lines, in bounded memory whatever comes.</summary>
internal sealed class StandardErrorTail
{
    /// <summary>Longer lines are cut to this length.</summary>
    public const int MaximumCharacters = 2000;

    private const int MaximumLines = 40;
    private const int MaximumBytes = 4 * MaximumCharacters;

    private readonly Queue<string> _lines = new();
    private Action<string>? _observer;

    /// <summary>Makes an empty tail.</summary>
    /// <param name="observer">Takes each line as it is complete.</param>
    public StandardErrorTail(Action<string>? observer) => _observer = observer;

    /// <summary>A copy of the lines that are kept.</summary>
    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lines)
            {
                return [.. _lines];
            }
        }
    }

    /// <summary>Reads to the end of the stream.</summary>
    public void ReadToEnd(Stream stream)
    {
        byte[] buffer = new byte[4096];
        var line = new MemoryStream();
        int count;
        while ((count = stream.Read(buffer)) > 0)
        {
            Span<byte> rest = buffer.AsSpan(0, count);
            while (rest.IndexOf((byte)'\n') is var end and >= 0)
            {
                Keep(line, rest[..end]);
                Complete(line);
                rest = rest[(end + 1)..];
            }

            Keep(line, rest);
        }

        if (line.Length > 0)
        {
            Complete(line);
        }
    }

    private static void Keep(MemoryStream line, ReadOnlySpan<byte> bytes) =>
        line.Write(bytes[..(int)Math.Min(bytes.Length, MaximumBytes - line.Length)]);

    private static string Decode(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length == MaximumBytes)
        {
            // The cut may have gone through a character; leave that out.
            int start = bytes.Length - 1;
            while (start > bytes.Length - 4 && (bytes[start] & 0xC0) == 0x80)
            {
                start--;
            }

            bytes = bytes[start] >= 0xC0 ? bytes[..start] : bytes;
        }

        return BytesText.Of(bytes);
    }

    private void Complete(MemoryStream line)
    {
        string text = Decode(line.GetBuffer().AsSpan(0, (int)line.Length)).TrimEnd('\r');
        line.SetLength(0);
        if (text.Length > MaximumCharacters)
        {
            text = text[..(char.IsHighSurrogate(text[MaximumCharacters - 1]) ? MaximumCharacters - 1 : MaximumCharacters)];
        }

        lock (_lines)
        {
            if (_lines.Count == MaximumLines)
            {
                _lines.Dequeue();
            }

            _lines.Enqueue(text);
        }

        try
        {
            _observer?.Invoke(text);
        }
        catch (Exception)
        {
            // A faulty observer must not stop the reading, or the program would wait on a full pipe. It is not asked again.
            _observer = null;
        }
    }
}
