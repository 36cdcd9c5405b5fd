using System.Text;
using CryoBackup.Streams;

namespace CryoBackup.Stores;

/// <summary>
/// What a run is bringing into a store, in a file of the account's own on this machine. The operating system's lock on that file, which
/// ends with its process, tells whether the run lives: by it the next one knows what a run that died has left there, and what another that
/// lives is at. A store itself tells neither.
/// </summary>
internal sealed class UploadJournal : IDisposable
{
    private const string Extension = ".uploads";
    private const int MostLines = 10_000;

    // Far behind its end: on Windows nobody reads what another has locked.
    private const long LockedByte = long.MaxValue - 1;

    // For a journal of a place that nobody has come back to, and for one that has no line yet.
    private static readonly TimeSpan Longest = TimeSpan.FromDays(30);
    private static readonly TimeSpan LongestBeginning = TimeSpan.FromMinutes(1);

    // Others look at it meanwhile, and whoever has it removes it while it is open: Windows asks for that beforehand.
    private static readonly FileShare Sharing = OperatingSystem.IsWindows() ? FileShare.ReadWrite | FileShare.Delete : FileShare.None;

    private readonly FileStream _stream;
    private readonly string _path;
    private bool _leaves;

    private UploadJournal(FileStream stream, string path)
    {
        _stream = stream;
        _path = path;
    }

    /// <summary>The folder of the journals; empty where the account has none.</summary>
    internal static string Folder
    {
        get
        {
            string data = Environment.GetFolderPath(
                Environment.SpecialFolder.LocalApplicationData,
                Environment.SpecialFolderOption.DoNotVerify
            );
            return data.Length == 0 ? "" : Path.Combine(data, "CryoBackup", "uploads");
        }
    }

    /// <summary>Begins a journal.</summary>
    /// <param name="place">What tells the place from all others: location and endpoint.</param>
    /// <param name="isWhole">True if what was put is worth nothing without the rest of this run; false where the same can be completed
    /// later.</param>
    /// <returns>Null where the account has no place for it.</returns>
    public static UploadJournal? Open(string place, bool isWhole)
    {
        if (Folder is not { Length: > 0 } folder)
        {
            return null;
        }

        try
        {
            OwnFolder.Make(folder);

            string path = Path.Combine(folder, Guid.NewGuid().ToString("N") + Extension);
            FileStream stream = RegularFile.Create(path, FileAccess.ReadWrite, Sharing);
            if (!TryTake(stream))
            {
                // Where nobody can tell the dead from the living, nobody is called dead.
                stream.Dispose();
                File.Delete(path);
                return null;
            }

            var journal = new UploadJournal(stream, path);
            journal.Write("place", place, isWhole ? "whole" : "part");
            return journal;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The runs that have left something at a place: those that died, which are held until they are disposed of.</summary>
    /// <param name="place">The place.</param>
    public static IReadOnlyList<DeadUploads> FindDead(string place)
    {
        var dead = new List<DeadUploads>();
        foreach (string path in Files())
        {
            FileStream? stream = null;
            try
            {
                if (!Concerns(path, place))
                {
                    continue;
                }

                // Who lives has it locked.
                stream = RegularFile.Open(path, FileAccess.ReadWrite, Sharing);
                if (TryTake(stream) && DeadUploads.Read(stream, path, place) is { } left)
                {
                    dead.Add(left);
                    stream = null;
                }
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // It lives, or has ended since.
            }
            finally
            {
                stream?.Dispose();
            }
        }

        return dead;
    }

    /// <summary>Records an object that is about to be put.</summary>
    /// <param name="name">Its name behind the location's prefix.</param>
    /// <param name="mark">What tells it from others of that name; may be empty.</param>
    public void Add(string name, string mark) => Write("object", name, mark);

    /// <summary>Records what the store calls an upload.</summary>
    /// <param name="name">The object's name behind the location's prefix.</param>
    /// <param name="id">The upload's name; null where there may be several, of which some are left.</param>
    public void Begin(string name, string? id)
    {
        if (id is null)
        {
            _leaves = true;
        }
        else
        {
            Write("upload", name, id);
        }
    }

    /// <summary>Something is left that this run could not remove: the journal stays for the next.</summary>
    public void Leave() => _leaves = true;

    /// <summary>Ends it: nothing is left.</summary>
    public void Dispose()
    {
        if (!_leaves)
        {
            DeadUploads.Delete(_path);
        }

        _stream.Dispose();
    }

    /// <summary>Tells whether a journal is of a place, or of no use any more. It is not locked for that: to others who look at the same
    /// moment it would seem to live.</summary>
    private static bool Concerns(string path, string place)
    {
        using FileStream stream = RegularFile.Open(path, FileAccess.Read);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        string? of = DeadUploads.PlaceOf(reader, out _);
        return string.Equals(of, place, StringComparison.Ordinal)
            || DateTime.UtcNow - File.GetLastWriteTimeUtc(path) > (of is null ? LongestBeginning : Longest);
    }

    /// <summary>Takes the lock, which ends with the file's being closed or the process's end. On Windows the way that a file is opened
    /// keeps out also those who only look.</summary>
    /// <returns>False if another has it, or nobody can tell.</returns>
    private static bool TryTake(FileStream stream)
    {
        if (!OperatingSystem.IsWindows())
        {
            return RegularFile.TryLock(stream) == true;
        }

        try
        {
            stream.Lock(LockedByte, 1);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static string[] Files()
    {
        try
        {
            return Folder is { Length: > 0 } folder && Directory.Exists(folder) ? Directory.GetFiles(folder, "*" + Extension) : [];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private void Write(params string[] words)
    {
        try
        {
            _stream.Write(Encoding.UTF8.GetBytes(string.Join('\t', words) + "\n"));
            _stream.Flush(flushToDisk: true);
        }
        catch (IOException)
        {
            // The rule of age finds what it does not name.
        }
    }

    /// <summary>What a run that died has left at a place.</summary>
    internal sealed class DeadUploads : IDisposable
    {
        private readonly FileStream _stream;
        private readonly string _path;
        private readonly Dictionary<string, string> _marks = new(StringComparer.Ordinal);
        private readonly HashSet<string> _ids = new(StringComparer.Ordinal);
        private readonly HashSet<string> _named = new(StringComparer.Ordinal);

        private DeadUploads(FileStream stream, string path)
        {
            _stream = stream;
            _path = path;
        }

        /// <summary>True if what it put is worth nothing without the rest.</summary>
        public bool IsWhole { get; private set; }

        /// <summary>The objects that it put or was to put, with their marks.</summary>
        public IReadOnlyDictionary<string, string> Objects => _marks;

        /// <summary>Reads of which place a journal is.</summary>
        /// <param name="reader">The file, at its start.</param>
        /// <param name="isWhole">True if what it put is worth nothing without the rest.</param>
        /// <returns>Null where it does not say, or not yet.</returns>
        public static string? PlaceOf(StreamReader reader, out bool isWhole)
        {
            string[] head = reader.ReadLine()?.Split('\t') ?? [];
            isWhole = head is [_, _, "whole"];
            return head is ["place", { } place, _] ? place : null;
        }

        /// <summary>Reads a journal whose run is dead.</summary>
        /// <param name="stream">The file, locked.</param>
        /// <param name="path">Its path.</param>
        /// <param name="place">The place that is asked for.</param>
        /// <returns>Null where it is of no use any more, and gone.</returns>
        public static DeadUploads? Read(FileStream stream, string path, string place)
        {
            var dead = new DeadUploads(stream, path);
            using var reader = new StreamReader(stream, Encoding.UTF8, leaveOpen: true);
            if (!string.Equals(PlaceOf(reader, out bool isWhole), place, StringComparison.Ordinal))
            {
                // It died before it had written a line, or what lies there is none; or nobody has come back to its place.
                Delete(path);
                return null;
            }

            dead.IsWhole = isWhole;
            for (int lines = 0; lines < MostLines && reader.ReadLine() is { } line; lines++)
            {
                switch (line.Split('\t'))
                {
                    case ["object", { } name, { } mark]:
                        dead._marks[name] = mark;
                        break;
                    case ["upload", { } name, { } id]:
                        dead._ids.Add(id);
                        dead._named.Add(name);
                        break;
                }
            }

            return dead;
        }

        /// <summary>Tells whether an upload is one that it has left.</summary>
        /// <param name="upload">An upload, by the name behind the location's prefix.</param>
        public bool Left(UnfinishedUpload upload) =>
            _ids.Contains(upload.Id) || (_marks.ContainsKey(upload.Key) && (IsWhole || !_named.Contains(upload.Key)));

        /// <summary>Nothing is left of it.</summary>
        public void Forget() => Delete(_path);

        /// <inheritdoc/>
        public void Dispose() => _stream.Dispose();

        internal static void Delete(string path)
        {
            try
            {
                File.Delete(path);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // The next run tries again.
            }
        }
    }
}
