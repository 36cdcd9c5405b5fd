using System.Collections.Concurrent;

namespace CryoBackup.Tests.Encryption;

/// <summary>
/// Reads, as long as it lives, the files of a folder and those that come into the temporary folder again and again, and notes those that
/// hold content in clear.
/// </summary>
internal sealed class ClearTextWatch : IDisposable
{
    private const int MostBytes = 1 << 20;
    private readonly string _folder;
    private readonly string[] _before = Directory.GetFileSystemEntries(Path.GetTempPath());
    private readonly ConcurrentDictionary<string, bool> _found = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _watch;

    public ClearTextWatch(string folder)
    {
        _folder = folder;
        _watch = Task.Factory.StartNew(Watch, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>How many times it has looked.</summary>
    public int Rounds { get; private set; }

    /// <summary>Ends the watch after one more look.</summary>
    /// <returns>The files that held content in clear.</returns>
    public IReadOnlyCollection<string> Finish()
    {
        _stop.Cancel();
        _watch.GetAwaiter().GetResult();
        Look();
        return [.. _found.Keys];
    }

    public void Dispose()
    {
        _stop.Cancel();
        _watch.GetAwaiter().GetResult();
        _stop.Dispose();
    }

    private static IEnumerable<string> FilesBelow(string folder)
    {
        try
        {
            return Directory.GetFiles(folder, "*", SearchOption.AllDirectories);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private void Watch()
    {
        while (!_stop.IsCancellationRequested)
        {
            Look();
            Rounds++;
        }
    }

    private void Look()
    {
        foreach (string file in FilesBelow(_folder))
        {
            Look(file, isOurs: true);
        }

        foreach (string entry in Directory.GetFileSystemEntries(Path.GetTempPath()).Except(_before))
        {
            foreach (string file in Directory.Exists(entry) ? FilesBelow(entry) : [entry])
            {
                Look(file, isOurs: false);
            }
        }
    }

    /// <summary>In the temporary folder others may hold contents of their own.</summary>
    private void Look(string file, bool isOurs)
    {
        if (_found.ContainsKey(file))
        {
            return;
        }

        try
        {
            // Pipes, such as every .NET program has there for its debugger, would be waited for; they have no length.
            if (new FileInfo(file).Length == 0)
            {
                return;
            }

            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var bytes = new byte[Math.Min(stream.Length, MostBytes)];
            int count = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            if (isOurs ? SealedBackup.IsInClear(bytes.AsSpan(0, count)) : SealedBackup.HoldsSample(bytes.AsSpan(0, count)))
            {
                _found[file] = true;
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            // Gone again, or no file to read.
        }
    }
}
