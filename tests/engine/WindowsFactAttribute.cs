using Xunit.Abstractions;
using Xunit.Sdk;

namespace CryoBackup.Tests;

/// <summary>A test of what only Windows has: Needs is Windows. The workflow runs it, and the check of Windows where Wine has it too.</summary>
[TraitDiscoverer("CryoBackup.Tests." + nameof(WindowsTraitDiscoverer), ServerTraitDiscoverer.AssemblyName)]
public sealed class WindowsFactAttribute : FactAttribute, ITraitAttribute
{
    public WindowsFactAttribute() => Skip = OperatingSystem.IsWindows() ? null : "Needs Windows; not run here.";
}

/// <summary>Gives such tests their trait.</summary>
public sealed class WindowsTraitDiscoverer : ITraitDiscoverer
{
    public IEnumerable<KeyValuePair<string, string>> GetTraits(IAttributeInfo traitAttribute) => [new("Needs", "Windows")];
}
