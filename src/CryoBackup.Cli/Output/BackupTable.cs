using CryoBackup.Text;

namespace CryoBackup.Cli.Output;

/// <summary>Backups for people, one a line.</summary>
internal static class BackupTable
{
    public static void Print(IReadOnlyList<BackupInfo> backups, TextWriter output)
    {
        var table = new Table("Proof", ">Size", ">Rows", ">Duration", "File");
        foreach (BackupInfo backup in backups)
        {
            table.Add(
                BackupWord.Of(backup),
                SizeText.Of(backup.Size),
                backup.Encrypted ? "encrypted" : Units.Count(backup.RowCount),
                DurationText.About(backup.Duration),
                backup.Path[(backup.Path.LastIndexOfAny(['/', Path.DirectorySeparatorChar]) + 1)..]
            );
        }
        table.Print(output);
    }
}
