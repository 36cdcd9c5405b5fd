using System.Collections;
using System.Management.Automation;

namespace CryoBackup.Completion;

/// <summary>Completes a locale by those that servers have everywhere, or by their version; others are the machine's.</summary>
public sealed class LocaleCompleter : CommandLineCompleter
{
    private static readonly string[] Everywhere = ["C", "C.UTF-8", "builtin:C.UTF-8", "icu:und"];

    private protected override IEnumerable<CompletionResult> Complete(string command, string parameter, string word, IDictionary bound) =>
        Completion.Of(Everywhere, word);
}
