namespace CryoBackup.Archive;

/// <summary>
/// Cuts a table's COPY text, as it comes in any split, into blocks of whole rows, so that several sessions can load them in any order.
/// A row that is longer than a block goes on in the next ones. The line <c>\.</c> and what follows it is left out.
/// </summary>
/// <param name="rent">Gives an empty block; all are of one size.</param>
/// <param name="handOver">Takes a block, how much of it is filled, and whether a row starts with it.</param>
internal sealed class RowCutter(Func<byte[]> rent, Action<byte[], int, bool> handOver)
{
    private byte[]? _block;
    private int _filled;
    private bool _startsRow = true;
    private bool _isEnded;

    /// <summary>How many rows end in a block.</summary>
    /// <param name="block">The block.</param>
    public static long CountRows(ReadOnlySpan<byte> block)
    {
        long rows = block.Count((byte)'\n');
        for (int at = 0, next; (next = block[at..].IndexOf("\\\n"u8)) >= 0; at += next + 2)
        {
            rows -= EndsRow(block[..(at + next + 1)]) ? 0 : 1;
        }

        return rows;
    }

    /// <summary>Takes the next bytes.</summary>
    /// <param name="data">Any number of them.</param>
    public void Take(ReadOnlySpan<byte> data)
    {
        while (!data.IsEmpty && !_isEnded)
        {
            _block ??= rent();
            int count = Math.Min(data.Length, _block.Length - _filled);
            data[..count].CopyTo(_block.AsSpan(_filled));
            data = data[count..];
            _filled += count;
            if (_filled == _block.Length)
            {
                HandOverRows();
            }
        }
    }

    /// <summary>The table has no more.</summary>
    public void End()
    {
        if (!_isEnded)
        {
            HandOver(_filled);
        }
    }

    private void HandOverRows()
    {
        byte[] block = _block!;
        int rows = EndOfLastRow(block);
        if (rows == 0)
        {
            HandOver(block.Length);
            _startsRow = false;
            return;
        }

        byte[] rest = rent();
        int length = block.Length - rows;
        block.AsSpan(rows).CopyTo(rest);
        HandOver(rows);
        _startsRow = true;
        if (!_isEnded)
        {
            (_block, _filled) = (rest, length);
        }
    }

    private void HandOver(int length)
    {
        int last = FindLastLine(_block.AsSpan(0, length));
        if (last >= 0)
        {
            (length, _isEnded) = (last, true);
        }

        if (length > 0)
        {
            handOver(_block!, length, _startsRow);
        }

        (_block, _filled) = (null, 0);
    }

    /// <summary>Where the line <c>\.</c> starts; -1 where it does not come. Only empty lines may follow it.</summary>
    private int FindLastLine(ReadOnlySpan<byte> block)
    {
        ReadOnlySpan<byte> text = block.TrimEnd((byte)'\n');
        return text.EndsWith("\\."u8) && (text.Length == 2 ? _startsRow : text[^3] == '\n') ? text.Length - 2 : -1;
    }

    /// <summary>Behind the last newline that ends a row: one behind a backslash is, in text that is not pg_dump's, a character of a
    /// value.</summary>
    private static int EndOfLastRow(ReadOnlySpan<byte> block)
    {
        for (int end = block.Length; (end = block[..end].LastIndexOf((byte)'\n') + 1) > 0; end--)
        {
            if (EndsRow(block[..(end - 1)]))
            {
                return end;
            }
        }

        return 0;
    }

    private static bool EndsRow(ReadOnlySpan<byte> beforeNewline) =>
        (beforeNewline.Length - beforeNewline.TrimEnd((byte)'\\').Length) % 2 == 0;
}
