namespace CryoBackup.Stores;

/// <summary>A location, opened: its driver with the repeating, and faults told in the words of everything else here.</summary>
internal sealed class Store : IDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);

    private readonly IStoreDriver _driver;
    private readonly StoreRetry _retry;

    /// <summary>Opens a location over a driver.</summary>
    /// <param name="location">The location.</param>
    /// <param name="driver">Its driver, which is disposed of with this.</param>
    /// <param name="observer">Learns of faults that were passed over.</param>
    /// <param name="firstPause">The mean of the first wait before something is tried again; null for a fifth of a second.</param>
    public Store(StoreLocation location, IStoreDriver driver, Action<EngineMessage> observer, TimeSpan? firstPause = null)
    {
        Location = location;
        _driver = driver;
        _retry = new StoreRetry(Judge, observer, firstPause ?? FirstPause);
    }

    /// <summary>The location.</summary>
    public StoreLocation Location { get; }

    /// <summary>What tells the place from all others: the location, and the endpoint where it is not the vendor's own.</summary>
    public string Place { get; init; } = "";

    /// <summary>True once an upload in parts was begun: HTTP itself may have sent that twice, and one of two lies there unknown.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>What the store can do.</summary>
    public StoreCapabilities Capabilities => _driver.Capabilities;

    /// <summary>Looks at an object.</summary>
    /// <param name="name">Its name behind the location's prefix.</param>
    /// <param name="cancellationToken">Ends the requests and the pauses between them.</param>
    /// <returns>What is known of it; null if there is none.</returns>
    /// <exception cref="CryoBackupException">LocationUnreachable, PermissionDenied, BackupNotFound.</exception>
    public Task<StoreObject?> HeadAsync(string name, CancellationToken cancellationToken) =>
        RunAsync(name, () => _driver.HeadAsync(Location.KeyOf(name), cancellationToken), cancellationToken);

    /// <summary>Reads an object through.</summary>
    /// <param name="known">The object, as <see cref="HeadAsync"/> or <see cref="ListAsync"/> gave it; it must be the same still.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <param name="offset">Where to begin.</param>
    /// <param name="end">The byte before which to end; null for its size.</param>
    /// <returns>A stream that throws what <see cref="Explain"/> explains.</returns>
    public StoreReadStream OpenRead(StoreObject known, CancellationToken cancellationToken, long offset = 0, long? end = null) =>
        new(_driver, _retry, known, (offset, end ?? known.Size), cancellationToken);

    /// <summary>Reads an object as a whole, where it is a small one.</summary>
    /// <param name="known">The object, as <see cref="HeadAsync"/> or <see cref="ListAsync"/> gave it; it must be the same still.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="CryoBackupException">BackupNotFound, LocationUnreachable, PermissionDenied.</exception>
    public async Task<byte[]> ReadAllAsync(StoreObject known, CancellationToken cancellationToken)
    {
        try
        {
            byte[] bytes = new byte[known.Size];
            StoreReadStream stream = OpenRead(known, cancellationToken);
            await using (stream.ConfigureAwait(false))
            {
                await stream.ReadExactlyAsync(bytes, cancellationToken).ConfigureAwait(false);
            }

            return bytes;
        }
        catch (Exception exception) when (exception is not (CryoBackupException or OperationCanceledException))
        {
            throw Explain(exception, NameOf(known));
        }
    }

    /// <summary>Lists the objects whose names begin so.</summary>
    /// <param name="start">What names behind the location's prefix begin with; empty for all.</param>
    /// <param name="cancellationToken">Ends the requests and the pauses between them.</param>
    /// <returns>The objects that lie at this place itself, not below it.</returns>
    /// <exception cref="CryoBackupException">LocationUnreachable, PermissionDenied, BackupNotFound.</exception>
    public Task<IReadOnlyList<StoreObject>> ListAsync(string start, CancellationToken cancellationToken) =>
        RunAsync<IReadOnlyList<StoreObject>>(
            start,
            async () =>
            {
                var found = new List<StoreObject>();
                string own = Location.KeyOf("");
                await foreach (StoreObject one in _driver.ListAsync(Location.KeyOf(start), cancellationToken).ConfigureAwait(false))
                {
                    if (one.Key.StartsWith(own, StringComparison.Ordinal) && !one.Key.AsSpan(own.Length).Contains('/'))
                    {
                        found.Add(one);
                    }
                }

                return found;
            },
            cancellationToken
        );

    /// <summary>The name of an object behind the location's prefix.</summary>
    /// <param name="known">The object.</param>
    public string NameOf(StoreObject known) => known.Key[Location.KeyOf("").Length..];

    /// <summary>Puts an object: all of a stream, in one go, where nothing bears the name.</summary>
    /// <param name="name">Its name behind the location's prefix.</param>
    /// <param name="content">The bytes.</param>
    /// <param name="estimate">How many there may be; null if nobody knows.</param>
    /// <param name="journal">Records the upload; null for nothing.</param>
    /// <param name="cancellationToken">Ends the upload, of which nothing is left.</param>
    /// <exception cref="CryoBackupException">DestinationNotWritable, LocationUnreachable, PermissionDenied.</exception>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    public async Task PutAsync(string name, Stream content, long? estimate, UploadJournal? journal, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[1 << 18];
        StoreUpload upload = Begin(name, estimate, journal, cancellationToken);
        await using (upload.ConfigureAwait(false))
        {
            for (int count; (count = await content.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0; )
            {
                await AttemptAsync(name, () => upload.WriteAsync(buffer.AsMemory(0, count)).AsTask(), cancellationToken)
                    .ConfigureAwait(false);
            }

            await AttemptAsync(name, upload.CommitAsync, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Begins to put an object, where nothing bears the name.</summary>
    /// <param name="name">Its name behind the location's prefix.</param>
    /// <param name="estimate">How many bytes there may be; null if nobody knows.</param>
    /// <param name="journal">Records the upload; null for nothing.</param>
    /// <param name="cancellationToken">Ends the upload, of which nothing is left.</param>
    /// <returns>The upload, whose exceptions <see cref="Explain"/> explains.</returns>
    public StoreUpload Begin(string name, long? estimate, UploadJournal? journal, CancellationToken cancellationToken)
    {
        StoreUpload upload = _driver.Begin(Location.KeyOf(name), estimate, _retry, cancellationToken);
        journal?.Add(name, upload.Mark);
        upload.Begun = id =>
        {
            HasBegun = true;
            journal?.Begin(name, id);
        };
        upload.Left = () =>
        {
            HasBegun = true;
            journal?.Leave();
        };
        return upload;
    }

    /// <summary>Removes an object. One that is not there is no fault.</summary>
    /// <param name="name">Its name behind the location's prefix.</param>
    /// <param name="cancellationToken">Ends the requests and the pauses between them.</param>
    /// <exception cref="CryoBackupException">LocationUnreachable, PermissionDenied.</exception>
    public Task DeleteAsync(string name, CancellationToken cancellationToken) =>
        RunAsync(
            name,
            async () =>
            {
                await _driver.DeleteAsync(Location.KeyOf(name), cancellationToken).ConfigureAwait(false);
                return true;
            },
            cancellationToken
        );

    /// <summary>Puts the store's own legal hold on an object, or takes it off.</summary>
    /// <param name="name">Its name behind the location's prefix.</param>
    /// <param name="isOn">True to hold it.</param>
    /// <param name="cancellationToken">Ends the requests and the pauses between them.</param>
    /// <exception cref="CryoBackupException">ConfigurationInvalid: such stores have none. DestinationNotWritable: the bucket or container
    /// was not made for it. PermissionDenied, LocationUnreachable, BackupNotFound.</exception>
    public Task SetLegalHoldAsync(string name, bool isOn, CancellationToken cancellationToken) =>
        Capabilities.HoldsLegally
            ? RunAsync(
                name,
                async () =>
                {
                    await _driver.SetLegalHoldAsync(Location.KeyOf(name), isOn, cancellationToken).ConfigureAwait(false);
                    return true;
                },
                cancellationToken
            )
            : throw new CryoBackupException(
                CryoBackupError.ConfigurationInvalid,
                $"'{Location}' has no legal hold.",
                "LegalHold",
                "Leave it out; the hold beside the backup keeps it from being removed by CryoBackup."
            );

    /// <summary>Removes what uploads that died have left and no listing shows.</summary>
    /// <param name="start">What the names of their objects behind the location's prefix begin with.</param>
    /// <param name="isDead">Tells whether one, whose key is a name behind the location's prefix, is ours and dead.</param>
    /// <param name="cancellationToken">Ends the requests and the pauses between them.</param>
    /// <returns>The objects' paths.</returns>
    /// <exception cref="CryoBackupException">LocationUnreachable, PermissionDenied.</exception>
    public async Task<IReadOnlyList<string>> RemoveUnfinishedAsync(
        string start,
        Predicate<UnfinishedUpload> isDead,
        CancellationToken cancellationToken
    )
    {
        int prefix = Location.KeyOf("").Length;
        IReadOnlyList<string> removed = await RunAsync(
                start,
                () =>
                    _driver.RemoveUnfinishedAsync(
                        Location.KeyOf(start),
                        one => isDead(one with { Key = one.Key[prefix..] }),
                        cancellationToken
                    ),
                cancellationToken
            )
            .ConfigureAwait(false);
        return [.. removed.Select(key => Location.PathOf(key[prefix..]))];
    }

    /// <summary>What an exception of this store means to the user.</summary>
    /// <param name="exception">What was thrown.</param>
    /// <param name="name">The object's name behind the location's prefix; empty for the whole.</param>
    /// <returns>The failure, which may be the exception itself.</returns>
    public CryoBackupException Explain(Exception exception, string name)
    {
        if (exception is CryoBackupException known)
        {
            return known;
        }

        string path = name.Length == 0 ? Location.ToString() : Location.PathOf(name);
        StoreFault fault = Judge(exception);
        CryoBackupException Failure(CryoBackupError error, string message, string remedy) =>
            new(error, $"{message}: {fault.Text}.", path, remedy, inner: exception);
        return fault.Kind switch
        {
            StoreFaultKind.Transient or StoreFaultKind.Unreachable => Failure(
                CryoBackupError.LocationUnreachable,
                $"'{Location}' could not be reached, however often it was tried",
                "Check the network, the proxy and the endpoint, and run it again: what was not complete left nothing."
            ),
            StoreFaultKind.Denied => Failure(
                CryoBackupError.PermissionDenied,
                $"'{path}' was refused",
                "Check the credentials (the store's own environment variables, its profile, the machine's identity) and what they allow; "
                    + "the help topic about_CryoBackup_Offsite has policies that are enough."
            ),
            StoreFaultKind.NoContainer => Failure(
                CryoBackupError.BackupNotFound,
                $"'{Location}' does not exist",
                "Check the spelling and the endpoint, and make the bucket or container; CryoBackup makes none."
            ),
            StoreFaultKind.Missing => Failure(
                CryoBackupError.BackupNotFound,
                $"'{path}' is not there",
                "List what is there with Get-CryoBackup, or with the store's own tools."
            ),
            StoreFaultKind.Exists => Failure(
                CryoBackupError.DestinationNotWritable,
                $"'{path}' is there already, and is not replaced",
                "Find out what lies there. Choose another location, or remove it yourself."
            ),
            _ => Failure(
                CryoBackupError.DestinationNotWritable,
                $"'{path}' failed",
                "See what the store's own tools say; about_CryoBackup_Offsite tells what a store must know."
            ),
        };
    }

    /// <inheritdoc/>
    public void Dispose() => _driver.Dispose();

    // A stream that ends early is a cut, whoever reads it.
    private StoreFault Judge(Exception exception) =>
        exception is EndOfStreamException ? new StoreFault(StoreFaultKind.Transient, exception.Message) : _driver.Judge(exception);

    private Task<T> RunAsync<T>(string name, Func<Task<T>> work, CancellationToken cancellationToken) =>
        AttemptAsync(
            name,
            () => _retry.RunAsync($"Asking for '{Location.KeyOf(name)}'", _ => work(), cancellationToken),
            cancellationToken
        );

    private async Task<T> AttemptAsync<T>(string name, Func<Task<T>> work, CancellationToken cancellationToken)
    {
        try
        {
            return await work().ConfigureAwait(false);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw Explain(exception, name);
        }
        catch (Exception)
        {
            // What a cancellation tears down fails in many ways; it is the cause.
            throw new OperationCanceledException(cancellationToken);
        }
    }

    private Task AttemptAsync(string name, Func<Task> work, CancellationToken cancellationToken) =>
        AttemptAsync<bool>(
            name,
            async () =>
            {
                await work().ConfigureAwait(false);
                return true;
            },
            cancellationToken
        );
}
