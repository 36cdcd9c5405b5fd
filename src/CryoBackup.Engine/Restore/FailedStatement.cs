using System.Text;
using System.Text.RegularExpressions;
using CryoBackup.Archive;
using CryoBackup.Postgres;
using Npgsql;

namespace CryoBackup.Restore;

/// <summary>
/// pg_restore cannot be told to print the SQLSTATE of an error. So the statement that failed, or the one row of a COPY, is given to the
/// server once more, in a transaction that is rolled back: if it fails with the very same words, its SQLSTATE is the one of the error.
/// </summary>
internal static partial class FailedStatement
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(10);

    /// <summary>Repeats it. Only for a database that holds nothing but what is being restored.</summary>
    /// <param name="complaint">What pg_restore said.</param>
    /// <param name="entry">The entry that it was restoring.</param>
    /// <param name="endpoint">The server, with the database.</param>
    /// <param name="application">Shown in pg_stat_activity.</param>
    /// <param name="encoding">The archive's encoding.</param>
    /// <returns>The SQLSTATE; null where the repetition does not fail in the same way.</returns>
    public static async Task<string?> FindSqlStateAsync(
        RestoreComplaint complaint,
        TocEntry? entry,
        ServerEndpoint endpoint,
        string application,
        string encoding
    )
    {
        if (complaint.Message is null)
        {
            return null;
        }

        // What the tool said was read as UTF-8; such a session takes and gives each byte as a Latin-1 character.
        string Said(string text) => ServerEncoding.IsRaw(encoding) ? Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text)) : text;
        using var patience = new CancellationTokenSource(LongestWait);
        try
        {
            await using NpgsqlConnection target = await TargetDatabase
                .OpenAsync(endpoint, application, encoding, patience.Token)
                .ConfigureAwait(false);
            await RepeatAsync(target, complaint, entry, Said, patience.Token).ConfigureAwait(false);
        }
        catch (PostgresException exception)
        {
            return string.Equals(exception.MessageText, Said(complaint.Message), StringComparison.Ordinal) ? exception.SqlState : null;
        }
        catch (Exception exception)
            when (exception
                    is NpgsqlException
                        or OperationCanceledException
                        or InvalidOperationException
                        or IOException
                        or EncoderFallbackException
            )
        {
            // The error itself is known; this would only have added to it.
        }

        return null;
    }

    private static async Task RepeatAsync(
        NpgsqlConnection target,
        RestoreComplaint complaint,
        TocEntry? entry,
        Func<string, string> said,
        CancellationToken cancellationToken
    )
    {
        // Autovacuum gives way only after deadlock_timeout, one second.
        await target
            .ExecuteAsync(
                [
                    "SET row_security = off",
                    "SET check_function_bodies = false",
                    "SET statement_timeout = '5s'",
                    "SET lock_timeout = '3s'",
                    "BEGIN",
                ],
                cancellationToken
            )
            .ConfigureAwait(false);
        if (complaint.Statement is { } statement)
        {
            await target.ExecuteAsync(said(statement), cancellationToken).ConfigureAwait(false);
        }
        else if (
            entry is { IsTableData: true }
            && CopiedRow().Match(complaint.Context ?? "") is { Success: true } row
            && !row.Groups[1].Value.EndsWith("...", StringComparison.Ordinal)
        )
        {
            await using TextWriter rows = await target.BeginTextImportAsync(entry.CopyStatement, cancellationToken).ConfigureAwait(false);
            await rows.WriteAsync(said(row.Groups[1].Value) + "\n").ConfigureAwait(false);
        }
    }

    [GeneratedRegex("""^COPY .*, line \d+: "(.*)"$""", RegexOptions.CultureInvariant)]
    private static partial Regex CopiedRow();
}
