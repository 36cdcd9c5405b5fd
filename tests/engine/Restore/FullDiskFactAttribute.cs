using CryoBackup.Processes;

namespace CryoBackup.Tests.Restore;

/// <summary>A test that needs a server and a small disk of its own, which only root may mount, on Linux;
/// skipped where that is not possible.</summary>
public sealed class FullDiskFactAttribute : ServerFactAttribute
{
    private static readonly Lazy<string?> Reason = new(() =>
    {
        if (ServerPrograms.ReasonToSkip is { } reason)
        {
            return reason;
        }

        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
        {
            return "Only root on Linux can mount a small disk.";
        }

        using var folder = new TemporaryFolder();
        using var disk = SmallDisk.TryMount(folder.Path, 1);
        return disk is null ? "This machine does not let root mount." : null;
    });

    public FullDiskFactAttribute() => Skip = Reason.Value;
}

/// <summary>A file system in memory.</summary>
internal sealed class SmallDisk : IDisposable
{
    private readonly string _folder;

    private SmallDisk(string folder) => _folder = folder;

    public static SmallDisk? TryMount(string folder, int megabytes)
    {
        var mount = new ToolCommand("/bin/mount", "-t", "tmpfs", "-o", FormattableString.Invariant($"size={megabytes}m"), "tmpfs", folder);
        return ToolProcess.Run(mount, CancellationToken.None).ExitCode == 0 ? new SmallDisk(folder) : null;
    }

    public void Dispose() => ToolProcess.Run(new ToolCommand("/bin/umount", "-l", _folder), CancellationToken.None);
}
