using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace CryoBackup.Tests;

/// <summary>tests/PROMISES.md: what is promised stands where it is said to, and each promise and each error has its tests.</summary>
[Trait("Runs", "Once")]
public sealed partial class PromisesTests
{
    private static readonly string Root = Path.GetFullPath(Path.Combine(Here(), "../.."));
    private static readonly string[] Text = File.ReadAllLines(Path.Combine(Root, "tests", "PROMISES.md"));

    [Fact]
    public void EveryPromiseStandsOnItsPage()
    {
        string[] missing =
        [
            .. Promises()
                .Where(row => !Flat(Page(row[0])).Contains(Flat(row[1]), StringComparison.Ordinal))
                .Select(row => $"{row[0]}: {row[1]}"),
        ];
        Assert.True(missing.Length == 0, $"No longer on their pages:\n{string.Join('\n', missing)}");
    }

    [Fact]
    public void EveryTestThatIsNamedIsThere()
    {
        string[] missing =
        [
            .. Promises()
                .Select(row => row[2])
                .Concat(Errors().Select(row => row[1]))
                .SelectMany(Names)
                .Distinct(StringComparer.Ordinal)
                .Where(name => BodyOf(name) is null),
        ];
        Assert.True(missing.Length == 0, $"No such tests:\n{string.Join('\n', missing)}");
        Assert.All(Promises(), row => Assert.NotEmpty(Names(row[2])));
    }

    /// <summary>The lists of promises: a point that is added needs a test.</summary>
    [Theory]
    [InlineData("en-US/New-CryoBackup.md", "The promises:")]
    [InlineData("en-US/Test-CryoBackup.md", "The promises:")]
    [InlineData("en-US/Restore-CryoBackup.md", "The promises:")]
    [InlineData("en-US/Get-CryoBackup.md", "The promises:")]
    [InlineData("en-US/Copy-CryoBackup.md", "The promises:")]
    [InlineData("en-US/Remove-CryoBackup.md", "The promises:")]
    [InlineData("en-US/Protect-CryoBackup.md", "The promises:")]
    [InlineData("en-US/Unprotect-CryoBackup.md", "The promises:")]
    [InlineData("SECURITY.md", "## What is promised")]
    public void EveryPointOfAListOfPromisesIsHeld(string page, string heading)
    {
        string list = Page(page).Split(heading + "\n\n")[1].Split("\n\n")[0];
        string[] points = [.. list.Split("\n- ").Select(point => Flat(point.TrimStart('-')))];
        string[] held = [.. Promises().Where(row => row[0] == page).Select(row => Flat(row[1]))];
        Assert.NotEmpty(held);
        Assert.All(
            points,
            point =>
                Assert.True(
                    Array.Exists(held, words => point.Contains(words, StringComparison.Ordinal)),
                    $"{page} promises what no line of tests/PROMISES.md holds: {point}"
                )
        );
    }

    [Fact]
    public void EveryErrorIsProvoked()
    {
        string[] ofTheFace =
        [
            .. ConstantOfTheFace()
                .Matches(File.ReadAllText(Path.Combine(Root, "src", "CryoBackup", "ErrorRecords.cs")))
                .Select(match => match.Groups[1].Value),
        ];
        Assert.Contains("Unexpected", ofTheFace);
        Assert.Equal([.. Enum.GetNames<CryoBackupError>(), .. ofTheFace], Errors().Select(row => row[0]).ToHashSet(StringComparer.Ordinal));
        foreach (string[] row in Errors())
        {
            Assert.All(
                Names(row[1]),
                name =>
                    Assert.True(
                        Regex.IsMatch(BodyOf(name) ?? "", $@"\b{row[0]}\b"),
                        $"{name}, which is to provoke {row[0]}, does not name it."
                    )
            );
        }
    }

    private static string[][] Promises() => Rows("## Promises");

    private static string[][] Errors() => Rows("## Errors");

    private static string[][] Rows(string heading) =>
        [
            .. Text.SkipWhile(line => line != heading)
                .Skip(1)
                .TakeWhile(line => !line.StartsWith("## ", StringComparison.Ordinal))
                .Where(line => line.StartsWith('|'))
                .Skip(2)
                .Select(line => line.Trim('|', ' ').Split(" | ").Select(cell => cell.Trim()).ToArray()),
        ];

    private static string[] Names(string cell) => [.. Name().Matches(cell).Select(match => match.Groups[1].Value)];

    /// <summary>The text of a test, with its data and its name; null if there is none.</summary>
    private static string? BodyOf(string name)
    {
        if (name.Split(": ", 2) is [var file, var words])
        {
            string script = Page(Path.Combine("tests", file));
            int begin = script.IndexOf($"It '{words}'", StringComparison.Ordinal);
            int end = begin < 0 ? -1 : script.IndexOf("\n    It '", begin, StringComparison.Ordinal);
            return begin < 0 ? null
                : end < 0 ? script[begin..]
                : script[begin..end];
        }

        (string type, string method) = name.Split('.', 2) is [var first, var second] ? (first, second) : (name, "");
        foreach (string path in Directory.GetFiles(Path.Combine(Root, "tests"), type + ".cs", SearchOption.AllDirectories))
        {
            string code = File.ReadAllText(path).ReplaceLineEndings("\n");
            if (Regex.Match(code, $@"public (?:async )?(?:void|Task) {method}\(") is { Success: true } match)
            {
                int begin = code.LastIndexOf("\n\n", match.Index, StringComparison.Ordinal);
                int end = code.IndexOf("\n    }\n", match.Index, StringComparison.Ordinal);
                return code[Math.Max(begin, 0)..(end < 0 ? code.Length : end)];
            }
        }

        return null;
    }

    private static string Page(string path) => File.ReadAllText(Path.Combine(Root, path)).ReplaceLineEndings("\n");

    private static string Flat(string text) => Blank().Replace(text, " ").Trim();

    private static string Here([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blank();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Name();

    [GeneratedRegex(@"const string (\w+) = nameof")]
    private static partial Regex ConstantOfTheFace();
}
