using CryoBackup.Restore;

namespace CryoBackup.Runs;

/// <summary>What Restore was asked for, as it was then: the request itself serves the next restore.</summary>
internal sealed class RestoreWish(RestoreRequest request)
{
    /// <summary>The database to restore into.</summary>
    public string TargetDatabase { get; } = request.TargetDatabase;

    /// <summary>The server as it was given; null for the default.</summary>
    public string? ComputerName { get; } = request.Connection.ComputerName;

    /// <summary>The port as it was given; null for the default.</summary>
    public int? Port { get; } = request.Connection.Port;

    /// <summary>The options, in the report's form.</summary>
    public RestoreOptions Options { get; } = RestoreOptions.Of(request);
}
