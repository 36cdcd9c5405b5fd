using CryoBackup.Archive;
using CryoBackup.Postgres;
using CryoBackup.Restore;
using Npgsql;

namespace CryoBackup.Verification.Rehearsal;

/// <summary>Where a rehearsal takes place: a throwaway server, or a scratch database of a named one. Dispose removes it.</summary>
internal abstract class RehearsalServer : IAsyncDisposable
{
    /// <summary>As <see cref="VerificationRequest.Locale"/>.</summary>
    public string? Locale { get; init; }

    /// <summary>What the locale of the scratch database has other than the source's; null for nothing.</summary>
    public string? LocaleChange { get; private set; }

    /// <summary>The server's major version.</summary>
    public abstract int Major { get; }

    /// <summary>The server's version, for example 15.18.</summary>
    public abstract string Version { get; }

    /// <summary>The name of the run's sessions.</summary>
    public abstract string Application { get; }

    /// <summary>The scratch database, as the role that restores and compares.</summary>
    public abstract ServerEndpoint Working { get; }

    /// <summary>The scratch database, as the most powerful role there is.</summary>
    public abstract ServerEndpoint Powerful { get; }

    /// <summary>True if owners and privileges are rehearsed too.</summary>
    public abstract bool HasOwners { get; }

    /// <summary>What becomes of each entry.</summary>
    public abstract RehearsalSelection Selection { get; }

    /// <summary>Makes the scratch database and what pg_restore does not make.</summary>
    /// <param name="content">What the archive holds.</param>
    /// <param name="cancellationToken">Has the server cancel the statement that runs.</param>
    public abstract Task PrepareAsync(ArchiveContent content, CancellationToken cancellationToken);

    /// <summary>Does what comes after pg_restore: fills materialized views, grants privileges.</summary>
    /// <param name="content">What the archive holds.</param>
    /// <param name="cancellationToken">Has the server cancel the statement that runs.</param>
    public abstract Task FinishAsync(ArchiveContent content, CancellationToken cancellationToken);

    /// <summary>Makes a second database, to be filled with the archive's definitions alone,
    /// as <see cref="PrepareAsync"/> makes the first.</summary>
    /// <param name="content">What the archive holds.</param>
    /// <param name="cancellationToken">Has the server cancel the statement that runs.</param>
    /// <returns>The database, as the role that restores.</returns>
    public abstract Task<ServerEndpoint> PrepareReferenceAsync(ArchiveContent content, CancellationToken cancellationToken);

    /// <summary>Does in the second database what comes after pg_restore.</summary>
    /// <param name="content">What the archive holds.</param>
    /// <param name="cancellationToken">Has the server cancel the statement that runs.</param>
    public abstract Task FinishReferenceAsync(ArchiveContent content, CancellationToken cancellationToken);

    /// <summary>Leaves it as it is, also for later runs.</summary>
    /// <returns>How to connect and how to remove it.</returns>
    public abstract Task<string> KeepAsync();

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();

    /// <summary>Speaks up if the server lacks extensions of the archive.</summary>
    /// <param name="server">A connection to it.</param>
    /// <param name="content">What the archive holds.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    /// <exception cref="CryoBackupException">ObjectNotFound, naming them and how to install them.</exception>
    protected async Task CheckExtensionsAsync(NpgsqlConnection server, ArchiveContent content, CancellationToken cancellationToken)
    {
        string[] needed = [.. content.Entries.Where(entry => entry.Kind == "EXTENSION").Select(entry => entry.Name)];
        List<string> offered = await ListAsync(server, "SELECT name::text FROM pg_catalog.pg_available_extensions", cancellationToken)
            .ConfigureAwait(false);
        string[] absent = [.. needed.Except(offered, StringComparer.Ordinal)];
        if (absent.Length > 0)
        {
            throw new CryoBackupException(
                CryoBackupError.ObjectNotFound,
                $"The backup needs {(absent.Length == 1 ? "the extension" : "the extensions")} {string.Join(", ", absent)}, "
                    + $"not installed for this PostgreSQL {Version}.",
                absent[0],
                $"Install it. PostgreSQL's own extensions: Debian, Ubuntu: apt-get install postgresql-contrib. RHEL: "
                    + $"dnf install postgresql{Major}-contrib. "
                    + $"Others: Debian, Ubuntu: apt-get install postgresql-{Major}-{absent[0].Replace('_', '-')} (repository "
                    + $"apt.postgresql.org); RHEL: dnf search {absent[0]}. "
                    + "Or name a server that has it with -ComputerName or -ServerPath."
            );
        }
    }

    /// <summary>The first column of each row.</summary>
    protected static Task<List<string>> ListAsync(NpgsqlConnection connection, string query, CancellationToken cancellationToken) =>
        connection.ListAsync(query, cancellationToken);

    /// <summary>Makes the database; a locale that the server lacks is told as such.</summary>
    protected async Task CreateDatabaseAsync(
        NpgsqlConnection server,
        string name,
        ArchiveContent content,
        CancellationToken cancellationToken
    )
    {
        LocaleChoice choice = await LocaleChoice
            .MakeAsync(server, DatabaseDefinition.Options(content.Entries), Locale, cancellationToken)
            .ConfigureAwait(false);
        LocaleChange = choice.Change;
        try
        {
            await TargetDatabase.CreateAsync(server, name, choice.Options, cancellationToken).ConfigureAwait(false);
        }
        catch (PostgresException exception)
            when (exception.SqlState
                    is PostgresErrorCodes.WrongObjectType
                        or PostgresErrorCodes.InvalidParameterValue
                        or PostgresErrorCodes.FeatureNotSupported
            )
        {
            throw new CryoBackupException(
                CryoBackupError.ObjectNotFound,
                $"The server does not make a database of the source's encoding and locale: {exception.MessageText} ({choice.Options}).",
                name,
                "Name a locale that it has with -Locale, or a server that has the source's with -ComputerName.",
                inner: exception
            );
        }
    }
}
