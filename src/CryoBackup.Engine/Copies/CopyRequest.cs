using CryoBackup.Stores;

namespace CryoBackup.Copies;

/// <summary>What Copy-CryoBackup was asked for: one backup to one place.</summary>
public sealed record CopyRequest
{
    /// <summary>The backup's full path, or its location; its manifest lies beside it.</summary>
    public string Path { get; init; } = "";

    /// <summary>How a store is reached, where the path is a location: what that does not say.</summary>
    public StoreOptions Store { get; init; } = new();

    /// <summary>Where the copy is to lie.</summary>
    public required CopyTarget Destination { get; init; }
}

/// <summary>A place that takes copies.</summary>
/// <param name="Location">The folder, or the location of a store.</param>
/// <param name="Options">What the location does not say.</param>
public sealed record CopyTarget(StoreLocation Location, StoreOptions Options);
