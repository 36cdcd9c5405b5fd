using CryoBackup.Storage;

namespace CryoBackup.Tests.Proofs;

/// <summary>What the next sample reads.</summary>
[Trait("Runs", "Once")]
public sealed class SampleRecordTests
{
    /// <summary>One who knows what was read cannot know what is read next, so that no place is safe from it.</summary>
    [Fact]
    public void IsChosenByChanceAndInOrder()
    {
        int[][] chosen = [.. Enumerable.Range(0, 20).Select(_ => New(1000).Choose(1000, 1))];
        Assert.All(chosen, ranges => Assert.Equal(10, ranges.Distinct().Count()));
        Assert.All(chosen, ranges => Assert.Equal(ranges.Order(), ranges));
        Assert.True(chosen.SelectMany(ranges => ranges).Distinct().Count() > 100);
    }

    [Fact]
    public void IsAtLeastOneAndAtMostAll()
    {
        Assert.Single(New(1).Choose(1, 1));
        Assert.Equal([0, 1, 2], New(3).Choose(3, 99));
    }

    private static SampleRecord New(int count) => SampleRecord.Of(null, new FileMark(1, DateTime.UtcNow), "aa", count);
}
