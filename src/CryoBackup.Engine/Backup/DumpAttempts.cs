using CryoBackup.Postgres;
using CryoBackup.Processes;

namespace CryoBackup.Backup;

/// <summary>The dump, begun anew as often as a session that waits for its locks is let through.</summary>
/// <param name="session">What the parts of the backup have in common.</param>
/// <param name="preflight">What was found fit for it.</param>
internal sealed class DumpAttempts(BackupSession session, BackupPreflight preflight)
{
    // A session that waits for our locks while pg_dump waits behind it is let through, and the dump begins anew.
    private const int Attempts = 8;

    /// <summary>Dumps.</summary>
    /// <param name="file">Takes the bytes as stored.</param>
    /// <returns>What came, and what is to be said of it and of the programs.</returns>
    /// <exception cref="CryoBackupException">As <see cref="DumpRun.RunAsync"/>.</exception>
    public async Task<(DumpOutcome Outcome, List<string> Warnings)> RunAsync(Stream file)
    {
        CancellationToken token = session.Limits.Token;
        DumpSnapshot snapshot = preflight.Snapshot;
        var dump = new DumpRun(session, snapshot, preflight.PgDump);
        for (int attempt = 0; ; attempt++)
        {
            await Patience.RunAsync(snapshot.TakeAsync, token).ConfigureAwait(false);
            session.Observer(new VerboseMessage($"Took snapshot {snapshot.Id}, which shows {snapshot.Tables.Count} tables and sequences."));
            preflight.CheckSpace(snapshot.Tables.Values.Sum(table => table.Bytes));
            await snapshot.NameUnwrittenAsync(preflight.PgDump, token).ConfigureAwait(false);
            List<string> warnings = await ListWarningsAsync(snapshot, preflight.PgDump, token).ConfigureAwait(false);
            try
            {
                DumpOutcome outcome = await dump.RunAsync(file, attempt).ConfigureAwait(false);
                warnings.AddRange(outcome.Warnings);
                return (outcome, warnings);
            }
            catch (CryoBackupException exception)
                when (exception.Error == CryoBackupError.LockTimeout && attempt < Attempts - 1 && !token.IsCancellationRequested)
            {
                session.Observer(
                    new VerboseMessage(
                        $"A session that waits for the backup's locks kept pg_dump from taking them; it is let through. "
                            + $"({exception.Message})"
                    )
                );
                await snapshot.ReleaseAsync(token).ConfigureAwait(false);
                file.SetLength(0);
            }
        }
    }

    private static async Task<List<string>> ListWarningsAsync(DumpSnapshot snapshot, ClientTool pgDump, CancellationToken cancellationToken)
    {
        List<string> warnings = [];
        warnings.AddRange(
            new[]
            {
                SecurityFixes.Warning("The server", snapshot.Facts.Version),
                SecurityFixes.Warning("pg_dump", pgDump.Version),
            }.OfType<string>()
        );
        foreach ((string dependent, string needed) in await snapshot.ListBrokenDependenciesAsync(cancellationToken).ConfigureAwait(false))
        {
            warnings.Add($"{dependent} needs {needed}, which the backup leaves out; where that is missing, it cannot be restored.");
        }

        return warnings;
    }
}
