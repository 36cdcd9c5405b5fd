using System.Management.Automation;

namespace CryoBackup.Commands;

/// <summary>Takes True and False as a CSV file has them: PowerShell by itself would read any text as true.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class TruthInWordsAttribute : ArgumentTransformationAttribute
{
    /// <summary>Turns a word into what it says; leaves anything else as it is.</summary>
    /// <param name="engineIntrinsics">PowerShell's services; not used.</param>
    /// <param name="inputData">The argument.</param>
    /// <returns>True or false, or the argument.</returns>
    /// <exception cref="ArgumentTransformationMetadataException">It is another word.</exception>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData) =>
        (inputData is PSObject wrapped ? wrapped.BaseObject : inputData) is not string text ? inputData
        : bool.TryParse(text, out bool truth) ? truth
        : throw new ArgumentTransformationMetadataException($"'{text}' is neither True nor False.");
}
