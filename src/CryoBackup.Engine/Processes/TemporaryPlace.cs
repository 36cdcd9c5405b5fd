using System.Runtime.Versioning;
using System.Text;

namespace CryoBackup.Processes;

/// <summary>The temporary folder, and what decides where it lies, which each platform does in its own way.</summary>
internal static class TemporaryPlace
{
    /// <summary>The folder; on Windows, where programs of PostgreSQL are told paths in the code page, in ASCII if it has such a
    /// name.</summary>
    public static string Folder => OperatingSystem.IsWindows() ? InAscii(Path.GetTempPath(), WindowsPaths.Shorten) : Path.GetTempPath();

    /// <summary>A path in ASCII, by the short names (8.3) of its folders where it has other letters.</summary>
    /// <param name="path">The path.</param>
    /// <param name="shorten">Gives the short name; the path itself where the volume keeps none.</param>
    internal static string InAscii(string path, Func<string, string> shorten) =>
        Ascii.IsValid(path) ? path
        : shorten(path) is var known && Ascii.IsValid(known) ? known
        : path;

    /// <summary>Makes sure that programs can be told a path below the folder.</summary>
    /// <param name="path">The path.</param>
    /// <exception cref="CryoBackupException">DestinationNotWritable: letters of it are missing in the code page.</exception>
    [SupportedOSPlatform("windows")]
    public static void RequireTellable(string path)
    {
        if (!WindowsPaths.FitsCodePage(path))
        {
            throw new CryoBackupException(
                CryoBackupError.DestinationNotWritable,
                $"PostgreSQL's programs cannot be told of the temporary folder '{Folder}': its path has letters that the system's code "
                    + "page lacks, and its volume keeps no short names.",
                Folder,
                $"{char.ToUpperInvariant(SetTo("")[0])}{SetTo(@"a folder such as C:\Temp")[1..]}."
            );
        }
    }

    /// <summary>What to do so that the temporary folder is another one, as the middle of a sentence.</summary>
    /// <param name="what">Which it should be, for example <c>a larger disk</c>.</param>
    public static string SetTo(string what) => SetTo(what, OperatingSystem.IsWindows(), OperatingSystem.IsWindows() && IsOfSystem(Folder));

    /// <summary>As the other overload, for a platform.</summary>
    /// <param name="what">Which it should be.</param>
    /// <param name="onWindows">True for Windows, where TMP is asked before TEMP.</param>
    /// <param name="asSystem">True for its account SYSTEM, which has one folder, whatever the variables say.</param>
    internal static string SetTo(string what, bool onWindows, bool asSystem) =>
        !onWindows ? $"set TMPDIR to {what}"
        : asSystem ? $"run as another account than SYSTEM, which has this one whatever TMP says, with TMP set to {what}"
        : $"set TMP to {what}";

    private static bool IsOfSystem(string folder) =>
        string.Equals(Path.GetFileName(Path.TrimEndingDirectorySeparator(folder)), "SystemTemp", StringComparison.OrdinalIgnoreCase);
}
