using CryoBackup.Text;

namespace CryoBackup.Configuration;

/// <summary>What an unknown key was meant to be.</summary>
internal static class NearestKey
{
    // What other programs call it, where that comes nearer to another key or to none.
    private static readonly Dictionary<string, string> OtherWords = new(StringComparer.OrdinalIgnoreCase)
    {
        ["hostname"] = "host",
        ["hostaddr"] = "host",
        ["server"] = "host",
        ["address"] = "host",
        ["computer_name"] = "host",
        ["computername"] = "host",
        ["user"] = "username",
        ["user_name"] = "username",
        ["login"] = "username",
        ["role"] = "username",
        ["dbname"] = "database",
        ["pass"] = "password",
        ["passwd"] = "password",
        ["ssl"] = "ssl_mode",
        ["folder"] = "path",
        ["dir"] = "path",
        ["directory"] = "path",
    };

    /// <summary>Says what to do about a key that is not known.</summary>
    /// <param name="name">The key as it was written.</param>
    /// <param name="known">The keys of its section.</param>
    /// <returns>One sentence or two.</returns>
    public static string Remedy(string name, IReadOnlyList<ConfigurationKey> known)
    {
        string? near =
            OtherWords.TryGetValue(name, out string? word) && known.Any(key => key.Name == word)
                ? word
                : NearestName.Find(name, known.Select(key => key.Name));
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
