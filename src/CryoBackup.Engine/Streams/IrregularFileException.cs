namespace CryoBackup.Streams;

/// <summary>What bears the name of one of our files is not a regular file of that name; it was not touched.</summary>
/// <param name="path">The name.</param>
/// <param name="kind">What lies there, with its article.</param>
internal sealed class IrregularFileException(string path, string kind)
    : IOException($"'{path}' is {kind}, and only a regular file is opened there.")
{
    /// <summary>The name.</summary>
    public string Path { get; } = path;
}
