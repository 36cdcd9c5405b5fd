namespace CryoBackup.Processes;

/// <summary>Programs that one feature needs and the rest does not: age, rclone.</summary>
internal static class OptionalTool
{
    private static readonly Dictionary<string, string> Installation = new(StringComparer.Ordinal)
    {
        ["age"] =
            "Windows: winget install FiloSottile.age. Debian, Ubuntu: apt-get install age. RHEL: dnf install age (repository EPEL). "
            + "macOS: brew install age.",
        ["rclone"] =
            "Windows: winget install Rclone.Rclone. Debian, Ubuntu: apt-get install rclone. RHEL: "
            + "dnf install rclone (repository EPEL). macOS: brew install rclone.",
    };

    /// <summary>Finds a program on the PATH.</summary>
    /// <param name="name">Its name, for example age.</param>
    /// <param name="feature">What needs it, as the subject of a sentence: "Encryption", "The remote copy".</param>
    /// <returns>Its file.</returns>
    /// <exception cref="CryoBackupException">ToolNotFound, naming the tool, the feature and how to install it.</exception>
    public static string Find(string name, string feature)
    {
        string path = Environment.GetEnvironmentVariable("PATH") ?? "";
        // Homebrew's folders are missing from the PATH of macOS's scheduled jobs.
        return Find(name, feature, OperatingSystem.IsMacOS() ? path + ":/opt/homebrew/bin:/usr/local/bin" : path);
    }

    /// <summary>As the other overload, with a search path that need not be that of this process.</summary>
    public static string Find(string name, string feature, string searchPath)
    {
        IEnumerable<string> folders = searchPath
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Where(Path.IsPathFullyQualified)
            .Distinct(StringComparer.Ordinal);
        foreach (string folder in folders)
        {
            string path = Path.Combine(folder, OperatingSystem.IsWindows() ? name + ".exe" : name);
            if (IsProgram(path))
            {
                return path;
            }
        }

        throw new CryoBackupException(
            CryoBackupError.ToolNotFound,
            $"{feature} needs the program {name}, which was not found. Looked at: "
                + $"{(folders.Any() ? string.Join(", ", folders) : "nothing, because PATH is empty")}.",
            name,
            Installation.TryGetValue(name, out string? how) ? how : $"Install {name} and add its folder to the PATH."
        );
    }

    private static bool IsProgram(string path)
    {
        const UnixFileMode Executable = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        try
        {
            return File.Exists(path) && (OperatingSystem.IsWindows() || (File.GetUnixFileMode(path) & Executable) != 0);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
