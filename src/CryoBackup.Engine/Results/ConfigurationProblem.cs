namespace CryoBackup;

/// <summary>Something that is wrong with a configuration file.</summary>
public sealed class ConfigurationProblem
{
    /// <summary>The line, from 1; 0 where the file as a whole is meant, or what it refers to.</summary>
    public long Line { get; init; }

    /// <summary>The column, from 1; 0 likewise.</summary>
    public long Column { get; init; }

    /// <summary>The path of the key, for example database.host; null where none is meant.</summary>
    public string? Key { get; init; }

    /// <summary>What is wrong, in one sentence.</summary>
    public string Message { get; init; } = "";

    /// <summary>What to do.</summary>
    public string? Remedy { get; init; }

    /// <summary>The sentence, and what to do.</summary>
    public override string ToString() => $"{Message} {Remedy}".TrimEnd();
}
