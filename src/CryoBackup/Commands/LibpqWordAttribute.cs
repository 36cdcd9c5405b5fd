using System.Management.Automation;

namespace CryoBackup.Commands;

/// <summary>Takes libpq's words with hyphens, such as verify-full, where an enumeration has none.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class LibpqWordAttribute : ArgumentTransformationAttribute
{
    /// <summary>Takes the hyphens out of a text; leaves anything else as it is.</summary>
    /// <param name="engineIntrinsics">PowerShell's services; not used.</param>
    /// <param name="inputData">The argument.</param>
    /// <returns>The argument, without hyphens.</returns>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData) =>
        (inputData is PSObject wrapped ? wrapped.BaseObject : inputData) is string text
            ? text.Replace("-", "", StringComparison.Ordinal)
            : inputData;
}
