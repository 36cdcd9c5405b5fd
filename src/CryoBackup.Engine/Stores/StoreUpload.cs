namespace CryoBackup.Stores;

/// <summary>An object on its way into a store. It is there when it is committed, and not before; disposed of without that, nothing is
/// left of it.</summary>
internal abstract class StoreUpload : IAsyncDisposable
{
    /// <summary>Takes the next bytes. They may be on their way still when it returns; what goes wrong with them, a later call
    /// throws.</summary>
    /// <param name="bytes">The bytes, which are copied.</param>
    public abstract ValueTask WriteAsync(ReadOnlyMemory<byte> bytes);

    /// <summary>Gives the object its name, if nothing bears it.</summary>
    public abstract Task CommitAsync();

    /// <summary>Without a commit before, removes what was sent, within a second or two.</summary>
    public abstract ValueTask DisposeAsync();
}
