namespace CryoBackup.Configuration;

/// <summary>A section of the configuration file: its properties are the section's keys, in PascalCase for snake_case.</summary>
public abstract record Settings
{
    /// <summary>The section's name alone: a section may hold secrets, and text ends up in logs.</summary>
    public sealed override string ToString() => GetType().Name;
}
