using System.Text.RegularExpressions;

namespace CryoBackup.StandIn;

/// <summary>Names of files in Wine and beside it.</summary>
internal static partial class UnixNames
{
    private const string DriveC = "/home/user/.wine/drive_c";

    /// <summary>The name in Wine, whose drive Z: is the root.</summary>
    public static string ToWindows(string path) => "Z:" + path.Replace('/', '\\');

    /// <summary>The text with a name of Windows at its end, or behind a =, as it is beside Wine; else as it is.</summary>
    public static string ToUnix(string text) =>
        WindowsName()
            .Replace(
                text,
                match =>
                    match.Groups["lead"].Value
                    + (match.Groups["drive"].Value is "Z" or "z" ? "" : DriveC)
                    + match.Groups["path"].Value.Replace('\\', '/')
            );

    [GeneratedRegex(@"^(?<lead>(--[a-z-]+=)?)(?<drive>[CZcz]):(?<path>[\\/].*)$", RegexOptions.Singleline)]
    private static partial Regex WindowsName();
}
