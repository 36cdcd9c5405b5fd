using System.Globalization;
using System.Text.RegularExpressions;
using Npgsql;

namespace CryoBackup.Postgres;

/// <summary>What a database is, as far as a backup must remember it and a restore must make it again.</summary>
internal sealed partial record DatabaseFacts
{
    // to_jsonb names columns that not every version has; an absent one is null.
    private const string Query = """
        SELECT pg_catalog.current_setting('server_version'),
               pg_catalog.current_setting('server_version_num')::int,
               pg_catalog.pg_encoding_to_char(d.encoding),
               d.datcollate,
               d.datctype,
               pg_catalog.to_jsonb(d)->>'datlocprovider',
               coalesce(pg_catalog.to_jsonb(d)->>'datlocale', pg_catalog.to_jsonb(d)->>'daticulocale'),
               pg_catalog.now(),
               pg_catalog.current_setting('lc_monetary')
        FROM pg_catalog.pg_database d
        WHERE d.datname = pg_catalog.current_database()
        """;

    /// <summary>The server's version without the packager's words, for example 15.18.</summary>
    public required string Version { get; init; }

    /// <summary>The server's version as a number, for example 150018.</summary>
    public required int VersionNumber { get; init; }

    /// <summary>The major version, for example 15.</summary>
    public int Major => VersionNumber / 10000;

    /// <summary>PostgreSQL's name of the encoding.</summary>
    public required string Encoding { get; init; }

    /// <summary>LC_COLLATE.</summary>
    public required string Collation { get; init; }

    /// <summary>LC_CTYPE.</summary>
    public required string Ctype { get; init; }

    /// <summary>The collation's provider: libc, icu or builtin.</summary>
    public required string LocaleProvider { get; init; }

    /// <summary>The locale of a provider other than libc.</summary>
    public string? Locale { get; init; }

    /// <summary>How the session writes values of type money (lc_monetary).</summary>
    public required string Monetary { get; init; }

    /// <summary>The server's time at the start of the transaction.</summary>
    public required DateTime Now { get; init; }

    /// <summary>The cluster's system identifier; null where the role may not read it.</summary>
    public string? SystemIdentifier { get; init; }

    /// <summary>The position in the write-ahead log; null where the role may not read it.</summary>
    public string? Lsn { get; init; }

    /// <summary>Reads the facts of the database that the connection is to.</summary>
    /// <param name="connection">An open connection without a transaction.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    /// <returns>The facts.</returns>
    public static async Task<DatabaseFacts> ReadAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        DatabaseFacts facts = (await connection.ListAsync(Query, Read, cancellationToken).ConfigureAwait(false))[0];
        return facts with
        {
            SystemIdentifier = await TryReadAsync(
                    connection,
                    "SELECT system_identifier::text FROM pg_catalog.pg_control_system()",
                    cancellationToken
                )
                .ConfigureAwait(false),
            Lsn = await TryReadAsync(
                    connection,
                    "SELECT (CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn() "
                        + "ELSE pg_catalog.pg_current_wal_lsn() END)::text",
                    cancellationToken
                )
                .ConfigureAwait(false),
        };
    }

    private static DatabaseFacts Read(NpgsqlDataReader row) =>
        new()
        {
            Version = NumberAtStart().Match(row.GetString(0)).Value,
            VersionNumber = row.GetInt32(1),
            Encoding = row.GetString(2),
            Collation = row.Text(3) ?? "",
            Ctype = row.Text(4) ?? "",
            LocaleProvider = row.Text(5) switch
            {
                "i" => "icu",
                "b" => "builtin",
                _ => "libc",
            },
            Locale = row.Text(6),
            Now = row.GetDateTime(7).ToUniversalTime(),
            Monetary = row.GetString(8),
        };

    /// <summary>Managed servers keep some functions to themselves; a backup does not need their answer.</summary>
    private static async Task<string?> TryReadAsync(NpgsqlConnection connection, string query, CancellationToken cancellationToken)
    {
        try
        {
            return await connection.ScalarAsync<string?>(query, cancellationToken).ConfigureAwait(false);
        }
        catch (PostgresException exception)
            when (exception.SqlState
                    is PostgresErrorCodes.InsufficientPrivilege
                        or PostgresErrorCodes.FeatureNotSupported
                        or PostgresErrorCodes.UndefinedFunction
            )
        {
            return null;
        }
    }

    /// <summary>The version for messages.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"PostgreSQL {Version}");

    [GeneratedRegex(@"^[0-9]+(\.[0-9]+)*((beta|rc|devel)[0-9]*)?", RegexOptions.CultureInvariant)]
    private static partial Regex NumberAtStart();
}
