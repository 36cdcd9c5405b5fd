using System.Management.Automation;
using CryoBackup.Text;

namespace CryoBackup.Commands;

/// <summary>Accepts only durations above zero; null, which means no limit, passes where the parameter can hold it.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ValidatePositiveDurationAttribute : ValidateArgumentsAttribute
{
    /// <summary>Refuses zero and less.</summary>
    /// <param name="arguments">The argument.</param>
    /// <param name="engineIntrinsics">PowerShell's services; not used.</param>
    /// <exception cref="ValidationMetadataException">The duration is not above zero.</exception>
    protected override void Validate(object? arguments, EngineIntrinsics engineIntrinsics)
    {
        if (arguments is TimeSpan duration && duration <= TimeSpan.Zero)
        {
            throw new ValidationMetadataException($"{DurationText.Of(duration)} is not above zero; write {DurationText.Forms}.");
        }
    }
}
