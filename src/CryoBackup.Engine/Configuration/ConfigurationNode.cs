namespace CryoBackup.Configuration;

/// <summary>A value of the file with its place in it.</summary>
/// <param name="Line">The line, from 1.</param>
/// <param name="Column">The column, from 1.</param>
internal abstract record ConfigurationNode(int Line, int Column)
{
    /// <summary>What it is, for an error's sentence.</summary>
    public abstract string Kind { get; }
}

/// <summary>A text, number or word.</summary>
/// <param name="Text">As YAML reads it: without quotes.</param>
/// <param name="IsQuoted">True if it stands in quotes, or in a block.</param>
/// <param name="Line">The line, from 1.</param>
/// <param name="Column">The column, from 1.</param>
internal sealed record ScalarNode(string Text, bool IsQuoted, int Line, int Column) : ConfigurationNode(Line, Column)
{
    /// <inheritdoc/>
    public override string Kind => IsEmpty ? "nothing" : "a single value";

    /// <summary>True if nothing is there: no text, <c>~</c> or <c>null</c>.</summary>
    public bool IsEmpty => !IsQuoted && Text is "" or "~" or "null" or "Null" or "NULL";
}

/// <summary>Several values.</summary>
/// <param name="Items">The values.</param>
/// <param name="Line">The line, from 1.</param>
/// <param name="Column">The column, from 1.</param>
internal sealed record ListNode(IReadOnlyList<ConfigurationNode> Items, int Line, int Column) : ConfigurationNode(Line, Column)
{
    /// <inheritdoc/>
    public override string Kind => "a list";
}

/// <summary>Keys with values, in the file's order; no key twice.</summary>
/// <param name="Entries">The keys with their places, and their values.</param>
/// <param name="Line">The line, from 1.</param>
/// <param name="Column">The column, from 1.</param>
internal sealed record MapNode(IReadOnlyList<(ScalarNode Key, ConfigurationNode Value)> Entries, int Line, int Column)
    : ConfigurationNode(Line, Column)
{
    /// <inheritdoc/>
    public override string Kind => "a map";
}
