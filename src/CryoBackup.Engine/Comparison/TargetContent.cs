using CryoBackup.Archive;

namespace CryoBackup.Comparison;

/// <summary>The objects that the target of a restore holds already, in the words of an archive's table of contents.</summary>
internal sealed class TargetContent
{
    private readonly HashSet<(string Kind, string Schema, string Name)> _objects;

    /// <summary>Takes what was found.</summary>
    /// <param name="objects">Kind, schema and name of each object.</param>
    public TargetContent(IEnumerable<(string Kind, string Schema, string Name)> objects) => _objects = [.. objects];

    /// <summary>A target without objects.</summary>
    public static TargetContent Nothing { get; } = new([]);

    /// <summary>Whether the target has an object of the entry's kind and name.</summary>
    /// <param name="entry">The entry.</param>
    public bool Has(TocEntry entry) => _objects.Contains((entry.Kind, entry.Schema, entry.Name));
}
