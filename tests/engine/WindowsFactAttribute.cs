namespace CryoBackup.Tests;

/// <summary>A test of what only Windows has; the workflow runs it.</summary>
public sealed class WindowsFactAttribute : FactAttribute
{
    public WindowsFactAttribute() => Skip = OperatingSystem.IsWindows() ? null : "Needs Windows; not run here.";
}
