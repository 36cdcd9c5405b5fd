namespace CryoBackup.Processes;

/// <summary>The temporary folder, and what decides where it lies, which each platform does in its own way.</summary>
internal static class TemporaryPlace
{
    /// <summary>The folder.</summary>
    public static string Folder => Path.GetTempPath();

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
