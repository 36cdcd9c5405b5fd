using CryoBackup.Text;

namespace CryoBackup.Cli.Output;

/// <summary>Backups for people, one a line.</summary>
internal static class BackupTable
{
    public static void Print(IReadOnlyList<BackupInfo> backups, TextWriter output)
    {
        var table = new Table("Database", "Start", ">Duration", ">Size", ">Rows", "Path");
        foreach (BackupInfo backup in backups)
        {
            table.Add(
                backup.Database,
                Units.Moment(backup.Start),
                DurationText.About(backup.Duration),
                SizeText.Of(backup.Size),
                backup.Encrypted ? "encrypted" : Units.Count(backup.RowCount),
                backup.Path
            );
        }
        table.Print(output);
    }
}
