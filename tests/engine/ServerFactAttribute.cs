using Xunit.Abstractions;
using Xunit.Sdk;

namespace CryoBackup.Tests;

/// <summary>A test that needs a server, whatever else it needs. <c>--filter Needs!=Server</c> leaves such tests out.</summary>
[TraitDiscoverer(ServerTraitDiscoverer.TypeName, ServerTraitDiscoverer.AssemblyName)]
public abstract class ServerFactAttribute : FactAttribute, ITraitAttribute;

/// <summary>As <see cref="ServerFactAttribute"/>, for a theory.</summary>
[TraitDiscoverer(ServerTraitDiscoverer.TypeName, ServerTraitDiscoverer.AssemblyName)]
public abstract class ServerTheoryAttribute : TheoryAttribute, ITraitAttribute;

/// <summary>Tells test runners which tests need a server; named by the attributes.</summary>
public sealed class ServerTraitDiscoverer : ITraitDiscoverer
{
    internal const string TypeName = "CryoBackup.Tests.ServerTraitDiscoverer";
    internal const string AssemblyName = "CryoBackup.Engine.Tests";

    /// <inheritdoc/>
    public IEnumerable<KeyValuePair<string, string>> GetTraits(IAttributeInfo traitAttribute) => [new("Needs", "Server")];
}
