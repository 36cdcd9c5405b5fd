using CryoBackup.Text;

namespace CryoBackup.Cli.Output;

/// <summary>What becomes of backups, for people, one a line.</summary>
internal static class RemovalTable
{
    public static void Print(IReadOnlyList<RemovalResult> results, TextWriter output)
    {
        var table = new Table("Action", "Database", "Start", ">Size", "Path", "Reasons");
        foreach (RemovalResult result in results)
        {
            table.Add(
                result.Action.ToString(),
                result.Database,
                Units.Moment(result.Start),
                SizeText.Of(result.Size),
                result.Path,
                string.Join("; ", result.Reasons)
            );
        }
        table.Print(output);
    }
}
