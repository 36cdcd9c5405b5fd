using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace CryoBackup.Postgres;

/// <summary>One server, one role, one database: everything a connection needs, found in libpq's order,
/// rendered for Npgsql and for libpq's programs.</summary>
internal sealed class ServerEndpoint
{
    internal const int DefaultPort = 5432;
    private const int DefaultConnectTimeout = 15;

    /// <summary>Host name, address, or the folder of a Unix-domain socket.</summary>
    public required string Host { get; init; }

    /// <summary>TCP port, or the number in the socket's name.</summary>
    public required int Port { get; init; }

    /// <summary>The role to connect as.</summary>
    public required string UserName { get; init; }

    /// <summary>The database to connect to.</summary>
    public required string Database { get; init; }

    /// <summary>How the connection is secured.</summary>
    public required SslMode SslMode { get; init; }

    /// <summary>Seconds that connecting may take; 0 for no limit.</summary>
    public int ConnectTimeout { get; init; }

    /// <summary>True if the host is the folder of a Unix-domain socket.</summary>
    public bool IsSocket => SocketFolders.IsSocket(Host);

    /// <summary>The role's password; null when there is none.</summary>
    internal string? Password => GivenPassword ?? PassFile?.PasswordFor(Host, Port, Database, UserName);

    /// <summary>Server settings of PGOPTIONS or of the service file, as they were written.</summary>
    internal string? Options { get; init; }

    /// <summary>libpq keywords that secure or authenticate the connection.</summary>
    internal required IReadOnlyDictionary<string, string> Security { get; init; }

    /// <summary>What the server has told in earlier sessions.</summary>
    internal ServerTraits Server { get; init; } = new();

    private string? GivenPassword { get; init; }

    private PgPassFile? PassFile { get; init; }

    /// <summary>Finds every part of a connection in libpq's order: the request, the service file, the PG* variables,
    /// the defaults.</summary>
    /// <param name="request">What the user said.</param>
    /// <param name="database">The database; null to take it from the service file, PGDATABASE, or the role's name.</param>
    /// <param name="observer">Takes warnings: a password file that is ignored, a setting that is not used.</param>
    /// <exception cref="CryoBackupException">ConfigurationInvalid: a value cannot be used. ConnectionFailed:
    /// of several hosts none answers.</exception>
    public static ServerEndpoint Resolve(ConnectionRequest request, string? database, Action<EngineMessage> observer) =>
        Resolve(request, database, observer, PostgresEnvironment.OfProcess);

    /// <summary>As the other overload, with variables that need not be those of this process.</summary>
    public static ServerEndpoint Resolve(
        ConnectionRequest request,
        string? database,
        Action<EngineMessage> observer,
        PostgresEnvironment environment
    )
    {
        var settings = ConnectionSettings.Read(environment, observer);
        string? Setting(string keyword) => settings.ValueOf(keyword);

        int connectTimeout = Timeout(Setting("connect_timeout"));
        (string host, int port) = FindServer(request, settings, connectTimeout, observer);
        SslMode sslMode = request.SslMode ?? ParseSslMode(Setting("sslmode"), Setting("requiressl"), Setting("sslrootcert"));
        RequireName(request, settings, sslMode);
        string userName = NullIfEmpty(request.UserName) ?? Setting("user") ?? Environment.UserName;
        string databaseName = NullIfEmpty(database) ?? Setting("dbname") ?? userName;
        RequireText(("host", host), ("user name", userName), ("database name", databaseName), ("password", request.Password ?? ""));
        string? password = NullIfEmpty(request.Password) ?? Setting("password");
        PgPassFile? passFile = null;
        if (password is null && (Setting("passfile") ?? environment.DefaultPassFile) is { } path)
        {
            passFile = PgPassFile.Open(path, observer);
        }

        var security = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string keyword in SecuritySettings.Keywords)
        {
            if (Setting(keyword) is { } value)
            {
                security[keyword] = value;
            }
        }

        // libpq takes a mere wish for encryption so, where it can check the certificate.
        sslMode =
            sslMode == SslMode.Require && SecuritySettings.HasAuthority(security, environment.UserFile("root.crt"))
                ? SslMode.VerifyCA
                : sslMode;
        SecuritySettings.Check(security, sslMode, SocketFolders.IsSocket(host), environment.UserFile("root.crl"));
        return new ServerEndpoint
        {
            Host = host,
            Port = port,
            UserName = userName,
            Database = databaseName,
            SslMode = sslMode,
            GivenPassword = password,
            PassFile = passFile,
            ConnectTimeout = connectTimeout,
            Options = Setting("options"),
            Security = security,
        };
    }

    private static (string Host, int Port) FindServer(
        ConnectionRequest request,
        ConnectionSettings settings,
        int connectTimeout,
        Action<EngineMessage> observer
    )
    {
        IReadOnlyList<(string Host, int Port)> hosts = HostList.Parse(
            AddressOf(request, settings) ?? NameOf(request, settings),
            request.Port?.ToString(CultureInfo.InvariantCulture) ?? settings.ValueOf("port"),
            DefaultPort
        );
        return hosts.Count == 1 ? hosts[0]
            : settings.ValueOf("target_session_attrs") is { } wanted and not "any"
                ? throw Invalid(
                    $"Several hosts with target_session_attrs '{wanted}' are not supported: "
                        + "every session of one backup must reach the same server.",
                    string.Join(",", hosts),
                    "Name the one server to use."
                )
            : HostList.FirstThatAnswers(hosts, connectTimeout, observer);
    }

    // A host that the user typed must not be overruled by an address left in the environment.
    private static string? AddressOf(ConnectionRequest request, ConnectionSettings settings) =>
        NullIfEmpty(request.ComputerName) is null ? settings.ValueOf("hostaddr") : null;

    private static string? NameOf(ConnectionRequest request, ConnectionSettings settings) =>
        NullIfEmpty(request.ComputerName) ?? settings.ValueOf("host");

    private static void RequireName(ConnectionRequest request, ConnectionSettings settings, SslMode sslMode)
    {
        if (AddressOf(request, settings) is { } address && NameOf(request, settings) is { } hostName && sslMode == SslMode.VerifyFull)
        {
            throw Invalid(
                $"The server's address '{address}' is given apart from its name '{hostName}', "
                    + "so its certificate cannot be checked against the name.",
                address,
                "Unset PGHOSTADDR (hostaddr) and let the name be looked up."
            );
        }
    }

    private static void RequireText(params (string What, string Value)[] parts)
    {
        foreach ((string what, string value) in parts)
        {
            if (value.Contains('\0', StringComparison.Ordinal))
            {
                throw Invalid($"The {what} contains a zero character, which PostgreSQL cannot hold.", null, $"Correct the {what}.");
            }
        }
    }

    /// <summary>The same server and role with another database; a password from the password file is looked up anew.</summary>
    public ServerEndpoint WithDatabase(string name) =>
        new()
        {
            Host = Host,
            Port = Port,
            UserName = UserName,
            Database = name,
            SslMode = SslMode,
            GivenPassword = GivenPassword,
            PassFile = PassFile,
            ConnectTimeout = ConnectTimeout,
            Options = Options,
            Security = Security,
            Server = Server,
        };

    /// <summary>The Npgsql form: no pool, no command time-out, keepalive on,
    /// and the session settings that make values comparable.</summary>
    /// <param name="applicationName">Shown in pg_stat_activity.</param>
    /// <param name="clientEncoding">
    /// PostgreSQL's name of the session's encoding; null for UTF-8. With any other, text is read and written as Latin-1, so that each
    /// byte stands for itself: names come back as they went, though not fit to be shown.
    /// </param>
    public NpgsqlConnectionStringBuilder ToNpgsql(string applicationName, string? clientEncoding = null)
    {
        var builder = new NpgsqlConnectionStringBuilder
        {
            Host = Host,
            Port = Port,
            Username = UserName,
            Database = Database,
            // TLS is not spoken over a Unix-domain socket; libpq ignores the mode there.
            SslMode = IsSocket ? Npgsql.SslMode.Disable : ToNpgsqlMode(SslMode),
            ApplicationName = applicationName,
            Pooling = false,
            Enlist = false,
            Timeout = Math.Min(ConnectTimeout, 1024),
            CommandTimeout = 0,
            IncludeErrorDetail = true,
            TcpKeepAlive = true,
            Timezone = "UTC",
            Options = SessionSettings.OfSession(Options, Server.Major),
            ClientEncoding = clientEncoding ?? "UTF8",
            Encoding = IsUtf8(clientEncoding) ? "UTF-8" : "iso-8859-1",
        };
        if (!IsSocket)
        {
            builder.TcpKeepAliveTime = 60;
            builder.TcpKeepAliveInterval = 10;
        }

        if (Password is not null)
        {
            builder.Password = Password;
        }
        else if (!OperatingSystem.IsWindows())
        {
            // Or Npgsql would read a password file that was ignored for its permissions; one that is named must exist.
            builder.Passfile = "/dev/null";
        }

        foreach ((string keyword, string value) in Security)
        {
            SecuritySettings.Apply(builder, keyword, value);
        }

        return builder;
    }

    /// <summary>user@host:port/database, never the password.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{UserName}@{Address}/{Database}");

    /// <summary>host:port, for messages.</summary>
    public string Address => AddressOf(Host, Port);

    /// <summary>host:port, for messages.</summary>
    internal static string AddressOf(string host, int port)
    {
        bool isAddress = host.Contains(':', StringComparison.Ordinal) && !SocketFolders.IsSocket(host);
        return string.Create(CultureInfo.InvariantCulture, $"{(isAddress ? "[" + host + "]" : host)}:{port}");
    }

    /// <summary>The server for a question: host:port, and the addresses that the host's name stands for here.</summary>
    /// <param name="cancellationToken">Ends the looking up.</param>
    /// <returns>For example <c>db1:5432 (10.0.0.5)</c>; without addresses where the host is one, or a socket's folder.</returns>
    public async Task<string> AddressWithNumbersAsync(CancellationToken cancellationToken)
    {
        if (IsSocket || IPAddress.TryParse(Host, out _))
        {
            return Address;
        }

        try
        {
            IPAddress[] numbers = await Dns.GetHostAddressesAsync(Host, cancellationToken).ConfigureAwait(false);
            return $"{Address} ({string.Join(", ", numbers.Select(number => number.ToString()))})";
        }
        catch (SocketException)
        {
            return Address;
        }
    }

    /// <summary>The mode that libpq's spelling stands for; null for none.</summary>
    internal static SslMode? SslModeOf(string text) =>
        Enum.GetValues<SslMode>().Where(mode => LibpqName(mode) == text).Select(mode => (SslMode?)mode).FirstOrDefault();

    /// <summary>The mode in libpq's spelling.</summary>
    internal static string LibpqName(SslMode mode) =>
        mode switch
        {
            SslMode.Disable => "disable",
            SslMode.Allow => "allow",
            SslMode.Prefer => "prefer",
            SslMode.Require => "require",
            SslMode.VerifyCA => "verify-ca",
            SslMode.VerifyFull => "verify-full",
            _ => throw new ArgumentOutOfRangeException(nameof(mode), mode, null),
        };

    private static bool IsUtf8(string? encoding) =>
        encoding is null
        || encoding.Equals("UTF8", StringComparison.OrdinalIgnoreCase)
        || encoding.Equals("UTF-8", StringComparison.OrdinalIgnoreCase);

    private static Npgsql.SslMode ToNpgsqlMode(SslMode mode) =>
        mode switch
        {
            SslMode.Disable => Npgsql.SslMode.Disable,
            SslMode.Allow => Npgsql.SslMode.Allow,
            SslMode.Prefer => Npgsql.SslMode.Prefer,
            SslMode.Require => Npgsql.SslMode.Require,
            SslMode.VerifyCA => Npgsql.SslMode.VerifyCA,
            SslMode.VerifyFull => Npgsql.SslMode.VerifyFull,
            _ => throw new ArgumentOutOfRangeException(nameof(mode), mode, null),
        };

    private static SslMode ParseSslMode(string? text, string? requireSsl, string? rootCertificate)
    {
        SslMode mode = text switch
        {
            null when rootCertificate == "system" => SslMode.VerifyFull,
            null => requireSsl is ['1', ..] ? SslMode.Require : SslMode.Prefer,
            _ => SslModeOf(text)
                ?? throw Invalid(
                    $"The SSL mode '{text}' of PGSSLMODE or the service file is not known.",
                    text,
                    "Use disable, allow, prefer, require, verify-ca or verify-full."
                ),
        };
        if (rootCertificate == "system" && mode != SslMode.VerifyFull)
        {
            throw Invalid(
                "The system's certificate authorities (sslrootcert=system) may only be used with SSL mode verify-full.",
                text,
                "Set PGSSLMODE=verify-full, or name a root certificate file."
            );
        }

        return mode;
    }

    private static int Timeout(string? text)
    {
        if (text is null)
        {
            return DefaultConnectTimeout;
        }

        if (!int.TryParse(text.AsSpan().Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int seconds))
        {
            throw Invalid(
                $"The connect time-out '{text}' of PGCONNECT_TIMEOUT or the service file is not a number of seconds.",
                text,
                "Correct or unset it."
            );
        }

        // libpq: zero or less means no limit, and one second is too short to be meant.
        return seconds <= 0 ? 0 : Math.Max(2, seconds);
    }

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;

    private static CryoBackupException Invalid(string message, string? target, string remedy, Exception? inner = null) =>
        new(CryoBackupError.ConfigurationInvalid, message, target, remedy, inner: inner);
}
