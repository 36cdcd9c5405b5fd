using System.Collections;
using System.Management.Automation;

namespace CryoBackup.Completion;

/// <summary>Completes what the backups on the command line hold: a database, its server, a schema, a table.
/// An encrypted backup tells nothing without its key.</summary>
public sealed class BackupContentCompleter : CommandLineCompleter
{
    private protected override IEnumerable<CompletionResult> Complete(string command, string parameter, string word, IDictionary bound)
    {
        IReadOnlyList<BackupInfo> backups = NamedBackups.Find(bound, withDatabase: parameter != "Database");
        IEnumerable<string> names = parameter switch
        {
            "Database" => backups.Select(backup => backup.Database),
            "Server" => backups.Select(backup => backup.ComputerName),
            "Schema" => backups.SelectMany(backup => backup.Tables).Select(table => table.Schema),
            _ => backups.SelectMany(backup => backup.Tables).Select(table => $"{table.Schema}.{table.Name}"),
        };
        return Completion.Of(
            names.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal),
            word,
            isPattern: command.StartsWith("Get-", StringComparison.OrdinalIgnoreCase) || parameter != "Database"
        );
    }
}
