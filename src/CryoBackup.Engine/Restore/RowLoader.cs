using CryoBackup.Archive;
using CryoBackup.Postgres;
using Npgsql;

namespace CryoBackup.Restore;

/// <summary>A session that loads rows by COPY. It connects when it gets the first ones.</summary>
/// <param name="run">What the parts of the restore have in common, with the database that is filled.</param>
/// <param name="plan">What is restored.</param>
/// <param name="cancellationToken">Ends it.</param>
internal sealed class RowLoader(RestoreSession run, RestorePlan plan, CancellationToken cancellationToken) : IDisposable
{
    // The server tells of a row that it refuses only at the end of a COPY.
    private const long MostAtOnce = 64L << 20;

    private NpgsqlConnection? _session;
    private NpgsqlCopyTextWriter? _copy;
    private TocEntry? _table;
    private long _written;

    /// <summary>Loads rows.</summary>
    /// <param name="block">The rows.</param>
    public void Write(RowBlock block)
    {
        if (block.Entry != _table || (block.StartsRow && _written >= MostAtOnce))
        {
            EndCopy();
            Begin(block.Entry);
        }

        Wait(_copy!.BaseStream.WriteAsync(block.Bytes.AsMemory(0, block.Length), cancellationToken).AsTask());
        _written += block.Length;
    }

    /// <summary>No more rows come; those that came are in when this returns.</summary>
    public void End()
    {
        EndCopy();
        Dispose();
    }

    /// <summary>Makes the engine's own failure of what was thrown.</summary>
    /// <param name="exception">What was thrown.</param>
    public Exception Translate(Exception exception) =>
        exception is PostgresException said && _table is not null
            ? RestoreFailure.OfRows(said, _table, run.Endpoint)
            : NpgsqlErrors.Translate(exception, run.Endpoint, CryoBackupError.RestoreFailed);

    /// <summary>Ends the session; a COPY that has not ended is undone by the server.</summary>
    public void Dispose()
    {
        _session?.Dispose();
        _session = null;
    }

    private void Begin(TocEntry table)
    {
        _table = table;
        _session ??= Open();
        var copy = CopyStatement.Parse(table.CopyStatement);

        // In a session that takes names byte by byte, rows come so as well.
        string options = ServerEncoding.IsRaw(plan.Encoding) ? "" : $" WITH (ENCODING {Sql.Literal(plan.Encoding)})";
        string columns = copy.Columns.Length > 0 ? $" ({copy.Columns})" : "";
        _copy = Wait(_session.BeginTextImportAsync($"COPY {copy.Table}{columns} FROM stdin{options}", cancellationToken));
        _written = 0;
    }

    private void EndCopy()
    {
        if (_copy is { } copy)
        {
            _copy = null;
            Wait(copy.DisposeAsync().AsTask());
        }
    }

    private NpgsqlConnection Open()
    {
        NpgsqlConnection session = Wait(TargetDatabase.OpenAsync(run.Endpoint, run.Application, plan.Encoding, cancellationToken));
        string others = string.Concat(
            PgRestoreRuns
                .SettingsOf(plan)
                .Select(setting => $", pg_catalog.set_config({Sql.Literal(setting.Key)}, {Sql.Literal(setting.Value)}, false)")
        );
        Wait(session.ExecuteAsync($"SELECT pg_catalog.set_config('row_security', 'off', false){others}", cancellationToken));
        return session;
    }

    private void Wait(Task work) => work.WaitAsync(cancellationToken).GetAwaiter().GetResult();

    private T Wait<T>(Task<T> work) => work.WaitAsync(cancellationToken).GetAwaiter().GetResult();
}
