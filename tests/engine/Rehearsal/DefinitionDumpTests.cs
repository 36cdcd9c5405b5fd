using CryoBackup.Archive;
using CryoBackup.Verification.Rehearsal;

namespace CryoBackup.Tests.Rehearsal;

/// <summary>Large objects have an entry each until PostgreSQL 16, and one for many since 17: both are brought into one form.</summary>
public sealed class DefinitionDumpTests
{
    [Fact]
    public void EachLargeObjectHasItsOwnEntries()
    {
        TocEntry[] one =
        [
            new()
            {
                DumpId = 1,
                Kind = "BLOB",
                Name = "7",
                Owner = "a",
                Definition = "SELECT pg_catalog.lo_create('7');\n",
            },
            new()
            {
                DumpId = 2,
                Kind = "BLOB",
                Name = "8",
                Owner = "a",
                Definition = "SELECT pg_catalog.lo_create('8');\n",
            },
            new()
            {
                Kind = "ACL",
                Name = "LARGE OBJECT 7",
                Owner = "a",
                Definition = "GRANT SELECT ON LARGE OBJECT 7 TO b;\n",
                Dependencies = [1],
            },
            new()
            {
                Kind = "ACL",
                Name = "LARGE OBJECT 8",
                Owner = "a",
                Definition = "GRANT SELECT ON LARGE OBJECT 8 TO b;\n",
                Dependencies = [2],
            },
            new()
            {
                Kind = "COMMENT",
                Name = "LARGE OBJECT 8",
                Owner = "a",
                Definition = "COMMENT ON LARGE OBJECT 8 IS 'c';\n",
                Dependencies = [2],
            },
        ];
        TocEntry[] many =
        [
            new()
            {
                DumpId = 1,
                Kind = "BLOB METADATA",
                Name = "7..8",
                Owner = "a",
                Section = TocSection.Data,
                Definition = "7\n8\n",
            },
            new()
            {
                Kind = "ACL",
                Name = "LARGE OBJECTS 7..8",
                Owner = "a",
                Definition = "GRANT SELECT ON LARGE OBJECT 7 TO b;\n",
                Dependencies = [1],
            },
            new()
            {
                Kind = "COMMENT",
                Name = "LARGE OBJECT 8",
                Owner = "a",
                Definition = "COMMENT ON LARGE OBJECT 8 IS 'c';\n",
                Dependencies = [1],
            },
        ];
        Assert.Equal(Describe(one), Describe(many));
    }

    private static string[] Describe(TocEntry[] entries) =>
        [.. DefinitionDump.InOneForm(entries).Select(entry => $"{entry} {entry.Owner} {entry.Definition}").Order(StringComparer.Ordinal)];
}
