using System.Runtime.CompilerServices;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace CryoBackup.Tests;

/// <summary>How long a file and a member may be, and how many arguments a call may have and how many lines may stand twice, before a seam is looked for.</summary>
[Trait("Runs", "Once")]
public sealed class HouseLimitsTests
{
    private const int LinesOfAFile = 400;
    private const int LinesOfAMember = 60;
    private const int Arguments = 6;
    private const int LinesOfARun = 8;

    // The function of Windows has seven.
    private static readonly string[] Exceptions = ["CreateFile(", "Native.ReportEvent("];

    private static readonly string Root = Path.GetFullPath(Path.Combine(Here(), "../.."));

    [Theory]
    [InlineData("src")]
    [InlineData("tests")]
    public void NoFileIsLongerThan400Lines(string folder)
    {
        string[] files = [.. Files(folder).Where(file => File.ReadLines(file).Count() > LinesOfAFile)];
        Assert.True(files.Length == 0, $"Longer than {LinesOfAFile} lines:\n{string.Join('\n', files)}");
    }

    [Fact]
    public void NoMemberIsLongerThan60Lines()
    {
        string[] members =
        [
            .. Nodes(IsMember).Where(found => Lines(found.Node) > LinesOfAMember).Select(found => Describe(found, Lines(found.Node))),
        ];
        Assert.True(members.Length == 0, $"Longer than {LinesOfAMember} lines:\n{string.Join('\n', members)}");
    }

    [Fact]
    public void NoCallHasMoreThanSixArguments()
    {
        string[] calls =
        [
            .. Nodes(node => Count(node) > Arguments)
                .Where(found => !Exceptions.Any(name => found.Node.ToString().StartsWith(name, StringComparison.Ordinal)))
                .Select(found => Describe(found, Count(found.Node))),
        ];
        Assert.True(calls.Length == 0, $"More than {Arguments} arguments:\n{string.Join('\n', calls)}");
    }

    [Fact]
    public void NoEightLinesStandTwice()
    {
        string[] pairs = [.. Repeated(Files("src").Select(file => (Path.GetRelativePath(Root, file), File.ReadLines(file))))];
        Assert.True(pairs.Length == 0, $"The same {LinesOfARun} lines of code:\n{string.Join('\n', pairs)}");
    }

    [Fact]
    public void RepeatedLinesAreFound()
    {
        string[] lines = [.. Enumerable.Range(1, LinesOfARun).Select(number => $"Do({number});")];
        Assert.Equal(["a(2) = b(5)"], Repeated([("a", ["{", .. lines]), ("b", ["using A;", "", "// Why.", "{", .. lines, "}"])]));
        Assert.Empty(Repeated([("a", lines[1..]), ("b", lines[1..])]));
    }

    [Fact]
    public void WhatIsCountedIsCountedRight()
    {
        const string Text = """
            class A(int a) : B(1, 2, 3, 4, 5, 6, 7)
            {
                A() : this(1, 2, 3, 4, 5, 6, 7) { }
                int Short => F(1, 2, 3, 4, 5, 6, [7, 8]);
                object Call() => new C(1, 2, 3, 4, 5, 6, 7) { D = new(1, 2, 3, 4, 5, 6, 7, 8) };
                int F(int a, int b, int c, int d, int e, int f, params int[] g) => F(1, 2, 3, 4, 5, 6);
            }
            """;
        SyntaxNode root = CSharpSyntaxTree.ParseText(Text).GetRoot();
        Assert.Equal([7, 7, 7, 7, 8], root.DescendantNodes().Select(Count).Where(count => count > Arguments).Order());
        Assert.Equal([1, 1, 1, 1], root.DescendantNodes().Where(IsMember).Select(Lines));
    }

    /// <summary>Where the same lines of code stand in two places; what every file has, and lines without a word, do not count.</summary>
    private static IEnumerable<string> Repeated(IEnumerable<(string Name, IEnumerable<string> Lines)> files)
    {
        var seen = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach ((string name, IEnumerable<string> lines) in files)
        {
            (int Number, string Text)[] code =
            [
                .. lines
                    .Select((line, index) => (index + 1, line.Trim()))
                    .Where(line => line.Item2.Any(char.IsLetterOrDigit) && !IsOfEveryFile(line.Item2)),
            ];
            int told = -LinesOfARun;
            for (int i = 0; i + LinesOfARun <= code.Length; i++)
            {
                string place = $"{name}({code[i].Number})";
                string run = string.Join('\n', code[i..(i + LinesOfARun)].Select(line => line.Text));
                if (!seen.TryAdd(run, place) && i >= told + LinesOfARun)
                {
                    told = i;
                    yield return $"{seen[run]} = {place}";
                }
            }
        }
    }

    private static bool IsOfEveryFile(string line) =>
        line.StartsWith("//", StringComparison.Ordinal)
        || line.StartsWith("using ", StringComparison.Ordinal) && line.EndsWith(';') && !line.Contains('=', StringComparison.Ordinal);

    private static bool IsMember(SyntaxNode node) =>
        node
            is BaseMethodDeclarationSyntax
                or LocalFunctionStatementSyntax
                or AccessorDeclarationSyntax
                or PropertyDeclarationSyntax { ExpressionBody: not null };

    private static int Lines(SyntaxNode node)
    {
        FileLinePositionSpan span = node.SyntaxTree.GetLineSpan(node.Span);
        return span.EndLinePosition.Line - span.StartLinePosition.Line + 1;
    }

    // A list in brackets is one.
    private static int Count(SyntaxNode node) =>
        node switch
        {
            InvocationExpressionSyntax call => call.ArgumentList.Arguments.Count,
            BaseObjectCreationExpressionSyntax made => made.ArgumentList?.Arguments.Count ?? 0,
            ConstructorInitializerSyntax first => first.ArgumentList.Arguments.Count,
            PrimaryConstructorBaseTypeSyntax first => first.ArgumentList.Arguments.Count,
            _ => 0,
        };

    private static IEnumerable<(string File, SyntaxNode Node)> Nodes(Func<SyntaxNode, bool> which) =>
        Files("src")
            .SelectMany(file =>
                CSharpSyntaxTree.ParseText(File.ReadAllText(file)).GetRoot().DescendantNodes().Where(which).Select(node => (file, node))
            );

    private static string Describe((string File, SyntaxNode Node) found, int count)
    {
        int line = found.Node.SyntaxTree.GetLineSpan(found.Node.Span).StartLinePosition.Line + 1;
        return $"{Path.GetRelativePath(Root, found.File)}({line}): {count}: {found.Node.ToString().Split('\n')[0].Trim()}";
    }

    private static string[] Files(string folder)
    {
        string[] files = [.. Directory.EnumerateFiles(Path.Combine(Root, folder), "*.cs", SearchOption.AllDirectories)];
        Assert.NotEmpty(files);
        return files;
    }

    private static string Here([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;
}
