namespace CryoBackup.Stores;

/// <summary>An object on its way into a store. It is there when it is committed, and not before; disposed of without that, nothing is
/// left of it.</summary>
internal abstract class StoreUpload : IAsyncDisposable
{
    /// <summary>Tells this upload from every other; kept with the object. Empty where the store keeps nothing.</summary>
    public virtual string Mark => "";

    /// <summary>Learns what the store calls the upload, before the first part is sent; null where it may have begun several.</summary>
    public Action<string?>? Begun { get; set; }

    /// <summary>Called where what was sent could not be removed again.</summary>
    public Action? Left { get; set; }

    /// <summary>Takes the next bytes. They may be on their way still when it returns; what goes wrong with them, a later call
    /// throws.</summary>
    /// <param name="bytes">The bytes, which are copied.</param>
    public abstract ValueTask WriteAsync(ReadOnlyMemory<byte> bytes);

    /// <summary>Gives the object its name, if nothing bears it.</summary>
    public abstract Task CommitAsync();

    /// <summary>Without a commit before, removes what was sent, within a second or two.</summary>
    public abstract ValueTask DisposeAsync();
}
