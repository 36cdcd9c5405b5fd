using System.Formats.Tar;
using System.IO.Hashing;
using CryoBackup.Processes;
using CryoBackup.Streams;

namespace CryoBackup.Postgres.Scratch;

/// <summary>The superuser of a throwaway server.</summary>
/// <param name="UserName">The role.</param>
/// <param name="Password">Its password; empty where none is asked for.</param>
internal sealed record ScratchLogin(string UserName, string Password);

/// <summary>
/// Data folders as initdb makes them, each kind in a file of this account's own, for the next server of that kind: to unpack one costs a
/// tenth of initdb. They hold nothing of any backup. One that anybody else could have written, that is damaged or old, is none.
/// </summary>
/// <param name="folder">Their folder; empty for none.</param>
internal sealed class ScratchTemplates(string folder)
{
    private const string Magic = "CryoBackup server 1";
    private const string Extension = ".server";
    private const string Partial = ".partial";
    private const int HashLength = 16;
    private const int MostKept = 6;

    // What initdb takes over from the system, time zones and collations, changes with its updates.
    private static readonly TimeSpan Longest = TimeSpan.FromDays(30);

    /// <summary>The folder of this account's; empty where it has none.</summary>
    public static string DefaultFolder =>
        Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify)
            is { Length: > 0 } data
            ? Path.Combine(data, "CryoBackup", "servers")
            : "";

    /// <summary>Unpacks one. What cannot be used is as if it were not there.</summary>
    /// <param name="key">The kind.</param>
    /// <param name="dataPath">The data folder, which is made, for this process's account alone.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Its superuser; null if there is none, and then nothing is left of it.</returns>
    public ScratchLogin? TryUnpack(string key, string dataPath, CancellationToken cancellationToken)
    {
        string path = PathOf(key);
        if (folder.Length == 0 || !File.Exists(path) || TrustedPlace.WhyNot(path) is not null)
        {
            return null;
        }

        try
        {
            using FileStream file = RegularFile.Open(path, FileAccess.Read);
            if (!IsPrivate(file) || DateTime.UtcNow - File.GetLastWriteTimeUtc(path) > Longest || !IsWhole(file))
            {
                return null;
            }

            file.Position = 0;
            using var reader = new BinaryReader(file);
            if (reader.ReadString() != Magic || reader.ReadString() != key)
            {
                return null;
            }

            var login = new ScratchLogin(reader.ReadString(), reader.ReadString());
            Unpack(file, dataPath, cancellationToken);
            return login;
        }
        catch (Exception exception)
            when (exception is IOException or UnauthorizedAccessException or InvalidDataException or FormatException)
        {
            ScratchFolder.Remove(dataPath, account: null);
            return null;
        }
    }

    /// <summary>Keeps one; where that cannot be, nothing happens.</summary>
    /// <param name="key">The kind.</param>
    /// <param name="login">Its superuser.</param>
    /// <param name="pack">Writes the data folder, of which no server runs, as a tar archive.</param>
    public void TryAdd(string key, ScratchLogin login, Action<Stream> pack)
    {
        if (folder.Length == 0)
        {
            return;
        }

        string partial = Path.Combine(folder, Guid.NewGuid().ToString("N") + Partial);
        try
        {
            OwnFolder.Make(folder);

            if (TrustedPlace.WhyNot(folder) is not null)
            {
                return;
            }

            using (FileStream file = RegularFile.Create(partial, FileAccess.ReadWrite))
            {
                using (var writer = new BinaryWriter(file, System.Text.Encoding.UTF8, leaveOpen: true))
                {
                    foreach (string text in (string[])[Magic, key, login.UserName, login.Password])
                    {
                        writer.Write(text);
                    }
                }

                pack(file);
                long length = file.Length;
                byte[] hash = Hash(file, length);
                file.Write(hash);
            }

            // Whoever unpacks the one before has it open.
            HeldFile.Rename(partial, PathOf(key), overwrite: true);
            RemoveOld();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CryoBackupException)
        {
            TryDelete(partial);
        }
    }

    /// <summary>Removes one that turned out to be of no use.</summary>
    /// <param name="key">The kind.</param>
    public void Remove(string key) => TryDelete(PathOf(key));

    private string PathOf(string key) =>
        Path.Combine(folder, Convert.ToHexString(XxHash128.Hash(System.Text.Encoding.UTF8.GetBytes(key))) + Extension);

    private static bool IsPrivate(FileStream file) =>
        OperatingSystem.IsWindows() || (File.GetUnixFileMode(file.SafeFileHandle) & ~(UnixFileMode.UserRead | UnixFileMode.UserWrite)) == 0;

    private static bool IsWhole(FileStream file)
    {
        long length = file.Length - HashLength;
        if (length <= 0)
        {
            return false;
        }

        byte[] hash = Hash(file, length);
        byte[] recorded = new byte[HashLength];
        file.ReadExactly(recorded);
        return hash.AsSpan().SequenceEqual(recorded);
    }

    /// <returns>The hash of a file's beginning; the file is then at its end.</returns>
    private static byte[] Hash(FileStream file, long length)
    {
        var hash = new XxHash128();
        byte[] buffer = new byte[1 << 17];
        file.Position = 0;
        while (length > 0)
        {
            int read = file.Read(buffer, 0, (int)Math.Min(buffer.Length, length));
            if (read == 0)
            {
                throw new EndOfStreamException();
            }

            hash.Append(buffer.AsSpan(0, read));
            length -= read;
        }

        return hash.GetCurrentHash();
    }

    private static void Unpack(FileStream file, string dataPath, CancellationToken cancellationToken)
    {
        OwnFolder.Make(dataPath);
        byte[] buffer = new byte[1 << 17];
        using var archive = new TarReader(file, leaveOpen: true);
        while (archive.GetNextEntry() is { } entry)
        {
            cancellationToken.ThrowIfCancellationRequested();
            string[] names = [.. entry.Name.Split('/').Where(static name => name is not ("" or "."))];
            if (names.Any(static name => name is ".." || name.AsSpan().ContainsAny('\\', ':')))
            {
                throw new InvalidDataException();
            }

            string path = Path.Combine([dataPath, .. names]);
            switch (entry.EntryType)
            {
                case TarEntryType.Directory:
                    OwnFolder.Make(path);
                    break;
                case TarEntryType.RegularFile or TarEntryType.V7RegularFile:
                    using (FileStream made = RegularFile.Create(path))
                    {
                        Copy(entry.DataStream, made, buffer);
                    }

                    break;
                default:
                    throw new InvalidDataException();
            }
        }
    }

    // Most of it is a log of zeros that nothing has been written to yet.
    private static void Copy(Stream? from, FileStream to, byte[] buffer)
    {
        while (from?.Read(buffer) is > 0 and var read)
        {
            ReadOnlySpan<byte> piece = buffer.AsSpan(0, read);
            if (piece.ContainsAnyExcept((byte)0))
            {
                to.Write(piece);
            }
            else
            {
                to.Seek(read, SeekOrigin.Current);
            }
        }

        to.SetLength(to.Position);
    }

    private void RemoveOld()
    {
        var entries = new DirectoryInfo(folder);
        IEnumerable<FileInfo> old = entries
            .GetFiles("*" + Extension)
            .OrderByDescending(static file => file.LastWriteTimeUtc)
            .Skip(MostKept);
        IEnumerable<FileInfo> left = entries
            .GetFiles("*" + Partial)
            .Where(static file => DateTime.UtcNow - file.LastWriteTimeUtc > TimeSpan.FromDays(1));
        foreach (FileInfo file in old.Concat(left))
        {
            TryDelete(file.FullName);
        }
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Another run has it open, or has removed it.
        }
    }
}
