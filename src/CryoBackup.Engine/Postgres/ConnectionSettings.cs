namespace CryoBackup.Postgres;

/// <summary>What the connection service and the PG* variables say, the service first.</summary>
internal sealed class ConnectionSettings
{
    // Of a service file; these say nothing that matters here, or are ours to say.
    private static readonly string[] IgnoredKeywords =
    [
        "application_name",
        "fallback_application_name",
        "client_encoding",
        "keepalives",
        "keepalives_idle",
        "keepalives_interval",
        "keepalives_count",
        "tcp_user_timeout",
        "sslcompression",
    ];

    private readonly PostgresEnvironment _environment;
    private readonly IReadOnlyDictionary<string, string> _service;

    private ConnectionSettings(PostgresEnvironment environment, IReadOnlyDictionary<string, string> service) =>
        (_environment, _service) = (environment, service);

    /// <summary>Reads them.</summary>
    /// <param name="environment">The variables.</param>
    /// <param name="observer">Takes a warning for each setting of the service that is not used.</param>
    /// <returns>The settings.</returns>
    /// <exception cref="CryoBackupException">ConfigurationInvalid: there is no such service.</exception>
    public static ConnectionSettings Read(PostgresEnvironment environment, Action<EngineMessage> observer)
    {
        IReadOnlyDictionary<string, string> service = environment.Read("PGSERVICE") is { } name
            ? PgServiceFile.Read(name, environment)
            : new Dictionary<string, string>();
        foreach (
            string? keyword in service.Keys.Where(k =>
                !PostgresEnvironment.Variables.ContainsKey(k) && Array.IndexOf(IgnoredKeywords, k) < 0
            )
        )
        {
            observer(new WarningMessage($"The setting '{keyword}' of the connection service is not used."));
        }

        return new ConnectionSettings(environment, service);
    }

    /// <summary>A setting.</summary>
    /// <param name="keyword">libpq's keyword for it.</param>
    /// <returns>Its value; null where nothing is said, or an empty one.</returns>
    public string? ValueOf(string keyword) =>
        _service.TryGetValue(keyword, out string? value) && value.Length > 0 ? value : _environment.ValueOf(keyword);
}
