namespace CryoBackup.Cli.Tests;

public class ToolWordsTests
{
    [Theory]
    [InlineData("List the backups there are with Get-CryoBackup.", "List the backups there are with cryobackup list.")]
    [InlineData("Give -TargetDatabase, or leave out -Create.", "Give --target-database, or leave out --create.")]
    [InlineData("Give a file made by New-CryoBackup or by pg_dump -Fc.", "Give a file made by cryobackup new or by pg_dump -Fc.")]
    [InlineData("Free space, set TMPDIR, or restore with -Jobs 1.", "Free space, set TMPDIR, or restore with --jobs 1.")]
    [InlineData(
        "The host's '-Force' and -Swap of 'a' and the role's -Clean.",
        "The host's '-Force' and --swap of 'a' and the role's --clean."
    )]
    [InlineData("Give --force as it is.", "Give --force as it is.")]
    [InlineData("New-CryoBackupConfiguration makes one to begin with.", "cryobackup config new makes one to begin with.")]
    public void Advice_names_options_and_commands_of_the_tool(string advice, string expected) =>
        Assert.Equal(expected, ToolWords.Translate(advice));
}
