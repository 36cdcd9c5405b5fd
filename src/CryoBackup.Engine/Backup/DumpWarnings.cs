namespace CryoBackup.Backup;

/// <summary>What a program of PostgreSQL's warned of: it warns on standard error and ends well.</summary>
internal sealed class DumpWarnings
{
    private const string Mark = "warning: ";
    private readonly List<string> _texts = [];
    private bool _continues;

    /// <summary>The warnings so far, each with its details and hints.</summary>
    public IReadOnlyList<string> Texts
    {
        get
        {
            lock (_texts)
            {
                return [.. _texts];
            }
        }
    }

    /// <summary>Takes a line of standard error.</summary>
    /// <param name="line">For example "pg_dump: warning: there are circular foreign-key constraints on this table:".</param>
    public void Add(string line)
    {
        lock (_texts)
        {
            int mark = line.IndexOf(": " + Mark, StringComparison.Ordinal);
            if (mark > 0 && !line.AsSpan(0, mark).Contains(' '))
            {
                _texts.Add(line[..(mark + 2)] + line[(mark + 2 + Mark.Length)..]);
                _continues = true;
                return;
            }

            int detail = Math.Max(line.IndexOf(": detail: ", StringComparison.Ordinal), line.IndexOf(": hint: ", StringComparison.Ordinal));
            _continues &= detail > 0;
            if (_continues)
            {
                _texts[^1] += " " + line[(line.IndexOf(": ", detail + 2, StringComparison.Ordinal) + 2)..];
            }
        }
    }
}
