namespace CryoBackup.Postgres;

/// <summary>The variables that libpq reads, under libpq's keywords, and the folders in which it looks for its files.</summary>
internal sealed class PostgresEnvironment
{
    /// <summary>libpq's keywords and the variables that stand for them.</summary>
    public static readonly IReadOnlyDictionary<string, string> Variables = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["host"] = "PGHOST",
        ["hostaddr"] = "PGHOSTADDR",
        ["port"] = "PGPORT",
        ["dbname"] = "PGDATABASE",
        ["user"] = "PGUSER",
        ["password"] = "PGPASSWORD",
        ["passfile"] = "PGPASSFILE",
        ["service"] = "PGSERVICE",
        ["options"] = "PGOPTIONS",
        ["application_name"] = "PGAPPNAME",
        ["client_encoding"] = "PGCLIENTENCODING",
        ["connect_timeout"] = "PGCONNECT_TIMEOUT",
        ["target_session_attrs"] = "PGTARGETSESSIONATTRS",
        ["load_balance_hosts"] = "PGLOADBALANCEHOSTS",
        ["sslmode"] = "PGSSLMODE",
        ["requiressl"] = "PGREQUIRESSL",
        ["sslnegotiation"] = "PGSSLNEGOTIATION",
        ["sslrootcert"] = "PGSSLROOTCERT",
        ["sslcert"] = "PGSSLCERT",
        ["sslkey"] = "PGSSLKEY",
        ["sslcertmode"] = "PGSSLCERTMODE",
        ["sslcrl"] = "PGSSLCRL",
        ["sslcrldir"] = "PGSSLCRLDIR",
        ["sslsni"] = "PGSSLSNI",
        ["ssl_min_protocol_version"] = "PGSSLMINPROTOCOLVERSION",
        ["ssl_max_protocol_version"] = "PGSSLMAXPROTOCOLVERSION",
        ["channel_binding"] = "PGCHANNELBINDING",
        ["require_auth"] = "PGREQUIREAUTH",
        ["requirepeer"] = "PGREQUIREPEER",
        ["gssencmode"] = "PGGSSENCMODE",
        ["gsslib"] = "PGGSSLIB",
        ["gssdelegation"] = "PGGSSDELEGATION",
        ["krbsrvname"] = "PGKRBSRVNAME",
    };

    private readonly Func<string, string?> _read;

    /// <summary>Reads variables through a function; tests give their own.</summary>
    public PostgresEnvironment(Func<string, string?> read) => _read = read;

    /// <summary>The variables of this process.</summary>
    public static PostgresEnvironment OfProcess { get; } = new(Environment.GetEnvironmentVariable);

    /// <summary>The value of a variable; null when unset or empty, which libpq takes for the same.</summary>
    public string? Read(string variable) => _read(variable) is { Length: > 0 } value ? value : null;

    /// <summary>The value that the environment gives to a libpq keyword.</summary>
    public string? ValueOf(string keyword) => Variables.TryGetValue(keyword, out string? variable) ? Read(variable) : null;

    /// <summary>Where the user's password file lies unless told otherwise; null without a home folder.</summary>
    public string? DefaultPassFile =>
        UserFolder is { } folder ? Path.Combine(folder, OperatingSystem.IsWindows() ? "pgpass.conf" : ".pgpass") : null;

    /// <summary>Where the user's service file lies unless told otherwise; null without a home folder.</summary>
    public string? DefaultServiceFile => UserFolder is { } folder ? Path.Combine(folder, ".pg_service.conf") : null;

    /// <summary>Where libpq looks for a certificate, key or list of the user unless told otherwise; null without a home folder.</summary>
    /// <param name="name">The file's name.</param>
    public string? UserFile(string name) =>
        UserFolder is not { } folder ? null
        : OperatingSystem.IsWindows() ? Path.Combine(folder, name)
        : Path.Combine(folder, ".postgresql", name);

    /// <summary>Where the machine's service file may lie, in order.</summary>
    public IEnumerable<string> SystemServiceFiles
    {
        get
        {
            if (Read("PGSYSCONFDIR") is { } folder)
            {
                return [Path.Combine(folder, "pg_service.conf")];
            }

            // libpq has one such folder compiled in; these are the packagers' choices.
            return OperatingSystem.IsWindows()
                ? []
                :
                [
                    "/etc/postgresql-common/pg_service.conf",
                    "/etc/sysconfig/pgsql/pg_service.conf",
                    "/etc/pg_service.conf",
                    "/usr/local/pgsql/etc/pg_service.conf",
                ];
        }
    }

    private string? UserFolder
    {
        get
        {
            if (OperatingSystem.IsWindows())
            {
                return Read("APPDATA") is { } appData ? Path.Combine(appData, "postgresql") : null;
            }

            if (Read("HOME") is { } home)
            {
                return home;
            }

            // .NET asks the user database when HOME is unset, as libpq does.
            return Environment.GetFolderPath(Environment.SpecialFolder.UserProfile) is { Length: > 0 } profile ? profile : null;
        }
    }
}
