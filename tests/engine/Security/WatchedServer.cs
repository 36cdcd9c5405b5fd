using System.Text.RegularExpressions;

namespace CryoBackup.Tests.Security;

/// <summary>A server that logs every text which it parses, with the session that sent it.</summary>
public sealed partial class WatchedServer : PostgresServer
{
    private bool _watching;

    /// <summary>Begins to log.</summary>
    public void Watch()
    {
        if (!_watching)
        {
            _watching = true;
            Execute("postgres", "ALTER SYSTEM SET log_line_prefix = '%c|%a|'");
            Execute("postgres", "ALTER SYSTEM SET log_min_duration_statement = 0");
            Execute("postgres", "SELECT pg_reload_conf()");
        }
    }

    /// <summary>The log as it is now.</summary>
    public string Log()
    {
        using var reader = new StreamReader(
            new FileStream(Path.Combine(Cluster.Folder, "server.log"), FileMode.Open, FileAccess.Read, FileShare.ReadWrite)
        );
        return reader.ReadToEnd();
    }

    /// <summary>The first text of SQL that each session sent, of those whose name begins in a certain way.</summary>
    public IReadOnlyList<(string Application, string Sql)> FirstStatements(string application)
    {
        var seen = new Dictionary<string, (string, string)>(StringComparer.Ordinal);
        foreach (Match match in Statement().Matches(Log()))
        {
            if (match.Groups["application"].Value.StartsWith(application, StringComparison.Ordinal))
            {
                seen.TryAdd(match.Groups["session"].Value, (match.Groups["application"].Value, match.Groups["sql"].Value));
            }
        }

        return [.. seen.Values];
    }

    // A text that fails to parse stands in a line of its own kind.
    [GeneratedRegex(
        @"^(?<session>[0-9a-f]+\.[0-9a-f]+)\|(?<application>[^|]*)\|(?:LOG:  duration: [0-9.]+ ms  (?:parse|bind|execute) [^:]*: |LOG:  duration: [0-9.]+ ms  statement: |STATEMENT:  )(?<sql>.*)$",
        RegexOptions.Multiline | RegexOptions.CultureInvariant
    )]
    private static partial Regex Statement();
}

/// <summary>On a server of its own, whose log is read.</summary>
[CollectionDefinition("watched")]
public sealed class WatchedCollection : ICollectionFixture<WatchedServer>;
