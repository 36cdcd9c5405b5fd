using System.Text;
using CryoBackup.Archive;

namespace CryoBackup.Tests.Archive;

/// <summary>What a newer pg_dump says of a subscription, and an older server does not understand, becomes as many blanks.</summary>
[Trait("Runs", "Once")]
public sealed class NewerWordsTests
{
    private const string Options = " WITH (connect = false, slot_name = 's', streaming = off, run_as_owner = true);\n";
    private const string Definition = "CREATE SUBSCRIPTION s CONNECTION 'host=a, streaming = off' PUBLICATION p" + Options;
    private const long End = 10_000;

    [Theory]
    [InlineData(13, " WITH (connect = false, slot_name = 's'                                      );\n")]
    [InlineData(14, " WITH (connect = false, slot_name = 's', streaming = off                     );\n")]
    [InlineData(15, " WITH (connect = false, slot_name = 's', streaming = off                     );\n")]
    [InlineData(16, Options)]
    [InlineData(18, Options)]
    [InlineData(0, Options)]
    public void GoWhereTheServerIsOlder(int serverMajor, string left)
    {
        byte[] text = Encoding.UTF8.GetBytes(Definition);
        foreach (ArchiveEdit edit in ArchiveEdit.NewerWords([Entry("SUBSCRIPTION")], serverMajor))
        {
            Assert.Equal(edit.Size, edit.Bytes.Length);
            edit.Bytes.CopyTo(text, edit.Offset - (End - text.Length));
        }

        Assert.Equal(Definition[..^Options.Length] + left, Encoding.UTF8.GetString(text));
    }

    [Fact]
    public void OfNothingElseAndNotWhereTheyAreNotWritten()
    {
        Assert.Empty(ArchiveEdit.NewerWords([Entry("PUBLICATION"), Entry("COMMENT")], 13));
        TocEntry old = Entry("SUBSCRIPTION", "CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p WITH (connect = false);\n");
        Assert.Empty(ArchiveEdit.NewerWords([old], 13));
    }

    private static TocEntry Entry(string kind, string definition = Definition) =>
        new()
        {
            DumpId = 1,
            Kind = kind,
            Name = "s",
            Definition = definition,
            DropStatement = (End, 0),
        };
}
