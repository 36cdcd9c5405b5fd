using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Language;
using CryoBackup.Postgres;

namespace CryoBackup.Completion;

/// <summary>Completes a database's name by asking the server that the command line names;
/// silent when it does not answer within a second.</summary>
public sealed class DatabaseCompleter : IArgumentCompleter
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName,
        string parameterName,
        string wordToComplete,
        CommandAst commandAst,
        IDictionary fakeBoundParameters
    )
    {
        var connection = new ConnectionRequest
        {
            ComputerName = Completion.Bound(fakeBoundParameters, "ComputerName", "Host", "HostName", "Server"),
        };
        if (int.TryParse(Completion.Bound(fakeBoundParameters, "Port"), NumberStyles.None, CultureInfo.InvariantCulture, out int port))
        {
            connection = connection with { Port = port };
        }

        if (Enum.TryParse(Completion.Bound(fakeBoundParameters, "SslMode"), ignoreCase: true, out SslMode mode))
        {
            connection = connection with { SslMode = mode };
        }

        if (fakeBoundParameters["Credential"] is PSCredential credential)
        {
            connection = connection with
            {
                UserName = credential.UserName,
                Password = credential.Password.Length > 0 ? credential.GetNetworkCredential().Password : null,
            };
        }

        return Completion.Of(
            DatabaseNames.TryList(connection, Limit),
            wordToComplete,
            isPattern: commandName.StartsWith("New-", StringComparison.OrdinalIgnoreCase)
        );
    }
}
