using System.Globalization;
using System.Text;
using CryoBackup.Processes;

namespace CryoBackup.Postgres;

/// <summary>
/// The environment that makes libpq's programs connect to an endpoint, and to nothing else. A password lies in a private file until
/// Dispose, so that it is in no argument list and no environment.
/// </summary>
internal sealed class LibpqEnvironment : IDisposable
{
    // Where libpq's own files lie, and what Kerberos goes by. None of it is a secret.
    private static readonly string[] Needed =
    [
        "PGSYSCONFDIR",
        "PGLOCALEDIR",
        "PGMINPROTOCOLVERSION",
        "PGMAXPROTOCOLVERSION",
        "KRB5CCNAME",
        "KRB5_CONFIG",
        "KRB5_KTNAME",
        "KRB5_CLIENT_KTNAME",
        "KRB5RCACHEDIR",
        "KRB5RCACHETYPE",
        "KRB5_TRACE",
        "GSS_USE_PROXY",
    ];

    private readonly Dictionary<string, string?> _variables = new(StringComparer.Ordinal);
    private readonly string _database;
    private PrivateFolder? _folder;

    /// <summary>Renders an endpoint.</summary>
    /// <param name="endpoint">The server, the role and the database.</param>
    /// <param name="applicationName">Shown in pg_stat_activity.</param>
    /// <param name="clientEncoding">PostgreSQL's name of the session's encoding; null to leave it to the program.</param>
    /// <param name="settings">Server settings of the session, besides those that make values comparable.</param>
    public LibpqEnvironment(
        ServerEndpoint endpoint,
        string applicationName,
        string? clientEncoding = null,
        IEnumerable<KeyValuePair<string, string>>? settings = null
    )
    {
        foreach ((string name, string? value) in ChildEnvironment.Needed(name => Array.IndexOf(Needed, name) >= 0))
        {
            _variables[name] = value;
        }

        // First nothing of what libpq would read, then only what was resolved.
        foreach (string variable in PostgresEnvironment.Variables.Values)
        {
            _variables[variable] = null;
        }

        foreach (string variable in (string[])["PGSERVICEFILE", "LANGUAGE", "LC_ALL", "PG_COLOR"])
        {
            _variables[variable] = null;
        }

        _variables["PGHOST"] = HostOf(endpoint);
        _variables["PGPORT"] = endpoint.Port.ToString(CultureInfo.InvariantCulture);
        _variables["PGUSER"] = endpoint.UserName;
        _variables["PGDATABASE"] = endpoint.Database;
        _variables["PGSSLMODE"] = ServerEndpoint.LibpqName(endpoint.SslMode);
        _variables["PGCONNECT_TIMEOUT"] = endpoint.ConnectTimeout.ToString(CultureInfo.InvariantCulture);
        _variables["PGAPPNAME"] = applicationName;
        _variables["PGCLIENTENCODING"] = clientEncoding;
        _variables["PGTZ"] = "UTC";
        _variables["PGDATESTYLE"] = "ISO";
        _variables["PGOPTIONS"] = SessionSettings.OfProgram(endpoint.Options, endpoint.Server, settings ?? []);
        foreach ((string keyword, string value) in endpoint.Security)
        {
            _variables[PostgresEnvironment.Variables[keyword]] = value;
        }

        // Messages in English, for the diagnosis; the character type stays as LC_ALL had it.
        _variables["LC_MESSAGES"] = "C";
        if (Environment.GetEnvironmentVariable("LC_ALL") is { Length: > 0 } all)
        {
            _variables["LC_CTYPE"] = all;
        }

        _database = ConninfoForDatabase(endpoint.Database);
        WriteFiles(endpoint.Password);
    }

    /// <summary>
    /// Whether names beyond ASCII go by a file: Windows hands environment and arguments to such programs in its code page, in which most
    /// of the world's letters are missing. Tests set it elsewhere.
    /// </summary>
    internal static bool NamesByFile { get; set; } = OperatingSystem.IsWindows();

    /// <summary>The variables to set in the child; null for those to remove.</summary>
    public IReadOnlyDictionary<string, string?> Variables => _variables;

    /// <summary>The connection string that names the database, for programs that take it only as an argument.</summary>
    public string Conninfo => _variables.GetValueOrDefault("PGSERVICEFILE") is null ? _database : $"service={NamedService.Name}";

    /// <summary>The connection string that names a database, whatever its name, for programs that take it only as an argument.</summary>
    public static string ConninfoForDatabase(string name) =>
        "dbname='" + name.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal) + "'";

    /// <summary>Removes the password file and that of the names.</summary>
    public void Dispose() => _folder?.Dispose();

    /// <summary>Neither resolver nor libpq knows a name's letters, only what they stand for in the domain names' own alphabet.</summary>
    private static string HostOf(ServerEndpoint endpoint)
    {
        if (endpoint.IsSocket || Ascii.IsValid(endpoint.Host))
        {
            return endpoint.Host;
        }

        try
        {
            return new IdnMapping().GetAscii(endpoint.Host);
        }
        catch (ArgumentException)
        {
            // It is no domain name, and will be found by nobody.
            return endpoint.Host;
        }
    }

    private void WriteFiles(string? password)
    {
        try
        {
            Authenticate(password);
            if (NamesByFile)
            {
                NameByFile();
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    private void Authenticate(string? password)
    {
        if (password is null)
        {
            // Or libpq would look up a password that was not taken on purpose.
            _variables["PGPASSFILE"] = PgPassFile.None;
        }
        else if (password.AsSpan().ContainsAny('\r', '\n'))
        {
            // A password file has one line for a password; this one fits only the environment.
            _variables["PGPASSWORD"] = password;
        }
        else
        {
            _variables["PGPASSFILE"] = Folder().WriteFile("pgpass", PgPassFile.LineForAnyServer(password));
        }
    }

    private void NameByFile()
    {
        var names = new NamedService(OperatingSystem.IsWindows());
        foreach (
            (string variable, string keyword, string what) in (ReadOnlySpan<(string, string, string)>)
                [
                    ("PGHOST", "host", "server"),
                    ("PGUSER", "user", "role"),
                    ("PGDATABASE", "dbname", "database"),
                    ("PGOPTIONS", "options", "value of PGOPTIONS"),
                ]
        )
        {
            if (_variables[variable] is { } value && !Ascii.IsValid(value))
            {
                names.Add(keyword, value, what);
                _variables[variable] = null;
            }
        }

        if (names.IsEmpty)
        {
            return;
        }

        // It overrules the variables, but names only what they cannot.
        _variables["PGSERVICEFILE"] = Folder().WriteFile("service", names.ToString());
        _variables["PGSERVICE"] = NamedService.Name;
    }

    private PrivateFolder Folder() => _folder ??= PrivateFolder.Create("cryobackup-pass-");
}
