using System.Globalization;
using CryoBackup.Postgres;
using CryoBackup.Storage;
using CryoBackup.Text;
using Npgsql;

namespace CryoBackup.Backup;

/// <summary>
/// Everything that can be known to speak against a backup before it begins, found in one go, so that an administrator need not stumble
/// over one thing after the other. What was found fit on the way is kept for the backup.
/// </summary>
internal sealed class BackupPreflight(BackupRequest request, BackupDestination destination, ServerEndpoint endpoint, string application)
    : IAsyncDisposable
{
    // The holder of the snapshot, and pg_dump.
    private const int SessionsNeeded = 2;

    private readonly List<CryoBackupException> _findings = [];
    private DumpSnapshot? _snapshot;
    private ClientTool? _pgDump;
    private ClientTool? _pgDumpall;

    /// <summary>The connection that is to hold the snapshot.</summary>
    public DumpSnapshot Snapshot => _snapshot!;

    /// <summary>The pg_dump that fits the server.</summary>
    public ClientTool PgDump => _pgDump!;

    /// <summary>The pg_dumpall that fits the server; only if globals are wanted.</summary>
    public ClientTool PgDumpall => _pgDumpall!;

    /// <summary>Looks at the server, then at this machine and the destination.</summary>
    /// <param name="cancellationToken">Ends the queries and programs that look.</param>
    /// <exception cref="CryoBackupException">The one thing that was found, or the first with all of them in its message.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        DumpSelection? selection = null;
        await FindAsync(async () =>
                _snapshot = await DumpSnapshot.ConnectAsync(endpoint, application, request, cancellationToken).ConfigureAwait(false)
            )
            .ConfigureAwait(false);
        if (_snapshot is not null)
        {
            await FindAsync(async () => selection = await _snapshot.SelectAsync(cancellationToken).ConfigureAwait(false))
                .ConfigureAwait(false);
            _findings.AddRange(selection is null ? [] : TableFindings.Of(selection, endpoint.UserName));
            await FindAsync(() => _snapshot.FindHiddenAsync(cancellationToken)).ConfigureAwait(false);
            await FindAsync(() => _snapshot.AwaitSessionsAsync(endpoint, SessionsNeeded, cancellationToken)).ConfigureAwait(false);
        }

        // Cancelled work must not go on to take the lock when nobody waits for it any more.
        cancellationToken.ThrowIfCancellationRequested();
        int major = _snapshot?.Facts.Major ?? 0;
        Find(() => _pgDump = ClientTools.Find("pg_dump", major, cancellationToken));
        if (request.IncludeGlobals)
        {
            Find(() => _pgDumpall = ClientTools.Find("pg_dumpall", major, cancellationToken));
        }

        Find(destination.Make);
        if (destination.Exists)
        {
            Find(() => destination.Take(request.Database, cancellationToken));
            Find(() => CheckSpace(selection?.RowBytes ?? 0));
        }

        ThrowFindings();
    }

    /// <summary>A dump that will hardly fit is not begun.</summary>
    /// <param name="tables">What the tables take on the server's disk.</param>
    /// <exception cref="CryoBackupException">DiskFull.</exception>
    public void CheckSpace(long tables)
    {
        // A share or mount that does not tell its space: the write itself will.
        if (request.SkipSpaceCheck || destination.FreeSpace is not { } free)
        {
            return;
        }

        var estimate = SpaceEstimate.Of(request, tables);
        if (free < estimate.Bytes)
        {
            throw new CryoBackupException(
                CryoBackupError.DiskFull,
                $"'{request.Folder}' has {SizeText.Of(free)} free; the backup is estimated to take {estimate.Words}.",
                request.Folder,
                "Free space, or choose another folder; -SkipSpaceCheck goes on without the estimate."
            );
        }
    }

    /// <summary>Closes the connection.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_snapshot is not null)
        {
            await _snapshot.DisposeAsync().ConfigureAwait(false);
        }
    }

    private void Find(Action look)
    {
        try
        {
            look();
        }
        catch (CryoBackupException exception)
        {
            _findings.Add(exception);
        }
    }

    private async Task FindAsync(Func<Task> look)
    {
        try
        {
            await look().ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is CryoBackupException or NpgsqlException)
        {
            _findings.Add(NpgsqlErrors.Translate(exception, endpoint));
        }
    }

    private Task FindAsync(Func<Task<CryoBackupException?>> look) =>
        FindAsync(async () =>
        {
            if (await look().ConfigureAwait(false) is { } finding)
            {
                _findings.Add(finding);
            }
        });

    private void ThrowFindings()
    {
        if (_findings.Count == 1)
        {
            throw _findings[0];
        }

        if (_findings.Count > 1)
        {
            throw new CryoBackupException(
                _findings[0].Error,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{_findings.Count} things speak against the backup of '{request.Database}': "
                        + $"{Number(_findings.Select(finding => finding.Message))}"
                ),
                _findings[0].Target,
                Number(_findings.Select(finding => finding.Remedy ?? "See the message.")),
                inner: new AggregateException(_findings)
            );
        }
    }

    private static string Number(IEnumerable<string> sentences) =>
        string.Join(' ', sentences.Select((sentence, index) => string.Create(CultureInfo.InvariantCulture, $"({index + 1}) {sentence}")));
}
