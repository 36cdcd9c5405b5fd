using System.Management.Automation;

namespace CryoBackup.Commands;

/// <summary>Takes of an object that tells of a backup its path, where it is given as an argument: PowerShell would take its text.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class PathOfObjectAttribute : ArgumentTransformationAttribute
{
    /// <summary>Replaces objects that have a Path, one or several, by it; leaves anything else as it is.</summary>
    /// <param name="engineIntrinsics">PowerShell's services; not used.</param>
    /// <param name="inputData">The argument.</param>
    /// <returns>The argument, or paths.</returns>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData) =>
        (inputData is PSObject wrapped ? wrapped.BaseObject : inputData) is object[] several
            ? Array.ConvertAll(several, PathOf)
            : PathOf(inputData);

    private static object PathOf(object? item) =>
        item is not null
        && PSObject.AsPSObject(item) is { BaseObject: not (string or System.Collections.IDictionary) } thing
        && thing.Properties["Path"]?.Value is { } value
        && (value is PSObject inner ? inner.BaseObject : value) is string { Length: > 0 } path
            ? path
            : item!;
}
