using System.Globalization;
using CryoBackup.Backup;

namespace CryoBackup.Tests.Backup;

/// <summary>One backup of a database into a folder at a time; what a dead one left is removed, what a living one has is not.</summary>
[Collection("backup")]
[Trait("Runs", "Once")]
public sealed class OverlapTests : IDisposable
{
    private const string Database = "overlap";
    private readonly PostgresServer _server;
    private readonly TemporaryFolder _destination = new();

    public OverlapTests(PostgresServer server)
    {
        _server = server;
        if (
            ServerPrograms.ReasonToSkip is null
            && server.Scalar("postgres", $"SELECT 1 FROM pg_database WHERE datname = '{Database}'") is null
        )
        {
            SlowDatabase.Create(server, Database);
        }
    }

    public void Dispose() => _destination.Dispose();

    [PostgresFact]
    public async Task SecondIsToldWhoHoldsTheFolder()
    {
        using var first = new RunningBackup(Request());
        await first.WaitForRowsAsync();
        string[] before = Leftovers.Files(_destination.Path);

        CryoBackupException failure = Assert.Throws<CryoBackupException>(() =>
            BackupWriter.Run(Request(), _ => { }, CancellationToken.None)
        );
        Assert.Equal(CryoBackupError.BackupLocked, failure.Error);
        Assert.Contains(
            string.Create(
                CultureInfo.InvariantCulture,
                $"(host {Environment.MachineName}, process {Environment.ProcessId}, since {DateTime.UtcNow:yyyy-MM-dd}"
            ),
            failure.Message,
            StringComparison.Ordinal
        );
        Assert.Equal(before, Leftovers.Files(_destination.Path));
        Assert.Contains(before, file => file.EndsWith(".partial", StringComparison.Ordinal));

        // Another database, or another folder, is nobody's business.
        _server.CreateDatabase("overlap_other");
        BackupWriter.Run(Request("overlap_other"), _ => { }, CancellationToken.None);
        first.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(first.ResultAsync);
    }

    [PostgresFact(UnixOnly = true)]
    public async Task AnotherProcessIsRespectedWhileItLivesAndClearedUpAfterwards()
    {
        using var child = new ChildBackup(_server.Connection, Database, _destination.Path);
        await child.WaitForRowsAsync();
        string[] itsFiles = Leftovers.Files(_destination.Path);
        Assert.Equal(2, itsFiles.Length);

        CryoBackupException failure = Assert.Throws<CryoBackupException>(() =>
            BackupWriter.Run(Request(), _ => { }, CancellationToken.None)
        );
        Assert.Equal(CryoBackupError.BackupLocked, failure.Error);
        Assert.Contains(
            string.Create(CultureInfo.InvariantCulture, $"process {child.Id}, since"),
            failure.Message,
            StringComparison.Ordinal
        );
        Assert.Equal(itsFiles, Leftovers.Files(_destination.Path));

        child.Kill();
        Assert.Equal(itsFiles, Leftovers.Files(_destination.Path));
        using var next = new RunningBackup(Request());
        await next.WaitForRowsAsync();
        string partial = Assert.Single(itsFiles, file => file.EndsWith(".partial", StringComparison.Ordinal));

        // Its own may bear the same name, if it began in the same second.
        Assert.Single(Leftovers.Files(_destination.Path), file => file.EndsWith(".partial", StringComparison.Ordinal));
        Assert.Contains(
            next.Messages,
            message => message is WarningMessage { Text: var text } && text.Contains(partial, StringComparison.Ordinal)
        );
        next.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(next.ResultAsync);
        Assert.Empty(Leftovers.Files(_destination.Path));
    }

    /// <summary>Nothing reads what the killed process's pg_dump writes, so it ends, and its session with it.</summary>
    [PostgresFact(UnixOnly = true)]
    public async Task KilledProcessLeavesNoPgDump()
    {
        using var child = new ChildBackup(_server.Connection, Database, _destination.Path);
        await child.WaitForRowsAsync();
        child.Kill();
        await Leftovers.AssertNoneAsync(_server, Database);
    }

    /// <summary>Names that begin alike are different databases.</summary>
    [PostgresFact]
    public void PartialFilesOfOtherDatabasesStay()
    {
        _server.CreateDatabase("app");
        string[] others =
        [
            "app_20240101_000000_full.dump.gz",
            "app_old_20240101_000000_full.dump.gz.partial",
            "xapp_20240101_000000_full.dump.gz.partial",
            "app.partial",
        ];
        foreach (string name in others)
        {
            _destination.Write(name, "");
        }

        _destination.Write("app_20240101_000000_full.dump.gz.partial", "");
        _destination.Write("app_20240101_000000_full.dump.gz.meta.json.partial", "");
        _destination.Write("app_20240101_000000_full.dump.gz.globals.sql.gz.partial", "");
        BackupInfo info = BackupWriter.Run(Request("app"), _ => { }, CancellationToken.None);
        Assert.Equal(
            others.Append(Path.GetFileName(info.Path)).Append(Path.GetFileName(info.ManifestPath)).Order(StringComparer.Ordinal),
            Leftovers.Files(_destination.Path)
        );
    }

    /// <summary>Names tell seconds; a backup of the same second waits for the next: it takes no other's place, and tells no time to come.</summary>
    [PostgresFact]
    public void BackupsOfOneSecondHaveNamesOfTheirOwn()
    {
        _server.CreateDatabase("quickly");
        BackupInfo[] infos =
        [
            .. Enumerable
                .Range(0, 4)
                .Select(_ =>
                {
                    DateTime before = DateTime.UtcNow;
                    BackupInfo info = BackupWriter.Run(Request("quickly"), _ => { }, CancellationToken.None);
                    Assert.InRange(info.Start, before.AddMilliseconds(-1), DateTime.UtcNow);
                    return info;
                }),
        ];
        Assert.Equal(4, infos.Select(info => info.Path).Distinct(StringComparer.Ordinal).Count());
        Assert.All(infos, info => Assert.True(info.Duration > TimeSpan.Zero && info.End > info.Start));
        Assert.Equal(8, Leftovers.Files(_destination.Path).Length);
    }

    private BackupRequest Request(string database = Database) =>
        new()
        {
            Connection = _server.Connection,
            Database = database,
            Folder = _destination.Path,
        };
}
