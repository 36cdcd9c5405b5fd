namespace CryoBackup.Tests;

/// <summary>A test of what only Unix has: modes, sockets, sh.</summary>
public sealed class UnixFactAttribute : FactAttribute
{
    public UnixFactAttribute() => Skip = OperatingSystem.IsWindows() ? "Needs Unix." : null;
}

/// <summary>A test of what only Linux has.</summary>
public sealed class LinuxFactAttribute : FactAttribute
{
    public LinuxFactAttribute() => Skip = OperatingSystem.IsLinux() ? null : "Needs Linux.";
}

/// <summary>A test of what only root can do.</summary>
public sealed class RootFactAttribute : FactAttribute
{
    public RootFactAttribute() => Skip = !OperatingSystem.IsWindows() && Environment.IsPrivilegedProcess ? null : "Needs root.";
}

/// <summary>As <see cref="UnixFactAttribute"/>, of several cases.</summary>
public sealed class UnixTheoryAttribute : TheoryAttribute
{
    public UnixTheoryAttribute() => Skip = OperatingSystem.IsWindows() ? "Needs Unix." : null;
}

/// <summary>As <see cref="RootFactAttribute"/>, of several cases.</summary>
public sealed class RootTheoryAttribute : TheoryAttribute
{
    public RootTheoryAttribute() => Skip = !OperatingSystem.IsWindows() && Environment.IsPrivilegedProcess ? null : "Needs root.";
}

/// <summary>As <see cref="LinuxFactAttribute"/>, of several cases.</summary>
public sealed class LinuxTheoryAttribute : TheoryAttribute
{
    public LinuxTheoryAttribute() => Skip = OperatingSystem.IsLinux() ? null : "Needs Linux.";
}
