namespace CryoBackup.Storage;

/// <summary>A file of a new backup, which becomes visible only when it is whole. Disposed of before <see cref="Publish"/>, it is
/// gone.</summary>
internal abstract class BackupOutput : IDisposable
{
    /// <summary>Its full path, or its location.</summary>
    public abstract string FinalPath { get; }

    /// <summary>Takes the content. Its length can be set to nothing, to begin anew.</summary>
    public abstract Stream Stream { get; }

    /// <summary>Until when a store lets nobody remove it, once it is published; null for no such moment.</summary>
    public DateTime? BlockedUntil { get; protected set; }

    /// <summary>Brings what was written to where it lasts, still without its name. After it nothing is written any more.</summary>
    /// <exception cref="CryoBackupException">DestinationNotWritable or DiskFull.</exception>
    public abstract void Complete();

    /// <summary>Gives it its name.</summary>
    /// <exception cref="CryoBackupException">DestinationNotWritable or DiskFull; of a store also LocationUnreachable,
    /// PermissionDenied.</exception>
    public abstract void Publish();

    /// <summary>True if it was to be published and nobody knows whether it was, or will be: what it belongs to must stay.</summary>
    public virtual bool MayStillCome => false;

    /// <summary>Leaves it where it is, published or not, to whoever comes next.</summary>
    public virtual void Leave() { }

    /// <summary>Takes a publication back: disposed of, the file is gone.</summary>
    public abstract void Withdraw();

    /// <inheritdoc/>
    public abstract void Dispose();
}
