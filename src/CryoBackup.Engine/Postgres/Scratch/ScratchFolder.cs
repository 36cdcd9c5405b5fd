using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using CryoBackup.Processes;
using CryoBackup.Streams;

namespace CryoBackup.Postgres.Scratch;

/// <summary>The private folders of throwaway servers: made, marked with their owner, removed,
/// also after an owner that died without doing so.</summary>
internal static class ScratchFolder
{
    /// <summary>The data directory's name within the folder.</summary>
    public const string Data = "data";

    private const string Prefix = "cryobackup-scratch-";
    private const string OwnerFile = "owner";
    private const string Kept = "kept\n";

    // The room for a socket's path is 108 bytes on Linux and 104 elsewhere.
    private const int LongestSocketPath = 100;
    private const string ShortFolder = "/tmp";

    /// <summary>Where the folders of this account's servers lie unless another place is asked for.</summary>
    public static string DefaultBase() => DefaultBase(!OperatingSystem.IsWindows() && UnixAccount.ForServer() is not null);

    /// <summary>Where the folders lie unless another place is asked for.</summary>
    /// <param name="forOtherAccount">True if the server runs as another account than this process.</param>
    public static string DefaultBase(bool forOtherAccount)
    {
        string folder = TemporaryPlace.Folder;
        if (forOtherAccount && !OperatingSystem.IsWindows())
        {
            // Root's own temporary folder may be closed to the account that the server runs as.
            for (var at = new DirectoryInfo(folder); at is not null; at = at.Parent)
            {
                if (!at.Exists || (at.UnixFileMode & UnixFileMode.OtherExecute) == 0)
                {
                    return ShortFolder;
                }
            }
        }

        return folder;
    }

    /// <summary>Makes a folder that only this account can enter.</summary>
    /// <param name="baseFolder">Where.</param>
    /// <returns>Its path.</returns>
    /// <exception cref="CryoBackupException">DestinationNotWritable: it cannot be made there.</exception>
    public static string Create(string baseFolder)
    {
        // The name cannot be guessed, so nobody can have made it before.
        string name = string.Create(
            CultureInfo.InvariantCulture,
            $"{Prefix}{ProcessMark.Current}-{RandomNumberGenerator.GetHexString(8, lowercase: true)}"
        );
        string folder = Path.Combine(Path.GetFullPath(baseFolder), name);
        try
        {
            OwnFolder.Make(folder);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CryoBackupException(
                CryoBackupError.DestinationNotWritable,
                $"No folder for a throwaway server can be made in '{baseFolder}': {exception.Message}",
                baseFolder,
                $"Choose a folder that this user can write to: {TemporaryPlace.SetTo("it")}.",
                inner: exception
            );
        }

        return folder;
    }

    /// <summary>The folder for the server's socket.</summary>
    /// <param name="folder">The server's folder.</param>
    /// <returns>The same folder; another, which is made, where the socket's path would be too long.</returns>
    /// <exception cref="CryoBackupException">DestinationNotWritable: it cannot be made.</exception>
    public static string CreateForSocket(string folder) =>
        !OperatingSystem.IsWindows() && Encoding.UTF8.GetByteCount(SocketFolders.SocketPath(folder, 5432)) > LongestSocketPath
            ? Create(ShortFolder)
            : folder;

    /// <summary>Says that this process owns the folder: once it is dead, a later one removes it.</summary>
    /// <param name="folder">The folder.</param>
    public static void Own(string folder) => File.WriteAllText(Path.Combine(folder, OwnerFile), ProcessIdentity.Current.ToString());

    /// <summary>Says that the folder stays, whatever becomes of this process.</summary>
    /// <param name="folder">The folder.</param>
    public static void Keep(string folder) => File.WriteAllText(Path.Combine(folder, OwnerFile), Kept);

    /// <summary>Removes a folder with all it holds.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="account">The account that it belongs to; null for this process's own.</param>
    /// <returns>True if it is gone.</returns>
    public static bool Remove(string folder, string? account)
    {
        // One that the account was not let into yet is still our own.
        if (account is not null && TrustedPlace.WhyNot(folder) is not null)
        {
            // As the account, not as root: whoever plants a folder for us to remove gains nothing.
            try
            {
                using var remove = ToolProcess.Start(
                    new ToolCommand("/bin/rm", "-rf", "--", folder) { UserName = account },
                    CancellationToken.None
                );
                remove.WaitForExit(CancellationToken.None);

                // The folder above may not be the account's to change; an emptied one is harmless to take away.
                Directory.Delete(folder);
            }
            catch (Exception exception) when (exception is CryoBackupException or IOException or UnauthorizedAccessException)
            {
                // It is gone already, or it stays and the next start tries again.
            }

            return !Directory.Exists(folder);
        }

        // Windows lets go of a dead process's files with a delay.
        for (int attempt = 0; attempt < 20; attempt++)
        {
            try
            {
                Directory.Delete(folder, recursive: true);
                return true;
            }
            catch (DirectoryNotFoundException)
            {
                return true;
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                Thread.Sleep(100);
            }
        }

        return false;
    }

    /// <summary>Ends and removes servers whose owner died without doing so.</summary>
    /// <param name="baseFolder">Where to look; null for the temporary folder.</param>
    /// <returns>How many were removed. Those of living processes, and of other machines and containers, are left alone.</returns>
    public static int RemoveAbandoned(string? baseFolder = null)
    {
        string? account = null;
        uint? accountId = null;
        if (!OperatingSystem.IsWindows() && UnixAccount.ForServer() is { } server)
        {
            (account, accountId) = (server.Name, server.UserId);
        }

        var places = new List<string>
        {
            Path.TrimEndingDirectorySeparator(Path.GetFullPath(baseFolder ?? DefaultBase(account is not null))),
        };
        if (!OperatingSystem.IsWindows())
        {
            places.Add(ShortFolder);
        }

        int removed = 0;
        foreach (
            // In a place that is everybody's, what another account put there tells nothing: neither whose it is nor what runs.
            string folder in places
                .Distinct(StringComparer.Ordinal)
                .SelectMany(Find)
                .Where(folder => TrustedPlace.IsOurFolder(folder, accountId) && IsAbandoned(folder))
        )
        {
            ScratchProcesses.KillServer(Path.Combine(folder, Data));
            ScratchProcesses.KillPrograms(Path.Combine(folder, Data));
            if (Remove(folder, account))
            {
                removed++;
            }
        }

        return removed;
    }

    private static bool IsAbandoned(string folder)
    {
        try
        {
            string ownerFile = Path.Combine(folder, OwnerFile);
            return File.Exists(ownerFile) && new FileInfo(ownerFile).Length > 0
                ? ProcessIdentity.Parse(File.ReadAllText(ownerFile))?.IsAlive() == false
                : ProcessMark.IsOfDeadProcess(folder, Prefix);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static IEnumerable<string> Find(string place)
    {
        try
        {
            return Directory.GetDirectories(place, Prefix + "*");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
