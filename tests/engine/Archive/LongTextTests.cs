using CryoBackup.Archive;

namespace CryoBackup.Tests.Archive;

/// <summary>A definition may be longer than what is read at once: it comes whole.</summary>
public sealed class LongTextTests
{
    [Theory]
    [InlineData(100_000)]
    [InlineData(3_000_000)]
    public void LongDefinitionIsReadWhole(int length)
    {
        string body = string.Concat(
            Enumerable.Range(0, length / 8).Select(i => i.ToString("x8", System.Globalization.CultureInfo.InvariantCulture))
        );
        var image = ArchiveImage.CreateSample();
        image.Add(20, "FUNCTION", "f()", TocSection.PreData, $"CREATE FUNCTION public.f() RETURNS text LANGUAGE sql AS '{body}';\n");
        using var archive = new MemoryStream(image.ToBytes());
        using var copy = new MemoryStream();
        ArchiveContent content = ArchiveReader.Read(archive, copy, _ => { }, CancellationToken.None);
        Assert.Contains(body, Assert.Single(content.Entries, entry => entry.Kind == "FUNCTION").Definition, StringComparison.Ordinal);
        Assert.Equal(archive.ToArray(), copy.ToArray());
    }
}
