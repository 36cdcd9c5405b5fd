using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace CryoBackup.Completion;

/// <summary>Completes the value of a parameter from what the command line says so far.</summary>
public abstract class CommandLineCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName,
        string parameterName,
        string wordToComplete,
        CommandAst commandAst,
        IDictionary fakeBoundParameters
    ) => Complete(commandName, parameterName, wordToComplete, fakeBoundParameters);

    /// <summary>Completes a word.</summary>
    /// <param name="command">The cmdlet's name.</param>
    /// <param name="parameter">The parameter's.</param>
    /// <param name="word">What the user has typed, perhaps with an opening quote.</param>
    /// <param name="bound">The other parameters as far as they can be told.</param>
    private protected abstract IEnumerable<CompletionResult> Complete(string command, string parameter, string word, IDictionary bound);
}
