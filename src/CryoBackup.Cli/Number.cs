using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using CryoBackup.Text;

namespace CryoBackup.Cli;

/// <summary>An option that takes a whole number; which numbers are sensible is for the engine to say.</summary>
internal static class Number
{
    public static Option<int?> Option(string name, string helpName, string description, params string[] aliases) =>
        new(name, aliases)
        {
            Description = description,
            HelpName = helpName,
            CustomParser = argument => Read(argument, name),
        };

    /// <summary>A share: 5%, or 5.</summary>
    public static Option<int?> Percent(string name, string description) =>
        new(name)
        {
            Description = description,
            HelpName = "percent",
            CustomParser = argument =>
            {
                if (PercentText.TryParse(argument.Tokens[0].Value) is { } percent)
                {
                    return percent;
                }
                argument.AddError(PercentText.Refusal(argument.Tokens[0].Value));
                return null;
            },
        };

    private static int? Read(ArgumentResult argument, string name)
    {
        string text = argument.Tokens[0].Value;
        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number))
        {
            return number;
        }
        argument.AddError($"'{text}' is not a value of {name}; it takes a whole number.");
        return null;
    }
}
