using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using CryoBackup.Text;

namespace CryoBackup.Completion;

/// <summary>What all completers share: names that begin as the user began, quoted where PowerShell asks for it,
/// and silence when nothing is known.</summary>
internal static class Completion
{
    /// <summary>The results for names.</summary>
    /// <param name="names">The names, in the order in which to offer them.</param>
    /// <param name="word">What the user has typed, perhaps with an opening quote.</param>
    /// <param name="isPattern">True if the parameter takes wildcards, so that those in a name must be escaped.</param>
    /// <returns>One result for each name that begins with the word.</returns>
    internal static IEnumerable<CompletionResult> Of(IEnumerable<string> names, string word, bool isPattern = false)
    {
        string begin = word.Trim('\'', '"');
        foreach (string name in names)
        {
            if (name.Length > 0 && name.StartsWith(begin, StringComparison.OrdinalIgnoreCase))
            {
                yield return new CompletionResult(
                    Quote(isPattern ? WildcardPattern.Escape(name) : name),
                    VisibleText.Of(name),
                    CompletionResultType.ParameterValue,
                    VisibleText.Of(name)
                );
            }
        }
    }

    /// <summary>One text of what is already on the command line.</summary>
    /// <param name="bound">The parameters typed so far.</param>
    /// <param name="names">The parameter's names; the first that is there counts.</param>
    /// <returns>The text; null if there is none.</returns>
    internal static string? Bound(IDictionary bound, params string[] names) =>
        names
            .Select(name =>
                bound[name] switch
                {
                    null => null,
                    string text => text,
                    object[] { Length: > 0 } several => several[0]?.ToString(),
                    object other => other.ToString(),
                }
            )
            .FirstOrDefault(text => !string.IsNullOrEmpty(text));

    /// <summary>A path, quoted where PowerShell asks for it.</summary>
    internal static string QuotePath(string path) =>
        path.All(letter => char.IsLetterOrDigit(letter) || letter is '_' or '.' or '-' or '/' or '\\' or ':')
            ? path
            : $"'{CodeGeneration.EscapeSingleQuotedStringContent(path)}'";

    private static string Quote(string name) =>
        name.All(letter => char.IsLetterOrDigit(letter) || letter is '_' or '.')
            ? name
            : $"'{CodeGeneration.EscapeSingleQuotedStringContent(name)}'";
}
