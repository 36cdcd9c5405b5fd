using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace CryoBackup.Completion;

/// <summary>Completes what the backups on the command line hold: a database, its server, a schema, a table.
/// An encrypted backup tells nothing without its key.</summary>
public sealed class BackupContentCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName,
        string parameterName,
        string wordToComplete,
        CommandAst commandAst,
        IDictionary fakeBoundParameters
    )
    {
        IReadOnlyList<BackupInfo> backups = NamedBackups.Find(fakeBoundParameters, withDatabase: parameterName != "Database");
        IEnumerable<string> names = parameterName switch
        {
            "Database" => backups.Select(backup => backup.Database),
            "Server" => backups.Select(backup => backup.ComputerName),
            "Schema" => backups.SelectMany(backup => backup.Tables).Select(table => table.Schema),
            _ => backups.SelectMany(backup => backup.Tables).Select(table => $"{table.Schema}.{table.Name}"),
        };
        return Completion.Of(
            names.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal),
            wordToComplete,
            isPattern: commandName.StartsWith("Get-", StringComparison.OrdinalIgnoreCase) || parameterName != "Database"
        );
    }
}
