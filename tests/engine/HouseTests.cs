using System.Runtime.CompilerServices;
using System.Text;
using System.Text.RegularExpressions;

namespace CryoBackup.Tests;

/// <summary>The rooms of the engine: a room uses only those above it, and a file lies in the room that its namespace names.</summary>
[Trait("Runs", "Once")]
public sealed partial class HouseTests
{
    // From top to bottom, as CONTRIBUTING.md shows them. A room within a room belongs to it.
    private static readonly string[] Rooms =
    [
        "",
        "Results",
        "Text",
        "Streams",
        "Processes",
        "Stores",
        "Archive",
        "Postgres",
        "Encryption",
        "Storage",
        "Comparison",
        "Inspection",
        "Copies",
        "Retention",
        "Backup",
        "Restore",
        "Verification",
        "Configuration",
        "Runs",
        "Reports",
        "Notifications",
        "Hosting",
    ];

    private static readonly string Engine = Path.GetFullPath(Path.Combine(Here(), "../../src/CryoBackup.Engine"));

    [Fact]
    public void NoArrowRunsBack()
    {
        List<string> back = [];
        foreach (string file in Sources())
        {
            string[] lines = File.ReadAllLines(file);
            for (int line = 0; line < lines.Length; line++)
            {
                Match used = UsingLine().Match(lines[line]);
                if (used.Success && Array.IndexOf(Rooms, used.Groups[1].Value) > Array.IndexOf(Rooms, RoomOf(file)))
                {
                    back.Add($"{Path.GetRelativePath(Engine, file)}({line + 1}): {lines[line]}");
                }
            }
        }

        Assert.True(back.Count == 0, $"A room uses one below it:\n{string.Join('\n', back)}");
    }

    [Fact]
    public void EveryFileLiesInARoomOfTheList() => Assert.All(Sources(), file => Assert.Contains(RoomOf(file), Rooms));

    /// <summary>A session has the encoding of its database, which may have no other characters.</summary>
    [Fact]
    public void SqlIsAscii() =>
        Assert.All(
            Sources(),
            file => Assert.All(Sql().Matches(File.ReadAllText(file)), sql => Assert.True(Ascii.IsValid(sql.Value), $"{file}: {sql.Value}"))
        );

    [Fact]
    public void TheNamespaceIsTheFolder() =>
        Assert.All(
            Sources(),
            file =>
            {
                string folder = Path.GetDirectoryName(Path.GetRelativePath(Engine, file))!.Replace(Path.DirectorySeparatorChar, '.');
                // What users see is named by the views, and is the product's own.
                string expected = folder is "" or "Results" ? "CryoBackup" : "CryoBackup." + folder;
                Assert.Contains($"namespace {expected};", File.ReadAllLines(file));
            }
        );

    /// <summary>The formatter leaves texts and comments as they are.</summary>
    [Fact]
    public void NoLineIsWiderThan140Columns()
    {
        string[] files = [.. Directory.EnumerateFiles(Path.Combine(Engine, ".."), "*.cs", SearchOption.AllDirectories)];
        Assert.NotEmpty(files);
        Assert.All(files, file => Assert.All(File.ReadAllLines(file), line => Assert.True(line.Length <= 140, $"{file}: {line}")));
    }

    private static IEnumerable<string> Sources()
    {
        string[] files = [.. Directory.EnumerateFiles(Engine, "*.cs", SearchOption.AllDirectories)];
        Assert.NotEmpty(files);
        return files;
    }

    private static string RoomOf(string file)
    {
        string[] parts = Path.GetRelativePath(Engine, file).Split(Path.DirectorySeparatorChar);
        return parts.Length == 1 ? "" : parts[0];
    }

    private static string Here([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;

    // Whatever names the catalog is SQL; all else may be words for people.
    [GeneratedRegex("\"{3}(?:(?!\"{3}).)*pg_catalog\\.(?:(?!\"{3}).)*\"{3}|\"[^\"\n]*pg_catalog\\.[^\"\n]*\"", RegexOptions.Singleline)]
    private static partial Regex Sql();

    [GeneratedRegex(@"^using (?:static )?CryoBackup\.(\w+)")]
    private static partial Regex UsingLine();
}
