using CryoBackup.Archive;
using CryoBackup.Postgres;
using CryoBackup.Restore.Selection;
using CryoBackup.Text;

namespace CryoBackup.Restore;

/// <summary>What of a plan the restoring role may not do. It is found before anything changes, and with what it takes.</summary>
/// <param name="ask">Asks the server.</param>
/// <param name="endpoint">The server, with the target's name.</param>
/// <param name="plan">What is to be done.</param>
/// <param name="request">What was asked for.</param>
/// <param name="rolesToCreate">The roles that are to be created from the backup's globals.</param>
internal sealed class RestoreRights(
    ServerQuestions ask,
    ServerEndpoint endpoint,
    RestorePlan plan,
    RestoreRequest request,
    IReadOnlyList<string> rolesToCreate
)
{
    private const int FirstWithSetOption = 16;

    // What PostgreSQL lets only a superuser create.
    private static readonly HashSet<string> KindsOfSuperusers = new(StringComparer.Ordinal)
    {
        "EVENT TRIGGER",
        "FOREIGN DATA WRAPPER",
        "ACCESS METHOD",
        "OPERATOR CLASS",
        "OPERATOR FAMILY",
        "TEXT SEARCH PARSER",
        "TEXT SEARCH TEMPLATE",
        "PUBLICATION TABLES IN SCHEMA",
    };

    private readonly List<CryoBackupException> _findings = [];

    private string Role => endpoint.UserName;

    /// <summary>Looks for it.</summary>
    /// <returns>The findings; none for a superuser.</returns>
    public async Task<IReadOnlyList<CryoBackupException>> FindMissingAsync()
    {
        if (await ask.AskAsync<bool>("SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user").ConfigureAwait(false))
        {
            return [];
        }

        await CheckRoleAttributesAsync().ConfigureAwait(false);
        await CheckObjectsAsync().ConfigureAwait(false);
        await CheckExtensionsAsync().ConfigureAwait(false);
        await CheckOwnersAsync().ConfigureAwait(false);
        await CheckSettingsAsync().ConfigureAwait(false);
        await CheckReadingAsync().ConfigureAwait(false);
        return _findings;
    }

    private async Task CheckRoleAttributesAsync()
    {
        if (
            rolesToCreate.Count > 0
            && !await ask.AskAsync<bool>("SELECT rolcreaterole FROM pg_catalog.pg_roles WHERE rolname = current_user").ConfigureAwait(false)
        )
        {
            Deny(
                $"The role '{Role}' may not create roles, and the backup needs some of its globals: {string.Join(", ", rolesToCreate)}.",
                Role,
                "ALTER ROLE … CREATEROLE, or have somebody else create them."
            );
        }

        if (
            plan.Makes
            && !await ask.AskAsync<bool>("SELECT rolcreatedb FROM pg_catalog.pg_roles WHERE rolname = current_user").ConfigureAwait(false)
        )
        {
            Deny(
                $"The role '{Role}' may not create databases.",
                Role,
                "ALTER ROLE … CREATEDB, or restore into an empty database that somebody else created."
            );
        }

        if (
            !plan.Makes
            && !await ask.AskAsync<bool>("SELECT pg_catalog.has_database_privilege($1, 'CREATE')", endpoint.Database).ConfigureAwait(false)
            && plan.Entries.Any(entry => entry.Kind is "SCHEMA" or "EXTENSION" or "PUBLICATION")
        )
        {
            Deny(
                $"The role '{Role}' may not create schemas in the database '{endpoint.Database}'.",
                Role,
                "GRANT CREATE ON DATABASE … TO it, or use the database's owner."
            );
        }
    }

    private async Task CheckObjectsAsync()
    {
        bool maySubscribe =
            ask.Major >= FirstWithSetOption
            && await ask.AskAsync<bool>("SELECT pg_catalog.pg_has_role('pg_create_subscription', 'USAGE')").ConfigureAwait(false);
        bool IsBeyond(TocEntry entry) =>
            KindsOfSuperusers.Contains(entry.Kind)
            || (entry.Kind == "SUBSCRIPTION" && !maySubscribe)
            || (entry.Kind == "PUBLICATION" && entry.Definition.Contains(" FOR ALL TABLES", StringComparison.Ordinal));
        TocEntry[] beyond = [.. plan.Entries.Where(IsBeyond)];
        if (beyond.Length > 0)
        {
            Deny(
                $"Only a superuser may create {string.Join(", ", beyond.Select(entry => entry.ToString()))}, "
                    + $"and the role '{Role}' is none.",
                Role,
                "Use a superuser, or restore only the schemas that you need with -Schema."
            );
        }
    }

    /// <summary>Extensions that stand in the target already are no longer in the plan.</summary>
    private async Task CheckExtensionsAsync()
    {
        string[] wanted = [.. plan.Entries.Where(entry => entry.Kind == "EXTENSION").Select(entry => entry.Name)];
        string[] beyond =
            wanted.Length == 0
                ? []
                : await ask.ListAsync(
                        """
                        SELECT DISTINCT e.name::text
                        FROM pg_catalog.pg_available_extensions e JOIN pg_catalog.pg_available_extension_versions v ON v.name = e.name
                            AND v.version = e.default_version
                        WHERE e.name = ANY ($1) AND v.superuser AND NOT v.trusted
                        ORDER BY 1
                        """,
                        wanted
                    )
                    .ConfigureAwait(false);
        if (beyond.Length > 0)
        {
            string names = string.Join(", ", beyond);
            Deny(
                $"Only a superuser may create the {(beyond.Length == 1 ? "extension" : "extensions")} {names}, "
                    + $"and the role '{Role}' is none.",
                beyond[0],
                $"Have a superuser (on a managed server: its console or administrator) create the target database and in it CREATE "
                    + $"EXTENSION {names}, then restore into it without -Create: "
                    + "extensions that are there are kept."
            );
        }
    }

    private async Task CheckOwnersAsync()
    {
        if (request.NoOwner)
        {
            return;
        }

        IEnumerable<TocEntry> database = plan.Makes ? plan.Archive.Where(entry => entry.Kind == "DATABASE") : [];
        IReadOnlyCollection<string> owners = RoleNames.Of(
            plan.Entries.Where(entry => entry.Kind != "POLICY").Concat(database),
            noOwner: false,
            noPrivileges: true
        );

        // Since 16 a membership tells whether it lets the member act as the role.
        string right = ask.Major >= FirstWithSetOption ? "SET" : "MEMBER";
        string[] foreign = await ask.ListAsync(
                $"SELECT r.rolname FROM pg_catalog.pg_roles r WHERE r.rolname = ANY ($1) AND NOT pg_catalog.pg_has_role(r.oid, "
                    + $"'{right}') ORDER BY 1",
                owners
            )
            .ConfigureAwait(false);
        if (foreign.Length > 0)
        {
            Deny(
                $"The role '{Role}' {(right == "SET" ? "may not act as (SET ROLE)" : "is not a member of")} roles that own objects of "
                    + $"the backup: {string.Join(", ", foreign)}.",
                foreign[0],
                $"GRANT them to it{(right == "SET" ? " WITH SET TRUE" : "")}, use a superuser, or take all objects over with -NoOwner."
            );
        }

        string[] made = [.. rolesToCreate.Intersect(owners, StringComparer.Ordinal)];
        if (made.Length > 0)
        {
            Deny(
                $"The role '{Role}' would create {string.Join(", ", made)} from the backup's globals without becoming a member of what "
                    + "then is to own objects.",
                made[0],
                "Use a superuser; or create these roles first and GRANT them to it; or take all objects over with -NoOwner."
            );
        }
    }

    /// <summary>Settings of the database that only a superuser may make, or of roles that are not ours.</summary>
    private async Task CheckSettingsAsync()
    {
        DatabaseStatement[] settings = plan.Makes ? [.. plan.DatabaseStatements.Where(statement => statement.Setting is not null)] : [];
        if (settings.Length == 0)
        {
            return;
        }

        string granted = ask.Major >= 15 ? " AND NOT pg_catalog.has_parameter_privilege(s.name, 'SET')" : "";
        string[] beyond = await ask.ListAsync(
                $"SELECT s.name FROM pg_catalog.pg_settings s WHERE s.name = ANY ($1) AND s.context IN ('superuser', "
                    + $"'superuser-backend'){granted} ORDER BY 1",
                [.. settings.Select(statement => statement.Setting!)]
            )
            .ConfigureAwait(false);
        if (beyond.Length > 0)
        {
            Deny(
                $"Only a superuser may give a database the {(beyond.Length == 1 ? "setting" : "settings")} "
                    + $"{string.Join(", ", beyond)}, which the backup's has, and the role '{Role}' is none.",
                beyond[0],
                (ask.Major >= 15 ? "GRANT SET ON PARAMETER … TO it, use" : "Use")
                    + " a superuser, or create the target empty and restore into it without -Create: "
                    + "the database's own settings are left out then."
            );
        }

        string[] others =
        [
            .. settings.Select(statement => statement.OfRole).OfType<string>().Where(name => name != Role).Distinct(StringComparer.Ordinal),
        ];
        if (
            others.Length > 0
            && !await ask.AskAsync<bool>("SELECT rolcreaterole FROM pg_catalog.pg_roles WHERE rolname = current_user").ConfigureAwait(false)
        )
        {
            Deny(
                $"The backup's database has settings for the {(others.Length == 1 ? "role" : "roles")} {string.Join(", ", others)}, "
                    + $"which the role '{Role}' may not change.",
                others[0],
                "ALTER ROLE … CREATEROLE, use a superuser, or create the target empty and restore into it without -Create: "
                    + "the database's own settings are left out then."
            );
        }
    }

    /// <summary>What was restored is read again. A table's owner may do that, unless it bound its own hands.</summary>
    private async Task CheckReadingAsync()
    {
        bool readsAll =
            ask.Major >= 14 && await ask.AskAsync<bool>("SELECT pg_catalog.pg_has_role('pg_read_all_data', 'USAGE')").ConfigureAwait(false);
        string[] unreadable =
            readsAll || request.NoPrivileges ? [] : [.. plan.Entries.Where(IsUnreadable).Select(entry => entry.ToString())];
        if (unreadable.Length > 0)
        {
            Deny(
                $"Their own privileges keep the owners from reading tables of the backup, "
                    + $"so that '{Role}' could not prove what it restored: {string.Join(", ", unreadable)}.",
                unreadable[0],
                (ask.Major >= 14 ? "GRANT pg_read_all_data TO it, use" : "Use")
                    + " a superuser, or leave out privileges with -NoPrivileges."
            );
        }

        if (
            plan.IsTransaction
            && !await ask.AskAsync<bool>("SELECT rolbypassrls FROM pg_catalog.pg_roles WHERE rolname = current_user").ConfigureAwait(false)
            && Array.FindAll(
                [.. plan.Archive],
                entry => plan.Tables.Any(table => table.Entry.Dependencies.Contains(entry.DumpId)) && IsForced(entry)
            )
                is { Length: > 0 } forced
        )
        {
            _findings.Add(
                new CryoBackupException(
                    CryoBackupError.RowSecurityActive,
                    $"Row security is forced on the owners too, so that '{Role}' could not prove what it restored: "
                        + $"{string.Join(", ", forced.Select(entry => entry.ToString()))}.",
                    forced[0].ToString(),
                    "ALTER ROLE … BYPASSRLS, use a superuser, or restore into a new database with -Create or -Swap, "
                        + "where it is lifted until the rows are compared."
                )
            );
        }
    }

    /// <summary>True for a table whose policies bind its owner too.</summary>
    private static bool IsForced(TocEntry entry) =>
        entry.Kind == "TABLE"
        && entry.Definition.Contains(" FORCE ROW LEVEL SECURITY;", StringComparison.Ordinal)
        && !entry.Definition.Contains(" NO FORCE ROW LEVEL SECURITY;", StringComparison.Ordinal);

    /// <summary>True for privileges of a table that leave its owner without SELECT.</summary>
    private static bool IsUnreadable(TocEntry entry)
    {
        if (entry.Kind != "ACL" || !entry.Name.StartsWith("TABLE ", StringComparison.Ordinal))
        {
            return false;
        }

        SqlStatement[] statements =
        [
            .. SqlStatement.Enumerate(entry.Definition).Where(statement => RoleNames.Grantee(statement)?.Name == entry.Owner),
        ];
        return Array.Exists(statements, static statement => statement.Has(0, "REVOKE", "ALL"))
            && !Array.Exists(statements, static statement => statement.Tokens[0].Is("GRANT") && IsToRead(statement));
    }

    /// <summary>True for privileges of a whole table, SELECT among them.</summary>
    private static bool IsToRead(SqlStatement statement)
    {
        SqlToken[] privileges = [.. statement.Tokens.TakeWhile(static token => !token.Is("ON"))];
        return !Array.Exists(privileges, static token => token.Is("("))
            && Array.Exists(privileges, static token => token.Is("ALL") || token.Is("SELECT"));
    }

    private void Deny(string message, string target, string remedy) =>
        _findings.Add(new CryoBackupException(CryoBackupError.PermissionDenied, message, target, remedy));
}
