namespace CryoBackup.Stores;

/// <summary>What a location lies in.</summary>
public enum StoreKind
{
    /// <summary>A folder of the file system.</summary>
    Folder,

    /// <summary>A bucket of Amazon S3, or of a server that speaks its protocol.</summary>
    S3,

    /// <summary>A container of Azure Blob Storage.</summary>
    Azure,

    /// <summary>A remote of the program rclone.</summary>
    Rclone,
}
