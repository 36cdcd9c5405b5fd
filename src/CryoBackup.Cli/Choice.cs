using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text;

namespace CryoBackup.Cli;

/// <summary>An option that takes the values of an engine enumeration, written in lower case with hyphens: verify-full.</summary>
internal static class Choice
{
    public static Option<T?> Option<T>(string name, string description)
        where T : struct, Enum
    {
        string[] names = [.. Enum.GetNames<T>().Select(ToKebabCase)];
        var option = new Option<T?>(name)
        {
            Description = description,
            HelpName = string.Join('|', names),
            CustomParser = argument => Read<T>(argument, name, names),
        };
        option.CompletionSources.Add(names);
        return option;
    }

    private static T? Read<T>(ArgumentResult argument, string name, string[] names)
        where T : struct, Enum
    {
        string text = argument.Tokens[0].Value;
        int index = Array.FindIndex(names, known => string.Equals(known, text, StringComparison.OrdinalIgnoreCase));
        if (index >= 0)
        {
            return Enum.GetValues<T>()[index];
        }
        argument.AddError($"'{text}' is not a value of {name}; it takes {string.Join(", ", names)}.");
        return null;
    }

    private static string ToKebabCase(string name)
    {
        var text = new StringBuilder();
        for (int i = 0; i < name.Length; i++)
        {
            if (char.IsUpper(name[i]) && i > 0 && char.IsLower(name[i - 1]))
            {
                text.Append('-');
            }
            text.Append(char.ToLowerInvariant(name[i]));
        }
        return text.ToString();
    }
}
