using System.Globalization;
using System.Management.Automation;
using CryoBackup.Text;

namespace CryoBackup.Commands;

/// <summary>
/// Lets a bare number mean seconds, and takes 90s, 30m, 26h and 7d. PowerShell by itself would read the number 30 as 30 ticks and the text
/// '30' as 30 days.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class DurationAttribute : ArgumentTransformationAttribute
{
    /// <summary>Turns a number, or a text that is a number, into as many seconds; leaves anything else as it is.</summary>
    /// <param name="engineIntrinsics">PowerShell's services; not used.</param>
    /// <param name="inputData">The argument.</param>
    /// <returns>A TimeSpan, or the argument.</returns>
    /// <exception cref="ArgumentTransformationMetadataException">The number is beyond what a TimeSpan holds.</exception>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData)
    {
        object? argument = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        if (argument is string text && DurationText.TryParse(text) is { } duration)
        {
            return duration;
        }

        if (
            argument is not (int or long or double or decimal or string)
            || !double.TryParse(
                Convert.ToString(argument, CultureInfo.InvariantCulture),
                NumberStyles.Float,
                CultureInfo.InvariantCulture,
                out double seconds
            )
        )
        {
            return inputData;
        }

        try
        {
            return TimeSpan.FromSeconds(seconds);
        }
        catch (Exception failure) when (failure is OverflowException or ArgumentException)
        {
            throw new ArgumentTransformationMetadataException($"{seconds} seconds is not a duration.", failure);
        }
    }
}
