using CryoBackup.Archive;
using CryoBackup.Restore;
using CryoBackup.Restore.Selection;
using CryoBackup.Tests.Archive;
using static CryoBackup.Tests.Restore.Toc;

namespace CryoBackup.Tests.Restore;

/// <summary>A database is made as the archive says, and what an archive of 17 or later groups is taken apart.</summary>
public sealed class DatabaseDefinitionTests
{
    private const string By15 = "CREATE DATABASE app WITH TEMPLATE = template0 ENCODING = 'UTF8' LOCALE_PROVIDER = libc LOCALE = 'C.UTF-8'";

    [Theory]
    [InlineData(" TABLESPACE = fast")]
    [InlineData(" TABLESPACE = \"The \"\"fast\"\" one\"")]
    public void TheTablespaceIsTheTargetsChoice(string tablespace) =>
        Assert.Equal(By15["CREATE DATABASE app ".Length..], DatabaseDefinition.Options([Database($"{By15}{tablespace};\n")]).ToString());

    [Fact]
    public void AnArchiveWithoutADatabaseDoesNotTellHowToMakeIt()
    {
        CryoBackupException e = Assert.Throws<CryoBackupException>(() => DatabaseDefinition.Options([Entry(1, "TABLE", "t")]));
        Assert.Equal(CryoBackupError.ArchiveCorrupt, e.Error);
        Assert.Contains("from template0", e.Remedy, StringComparison.Ordinal);
    }

    /// <summary>One entry for many large objects, which takes a lock for each.</summary>
    [Fact]
    public void LargeObjectsOfOneEntryAreCountedAndAreData()
    {
        IReadOnlyList<TocEntry> entries = ArchiveAssert.Read(TestData.Read("pg_dump-18.3-none.dump")).Entries;
        Assert.Equal(["4711", "4712", "4000000000"], entries.SelectMany(TocKinds.LargeObjectsOf));
        string[] data =
        [
            .. RestoreSelection.All(entries).Only(schemaOnly: false, dataOnly: true).Entries.Select(entry => entry.Kind).Distinct().Order(),
        ];
        Assert.Contains("BLOB METADATA", data);
        Assert.Contains("BLOBS", data);
        Assert.DoesNotContain("TABLE", data);
        Assert.DoesNotContain(
            RestoreSelection.All(entries).Only(schemaOnly: true, dataOnly: false).Entries,
            entry => entry.Kind is "BLOB METADATA" or "BLOBS"
        );

        Assert.Equal(["4711"], TocKinds.LargeObjectsOf(Entry(1, "BLOB", "4711")));
        Assert.Empty(TocKinds.LargeObjectsOf(Entry(1, "TABLE", "4711")));
        Assert.True(TocKinds.IsData(Entry(1, "ACL", "LARGE OBJECTS 4711..4712")));
        Assert.False(TocKinds.IsData(Entry(1, "ACL", "TABLE \"LARGE OBJECT\"")));
    }

    private static TocEntry Database(string definition) => InSchema("", 1, "DATABASE", "app", definition);
}
