using System.Buffers;
using System.Text;
using CryoBackup.Archive;
using CryoBackup.Postgres;
using Npgsql;

namespace CryoBackup.Comparison;

/// <summary>Fingerprints tables of a running database by the same measure as the archive: the bytes of COPY text.</summary>
internal static class TableReader
{
    private const int BufferSize = 1 << 18;

    /// <summary>Opens a session whose COPY text is comparable with an archive's, in a transaction that sees one moment.</summary>
    /// <param name="endpoint">The server, with the database.</param>
    /// <param name="applicationName">Shown in pg_stat_activity.</param>
    /// <param name="encoding">The encoding of the archive, which its source database had.</param>
    /// <param name="monetary">The lc_monetary that values of type money were written in; null for the database's own.</param>
    /// <param name="snapshot">The moment, as <see cref="SharedSnapshot"/> names it; null for now.</param>
    /// <returns>The session.</returns>
    public static NpgsqlConnection Open(
        ServerEndpoint endpoint,
        string applicationName,
        string encoding,
        string? monetary,
        string? snapshot
    )
    {
        NpgsqlConnection connection = ServerConnection.Open(endpoint, applicationName, encoding, BufferSize);
        try
        {
            connection.Execute(string.Join("; ", SessionSettings.ForReading));
            if (monetary is not null)
            {
                connection.Execute("SELECT pg_catalog.set_config('lc_monetary', $1, false)", monetary);
            }

            connection.Execute(
                "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY" + (snapshot is null ? "" : $"; SET TRANSACTION SNAPSHOT '{snapshot}'")
            );
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Reads one table, or a part of it, and holds its thread for that time: row by row,
    /// waiting in other ways costs more than the rows.</summary>
    /// <param name="connection">A session of <see cref="Open"/>.</param>
    /// <param name="copy">The COPY … TO STDOUT that gives its rows, with its names in the archive's encoding.</param>
    /// <param name="encoding">The archive's encoding, as PostgreSQL names it.</param>
    /// <param name="cancellationToken">Says why the session was ended, which is what ends the reading.</param>
    /// <returns>Rows and fingerprint.</returns>
    public static TableFingerprint Read(NpgsqlConnection connection, string copy, string encoding, CancellationToken cancellationToken)
    {
        if (ServerEncoding.Find(encoding) is { } decodedWith)
        {
            // Such a session takes and gives each byte as a Latin-1 character.
            copy = Encoding.Latin1.GetString(decodedWith.GetBytes(copy));
        }

        var fingerprint = new TableFingerprint();
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            // Npgsql gives text COPY only as characters; beneath its reader lie the bytes as the server sent them.
            using NpgsqlCopyTextReader reader = connection.BeginTextExport(copy);
            Stream bytes = reader.BaseStream;
            int count;
            while ((count = bytes.Read(buffer)) > 0)
            {
                fingerprint.Append(buffer.AsSpan(0, count));
            }
        }
        catch (NpgsqlException) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        cancellationToken.ThrowIfCancellationRequested();
        return fingerprint;
    }

    /// <summary>Turns the archive's COPY table (columns) FROM stdin; round.</summary>
    /// <param name="copyStatement">The statement.</param>
    /// <param name="condition">A WHERE clause; null for all rows.</param>
    /// <param name="withPartitions">True to read a partitioned table with all its partitions.</param>
    /// <returns>COPY … TO STDOUT.</returns>
    public static string ToStdout(string copyStatement, string? condition, bool withPartitions)
    {
        var copy = CopyStatement.Parse(copyStatement);
        return condition is null && !withPartitions
            ? $"COPY {copy.Table} {(copy.Columns.Length == 0 ? "" : $"({copy.Columns})")} TO STDOUT"
            : $"COPY (SELECT {copy.Columns} FROM {(withPartitions ? "" : "ONLY ")}{copy.Table} {condition}) TO STDOUT";
    }
}
