namespace CryoBackup.Configuration;

/// <summary>Describes a key of the configuration file: what the reader, the schema, the example and the help all go by.</summary>
/// <param name="description">What the key says, in one sentence.</param>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class SettingAttribute(string description) : Attribute
{
    /// <summary>What the key says, in one sentence.</summary>
    public string Description { get; } = description;

    /// <summary>A value as the example shows it; in YAML.</summary>
    public string? Example { get; init; }

    /// <summary>True if most files have it, so that the example has it in use.</summary>
    public bool IsCommon { get; init; }

    /// <summary>True for a value that is never shown.</summary>
    public bool IsSecret { get; init; }

    /// <summary>True for a path, which is made full.</summary>
    public bool IsPath { get; init; }

    /// <summary>True for a folder's path, which is made full, or a location of a store.</summary>
    public bool IsLocation { get; init; }

    /// <summary>True for a web address.</summary>
    public bool IsUrl { get; init; }

    /// <summary>True if a section that is enabled cannot do without it.</summary>
    public bool IsRequired { get; init; }

    /// <summary>The least number allowed.</summary>
    public long Minimum { get; init; } = long.MinValue;

    /// <summary>The greatest number allowed.</summary>
    public long Maximum { get; init; } = long.MaxValue;

    /// <summary>For a key of the predecessor's that is somebody else's job: who does it, in one sentence.</summary>
    public string? Instead { get; init; }
}
