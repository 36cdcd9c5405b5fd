using System.CommandLine;

namespace CryoBackup.Cli;

/// <summary>The options that every command has.</summary>
internal static class CommonOptions
{
    public static readonly Option<bool> Json = new("--json")
    {
        Description =
            "Print the results as one JSON array: properties in camelCase, times in UTC, durations as [d.]hh:mm:ss[.fffffff], "
            + "sizes in bytes",
        Recursive = true,
    };

    public static readonly Option<bool> Verbose = new("--verbose", "-v")
    {
        Description = "Say on standard error what is being done",
        Recursive = true,
    };

    /// <summary>The identities of test, restore and list; each command has an option object of its own.</summary>
    public static Option<string[]> Identity() =>
        new("--identity", "-i")
        {
            Description = "Identity file or SSH private key that may open an encrypted backup; may be repeated",
            HelpName = "file",
        };

    /// <summary>The full paths of the identities given.</summary>
    public static string[] Read(this Option<string[]> identity, ParseResult arguments) => FullPaths(arguments.GetValue(identity) ?? []);

    /// <summary>The full paths of what was given.</summary>
    public static string[] FullPaths(IEnumerable<string> paths) => [.. paths.Select(path => FullPath(path) ?? "")];

    /// <summary>The report of test, restore and list; each command has an option object of its own.</summary>
    public static Option<string?> ReportPath() =>
        new("--report-path")
        {
            Description = "Write a report: a name that ends in .json or .html, or an existing folder; nothing is overwritten",
            HelpName = "file or folder",
        };

    /// <summary>The locale of what test and restore create; each command has an option object of its own.</summary>
    /// <param name="what">What has it.</param>
    public static Option<string?> Locale(string what) =>
        new("--locale")
        {
            Description =
                $"{what}: as the server's machine names it, or icu:name, builtin:name; the source's, or what means the same there, "
                + "unless said otherwise",
            HelpName = "locale",
        };

    /// <summary>The full path of what was given, if anything was.</summary>
    public static string? FullPath(string? path) => string.IsNullOrEmpty(path) ? path : Path.GetFullPath(path);
}
