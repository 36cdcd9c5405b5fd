using CryoBackup.Processes;

namespace CryoBackup.Tests.Postgres;

/// <summary>How long a command may be: computed for every platform, whichever runs the tests.</summary>
public sealed class CommandLengthTests
{
    private const string Program = "pg_dump.exe";

    /// <summary>An argument of these letters, and how many characters .NET makes of it for CreateProcess.</summary>
    [Theory]
    [InlineData("--clean", 7)]
    [InlineData("", 2)]
    [InlineData("a b", 5)]
    [InlineData("a\tb", 5)]
    [InlineData("""a"b""", 6)] // "a\"b"
    [InlineData("""C:\a\""", 5)]
    [InlineData("""C:\a b\""", 10)] // "C:\a b\\"
    [InlineData("""a\"b""", 8)] // "a\\\"b"
    [InlineData("""--exclude-table="a"."b c\\" """, 36)]
    public void OnWindowsQuotesAndBackslashesCount(string argument, int length)
    {
        int rest = CommandLength.MostOnWindows - Program.Length - 1 - length - 1;
        Assert.True(CommandLength.Fits(Program, [argument, new string('x', rest)], onWindows: true));
        Assert.False(CommandLength.Fits(Program, [argument, new string('x', rest + 1)], onWindows: true));
    }

    [Fact]
    public void OnUnixOneArgumentHasALimitOfItsOwn()
    {
        Assert.True(CommandLength.Fits("pg_dump", [new string('x', 131_071)], onWindows: false));
        Assert.False(CommandLength.Fits("pg_dump", [new string('x', 131_072)], onWindows: false));
        Assert.False(CommandLength.Fits("pg_dump", [new string('ü', 65_536)], onWindows: false));
    }

    [Fact]
    public void OnUnixAllTogetherHaveOne()
    {
        string[] many = [.. Enumerable.Repeat(new string('x', 91), 7_800)];
        Assert.True(CommandLength.Fits("pg_dump", many, onWindows: false));
        Assert.False(CommandLength.Fits("pg_dump", [.. many, .. many[..100]], onWindows: false));
        Assert.False(CommandLength.Fits("pg_dump", many, onWindows: true));
    }

    /// <summary>What is let through can be started here.</summary>
    [UnixFact]
    public void WhatFitsStarts()
    {
        List<string> arguments = [new string('x', 131_071)];
        while (CommandLength.Fits("/bin/true", [.. arguments, arguments[0]], onWindows: false))
        {
            arguments.Add(arguments[0]);
        }

        Assert.Equal(0, ToolProcess.Run(new ToolCommand("/bin/true", [.. arguments]), CancellationToken.None).ExitCode);
    }
}
