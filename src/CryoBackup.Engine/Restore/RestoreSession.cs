using CryoBackup.Postgres;
using CryoBackup.Processes;

namespace CryoBackup.Restore;

/// <summary>What all parts of one restore have in common.</summary>
/// <param name="Request">What was asked for.</param>
/// <param name="Endpoint">The database that is restored into.</param>
/// <param name="Application">The name of its sessions, as pg_stat_activity shows it.</param>
/// <param name="Observer">Takes progress and messages.</param>
/// <param name="Limits">End it.</param>
internal sealed record RestoreSession(
    RestoreRequest Request,
    ServerEndpoint Endpoint,
    string Application,
    Action<EngineMessage> Observer,
    RunLimits Limits
);
