using CryoBackup.Postgres.Scratch;
using CryoBackup.Processes;
using CryoBackup.Text;

namespace CryoBackup.Verification.Rehearsal;

/// <summary>The disk that a throwaway server fills: asked for its room before, and watched while it fills.</summary>
internal static class ScratchDisk
{
    // Tables take about the room of their rows as text, indexes the same again.
    private const int RoomFactor = 2;
    private const long RoomForServer = 200L << 20;
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(100);

    /// <summary>Refuses a disk on which a rehearsal has no room.</summary>
    /// <param name="archiveLength">The bytes of the archive.</param>
    /// <exception cref="CryoBackupException">DiskFull: there is less free than is needed.</exception>
    public static void Require(long archiveLength)
    {
        string folder = ScratchFolder.DefaultBase();
        long needed = (archiveLength * RoomFactor) + RoomForServer;
        if (LocalDisk.FreeSpace(folder) is { } free && free < needed)
        {
            throw Full(folder, $"'{folder}' has {SizeText.Of(free)} free; a rehearsal of this backup needs about {SizeText.Of(needed)}.");
        }
    }

    /// <summary>Ends the run when less is left than others need of the disk: rows can take far more room than their text.</summary>
    /// <param name="limits">The run.</param>
    /// <returns>Ends the watch when disposed of.</returns>
    public static IDisposable Watch(RunLimits limits)
    {
        string folder = ScratchFolder.DefaultBase();

        // A disk that is nearly full from the start may be filled by half of what it has.
        long reserve = Math.Min(LocalDisk.Reserve(folder), LocalDisk.FreeSpace(folder) / 2 ?? 0);
        return limits.Watch(
            () =>
                LocalDisk.FreeSpace(folder) is { } free && free < reserve
                    ? Full(
                        folder,
                        $"The rehearsal was ended because only {SizeText.Of(free)} were left free in '{folder}', "
                            + $"where {SizeText.Of(reserve)} are left to others."
                    )
                    : null,
            BetweenLooks
        );
    }

    private static CryoBackupException Full(string folder, string message) =>
        new(
            CryoBackupError.DiskFull,
            message,
            folder,
            $"Make room, or {TemporaryPlace.SetTo("a larger disk")}, or name a server with -ComputerName."
        );
}
