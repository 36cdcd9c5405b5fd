using CryoBackup.Tests.Encryption;

namespace CryoBackup.Tests;

/// <summary>A test with a program of others, skipped where it is not installed.</summary>
public sealed class ProgramTheoryAttribute : TheoryAttribute
{
    public ProgramTheoryAttribute(string program)
    {
        string[] folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(
            Path.PathSeparator,
            StringSplitOptions.RemoveEmptyEntries
        );
        Skip =
            !OperatingSystem.IsWindows() && Array.Exists(folders, folder => File.Exists(Path.Combine(folder, program)))
                ? null
                : $"Needs {program}.";
    }
}

/// <summary>A test with a file that only some systems have.</summary>
public sealed class FileFactAttribute : FactAttribute
{
    public FileFactAttribute(string path) => Skip = !OperatingSystem.IsWindows() && File.Exists(path) ? null : $"Needs {path}.";
}

/// <summary>A test that needs a server, and strace that works.</summary>
public sealed class TracedFactAttribute : ServerFactAttribute
{
    public TracedFactAttribute() => Skip = ServerPrograms.ReasonToSkip ?? TracedTool.ReasonToSkip;
}
