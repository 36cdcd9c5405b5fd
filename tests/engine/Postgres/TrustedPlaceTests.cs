using System.Diagnostics;
using System.Runtime.Versioning;
using CryoBackup.Configuration;
using CryoBackup.Postgres;
using CryoBackup.Processes;

namespace CryoBackup.Tests.Postgres;

/// <summary>What nobody named is obeyed only where nobody else can have put it, nor changed it.</summary>
[Trait("Runs", "Once")]
[UnsupportedOSPlatform("windows")]
public sealed class TrustedPlaceTests : IDisposable
{
    private const UnixFileMode Ours = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [UnixFact]
    public void FoundConfigurationOfOursIsObeyed()
    {
        string file = _folder.Write("config/backup_config.yaml", "log_format: json\n");
        Assert.Equal(file, ConfigurationFile.Find(null, _folder.Path));
        File.SetUnixFileMode(file, Ours | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        Assert.Equal(file, ConfigurationFile.Find(null, _folder.Path));
    }

    [UnixTheory]
    [InlineData("config/backup_config.yaml")]
    [InlineData("config")]
    [InlineData("")]
    public void FoundConfigurationThatOthersMayChangeIsNot(string writable)
    {
        string file = _folder.Write("config/backup_config.yaml", "log_format: json\n");
        string place = Path.Combine(_folder.Path, writable).TrimEnd('/');
        File.SetUnixFileMode(place, Ours | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute);
        CryoBackupException failure = Assert.Throws<CryoBackupException>(() => ConfigurationFile.Find(null, _folder.Path));
        Assert.Equal(CryoBackupError.ConfigurationInvalid, failure.Error);
        Assert.Contains($"other accounts may write to '{place}'", failure.Message, StringComparison.Ordinal);
        Assert.Contains("-Config", failure.Remedy, StringComparison.Ordinal);

        // Whoever names it means it.
        Assert.Equal(file, ConfigurationFile.Find(file, _folder.Path));
    }

    [RootTheory]
    [InlineData("config/cryobackup.yaml")]
    [InlineData("config")]
    [InlineData("")]
    public void FoundConfigurationOfAnotherIsNot(string planted)
    {
        _folder.Write("config/cryobackup.yaml", "log_format: json\n");
        string place = Path.Combine(_folder.Path, planted).TrimEnd('/');
        Own(place);
        CryoBackupException failure = Assert.Throws<CryoBackupException>(() => ConfigurationFile.Find(null, _folder.Path));
        Assert.Contains($"'{place}' belongs to another account", failure.Message, StringComparison.Ordinal);
    }

    /// <summary>A link is as good as its own place and that of what it leads to.</summary>
    [RootFact]
    public void LinksAreFollowedToTheirEnd()
    {
        string file = _folder.Write("real/folder/file.yaml", "");
        File.CreateSymbolicLink(Path.Combine(_folder.Path, "link"), Path.Combine("real", "folder"));
        string through = Path.Combine(_folder.Path, "link", "file.yaml");
        Assert.Null(TrustedPlace.WhyNot(through));
        Own(Path.GetDirectoryName(file)!);
        Assert.Contains("real/folder' belongs to another account", TrustedPlace.WhyNot(through), StringComparison.Ordinal);
    }

    /// <summary>In a folder such as /tmp everybody may write, and nobody replaces what is another's.</summary>
    [UnixFact]
    public void SharedFolderWithStickyBitIsRightForWhatIsOurs()
    {
        string file = _folder.Write("shared/ours", "");
        File.SetUnixFileMode(
            Path.GetDirectoryName(file)!,
            Ours | UnixFileMode.StickyBit | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute
        );
        Assert.Null(TrustedPlace.WhyNot(file));
    }

    [UnixTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void ProgramsThatOthersMayReplaceAreNotRun(bool folderIsOpen)
    {
        string program = _folder.WriteProgram("bin/pg_dump", "echo 'pg_dump (PostgreSQL) 15.18'; touch \"$0.ran\"");
        string open = folderIsOpen ? Path.GetDirectoryName(program)! : program;
        File.SetUnixFileMode(open, Ours | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute);
        CryoBackupException failure = Assert.Throws<CryoBackupException>(() =>
            ClientTools.Find("pg_dump", 15, Named, CancellationToken.None)
        );
        Assert.Equal(CryoBackupError.PgToolNotFound, failure.Error);
        Assert.Contains(ClientTools.FolderVariable, failure.Message, StringComparison.Ordinal);
        Assert.Contains($"other accounts may write to '{open}'", failure.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(program + ".ran"));

        File.SetUnixFileMode(open, Ours);
        Assert.Equal(program, ClientTools.Find("pg_dump", 15, Named, CancellationToken.None).Path);

        string? Named(string name) => name == ClientTools.FolderVariable ? Path.GetDirectoryName(program) : null;
    }

    /// <summary>Gives a file to an account that is not ours.</summary>
    private static void Own(string path)
    {
        using var chown = Process.Start("chown", ["12345:12345", path]);
        chown.WaitForExit();
        Assert.Equal(0, chown.ExitCode);
    }
}
