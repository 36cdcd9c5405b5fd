using System.Globalization;
using System.Management.Automation;
using CryoBackup.Text;

namespace CryoBackup.Commands;

/// <summary>
/// Takes 90s, 30m, 26h, 7d and [d.]hh:mm:ss. PowerShell by itself would read the number 30 as 30 ticks and the text '30' as 30 days: a bare
/// number is seconds, or refused where one would rather think of hours or days.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class DurationAttribute : ArgumentTransformationAttribute
{
    /// <summary>True to refuse a bare number.</summary>
    public bool NeedsUnit { get; set; }

    /// <summary>Turns a text, or a number, into a TimeSpan; leaves anything else as it is.</summary>
    /// <param name="engineIntrinsics">PowerShell's services; not used.</param>
    /// <param name="inputData">The argument.</param>
    /// <returns>A TimeSpan, or the argument.</returns>
    /// <exception cref="ArgumentTransformationMetadataException">It is no length of time, or beyond what a TimeSpan holds.</exception>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData)
    {
        object? argument = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        if (argument is not (int or long or double or decimal or string))
        {
            return inputData;
        }

        string text = Written(argument);
        if (DurationText.TryParse(text) is { } duration)
        {
            return duration;
        }

        if (NeedsUnit || !double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds))
        {
            throw new ArgumentTransformationMetadataException(DurationText.Refusal(text));
        }

        try
        {
            return TimeSpan.FromSeconds(seconds);
        }
        catch (Exception exception) when (exception is OverflowException or ArgumentException)
        {
            throw new ArgumentTransformationMetadataException($"{seconds} seconds is not a duration.", exception);
        }
    }

    /// <summary>What was written: PowerShell reads a bare 7d as the number 7 of type decimal, which nothing else writes.</summary>
    /// <param name="argument">A number or a text.</param>
    internal static string Written(object argument) =>
        (Convert.ToString(argument, CultureInfo.InvariantCulture) ?? "") + (argument is decimal ? "d" : "");
}
