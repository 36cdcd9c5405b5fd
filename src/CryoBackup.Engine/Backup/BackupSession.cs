using System.Globalization;
using CryoBackup.Encryption;
using CryoBackup.Postgres;
using CryoBackup.Processes;

namespace CryoBackup.Backup;

/// <summary>What all parts of one backup have in common.</summary>
/// <param name="Request">What was asked for.</param>
/// <param name="Encryption">Encrypts; null for no encryption.</param>
/// <param name="Observer">Takes progress and messages.</param>
/// <param name="Limits">End it.</param>
internal sealed record BackupSession(BackupRequest Request, AgeEncryption? Encryption, Action<EngineMessage> Observer, RunLimits Limits)
{
    /// <summary>The server, with the database.</summary>
    public ServerEndpoint Endpoint { get; } = ServerEndpoint.Resolve(Request.Connection, Request.Database, Observer);

    /// <summary>The name of its sessions, as pg_stat_activity shows it.</summary>
    public string Application { get; } =
        string.Create(CultureInfo.InvariantCulture, $"CryoBackup {Environment.ProcessId}-{Guid.NewGuid():N}")[..40];
}
