namespace CryoBackup;

/// <summary>A configuration file that was tested: what it means, and what is wrong with it.</summary>
public sealed class ConfigurationResult
{
    /// <summary>The file's full path.</summary>
    public string Path { get; init; } = "";

    /// <summary>True if nothing is wrong with it, and every channel that was tried took the test.</summary>
    public bool IsValid => Problems.Length == 0 && Channels.All(channel => channel.Sent);

    /// <summary>What is wrong. What cannot be read ends the reading, so that the first such fault is the only one.</summary>
    public ResultList<ConfigurationProblem> Problems { get; init; } = [];

    /// <summary>What is not wrong and yet not as it should be.</summary>
    public ResultList<string> Warnings { get; init; } = [];

    /// <summary>The databases that it names; empty where the server is asked which it has.</summary>
    public ResultList<string> Databases { get; init; } = [];

    /// <summary>Full paths of the folders that its backups lie in.</summary>
    public ResultList<string> Folders { get; init; } = [];

    /// <summary>What became of a test through each channel of notification; empty where none was tried.</summary>
    public ResultList<ChannelResult> Channels { get; init; } = [];

    /// <summary>All that it says, as YAML with full paths, variables filled in and secrets masked; null where it cannot be read.</summary>
    public string? Settings { get; init; }

    /// <summary>The file, and whether it is good.</summary>
    public override string ToString() => $"{Path}: {(IsValid ? "good" : "not good")}";
}
