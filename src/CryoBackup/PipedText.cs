namespace CryoBackup;

/// <summary>Texts that PowerShell makes of objects, where a path or a name belongs.</summary>
internal static class PipedText
{
    private const string Formatted = "Microsoft.PowerShell.Commands.Internal.Format.";

    private static readonly string[] Names = ["System.Collections.Hashtable", "System.Object", "System.Object[]", "System.String[]"];

    /// <summary>Refuses one, by what it is.</summary>
    /// <param name="text">What came where a path or a name belongs.</param>
    /// <exception cref="CryoBackupException">ConfigurationInvalid: the next would be no other.</exception>
    internal static void Refuse(string text)
    {
        (string What, string Remedy)? found =
            text.StartsWith(Formatted, StringComparison.Ordinal)
                ? (
                    "What came through the pipeline is formatted for the screen",
                    "Take Format-Table, Format-List and the like off the pipeline."
                )
            : text.StartsWith("@{", StringComparison.Ordinal) && text.EndsWith('}')
                ? (
                    $"'{text}' is the text of an object, not a path or a name",
                    "Give the object itself, or one of its properties: … | ForEach-Object Path."
                )
            : Array.IndexOf(Names, text) >= 0
                ? ($"'{text}' is the name of a type, not a path or a name", "Give an object with a Path, or the path itself.")
            : text.AsSpan().ContainsAny('\r', '\n') && text.Contains("----", StringComparison.Ordinal)
                ? ("What came through the pipeline is the text of a table, not a path or a name", "Take Out-String off the pipeline.")
            : null;
        if (found is var (what, remedy))
        {
            throw new CryoBackupException(CryoBackupError.ConfigurationInvalid, $"{what}.", text, remedy);
        }
    }
}
