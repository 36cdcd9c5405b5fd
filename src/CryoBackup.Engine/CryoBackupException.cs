namespace CryoBackup;

/// <summary>The one exception that the engine's verbs throw on purpose: what failed, with what, and what to do about it.</summary>
public sealed class CryoBackupException : Exception
{
    /// <summary>Describes a failure.</summary>
    /// <param name="error">The stable identifier.</param>
    /// <param name="message">One sentence that names the thing and the reason.</param>
    /// <param name="target">The thing it happened to: a path, a database, a tool.</param>
    /// <param name="remedy">What the administrator can do.</param>
    /// <param name="standardError">The last lines that a program wrote to standard error, secrets removed.</param>
    /// <param name="inner">The cause, where there is one.</param>
    public CryoBackupException(
        CryoBackupError error,
        string message,
        string? target = null,
        string? remedy = null,
        IReadOnlyList<string>? standardError = null,
        Exception? inner = null
    )
        : base(HostWords.Of(message), inner)
    {
        Error = error;
        Target = target;
        Remedy = remedy is null ? null : HostWords.Of(remedy);
        StandardError = standardError ?? [];
    }

    /// <summary>The stable identifier.</summary>
    public CryoBackupError Error { get; }

    /// <summary>The thing it happened to: a path, a database, a tool.</summary>
    public string? Target { get; }

    /// <summary>What the administrator can do.</summary>
    public string? Remedy { get; }

    /// <summary>Where in a file the fault stands; null where it is of no file.</summary>
    internal ConfigurationProblem? Place { get; init; }

    /// <summary>The last lines that a program wrote to standard error, secrets removed; empty where no program was involved.</summary>
    public IReadOnlyList<string> StandardError { get; }
}
