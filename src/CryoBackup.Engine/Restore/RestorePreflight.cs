using CryoBackup.Archive;
using CryoBackup.Postgres;
using CryoBackup.Processes;
using CryoBackup.Text;
using Npgsql;

namespace CryoBackup.Restore;

/// <summary>What of a plan the target server cannot do. All findings are gathered before anything changes.</summary>
internal sealed class RestorePreflight(
    NpgsqlConnection server,
    ServerEndpoint endpoint,
    string application,
    RestorePlan plan,
    RestoreRequest request,
    CancellationToken cancellationToken
)
{
    private readonly List<CryoBackupException> _findings = [];
    private readonly ServerQuestions _ask = new(server, cancellationToken);

    /// <summary>The roles of the backup's globals; null where they were not asked for.</summary>
    public GlobalsScript? Globals { get; init; }

    /// <summary>True if the backup has globals.</summary>
    public bool HasGlobals { get; init; }

    /// <summary>The source's options of CREATE DATABASE; null where none is made.</summary>
    public DatabaseOptions? Definition { get; init; }

    /// <summary>The locale that the database gets; null where none is made.</summary>
    public LocaleChoice? Locale { get; private set; }

    /// <summary>The roles that are to be created from the backup's globals.</summary>
    public IReadOnlyList<string> RolesToCreate { get; private set; } = [];

    /// <summary>How many sessions restore.</summary>
    public int Jobs { get; private set; } = RestoreRun.Jobs(request, plan);

    /// <summary>Why it is one session though nobody said so; null where it is not for a lack of sessions.</summary>
    public CryoBackupException? TooFewSessions { get; private set; }

    /// <summary>Looks for what the plan needs and the server, or the target, has not.</summary>
    /// <exception cref="CryoBackupException">All findings in one: the first one's kind, everybody's message and remedy.</exception>
    public async Task RunAsync()
    {
        await FindMissingAsync().ConfigureAwait(false);
        _findings.AddRange(await new RestoreRights(_ask, endpoint, plan, request, RolesToCreate).FindMissingAsync().ConfigureAwait(false));
        await ChooseLocaleAsync().ConfigureAwait(false);
        await CheckServerAsync().ConfigureAwait(false);
        await CheckSessionsAsync().ConfigureAwait(false);
        CheckSpoolSpace();
        if (plan.Makes)
        {
            await CheckSpaceAsync().ConfigureAwait(false);
        }

        _findings.AddRange(
            await new TargetPreflight(server, endpoint, application, plan, request).FindAsync(cancellationToken).ConfigureAwait(false)
        );
        if (_findings.Count > 0)
        {
            throw new CryoBackupException(
                _findings[0].Error,
                string.Join(" ", _findings.Select(finding => finding.Message)) + " Nothing was changed.",
                _findings[0].Target,
                string.Join(" ", _findings.Select(finding => finding.Remedy))
            );
        }
    }

    private async Task FindMissingAsync()
    {
        string[] roles = await _ask.AbsentAsync(
                plan.RolesNeeded(request.NoOwner, request.NoPrivileges),
                "SELECT rolname FROM pg_catalog.pg_roles"
            )
            .ConfigureAwait(false);
        string Shared(string role) => ServerEncoding.OfRole(role, plan.Encoding);
        string[] absent = await _ask.AbsentAsync([.. roles.Select(Shared)], "SELECT rolname FROM pg_catalog.pg_roles")
            .ConfigureAwait(false);
        roles = [.. roles.Where(role => absent.Contains(Shared(role)))];
        RolesToCreate = [.. roles.Where(role => Globals?.Has(role) == true)];
        roles = [.. roles.Except(RolesToCreate, StringComparer.Ordinal)];
        if (roles.Length > 0)
        {
            Find(
                CryoBackupError.ObjectNotFound,
                $"The server{(Globals is null ? " lacks" : ", and the backup's globals, lack")} roles that the backup names: "
                    + $"{string.Join(", ", roles)}.",
                roles[0],
                string.Join(" ", WaysWithout(roles))
            );
        }

        string[] extensions = await _ask.AbsentAsync(
                [.. plan.Entries.Where(entry => entry.Kind == "EXTENSION").Select(entry => entry.Name)],
                "SELECT name FROM pg_catalog.pg_available_extensions"
            )
            .ConfigureAwait(false);
        if (extensions.Length > 0)
        {
            Find(
                CryoBackupError.ObjectNotFound,
                $"The server does not offer extensions that the backup needs: {string.Join(", ", extensions)}.",
                extensions[0],
                "Install their packages on the server (many are in postgresql-contrib)."
            );
        }

        if (await MonetaryLocale.FindMissingAsync(server, plan.Monetary, cancellationToken).ConfigureAwait(false) is { } missing)
        {
            _findings.Add(missing);
        }

        string[] tablespaces = await _ask.AbsentAsync(
                [.. plan.Entries.Select(entry => entry.Tablespace).Where(name => name.Length > 0)],
                "SELECT spcname FROM pg_catalog.pg_tablespace"
            )
            .ConfigureAwait(false);
        if (tablespaces.Length > 0)
        {
            Find(
                CryoBackupError.ObjectNotFound,
                $"The server lacks tablespaces that the backup names: {string.Join(", ", tablespaces)}.",
                tablespaces[0],
                "CREATE TABLESPACE each of them."
            );
        }
    }

    private async Task ChooseLocaleAsync()
    {
        try
        {
            Locale = Definition is null
                ? null
                : await LocaleChoice.MakeAsync(server, Definition, request.Locale, cancellationToken).ConfigureAwait(false);
        }
        catch (CryoBackupException lacks)
        {
            _findings.Add(lacks);
        }
    }

    /// <summary>What would become of the backup without each of the roles.</summary>
    private List<string> WaysWithout(string[] roles)
    {
        var ways = new List<string> { "CREATE ROLE each of them." };
        if (Globals is null)
        {
            ways.Add(
                HasGlobals
                    ? "-IncludeGlobals would create those that are in the backup's globals."
                    : "The backup has no globals that -IncludeGlobals could create them from."
            );
        }

        string[] Spared(bool noOwner, bool noPrivileges) =>
            [.. roles.Except(plan.RolesNeeded(noOwner, noPrivileges), StringComparer.Ordinal)];
        string[] byOwner = Spared(true, request.NoPrivileges);
        string[] byPrivileges = Spared(request.NoOwner, true);
        string[] byBoth = [.. Spared(true, true).Except(byOwner, StringComparer.Ordinal).Except(byPrivileges, StringComparer.Ordinal)];
        foreach (
            (string[] names, string way) in (ReadOnlySpan<(string[], string)>)
                [
                    (byOwner, $"-NoOwner would leave to '{endpoint.UserName}' the objects of"),
                    (byPrivileges, "-NoPrivileges would leave out the privileges of"),
                    (byBoth, "-NoOwner and -NoPrivileges together would do without"),
                ]
        )
        {
            if (names.Length > 0)
            {
                ways.Add($"{way} {string.Join(", ", names)}.");
            }
        }

        string[] bound = [.. roles.Intersect(plan.RolesNeeded(true, true), StringComparer.Ordinal)];
        if (bound.Length > 0)
        {
            ways.Add($"Policies, user mappings or settings name {string.Join(", ", bound)}; neither does without.");
        }

        return ways;
    }

    /// <summary>The archive's rows need about as much room in tables as they have as text, and indexes come on top.</summary>
    private async Task CheckSpaceAsync()
    {
        if (!endpoint.IsSocket || request.Force)
        {
            return;
        }

        // Only a superuser may see the setting; a folder that is not here belongs to another machine or container.
        string? folder = await _ask.AskAsync<string?>("SELECT setting FROM pg_catalog.pg_settings WHERE name = 'data_directory'")
            .ConfigureAwait(false);
        if (folder is not null && Directory.Exists(folder) && LocalDisk.FreeSpace(folder) is { } free && free < plan.ArchiveLength)
        {
            Find(
                CryoBackupError.DiskFull,
                $"The server's disk has {SizeText.Of(free)} free, and the archive alone has {SizeText.Of(plan.ArchiveLength)}.",
                folder,
                "Make room, or give -Force if the data lies on another disk."
            );
        }
    }

    private void CheckSpoolSpace()
    {
        string folder = TemporaryPlace.Folder;
        if (RestoreRun.Spools(request, plan) && LocalDisk.FreeSpace(folder) is { } free && free < plan.ArchiveLength)
        {
            Find(
                CryoBackupError.DiskFull,
                $"'{folder}' has {SizeText.Of(free)} free, too little for the spooled archive of {SizeText.Of(plan.ArchiveLength)}.",
                folder,
                $"Free space, or {TemporaryPlace.SetTo("a larger disk")}" + (plan.InArchiveOrder ? ", or restore with -Jobs 1." : ".")
            );
        }
    }

    /// <summary>A server that takes no changes.</summary>
    private async Task CheckServerAsync()
    {
        if (await _ask.AskAsync<bool>("SELECT pg_catalog.pg_is_in_recovery()").ConfigureAwait(false))
        {
            Find(
                CryoBackupError.RestoreFailed,
                $"The server {endpoint.Address} is a standby, which takes no changes.",
                endpoint.Address,
                "Name the primary (several hosts with PGTARGETSESSIONATTRS=primary find it), or promote this one."
            );
        }
        else if (await _ask.AskAsync<string>("SELECT pg_catalog.current_setting('transaction_read_only')").ConfigureAwait(false) == "on")
        {
            Find(
                CryoBackupError.RestoreFailed,
                $"The server {endpoint.Address} lets '{endpoint.UserName}' change nothing: default_transaction_read_only is on.",
                endpoint.Address,
                "Turn it off for the role, the database or the server (ALTER ROLE, ALTER DATABASE, "
                    + "ALTER SYSTEM … SET default_transaction_read_only = off)."
            );
        }
    }

    private async Task CheckSessionsAsync()
    {
        if (Jobs > 1 && request.Jobs is null)
        {
            TooFewSessions = await FindLackOfSessionsAsync().ConfigureAwait(false);
            Jobs = TooFewSessions is null ? Jobs : 1;
        }

        if (await SessionRoom.AwaitAsync(FindLackOfSessionsAsync, cancellationToken).ConfigureAwait(false) is { } lack)
        {
            _findings.Add(lack);
        }
    }

    /// <summary>Ours, one that the server has not quite ended, and those of pg_restore, which has one more than it has jobs;
    /// the comparison takes no more than it gets.</summary>
    private Task<CryoBackupException?> FindLackOfSessionsAsync() =>
        SessionRoom.FindLackAsync(
            _ask,
            endpoint,
            plan.Makes ? null : endpoint.Database,
            2 + (Jobs > 1 ? Jobs + 1 : 2),
            ", or restore with -Jobs 1, which needs the fewest"
        );

    private void Find(CryoBackupError error, string message, string target, string remedy) =>
        _findings.Add(new CryoBackupException(error, message, target, remedy));
}
