using System.Management.Automation;
using CryoBackup.Text;

namespace CryoBackup.Commands;

/// <summary>Takes a point in time as a DateTime, as ISO 8601 writes it, or as how long ago it was (7d).
/// A bare number would be ticks.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class MomentAttribute : ArgumentTransformationAttribute
{
    /// <summary>Turns a text into a DateTime in UTC; leaves anything else as it is.</summary>
    /// <param name="engineIntrinsics">PowerShell's services; not used.</param>
    /// <param name="inputData">The argument.</param>
    /// <returns>A DateTime, or the argument.</returns>
    /// <exception cref="ArgumentTransformationMetadataException">It is no point in time.</exception>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData)
    {
        object? argument = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        if (argument is not (string or int or long or double or decimal))
        {
            return inputData;
        }

        string text = DurationAttribute.Written(argument);
        return MomentText.TryParse(text, DateTime.UtcNow) ?? throw new ArgumentTransformationMetadataException(MomentText.Refusal(text));
    }
}
