using System.Globalization;
using CryoBackup.Processes;
using CryoBackup.Streams;

namespace CryoBackup.Encryption;

/// <summary>
/// Identity files as age reads them. One that begins with a byte order mark, in UTF-8 or UTF-16, as editors and shells of Windows write
/// them, is none to age: it is copied without the mark, in UTF-8, to a file that only this user can read, as long as it is needed.
/// </summary>
internal sealed class IdentityCopies : IDisposable
{
    private static readonly byte[][] Marks =
    [
        [0xEF, 0xBB, 0xBF],
        [0xFF, 0xFE],
        [0xFE, 0xFF],
    ];

    private readonly PrivateFolder? _folder;

    private IdentityCopies(IReadOnlyList<string> paths, PrivateFolder? folder) => (Paths, _folder) = (paths, folder);

    /// <summary>The files to give to age.</summary>
    public IReadOnlyList<string> Paths { get; }

    /// <summary>Copies those that age would not read.</summary>
    /// <param name="paths">Full paths of identity files.</param>
    /// <returns>As many files, in the same order.</returns>
    /// <exception cref="CryoBackupException">DestinationNotWritable, and those of a file that cannot be read.</exception>
    public static IdentityCopies Of(IReadOnlyList<string> paths)
    {
        bool[] isMarked = [.. paths.Select(IsMarked)];
        if (!Array.Exists(isMarked, marked => marked))
        {
            return new IdentityCopies(paths, null);
        }

        var folder = PrivateFolder.Create("cryobackup-age-");
        try
        {
            string Copy(string path, int index) =>
                folder.WriteFile(
                    index.ToString(CultureInfo.InvariantCulture),
                    KeyFile.Read(path, "The identity file", CryoBackupError.IdentityMissing)
                );
            return new IdentityCopies([.. paths.Select((path, index) => isMarked[index] ? Copy(path, index) : path)], folder);
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    /// <summary>Removes the copies.</summary>
    public void Dispose() => _folder?.Dispose();

    private static bool IsMarked(string path)
    {
        try
        {
            using FileStream file = RegularFile.Read(path);
            byte[] start = new byte[3];
            int length = file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
            return Array.Exists(Marks, mark => start.AsSpan(0, length).StartsWith(mark));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // age says what is wrong with it.
            return false;
        }
    }
}
