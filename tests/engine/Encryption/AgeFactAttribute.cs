namespace CryoBackup.Tests.Encryption;

/// <summary>A test that needs the real age and ssh-keygen: skipped where they are missing, but not on CI (CI=true),
/// where it then fails.</summary>
public sealed class AgeFactAttribute : FactAttribute
{
    public AgeFactAttribute() => Skip = AgePrograms.ReasonToSkip;
}

/// <summary>As <see cref="AgeFactAttribute"/>, for a test that also needs a server.</summary>
public sealed class AgeServerFactAttribute : ServerFactAttribute
{
    public AgeServerFactAttribute() => Skip = AgePrograms.ReasonToSkip ?? ServerPrograms.ReasonToSkip;

    /// <summary>True for a test that looks at processes as only Linux shows them.</summary>
    public bool LinuxOnly
    {
        get;
        init
        {
            field = value;
            if (value && !OperatingSystem.IsLinux())
            {
                Skip = "Needs Linux.";
            }
        }
    }
}

/// <summary>As <see cref="AgeServerFactAttribute"/>, for a theory.</summary>
public sealed class AgeServerTheoryAttribute : ServerTheoryAttribute
{
    public AgeServerTheoryAttribute() => Skip = AgePrograms.ReasonToSkip ?? ServerPrograms.ReasonToSkip;
}

internal static class AgePrograms
{
    private static readonly string[] Names = ["age", "age-keygen", "ssh-keygen"];

    public static string? ReasonToSkip
    {
        get
        {
            if (OperatingSystem.IsWindows())
            {
                return "Needs Unix.";
            }

            string[] folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
            string[] missing = [.. Names.Where(name => !folders.Any(folder => File.Exists(Path.Combine(folder, name))))];
            return missing.Length == 0 || ServerPrograms.OnCI ? null : $"NOT TESTED: {string.Join(", ", missing)} not installed here.";
        }
    }
}
