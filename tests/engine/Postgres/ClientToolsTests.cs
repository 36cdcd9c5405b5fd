using System.Runtime.Versioning;
using CryoBackup.Postgres;
using CryoBackup.Processes;

namespace CryoBackup.Tests.Postgres;

public sealed class ClientToolsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Dictionary<string, string> _variables = new(StringComparer.Ordinal) { ["PATH"] = "" };

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n", "15.18", 15)]
    [InlineData("postgres (PostgreSQL) 18beta1\n", "18beta1", 18)]
    [InlineData("pg_ctl (PostgreSQL) 9.6.24\n", "9.6.24", 9)]
    [InlineData("initdb (EnterpriseDB Advanced Server) 16.2.0\n", "16.2.0", 16)]
    public void ReadsTheVersion(string output, string version, int major) =>
        Assert.Equal((version, major), ClientTools.ParseVersion(output));

    [Theory]
    [InlineData("")]
    [InlineData("pg_dump: command not found")]
    public void KnowsWhatIsNoVersion(string output) => Assert.Null(ClientTools.ParseVersion(output));

    [UnixFact]
    public void TakesTheSameMajorElseTheLowestHigherOne()
    {
        _variables["PATH"] = string.Join(
            Path.PathSeparator,
            Fake("a", "pg_dump", "98.1"),
            Fake("b", "pg_dump", "96.3"),
            Fake("c", "pg_dump", "97.2")
        );
        Assert.Equal("96.3", Find("pg_dump", 96).Version);
        Assert.Equal("97.2", Find("pg_dump", 97).Version);
        Assert.Equal("96.3", Find("pg_dump", 90).Version);
        ClientTool newest = Find("pg_dump", 0);
        Assert.Equal(new ClientTool("pg_dump", Path.Combine(_folder.Path, "a", "pg_dump"), "98.1", 98), newest);
    }

    [UnixFact]
    public void PrefersTheNamedFolder()
    {
        _variables["PATH"] = Fake("path", "pg_dump", "96.3");
        _variables["CRYOBACKUP_PGBIN"] = Fake("named", "pg_dump", "99.0");
        Assert.Equal("99.0", Find("pg_dump", 96).Version);
    }

    [Fact]
    public void DoesNotPassOverANamedFolderThatIsNotThere()
    {
        string missing = Path.Combine(_folder.Path, "missing");
        CryoBackupException e = Assert.Throws<CryoBackupException>(() => Find("pg_dump", 0, missing));
        Assert.Equal(CryoBackupError.PgToolNotFound, e.Error);
        Assert.Contains($"CRYOBACKUP_PGBIN names the folder '{missing}'", e.Message, StringComparison.Ordinal);
    }

    [UnixFact]
    public void SaysThatAllAreTooOldAndWhereItLooked()
    {
        _variables["CRYOBACKUP_PGBIN"] = Fake("named", "pg_dump", "97.4");
        CryoBackupException e = Assert.Throws<CryoBackupException>(() => Find("pg_dump", 99));
        Assert.Equal(CryoBackupError.PgToolTooOld, e.Error);
        Assert.Contains("97.4", e.Message, StringComparison.Ordinal);
        Assert.Contains(Path.Combine(_folder.Path, "named"), e.Message, StringComparison.Ordinal);
        AssertInstallLines(e);
    }

    [Fact]
    public void SaysThatNoneIsFoundAndWhereItLooked()
    {
        _variables["PATH"] = _folder.Path;
        CryoBackupException e = Assert.Throws<CryoBackupException>(() => Find("pg_nothing", 15));
        Assert.Equal(CryoBackupError.PgToolNotFound, e.Error);
        Assert.Equal("pg_nothing", e.Target);
        Assert.Contains(_folder.Path, e.Message, StringComparison.Ordinal);
        AssertInstallLines(e);
    }

    [UnixFact]
    public void PassesOverDebiansWrapper()
    {
        string wrapper = _folder.WriteProgram("share/pg_wrapper", "echo 'pg_dump (PostgreSQL) 99.9'");
        Directory.CreateDirectory(Path.Combine(_folder.Path, "bin"));
        File.CreateSymbolicLink(Path.Combine(_folder.Path, "bin", "pg_dump"), wrapper);
        _variables["PATH"] = Path.Combine(_folder.Path, "bin");
        Assert.Equal(
            CryoBackupError.PgToolTooOld,
            Assert.Throws<CryoBackupException>(() => Find("pg_dump", 99, Fake("named", "pg_dump", "12.1"))).Error
        );
    }

    [UnixFact]
    public void PassesOverAProgramThatDoesNotRun()
    {
        _folder.Write("bad/pg_dump", "not a program");
        _variables["PATH"] = Path.Combine(_folder.Path, "bad") + Path.PathSeparator + Fake("good", "pg_dump", "96.1");
        Assert.Equal("96.1", Find("pg_dump", 96).Version);
    }

    [UnixFact]
    public void SeesAnUpgradeInTheSamePlace()
    {
        _variables["CRYOBACKUP_PGBIN"] = Fake("named", "pg_dump", "96.1");
        Assert.Equal("96.1", Find("pg_dump", 0).Version);
        Fake("named", "pg_dump", "96.2");
        File.SetLastWriteTimeUtc(Path.Combine(_folder.Path, "named", "pg_dump"), DateTime.UtcNow.AddMinutes(1));
        Assert.Equal("96.2", Find("pg_dump", 0).Version);
    }

    /// <summary>What it lacked (a right, a library) has come meanwhile, and its file is as it was.</summary>
    [UnixFact]
    [UnsupportedOSPlatform("windows")]
    public void AsksAProgramAgainThatDidNotRun()
    {
        string folder = Fake("named", "pg_dump", "96.1");
        string library = Path.Combine(_folder.Path, "library");
        string other = Path.GetDirectoryName(
            _folder.WriteProgram("other/pg_dump", $"test -e '{library}' || exit 127; echo 'pg_dump (PostgreSQL) 97.2'")
        )!;
        File.SetUnixFileMode(Path.Combine(folder, "pg_dump"), UnixFileMode.UserRead);
        _variables["PATH"] = folder + Path.PathSeparator + other;
        Assert.Throws<CryoBackupException>(() => Find("pg_dump", 96));
        File.SetUnixFileMode(Path.Combine(folder, "pg_dump"), UnixFileMode.UserRead | UnixFileMode.UserExecute);
        _folder.Write("library", "");
        Assert.Equal("96.1", Find("pg_dump", 96).Version);
        Assert.Equal("97.2", Find("pg_dump", 97).Version);
    }

    [PostgresFact]
    public void FindsTheInstalledPrograms()
    {
        foreach (string name in (string[])["pg_dump", "pg_restore", "pg_dumpall", "psql", "initdb", "pg_ctl", "postgres"])
        {
            ClientTool tool = ClientTools.Find(name, 0, CancellationToken.None);
            Assert.True(File.Exists(tool.Path));
            Assert.StartsWith(
                tool.Major.ToString(System.Globalization.CultureInfo.InvariantCulture),
                tool.Version,
                StringComparison.Ordinal
            );
        }
    }

    [UnixFact]
    public void FindsAnOptionalTool()
    {
        string path = _folder.WriteProgram("age", "exit 0");
        Assert.Equal(path, OptionalTool.Find("age", "Encryption", "/nowhere" + Path.PathSeparator + _folder.Path));
    }

    [Theory]
    [InlineData("age", "Encryption")]
    [InlineData("rclone", "The remote copy")]
    public void NamesAMissingOptionalToolItsFeatureAndHowToInstallIt(string tool, string feature)
    {
        CryoBackupException e = Assert.Throws<CryoBackupException>(() => OptionalTool.Find(tool, feature, _folder.Path));
        Assert.Equal(CryoBackupError.ToolNotFound, e.Error);
        Assert.Equal(tool, e.Target);
        Assert.StartsWith(feature + " needs the program " + tool, e.Message, StringComparison.Ordinal);
        AssertInstallLines(e);
    }

    private static void AssertInstallLines(CryoBackupException e)
    {
        foreach (string system in (string[])["Windows:", "Debian, Ubuntu:", "RHEL:", "macOS:"])
        {
            Assert.Contains(system, e.Remedy, StringComparison.Ordinal);
        }
    }

    private string Fake(string folder, string name, string version) =>
        Path.GetDirectoryName(_folder.WriteProgram(Path.Combine(folder, name), $"echo '{name} (PostgreSQL) {version}'"))!;

    private ClientTool Find(string name, int minimumMajor, string? named = null)
    {
        if (named is not null)
        {
            _variables["CRYOBACKUP_PGBIN"] = named;
        }

        return ClientTools.Find(name, minimumMajor, _variables.GetValueOrDefault, CancellationToken.None);
    }
}
