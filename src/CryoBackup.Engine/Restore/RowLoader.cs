using System.Globalization;
using CryoBackup.Archive;
using CryoBackup.Postgres;
using CryoBackup.Streams;
using Npgsql;

namespace CryoBackup.Restore;

/// <summary>A session that loads rows by COPY. It connects when it gets the first ones.</summary>
/// <param name="run">What the parts of the restore have in common, with the database that is filled.</param>
/// <param name="plan">What is restored.</param>
/// <param name="targets">The tables that are there.</param>
/// <param name="cancellationToken">Ends it.</param>
internal sealed class RowLoader(RestoreSession run, RestorePlan plan, LoadTargets targets, CancellationToken cancellationToken)
    : IDisposable
{
    // The server tells of a row that it refuses only at the end of a COPY.
    private const long MostAtOnce = 64L << 20;

    // What is no more than this is a table of few rows: a transaction of its own would cost more than it brings.
    private const int Few = BlockExchange.BlockSize / 2;

    private NpgsqlConnection? _session;
    private NpgsqlCopyTextWriter? _copy;
    private TocEntry? _table;
    private LoadTarget? _counted;
    private long? _before;
    private long _written;
    private long _rows;

    /// <summary>Loads rows.</summary>
    /// <param name="block">The rows.</param>
    public void Write(RowBlock block)
    {
        if (_copy is null || block.Entry != _table || (block.StartsRow && _written >= MostAtOnce))
        {
            EndCopy();
            Begin(block);
        }

        Wait(_copy!.BaseStream.WriteAsync(block.Bytes.AsMemory(0, block.Length), cancellationToken).AsTask());
        _written += block.Length;
        if (_counted is not null)
        {
            _rows += RowCutter.CountRows(block.Bytes.AsSpan(0, block.Length));
        }
    }

    /// <summary>No more rows of this table come for now; those that came are in when this returns.</summary>
    /// <exception cref="CryoBackupException">RestoreFailed: the server took other rows than it was given.</exception>
    public void EndCopy()
    {
        if (_copy is { } copy)
        {
            _copy = null;
            Wait(copy.DisposeAsync().AsTask());
            if (_counted is { } target)
            {
                CheckCount(target);
                Wait(_session!.ExecuteAsync("COMMIT", cancellationToken));
            }
        }
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

    private void Begin(RowBlock block)
    {
        _table = block.Entry;
        _session ??= Open();
        var copy = CopyStatement.Parse(block.Entry.CopyStatement);

        // In a session that takes names byte by byte, rows come so as well.
        string encoding = ServerEncoding.IsRaw(plan.Encoding) ? "" : $"ENCODING {Sql.Literal(plan.Encoding)}";
        string columns = copy.Columns.Length > 0 ? $" ({copy.Columns})" : "";
        string statement = $"COPY {copy.Table}{columns} FROM stdin";
        string plain = encoding.Length > 0 ? $"{statement} WITH ({encoding})" : statement;
        string frozen = encoding.Length > 0 ? $"{statement} WITH (FREEZE, {encoding})" : $"{statement} WITH (FREEZE)";
        (_written, _rows) = (0, 0);
        _counted = block.Length > Few ? targets.Find(_session, block.Entry) : null;
        if (block.OpensTable && _counted is { CanBeFrozen: true } && TryFreeze(_session, _counted, copy.Table, frozen))
        {
            return;
        }

        if (_counted is not null)
        {
            _before = Count(_session, _counted, "BEGIN; ");
        }

        _copy = Wait(_session.BeginTextImportAsync(plain, cancellationToken));
    }

    /// <summary>Loads rows as ones that every session sees, for which the table is emptied in the same transaction: whoever reads it first
    /// need not write each of its pages again, nor does the server some day.</summary>
    /// <returns>False if the server refuses it.</returns>
    private bool TryFreeze(NpgsqlConnection session, LoadTarget target, string table, string copy)
    {
        try
        {
            // Whoever has the table now, a check's function or the server's own, would be waited for.
            string empty = $"BEGIN; LOCK TABLE ONLY {table} IN ACCESS EXCLUSIVE MODE NOWAIT; TRUNCATE TABLE ONLY {table}; ";
            _before = Count(session, target, empty);
            _copy = Wait(session.BeginTextImportAsync(copy, cancellationToken));
            return true;
        }
        catch (PostgresException exception) when (exception.InvariantSeverity == "ERROR")
        {
            Wait(session.ExecuteAsync("ROLLBACK", cancellationToken));
            return false;
        }
    }

    /// <summary>The rows that the server says it has put into the table must be those that it was given.</summary>
    private void CheckCount(LoadTarget target)
    {
        if (Count(_session!, target, "") - _before is { } rows && rows != _rows)
        {
            throw new CryoBackupException(
                CryoBackupError.RestoreFailed,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"Loading rows failed on database '{run.Endpoint.Database}' of {run.Endpoint.Address}, at {_table}: of {_rows} rows "
                        + $"the server took {rows}."
                ),
                _table!.ToString(),
                "Look for triggers of the table that an extension makes, or restore into a server without them."
            );
        }
    }

    /// <summary>The rows that a session has put into a table, as the server counts them: with those of transactions before, as long as it
    /// has not told others of them, and it tells nobody within a transaction.</summary>
    /// <returns>Null where it does not count.</returns>
    private long? Count(NpgsqlConnection session, LoadTarget target, string before) =>
        Wait(
            session.ScalarAsync<long?>(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{before}SELECT CASE pg_catalog.current_setting('track_counts') WHEN 'on' THEN "
                        + $"pg_catalog.pg_stat_get_xact_tuples_inserted({target.Oid}) END"
                ),
                cancellationToken
            )
        );

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
