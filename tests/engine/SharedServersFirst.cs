using Xunit.Abstractions;

[assembly: TestCollectionOrderer("CryoBackup.Tests." + nameof(CryoBackup.Tests.SharedServersFirst), "CryoBackup.Engine.Tests")]

namespace CryoBackup.Tests;

/// <summary>The many tests that share a server run one after the other, for minutes: they begin first, and those of other classes beside them.</summary>
public sealed class SharedServersFirst : ITestCollectionOrderer
{
    /// <inheritdoc/>
    public IEnumerable<ITestCollection> OrderTestCollections(IEnumerable<ITestCollection> testCollections) =>
        testCollections
            .OrderByDescending(static collection => collection.CollectionDefinition is not null)
            .ThenBy(static collection => collection.DisplayName, StringComparer.Ordinal);
}
