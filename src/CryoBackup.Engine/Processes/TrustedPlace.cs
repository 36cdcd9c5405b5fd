using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Security.AccessControl;
using System.Security.Principal;

namespace CryoBackup.Processes;

/// <summary>
/// Files that we obey though nobody named them to us: a configuration that is found, programs of a folder. Such a file must belong to us or
/// to the administrator, and nobody else may have been able to put it there or to change it: it and every folder above it are looked at.
/// </summary>
internal static partial class TrustedPlace
{
    private const int DeepestLinks = 40;

    /// <summary>Why a file or folder is not to be obeyed.</summary>
    /// <param name="path">Its full path. A link is followed, and both its place and its target's must be right.</param>
    /// <returns>
    /// A sentence without its full stop; null if it is trusted, or where the system does not tell. On Windows only the owners of the file
    /// and of its folder are looked at.
    /// </returns>
    public static string? WhyNot(string path)
    {
        try
        {
            return OperatingSystem.IsWindows() ? WhyNotOnWindows(path) : WhyNotOnUnix(path, 0);
        }
        catch (Exception exception)
            when (exception is IOException or UnauthorizedAccessException or NotSupportedException or EntryPointNotFoundException)
        {
            return $"'{path}' cannot be looked at: {exception.Message}";
        }
    }

    /// <summary>
    /// Whether a folder in a place that others may write to is one that we, or the administrator, have made: no link, and no folder
    /// that somebody planted under a name of ours.
    /// </summary>
    /// <param name="folder">Its full path.</param>
    /// <param name="alsoOf">The user ID of an account to which we give such folders; null for none.</param>
    /// <returns>False also where the system does not tell.</returns>
    public static bool IsOurFolder(string folder, uint? alsoOf = null)
    {
        try
        {
            if (OperatingSystem.IsWindows())
            {
                var place = new DirectoryInfo(folder);
                return place.Exists
                    && !place.Attributes.HasFlag(FileAttributes.ReparsePoint)
                    && IsOfUsOrAdministrators(place.GetAccessControl(AccessControlSections.Owner));
            }

            return UnixStatus.Of(folder) is { IsFolder: true } status && (status.Owner == UnixStatus.Ourselves || status.Owner == alsoOf);
        }
        catch (Exception exception)
            when (exception is IOException or UnauthorizedAccessException or NotSupportedException or EntryPointNotFoundException)
        {
            return false;
        }
    }

    [SupportedOSPlatform("windows")]
    private static bool IsOfUsOrAdministrators(FileSystemSecurity security)
    {
        using var ourselves = WindowsIdentity.GetCurrent();
        return security.GetOwner(typeof(SecurityIdentifier)) is SecurityIdentifier owner
            && (
                owner == ourselves.User
                || owner == ourselves.Owner
                || owner.IsWellKnown(WellKnownSidType.BuiltinAdministratorsSid)
                || owner.IsWellKnown(WellKnownSidType.LocalSystemSid)
            );
    }

    [UnsupportedOSPlatform("windows")]
    private static string? WhyNotOnUnix(string path, int depth)
    {
        string place = "/";
        foreach (string name in path.Split('/', StringSplitOptions.RemoveEmptyEntries).Prepend(""))
        {
            place = Path.Combine(place, name);
            if (UnixStatus.Of(place) is not { } status)
            {
                continue;
            }

            if (status.Owner != 0 && status.Owner != UnixStatus.Ourselves)
            {
                return $"'{place}' belongs to another account";
            }

            if (status.IsLink)
            {
                // Who may replace it is told by its folder, which has been looked at; what it leads to is looked at from the root on.
                string rest = path[Math.Min(path.Length, place.Length)..].TrimStart('/');
                string target = Path.GetFullPath(
                    Path.Combine(new FileInfo(place).LinkTarget ?? place, rest),
                    Path.GetDirectoryName(place)!
                );
                return depth < DeepestLinks ? WhyNotOnUnix(target, depth + 1) : $"'{place}' is a link that leads nowhere";
            }

            // In a folder such as /tmp nobody replaces what belongs to another; what comes within it is looked at next.
            bool isShared = status.IsFolder && status.IsSticky;
            if (!isShared && (status.OthersMayWrite || (status.GroupMayWrite && !status.IsGroupOurs)))
            {
                return $"other accounts may write to '{place}'";
            }
        }

        return null;
    }

    [SupportedOSPlatform("windows")]
    private static string? WhyNotOnWindows(string path)
    {
        using var ourselves = WindowsIdentity.GetCurrent();
        SecurityIdentifier?[] trusted =
        [
            ourselves.User,
            ourselves.Owner,
            new(WellKnownSidType.BuiltinAdministratorsSid, null),
            new(WellKnownSidType.LocalSystemSid, null),
            // The installer of the system, to whom what lies below Program Files may belong.
            new("S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464"),
        ];
        var file = new FileInfo(path);
        foreach (
            (string place, FileSystemSecurity security) in new (string, FileSystemSecurity)[]
            {
                (
                    path,
                    file.Exists
                        ? file.GetAccessControl(AccessControlSections.Owner)
                        : new DirectoryInfo(path).GetAccessControl(AccessControlSections.Owner)
                ),
                (file.DirectoryName!, file.Directory!.GetAccessControl(AccessControlSections.Owner)),
            }
        )
        {
            if (security.GetOwner(typeof(SecurityIdentifier)) is SecurityIdentifier owner && !trusted.Contains(owner))
            {
                return $"'{place}' belongs to another account";
            }
        }

        return null;
    }

    /// <summary>What the system tells of a file; of a link, the link's own.</summary>
    [UnsupportedOSPlatform("windows")]
    private readonly partial record struct UnixStatus(int Mode, uint Owner, uint Group)
    {
        private const int TypeMask = 0xF000,
            Folder = 0x4000,
            Link = 0xA000,
            Sticky = 0x200,
            GroupWrite = 0x10,
            OthersWrite = 0x2;
        private const int CurrentFolder = -100,
            NoFollow = 0x100,
            TypeModeAndOwners = 0x1 | 0x2 | 0x8 | 0x10;

        public static uint Ourselves { get; } = EffectiveUser();

        public bool IsLink => (Mode & TypeMask) == Link;

        public bool IsFolder => (Mode & TypeMask) == Folder;

        public bool IsSticky => (Mode & Sticky) != 0;

        public bool OthersMayWrite => (Mode & OthersWrite) != 0;

        public bool GroupMayWrite => (Mode & GroupWrite) != 0;

        /// <summary>The administrators' group, or the owner's own, as most systems make one for each account.</summary>
        public bool IsGroupOurs => Group == 0 || (OperatingSystem.IsMacOS() && Group == 80) || (Owner == Group && !HasMembers(Group));

        /// <summary>Asks the system.</summary>
        /// <param name="path">The file.</param>
        /// <returns>Null where there is no such file, or no call whose answer has one form everywhere.</returns>
        public static unsafe UnixStatus? Of(string path)
        {
            byte* answer = stackalloc byte[512];
            if (OperatingSystem.IsLinux())
            {
                return StatusOnLinux(CurrentFolder, path, NoFollow, TypeModeAndOwners, answer) == 0
                    ? new UnixStatus(*(ushort*)(answer + 28), *(uint*)(answer + 20), *(uint*)(answer + 24))
                    : null;
            }

            if (!OperatingSystem.IsMacOS())
            {
                return null;
            }

            int result =
                RuntimeInformation.ProcessArchitecture == Architecture.X64 ? StatusOnIntelMac(path, answer) : StatusOnMac(path, answer);
            return result == 0 ? new UnixStatus(*(ushort*)(answer + 4), *(uint*)(answer + 16), *(uint*)(answer + 20)) : null;
        }

        private static bool HasMembers(uint group) =>
            File.ReadLines("/etc/group")
                .Select(line => line.Split(':'))
                .Any(fields =>
                    fields.Length > 3
                    && fields[2] == group.ToString(System.Globalization.CultureInfo.InvariantCulture)
                    && fields[3].Length > 0
                );

        [LibraryImport("libc", EntryPoint = "geteuid")]
        private static partial uint EffectiveUser();

        [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        private static unsafe partial int StatusOnLinux(int folder, string path, int flags, uint mask, byte* answer);

        [LibraryImport("libc", EntryPoint = "lstat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        private static unsafe partial int StatusOnMac(string path, byte* answer);

        [LibraryImport("libc", EntryPoint = "lstat$INODE64", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        private static unsafe partial int StatusOnIntelMac(string path, byte* answer);
    }
}
