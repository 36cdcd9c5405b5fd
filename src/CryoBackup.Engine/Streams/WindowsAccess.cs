using System.Runtime.Versioning;
using System.Security.AccessControl;
using System.Security.Principal;

namespace CryoBackup.Streams;

/// <summary>
/// Who may do what with a file or folder of ours on Windows, where a new one takes its folder's list: its owner, the system and the
/// administrators, who can take it anyway; nobody else, as 0600 and 0700 on Unix.
/// </summary>
[SupportedOSPlatform("windows")]
internal static class WindowsAccess
{
    /// <summary>Creates a file for its owner alone, who has it from its first moment on.</summary>
    /// <param name="path">The file; nothing may bear the name.</param>
    /// <param name="access">What is done with it.</param>
    /// <param name="share">What others may do meanwhile.</param>
    /// <exception cref="IOException">Something bears the name, or it cannot be created.</exception>
    /// <exception cref="UnauthorizedAccessException">The account may not.</exception>
    public static FileStream CreateFile(string path, FileAccess access, FileShare share)
    {
        FileSystemRights rights =
            (access.HasFlag(FileAccess.Read) ? FileSystemRights.Read : 0) | (access.HasFlag(FileAccess.Write) ? FileSystemRights.Write : 0);
        // One byte of buffer is none.
        return new FileInfo(path).Create(FileMode.CreateNew, rights, share, bufferSize: 1, FileOptions.None, OfFile());
    }

    /// <summary>Creates a folder for its owner alone; what is made in it is so too. One that is there already stays as it is.</summary>
    /// <param name="path">The folder.</param>
    /// <exception cref="IOException">It cannot be created.</exception>
    /// <exception cref="UnauthorizedAccessException">The account may not.</exception>
    public static void CreateFolder(string path) => OfFolder().CreateDirectory(path);

    private static FileSecurity OfFile()
    {
        var security = new FileSecurity();
        Restrict(security, InheritanceFlags.None);
        return security;
    }

    private static DirectorySecurity OfFolder()
    {
        var security = new DirectorySecurity();
        Restrict(security, InheritanceFlags.ContainerInherit | InheritanceFlags.ObjectInherit);
        return security;
    }

    private static void Restrict(FileSystemSecurity security, InheritanceFlags inheritance)
    {
        using var ourselves = WindowsIdentity.GetCurrent();
        security.SetAccessRuleProtection(isProtected: true, preserveInheritance: false);
        foreach (
            SecurityIdentifier who in (SecurityIdentifier[])
                [ourselves.User!, new(WellKnownSidType.LocalSystemSid, null), new(WellKnownSidType.BuiltinAdministratorsSid, null)]
        )
        {
            security.AddAccessRule(
                new FileSystemAccessRule(who, FileSystemRights.FullControl, inheritance, PropagationFlags.None, AccessControlType.Allow)
            );
        }
    }
}
