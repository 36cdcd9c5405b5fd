using System.Globalization;
using System.Text.RegularExpressions;

namespace CryoBackup.Storage;

/// <summary>
/// The names of what is noted beside a backup. In a folder a note is one file that is replaced: <c>&lt;backup&gt;.proof.json</c>. In a
/// store, where nothing is replaced, each is an object of its own:
/// <c>&lt;backup&gt;.proof.&lt;time&gt;-&lt;what&gt;-&lt;chance&gt;.json</c>.
/// </summary>
/// <param name="Backup">The backup's name, or its path.</param>
/// <param name="Suffix">Which note: <see cref="BackupFileName.ProofSuffix"/>, HoldSuffix or RemovalSuffix.</param>
/// <param name="What">What it says in a word or two; empty where the name does not tell.</param>
internal sealed partial record NoteName(string Backup, string Suffix, string What)
{
    private const string Json = ".json";

    /// <summary>Reads a name, of a folder or of a store.</summary>
    /// <param name="file">A name, a path, or a location.</param>
    /// <returns>Null for anything else.</returns>
    public static NoteName? TryRead(string file) =>
        file.EndsWith(Json, StringComparison.Ordinal) && Form().Match(file) is { Success: true } match
            ? new NoteName(match.Groups[1].Value, $".{match.Groups[2].Value}{Json}", match.Groups[3].Value)
            : null;

    /// <summary>A name for a new note in a store.</summary>
    /// <param name="backup">The backup's name.</param>
    /// <param name="suffix">Which note.</param>
    /// <param name="what">What it says, in lower-case letters and hyphens.</param>
    /// <param name="time">When, in UTC.</param>
    public static string Make(string backup, string suffix, string what, DateTime time) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{Start(backup, suffix)}{time:yyyyMMdd'T'HHmmssfff'Z'}-{what}-{Guid.NewGuid().ToString("N")[..8]}{Json}"
        );

    /// <summary>What the names of all notes of a kind in a store begin with.</summary>
    /// <param name="backup">The backup's name.</param>
    /// <param name="suffix">Which note.</param>
    public static string Start(string backup, string suffix) => backup + suffix[..^Json.Length] + ".";

    [GeneratedRegex(
        @"^(.+)\.(proof|hold|removal)(?:\.[0-9]{8}T[0-9]{9}Z-([a-z-]+)-[0-9a-f]{8})?\.json$",
        RegexOptions.CultureInvariant | RegexOptions.Singleline
    )]
    private static partial Regex Form();
}
