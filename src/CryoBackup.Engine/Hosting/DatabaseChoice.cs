using CryoBackup.Text;

namespace CryoBackup.Hosting;

/// <summary>Which databases of a server the user means.</summary>
public sealed record DatabaseChoice
{
    /// <summary>Names, and patterns with * and ?; a backtick before one of these, or before a bracket, takes it as it is.</summary>
    public IReadOnlyList<string> Names { get; init; } = [];

    /// <summary>True for all that the server lets one connect to, but for templates.</summary>
    public bool All { get; init; }

    /// <summary>Not these: names and patterns.</summary>
    public IReadOnlyList<string> Exclude { get; init; } = [];

    /// <summary>True if databases are named or asked for; else those of the configuration are meant.</summary>
    public bool IsSaid => All || Names.Count > 0;

    /// <summary>True if the server is to be asked which there are.</summary>
    public bool AsksServer => All || Names.Any(NamePattern.IsPattern);

    /// <summary>Those that are meant by their exact name, each once.</summary>
    internal IEnumerable<string> Literals =>
        Names.Where(name => !NamePattern.IsPattern(name)).Select(name => new NamePattern(name).Literal).Distinct(StringComparer.Ordinal);

    /// <summary>Those that are meant by a pattern; none where all are meant.</summary>
    internal IReadOnlyList<string> Patterns => [.. Names.Where(NamePattern.IsPattern)];

    /// <summary>Whether a database is left out.</summary>
    /// <param name="name">Its name.</param>
    internal bool Excludes(string name) => Exclude.Any(pattern => NamePattern.Matches(pattern, name));

    /// <summary>Refuses what says two things.</summary>
    /// <exception cref="CryoBackupException">ConfigurationInvalid.</exception>
    internal void Check()
    {
        if (All && Names.Count > 0)
        {
            throw new CryoBackupException(
                CryoBackupError.ConfigurationInvalid,
                $"All databases are asked for, and '{string.Join("', '", Names)}' by name too; nothing was backed up.",
                Names[0],
                "Give -Database or -All, not both; -Exclude leaves some of all out."
            );
        }
    }

    /// <summary>The error where everything that was meant is excluded.</summary>
    internal CryoBackupException NoneLeft() =>
        new(
            CryoBackupError.ObjectNotFound,
            $"No database is left to back up: '{string.Join("', '", Exclude)}' excludes all.",
            Exclude.Count > 0 ? Exclude[0] : "Exclude",
            "Correct -Exclude."
        );
}
