using CryoBackup.Archive;
using CryoBackup.Comparison;
using CryoBackup.Restore.Selection;

namespace CryoBackup.Tests.Restore;

/// <summary>Selections of tables of contents, and what is in them.</summary>
internal static class Select
{
    public static RestoreSelection Tables(IReadOnlyList<TocEntry> entries, params string[] tables) =>
        Of(entries, [], tables, TargetContent.Nothing);

    public static RestoreSelection Of(IReadOnlyList<TocEntry> entries, string[] schemas, string[] tables, TargetContent target) =>
        RestoreSelection.Of(entries, schemas, tables, target);

    public static TargetContent Has(params TocEntry[] entries) => new(entries.Select(entry => (entry.Kind, entry.Schema, entry.Name)));

    public static IEnumerable<int> Ids(RestoreSelection selection) => selection.Entries.Select(entry => entry.DumpId);

    public static IEnumerable<string> LeftOut(RestoreSelection selection) =>
        selection.LeftOut.Select(item => $"{item.Entry}: {item.Reason}");
}
