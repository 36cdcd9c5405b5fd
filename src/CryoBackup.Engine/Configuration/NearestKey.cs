using CryoBackup.Text;

namespace CryoBackup.Configuration;

/// <summary>What an unknown key was meant to be.</summary>
internal static class NearestKey
{
    /// <summary>Says what to do about a key that is not known.</summary>
    /// <param name="name">The key as it was written.</param>
    /// <param name="known">The keys of its section.</param>
    /// <returns>One sentence or two.</returns>
    public static string Remedy(string name, IReadOnlyList<ConfigurationKey> known)
    {
        string? near = NearestName.Find(name, known.Select(key => key.Name));
        if (near is not null)
        {
            return $"Did you mean '{near}'?";
        }

        string[] elsewhere =
        [
            .. ConfigurationKey
                .All()
                .Where(item => item.Key.Name == name && !item.Path.Contains("[]", StringComparison.Ordinal))
                .Select(item => item.Path),
        ];
        return elsewhere.Length > 0
            ? $"It belongs elsewhere: {string.Join(", ", elsewhere)}."
            : $"The keys here are {string.Join(", ", known.Select(key => key.Name))}.";
    }
}
