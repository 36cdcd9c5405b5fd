using System.ComponentModel;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace CryoBackup.Processes;

/// <summary>The account under which a server runs when we are root, whom PostgreSQL refuses.</summary>
/// <param name="Name">Its name.</param>
/// <param name="UserId">Its user ID.</param>
/// <param name="GroupId">Its group ID.</param>
[UnsupportedOSPlatform("windows")]
internal sealed partial record UnixAccount(string Name, uint UserId, uint GroupId)
{
    /// <summary>The account to use: none unless we are root; else postgres, or nobody where that does not exist.</summary>
    /// <exception cref="CryoBackupException">PermissionDenied: neither exists.</exception>
    public static UnixAccount? ForServer()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return null;
        }

        var accounts = File.ReadLines("/etc/passwd").Select(line => line.Split(':')).Where(fields => fields.Length >= 4).ToList();
        foreach (string name in (string[])["postgres", "_postgres", "nobody"])
        {
            // macOS writes nobody's ID as -2.
            if (
                accounts.Find(fields => fields[0] == name) is { } fields
                && long.TryParse(fields[2], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long user)
                && long.TryParse(fields[3], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long group)
                && user != 0
            )
            {
                return new UnixAccount(name, unchecked((uint)user), unchecked((uint)group));
            }
        }

        throw new CryoBackupException(
            CryoBackupError.PermissionDenied,
            "PostgreSQL does not run as root, and there is neither an account 'postgres' nor 'nobody' to run it as.",
            "postgres",
            "Run as an ordinary user, or create the account: useradd --system postgres"
        );
    }

    /// <summary>Gives a file or folder to the account.</summary>
    public void Own(string path)
    {
        if (ChangeOwner(path, UserId, GroupId) != 0)
        {
            throw new IOException(
                $"The owner of '{path}' cannot be changed to {Name}: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}"
            );
        }
    }

    [LibraryImport("libc", EntryPoint = "lchown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int ChangeOwner(string path, uint owner, uint group);
}
