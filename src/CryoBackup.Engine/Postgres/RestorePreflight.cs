using System.Globalization;
using CryoBackup.Archive;
using Npgsql;
using NpgsqlTypes;

namespace CryoBackup.Postgres;

/// <summary>What of a plan the target server cannot do. All findings are gathered before anything changes.</summary>
internal static class RestorePreflight
{
    /// <summary>Looks for what the plan needs and the server has not.</summary>
    /// <param name="server">A connection to any database of the target server.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="request">What was asked for.</param>
    /// <param name="cancellationToken">Ends the queries.</param>
    /// <returns>One error a finding; empty if the plan can be carried out.</returns>
    public static async Task<List<CryoBackupException>> FindAsync(
        NpgsqlConnection server, RestorePlan plan, RestoreRequest request, CancellationToken cancellationToken)
    {
        var findings = new List<CryoBackupException>();
        IReadOnlyCollection<string> roles = RoleNames.Of(plan.Entries.Concat(plan.OfDatabase), request.NoOwner, request.NoPrivileges);
        string[] missingRoles = await MissingAsync(
            server, roles, "SELECT name FROM unnest($1) AS name WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = name)", cancellationToken).ConfigureAwait(false);
        if (missingRoles.Length > 0)
        {
            findings.Add(new CryoBackupException(
                CryoBackupError.ObjectNotFound,
                $"The server lacks roles that the backup names: {string.Join(", ", missingRoles)}.",
                missingRoles[0],
                "CREATE ROLE each of them, or leave their objects to you with -NoOwner and their privileges out with -NoPrivileges."));
        }

        string[] extensions = [.. plan.Entries.Where(entry => entry.Kind == "EXTENSION").Select(entry => entry.Name)];
        string[] missingExtensions = await MissingAsync(
            server, extensions, "SELECT name FROM unnest($1) AS name WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_available_extensions AS e WHERE e.name = name.name)", cancellationToken).ConfigureAwait(false);
        if (missingExtensions.Length > 0)
        {
            findings.Add(new CryoBackupException(
                CryoBackupError.ObjectNotFound,
                $"The server does not offer extensions that the backup needs: {string.Join(", ", missingExtensions)}.",
                missingExtensions[0],
                "Install their packages on the server (many are in postgresql-contrib)."));
        }

        string[] tablespaces = [.. plan.Entries.Select(entry => entry.Tablespace).Where(name => name.Length > 0).Distinct(StringComparer.Ordinal)];
        string[] missingTablespaces = await MissingAsync(
            server, tablespaces, "SELECT name FROM unnest($1) AS name WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_tablespace WHERE spcname = name)", cancellationToken).ConfigureAwait(false);
        if (missingTablespaces.Length > 0)
        {
            findings.Add(new CryoBackupException(
                CryoBackupError.ObjectNotFound,
                $"The server lacks tablespaces that the backup names: {string.Join(", ", missingTablespaces)}.",
                missingTablespaces[0],
                "CREATE TABLESPACE each of them."));
        }

        if (plan.Mode is RestoreMode.Create or RestoreMode.Swap && !await MayCreateDatabaseAsync(server, cancellationToken).ConfigureAwait(false))
        {
            findings.Add(new CryoBackupException(
                CryoBackupError.PermissionDenied,
                $"The role '{server.UserName}' may not create databases.",
                server.UserName,
                "ALTER ROLE … CREATEDB, or restore into an empty database that somebody else created."));
        }

        if (plan.Mode == RestoreMode.Swap && !request.Force
            && await SwapDatabase.CountSessionsAsync(server, request.TargetDatabase, cancellationToken).ConfigureAwait(false) is > 0 and var sessions)
        {
            findings.Add(new CryoBackupException(
                CryoBackupError.RestoreFailed,
                string.Create(CultureInfo.InvariantCulture, $"{sessions} sessions use the database '{request.TargetDatabase}', so it cannot be renamed."),
                request.TargetDatabase,
                "Stop the application, or give -Force to end its sessions at the moment of the swap."));
        }

        return findings;
    }

    /// <summary>The tables that a restore of rows goes into and that are absent or not empty.</summary>
    /// <param name="target">A connection to the target database.</param>
    /// <param name="tables">The tables.</param>
    /// <param name="cancellationToken">Ends the queries.</param>
    /// <returns>One error a finding.</returns>
    public static async Task<List<CryoBackupException>> FindUnfitTablesAsync(
        NpgsqlConnection target, IReadOnlyList<TableContent> tables, CancellationToken cancellationToken)
    {
        var absent = new List<string>();
        var filled = new List<string>();
        foreach (TocEntry table in tables.Select(table => table.Entry))
        {
            string name = $"{TargetDatabase.Quote(table.Schema)}.{TargetDatabase.Quote(table.Name)}";
            await using var exists = new NpgsqlCommand("SELECT pg_catalog.to_regclass($1) IS NOT NULL", target) { Parameters = { new() { Value = name } } };
            if (!(bool)(await exists.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!)
            {
                absent.Add($"{table.Schema}.{table.Name}");
                continue;
            }

            await using var any = new NpgsqlCommand($"SELECT EXISTS (SELECT FROM ONLY {name})", target);
            if ((bool)(await any.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!)
            {
                filled.Add($"{table.Schema}.{table.Name}");
            }
        }

        var findings = new List<CryoBackupException>();
        if (absent.Count > 0)
        {
            findings.Add(new CryoBackupException(
                CryoBackupError.ObjectNotFound,
                $"The target lacks tables that the rows belong to: {string.Join(", ", absent)}.",
                absent[0],
                "Restore without -DataOnly, or with -SchemaOnly first."));
        }

        if (filled.Count > 0)
        {
            findings.Add(new CryoBackupException(
                CryoBackupError.DatabaseNotEmpty,
                $"Tables that the rows go into are not empty: {string.Join(", ", filled)}.",
                filled[0],
                "TRUNCATE them first, or restore into a new database with -Create."));
        }

        return findings;
    }

    /// <summary>One error for all findings: the first one's kind, everybody's message and remedy.</summary>
    /// <param name="findings">At least one.</param>
    /// <returns>The error to throw.</returns>
    public static CryoBackupException Combine(List<CryoBackupException> findings) => new(
        findings[0].Error,
        string.Join(" ", findings.Select(finding => finding.Message)) + " Nothing was changed.",
        findings[0].Target,
        string.Join(" ", findings.Select(finding => finding.Remedy)));

    private static async Task<string[]> MissingAsync(NpgsqlConnection server, IReadOnlyCollection<string> names, string query, CancellationToken cancellationToken)
    {
        if (names.Count == 0)
        {
            return [];
        }

        await using var command = new NpgsqlCommand(query, server)
        {
            Parameters = { new() { Value = names.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text } },
        };
        var missing = new List<string>();
        await using NpgsqlDataReader row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            missing.Add(row.GetString(0));
        }

        return [.. missing];
    }

    private static async Task<bool> MayCreateDatabaseAsync(NpgsqlConnection server, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT rolsuper OR rolcreatedb FROM pg_catalog.pg_roles WHERE rolname = current_user", server);
        return await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is true;
    }
}
