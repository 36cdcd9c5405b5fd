using System.Text.RegularExpressions;

namespace CryoBackup.Cli;

/// <summary>Puts the engine's advice, which names cmdlets and their parameters, into the tool's own words.</summary>
internal static partial class ToolWords
{
    /// <summary>Translates <c>-TargetDatabase</c> to <c>--target-database</c> and <c>Get-CryoBackup</c> to
    /// <c>cryobackup list</c>; what stands in quotes is somebody's own, and left as it is.</summary>
    public static string Translate(string advice)
    {
        string withCommands = Cmdlet()
            .Replace(
                advice,
                match =>
                    match.Groups[1].Value switch
                    {
                        string verb when match.Groups[2].Length > 0 => "cryobackup config " + verb.ToLowerInvariant(),
                        "Get" => "cryobackup list",
                        string verb => "cryobackup " + verb.ToLowerInvariant(),
                    }
            );
        return Parameter()
            .Replace(
                withCommands,
                match => match.Value[0] == '-' ? "-" + WordStart().Replace(match.Value[1..], "-$0").ToLowerInvariant() : match.Value
            );
    }

    [GeneratedRegex(@"\b(New|Test|Restore|Get|Copy|Remove|Protect|Unprotect)-CryoBackup(Configuration)?\b", RegexOptions.CultureInvariant)]
    private static partial Regex Cmdlet();

    // Three letters and more: pg_dump's -Fc is left as it is.
    [GeneratedRegex(@"(?<!\w)'[^']*'(?!\w)|(?<![\w-])-[A-Z][A-Za-z]{2,}", RegexOptions.CultureInvariant)]
    private static partial Regex Parameter();

    [GeneratedRegex("[A-Z]", RegexOptions.CultureInvariant)]
    private static partial Regex WordStart();
}
