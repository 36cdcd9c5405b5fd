using CryoBackup.Processes;

namespace CryoBackup.Tests;

/// <summary>
/// Programs are not written by this process: a child that another thread starts in that moment holds what is open here until it runs its own
/// program, and Unix refuses to run a file that somebody may still write to.
/// </summary>
internal static class ProgramFile
{
    /// <summary>Copies a file on Unix, with the rights that it has, and what it replaces anew.</summary>
    public static void Copy(string source, string target)
    {
        File.Delete(target);
        var copy = new ToolCommand("/bin/cp", source, target);
        (int exitCode, string _, IReadOnlyList<string> errors) = ToolProcess.Run(copy, CancellationToken.None);
        Assert.True(exitCode == 0, string.Join('\n', errors));
    }
}
