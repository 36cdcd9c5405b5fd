using System.Collections;
using System.Globalization;
using System.Management.Automation;
using CryoBackup.Postgres;

namespace CryoBackup.Completion;

/// <summary>Completes a database's name by asking the server that the command line names;
/// silent when it does not answer within a second.</summary>
public sealed class DatabaseCompleter : CommandLineCompleter
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);

    private protected override IEnumerable<CompletionResult> Complete(string command, string parameter, string word, IDictionary bound)
    {
        var connection = new ConnectionRequest { ComputerName = Completion.Bound(bound, "ComputerName", "Host", "HostName", "Server") };
        if (int.TryParse(Completion.Bound(bound, "Port"), NumberStyles.None, CultureInfo.InvariantCulture, out int port))
        {
            connection = connection with { Port = port };
        }

        if (Enum.TryParse(Completion.Bound(bound, "SslMode"), ignoreCase: true, out SslMode mode))
        {
            connection = connection with { SslMode = mode };
        }

        if (bound["Credential"] is PSCredential credential)
        {
            connection = connection with
            {
                UserName = credential.UserName,
                Password = credential.Password.Length > 0 ? credential.GetNetworkCredential().Password : null,
            };
        }

        return Completion.Of(
            DatabaseNames.TryList(connection, Limit),
            word,
            isPattern: command.StartsWith("New-", StringComparison.OrdinalIgnoreCase)
        );
    }
}
