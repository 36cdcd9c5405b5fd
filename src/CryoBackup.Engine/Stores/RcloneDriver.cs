using System.Runtime.CompilerServices;
using System.Text.Json;
using CryoBackup.Processes;

namespace CryoBackup.Stores;

/// <summary>
/// Whatever the program rclone reaches. An object gets its name by a move when it is whole; what died lies under a temporary name. rclone
/// cannot refuse to replace at the very moment of the move, so a look beforehand keeps from it.
/// </summary>
internal sealed class RcloneDriver(StoreLocation location) : IStoreDriver
{
    /// <summary>What is appended to a name until the object is whole.</summary>
    internal const string PartialSuffix = ".partial";

    /// <inheritdoc/>
    public StoreCapabilities Capabilities { get; } = new(WritesOnce: false);

    /// <inheritdoc/>
    public StoreUpload Begin(string key, long? estimate, StoreRetry retry, CancellationToken cancellationToken) =>
        new RcloneUpload(this, key, cancellationToken);

    /// <inheritdoc/>
    public async Task<StoreObject?> HeadAsync(string key, CancellationToken cancellationToken)
    {
        try
        {
            string json = await RunAsync(cancellationToken, "lsjson", "--stat", "--no-mimetype", Target(key)).ConfigureAwait(false);
            using var document = JsonDocument.Parse(json);
            return document.RootElement is { ValueKind: JsonValueKind.Object } one && !one.GetProperty("IsDir").GetBoolean()
                ? Read(one, key)
                : null;
        }
        catch (RcloneException exception) when (RcloneProgram.Judge(exception).Kind == StoreFaultKind.Missing)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public Task<Stream> ReadAsync(StoreObject known, long offset, long end, CancellationToken cancellationToken)
    {
        static string Text(long number) => number.ToString(System.Globalization.CultureInfo.InvariantCulture);
        string[] part = end < known.Size ? ["--offset", Text(offset), "--count", Text(end - offset)] : ["--offset", Text(offset)];
        return Task.FromResult<Stream>(
            new FilterReadStream(Command(["cat", .. part, Target(known.Key)]), Stream.Null, cancellationToken, Failed)
        );
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<StoreObject> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        int slash = prefix.LastIndexOf('/');
        string folder = slash < 0 ? "" : prefix[..(slash + 1)];
        string json;
        try
        {
            json = await RunAsync(cancellationToken, "lsjson", "--files-only", "--no-mimetype", Target(folder)).ConfigureAwait(false);
        }
        catch (RcloneException exception) when (RcloneProgram.Judge(exception).Kind == StoreFaultKind.Missing)
        {
            yield break;
        }

        using var document = JsonDocument.Parse(json);
        foreach (JsonElement one in document.RootElement.EnumerateArray())
        {
            string key = folder + one.GetProperty("Path").GetString();
            if (key.StartsWith(prefix, StringComparison.Ordinal))
            {
                yield return Read(one, key);
            }
        }
    }

    /// <inheritdoc/>
    public async Task DeleteAsync(string key, CancellationToken cancellationToken)
    {
        try
        {
            await RunAsync(cancellationToken, "deletefile", Target(key)).ConfigureAwait(false);
        }
        catch (RcloneException exception) when (RcloneProgram.Judge(exception).Kind == StoreFaultKind.Missing)
        {
            // That is what was wanted.
        }
    }

    /// <summary>Nothing that rclone can do.</summary>
    public Task SetLegalHoldAsync(string key, bool isOn, CancellationToken cancellationToken) => throw new NotSupportedException();

    /// <inheritdoc/>
    public async Task<IReadOnlyList<string>> RemoveUnfinishedAsync(
        string prefix,
        Predicate<UnfinishedUpload> isDead,
        CancellationToken cancellationToken
    )
    {
        var removed = new List<string>();
        await foreach (StoreObject one in ListAsync(prefix, cancellationToken).ConfigureAwait(false))
        {
            if (
                one.Key.EndsWith(PartialSuffix, StringComparison.Ordinal)
                && isDead(new UnfinishedUpload(one.Key[..^PartialSuffix.Length], "", one.Modified))
            )
            {
                await DeleteAsync(one.Key, cancellationToken).ConfigureAwait(false);
                removed.Add(one.Key[..^PartialSuffix.Length]);
            }
        }

        return removed;
    }

    /// <inheritdoc/>
    public StoreFault Judge(Exception exception) =>
        exception switch
        {
            RcloneException failure => RcloneProgram.Judge(failure),
            StoreExistsException => new StoreFault(StoreFaultKind.Exists, exception.Message),
            _ => new StoreFault(StoreFaultKind.Other, exception.Message.TrimEnd('.')),
        };

    /// <inheritdoc/>
    public void Dispose() { }

    /// <summary>Gives an object that is whole its name, if nothing bears it.</summary>
    internal async Task MoveAsync(string from, string to, CancellationToken cancellationToken)
    {
        if (await HeadAsync(to, cancellationToken).ConfigureAwait(false) is not null)
        {
            throw new StoreExistsException();
        }

        await RunAsync(cancellationToken, "moveto", "--ignore-existing", Target(from), Target(to)).ConfigureAwait(false);
        if (await HeadAsync(from, cancellationToken).ConfigureAwait(false) is not null)
        {
            throw new StoreExistsException();
        }
    }

    /// <summary>A run of rclone.</summary>
    internal ToolCommand Command(params IEnumerable<string> arguments) => RcloneProgram.Command(location, arguments);

    /// <summary>What rclone calls an object.</summary>
    internal string Target(string key) => $"{location.Container}:{key}";

    /// <summary>What is thrown for an exit code other than 0.</summary>
    internal static Exception Failed(int code, IReadOnlyList<string> errors) => new RcloneException(code, errors);

    private Task<string> RunAsync(CancellationToken cancellationToken, params IEnumerable<string> arguments) =>
        RcloneProgram.RunAsync(Command(arguments), cancellationToken);

    private static StoreObject Read(JsonElement one, string key)
    {
        DateTime modified = one.GetProperty("ModTime").GetDateTimeOffset().UtcDateTime;
        long size = one.GetProperty("Size").GetInt64();
        return new StoreObject(key, size, $"{size}-{modified.Ticks}", modified);
    }
}

/// <summary>Something bears the name of what was to be written.</summary>
internal sealed class StoreExistsException() : Exception("an object of that name is there");
