using System.Collections;
using System.Management.Automation;

namespace CryoBackup.Completion;

/// <summary>Completes a share of a file by the usual ones: all is read once after 100, 20, 10 or 4 tests.</summary>
public sealed class ShareCompleter : CommandLineCompleter
{
    private protected override IEnumerable<CompletionResult> Complete(string command, string parameter, string word, IDictionary bound) =>
        Completion.Of(["1%", "5%", "10%", "25%"], word);
}
