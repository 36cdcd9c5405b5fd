using System.Globalization;
using System.Net.Sockets;

namespace CryoBackup.Postgres;

/// <summary>libpq's comma list of hosts. One of them is chosen for all sessions, because a snapshot belongs to one server.</summary>
internal static class HostList
{
    /// <summary>Pairs hosts with ports: as many ports as hosts, or one for all; an empty element stands for its default.</summary>
    /// <exception cref="CryoBackupException">ConfigurationInvalid.</exception>
    public static IReadOnlyList<(string Host, int Port)> Parse(string? hosts, string? ports, int defaultPort)
    {
        string[] hostNames = (hosts ?? "").Split(',', StringSplitOptions.TrimEntries);
        string[] portTexts = (ports ?? "").Split(',', StringSplitOptions.TrimEntries);
        if (portTexts.Length != 1 && portTexts.Length != hostNames.Length)
        {
            throw Invalid(
                $"{portTexts.Length} ports are given for {hostNames.Length} hosts.",
                ports,
                "Give one port for all hosts, or one for each."
            );
        }

        var list = new List<(string, int)>();
        for (int i = 0; i < hostNames.Length; i++)
        {
            int port = ParsePort(portTexts[portTexts.Length == 1 ? 0 : i], defaultPort);
            string host = hostNames[i].Length > 0 ? hostNames[i] : SocketFolders.DefaultHost(port);
            if (!SocketFolders.IsSocket(host))
            {
                host = WithoutBrackets(host);
                if (host.Count(c => c == ':') == 1)
                {
                    throw Invalid(
                        $"The host '{host}' has a port in it.",
                        host,
                        $"Give them apart: -ComputerName {host[..host.IndexOf(':', StringComparison.Ordinal)]} "
                            + $"-Port {host[(host.IndexOf(':', StringComparison.Ordinal) + 1)..]} (or PGHOST and PGPORT)."
                    );
                }
            }

            list.Add((host, port));
        }

        return list;
    }

    /// <summary>The first host of the list that accepts a connection, tried in order as libpq does.</summary>
    /// <exception cref="CryoBackupException">ConnectionFailed, with the reason of each.</exception>
    public static (string Host, int Port) FirstThatAnswers(
        IReadOnlyList<(string Host, int Port)> hosts,
        int timeoutSeconds,
        Action<EngineMessage> observer
    )
    {
        var reasons = new List<string>();
        foreach ((string host, int port) in hosts)
        {
            try
            {
                Knock(host, port, timeoutSeconds);
                observer(
                    new VerboseMessage(
                        string.Create(CultureInfo.InvariantCulture, $"Of {hosts.Count} hosts, '{host}' port {port} answers and is used.")
                    )
                );
                return (host, port);
            }
            catch (Exception exception)
                when (exception is SocketException or OperationCanceledException or IOException or ArgumentException)
            {
                reasons.Add(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"'{host}' port {port}: {(exception is OperationCanceledException ? "no answer in time" : exception.Message)}"
                    )
                );
            }
        }

        throw new CryoBackupException(
            CryoBackupError.ConnectionFailed,
            $"None of the hosts answers: {string.Join("; ", reasons)}.",
            string.Join(",", hosts.Select(h => h.Host)),
            "Check the names, the ports, the network and that one of the servers is running."
        );
    }

    private static void Knock(string host, int port, int timeoutSeconds)
    {
        using var limit = new CancellationTokenSource();
        if (timeoutSeconds > 0)
        {
            limit.CancelAfter(TimeSpan.FromSeconds(timeoutSeconds));
        }

        if (SocketFolders.IsSocket(host))
        {
            using var local = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            local.Connect(
                new UnixDomainSocketEndPoint(
                    host[0] == '@' ? "\0" + SocketFolders.SocketPath(host[1..], port) : SocketFolders.SocketPath(host, port)
                )
            );
            return;
        }

        using var client = new TcpClient();
        client.ConnectAsync(host, port, limit.Token).AsTask().GetAwaiter().GetResult();
    }

    private static int ParsePort(string text, int defaultPort)
    {
        if (text.Length == 0)
        {
            return defaultPort;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int port) && port is >= 1 and <= 65535
            ? port
            : throw Invalid($"The port '{text}' is not a number from 1 to 65535.", text, "Correct the port, PGPORT or the service file.");
    }

    private static string WithoutBrackets(string host) => host is ['[', .., ']'] ? host[1..^1] : host;

    private static CryoBackupException Invalid(string message, string? target, string remedy) =>
        new(CryoBackupError.ConfigurationInvalid, message, target, remedy);
}
