using System.Text;
using System.Text.RegularExpressions;
using CryoBackup.Archive;
using Npgsql;

namespace CryoBackup.Postgres;

/// <summary>Fingerprints tables of a running database by the same measure as the archive: the bytes of COPY text.</summary>
internal static partial class TableReader
{
    /// <summary>Opens a session whose COPY text is comparable with an archive's.</summary>
    /// <param name="endpoint">The server, with the database.</param>
    /// <param name="applicationName">Shown in pg_stat_activity.</param>
    /// <param name="encoding">The encoding of the archive, which its source database had.</param>
    /// <param name="monetary">The lc_monetary that values of type money were written in; null for the database's own.</param>
    /// <param name="cancellationToken">Ends the opening.</param>
    /// <returns>The session.</returns>
    public static async Task<NpgsqlConnection> OpenAsync(
        ServerEndpoint endpoint, string applicationName, string encoding, string? monetary, CancellationToken cancellationToken)
    {
        NpgsqlConnection connection = await ServerConnection.OpenAsync(endpoint, applicationName, encoding, cancellationToken).ConfigureAwait(false);
        try
        {
            await using var command = new NpgsqlCommand("SET row_security = off; SET statement_timeout = 0; SET search_path = ''", connection);
            await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
            if (monetary is not null)
            {
                await using var money = new NpgsqlCommand("SELECT pg_catalog.set_config('lc_monetary', $1, false)", connection) { Parameters = { new() { Value = monetary } } };
                await money.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
            }

            return connection;
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Reads one table.</summary>
    /// <param name="connection">A session of <see cref="OpenAsync"/>.</param>
    /// <param name="copyStatement">The archive's COPY … FROM stdin; of the table, with its names in the archive's encoding.</param>
    /// <param name="condition">A WHERE clause; null for all rows.</param>
    /// <param name="encoding">The archive's encoding, as PostgreSQL names it.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>Rows and fingerprint.</returns>
    public static async Task<TableFingerprint> ReadAsync(
        NpgsqlConnection connection, string copyStatement, string? condition, string encoding, CancellationToken cancellationToken)
    {
        string copy = ToStdout(copyStatement, condition);
        if (ServerEncoding.Find(encoding) is { } decodedWith)
        {
            // Such a session takes and gives each byte as a Latin-1 character.
            copy = Encoding.Latin1.GetString(decodedWith.GetBytes(copy));
        }

        // Npgsql gives text COPY only as characters; beneath its reader lie the bytes as the server sent them.
        using NpgsqlCopyTextReader reader = await connection.BeginTextExportAsync(copy, cancellationToken).ConfigureAwait(false);
        Stream bytes = reader.BaseStream;
        var fingerprint = new TableFingerprint();
        var buffer = new byte[1 << 16];
        int count;
        while ((count = await bytes.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
        {
            fingerprint.Append(buffer.AsSpan(0, count));
        }

        return fingerprint;
    }

    /// <summary>Turns COPY table (columns) FROM stdin; round.</summary>
    private static string ToStdout(string copyStatement, string? condition)
    {
        Match parts = CopyFromStdin().Match(copyStatement);
        if (!parts.Success)
        {
            throw new CryoBackupException(
                CryoBackupError.ArchiveCorrupt, $"The archive's statement \"{copyStatement.Trim()}\" is not a COPY … FROM stdin;", copyStatement.Trim());
        }

        string table = parts.Groups["table"].Value;
        string columns = parts.Groups["columns"].Value;
        return condition is null
            ? $"COPY {table} {columns} TO STDOUT"
            : $"COPY (SELECT {(columns.Length == 0 ? "" : columns[1..^1])} FROM ONLY {table} {condition}) TO STDOUT";
    }

    [GeneratedRegex("""^COPY (?<table>(?:"(?:[^"]|"")*"|[^" ])+) +(?<columns>\(.*\))? *FROM stdin;\s*$""", RegexOptions.Singleline | RegexOptions.CultureInvariant)]
    private static partial Regex CopyFromStdin();
}
