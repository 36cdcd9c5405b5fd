using System.Management.Automation;

namespace CryoBackup.Commands;

/// <summary>Refuses a list where one server is met, in words of its own: PowerShell's name two types and no way out.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class OneServerAttribute : ArgumentTransformationAttribute
{
    /// <summary>Takes the one of a list of one; leaves anything else as it is.</summary>
    /// <param name="engineIntrinsics">PowerShell's services; not used.</param>
    /// <param name="inputData">The argument.</param>
    /// <returns>The argument.</returns>
    /// <exception cref="ArgumentTransformationMetadataException">There are several.</exception>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData)
    {
        if ((inputData is PSObject wrapped ? wrapped.BaseObject : inputData) is not object[] list)
        {
            return inputData;
        }

        return list is [var only]
            ? only
            : throw new ArgumentTransformationMetadataException(
                $"{string.Join(", ", list.Select(server => $"'{server}'"))} are {list.Length} servers, and the command works on one: "
                    + "run it for each (… | ForEach-Object { … })."
            );
    }
}
