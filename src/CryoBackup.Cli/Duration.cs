using System.CommandLine.Parsing;
using CryoBackup.Text;

namespace CryoBackup.Cli;

/// <summary>Options that take a length of time.</summary>
internal static class Duration
{
    /// <summary>Reads one above zero.</summary>
    public static TimeSpan Read(ArgumentResult argument)
    {
        string text = argument.Tokens[0].Value;
        if (DurationText.TryParse(text) is { } duration && duration > TimeSpan.Zero)
        {
            return duration;
        }
        argument.AddError(DurationText.Refusal(text));
        return default;
    }

    /// <summary>As <see cref="Read"/>, and <c>none</c> for <see cref="Timeout.InfiniteTimeSpan"/>: a parser hands on no null.</summary>
    public static TimeSpan ReadLimit(ArgumentResult argument) =>
        string.Equals(argument.Tokens[0].Value, "none", StringComparison.OrdinalIgnoreCase) ? Timeout.InfiniteTimeSpan : Read(argument);

    /// <summary>The engine's word for a limit.</summary>
    public static TimeSpan? ToLimit(TimeSpan limit) => limit == Timeout.InfiniteTimeSpan ? null : limit;
}
