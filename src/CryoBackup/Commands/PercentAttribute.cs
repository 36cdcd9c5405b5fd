using System.Globalization;
using System.Management.Automation;
using CryoBackup.Text;

namespace CryoBackup.Commands;

/// <summary>Takes 5% and 5 for five percent.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class PercentAttribute : ArgumentTransformationAttribute
{
    /// <summary>Turns a text, or a number, into percent; leaves anything else as it is.</summary>
    /// <param name="engineIntrinsics">PowerShell's services; not used.</param>
    /// <param name="inputData">The argument.</param>
    /// <returns>A whole number, or the argument.</returns>
    /// <exception cref="ArgumentTransformationMetadataException">It is no share.</exception>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData)
    {
        object? argument = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        if (argument is not (int or long or double or decimal or string))
        {
            return inputData;
        }

        string text = Convert.ToString(argument, CultureInfo.InvariantCulture) ?? "";
        return PercentText.TryParse(text) is { } percent
            ? percent
            : throw new ArgumentTransformationMetadataException(PercentText.Refusal(text));
    }
}
