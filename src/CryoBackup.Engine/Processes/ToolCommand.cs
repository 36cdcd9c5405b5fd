namespace CryoBackup.Processes;

/// <summary>A program to run, and how.</summary>
internal sealed record ToolCommand
{
    /// <summary>Describes a run.</summary>
    /// <param name="path">The program's file.</param>
    /// <param name="arguments">Its arguments, each passed as it is.</param>
    public ToolCommand(string path, params IEnumerable<string> arguments)
    {
        Path = path;
        Arguments = [.. arguments];
    }

    /// <summary>The program's file.</summary>
    public string Path { get; init; }

    /// <summary>Its arguments, each passed as it is.</summary>
    public IReadOnlyList<string> Arguments { get; init; }

    /// <summary>Variables to set in the child beside what every program inherits; null for those to remove of that.</summary>
    public IReadOnlyDictionary<string, string?> Environment { get; init; } = new Dictionary<string, string?>();

    /// <summary>The account to run as, on Unix, where this process may change it; null for this one.</summary>
    public string? UserName { get; init; }

    /// <summary>True to write its standard input; else it reads end-of-file at once.</summary>
    public bool WritesInput { get; init; }

    /// <summary>True to read its standard output; else it is read and dropped.</summary>
    public bool ReadsOutput { get; init; }

    /// <summary>Takes each line of standard error as it comes, on a thread of its own; cut to 2,000 characters.</summary>
    public Action<string>? ErrorLine { get; init; }
}
