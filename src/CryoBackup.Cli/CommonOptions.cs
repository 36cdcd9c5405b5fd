using System.CommandLine;

namespace CryoBackup.Cli;

/// <summary>The options that every command has.</summary>
internal static class CommonOptions
{
    public static readonly Option<bool> Json = new("--json")
    {
        Description = "Print the results as one JSON array: properties in camelCase, times in UTC, durations as [d.]hh:mm:ss[.fffffff], sizes in bytes",
        Recursive = true,
    };

    public static readonly Option<bool> Verbose = new("--verbose", "-v") { Description = "Say on standard error what is being done", Recursive = true };
}
