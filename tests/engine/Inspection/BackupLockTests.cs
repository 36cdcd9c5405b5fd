using System.Globalization;
using CryoBackup.Storage;

namespace CryoBackup.Tests.Inspection;

public sealed class BackupLockTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<EngineMessage> _messages = [];

    public void Dispose() => _folder.Dispose();

    private BackupLock Take(string database = "app") => BackupLock.Take(_folder.Path, database, _messages.Add);

    private string[] Files => [.. Directory.GetFiles(_folder.Path).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    [Fact]
    public void IsForOneAlone()
    {
        using (Take())
        {
            CryoBackupException exception = Assert.Throws<CryoBackupException>(() => Take());
            Assert.Equal(CryoBackupError.BackupLocked, exception.Error);
            Assert.Contains(
                $"host {Environment.MachineName}, process {Environment.ProcessId.ToString(CultureInfo.InvariantCulture)}, since 2",
                exception.Message,
                StringComparison.Ordinal
            );
            Assert.Equal([".app.lock"], Files);

            // Nor did the refusal loosen it.
            Assert.Throws<CryoBackupException>(() => Take());
            Take("other").Dispose();
        }

        Assert.Empty(Files);
        Take().Dispose();
        Assert.Empty(Files);
        Assert.Empty(_messages);
    }

    /// <summary>Also where a file system takes app for App.</summary>
    [Fact]
    public void DatabasesThatDifferInCaseHaveTheirOwn()
    {
        string[] names = [.. ((string[])["app", "App", "APP", "büro", "Büro"]).Select(BackupLock.NameFor)];
        Assert.Equal(names.Length, names.Distinct(StringComparer.OrdinalIgnoreCase).Count());
        Assert.Equal(".app.lock", names[0]);
        using (Take("app"))
        using (Take("App"))
        {
            Assert.Throws<CryoBackupException>(() => Take("App"));
        }

        Assert.Empty(Files);
    }

    [Fact]
    public void WhatStandsInItsPlaceIsNamed()
    {
        // A folder under the name of the lock, and under that of what a dead backup left.
        Directory.CreateDirectory(Path.Combine(_folder.Path, ".app.lock"));
        Assert.Equal(CryoBackupError.DestinationNotWritable, Assert.Throws<CryoBackupException>(() => Take()).Error);
        CryoBackupException missing = Assert.Throws<CryoBackupException>(() =>
            BackupLock.Take(Path.Combine(_folder.Path, "none"), "app", _messages.Add)
        );
        Assert.Equal(CryoBackupError.DestinationNotWritable, missing.Error);
    }

    [Fact]
    public void IsTakenFromTheDead()
    {
        File.WriteAllText(Path.Combine(_folder.Path, ".app.lock"), "host x, process 1, since 2024-08-06T05:34:12Z\n");
        string[] dead = ["app_20240806_053412_full.dump.gz.partial", "app_20240806_053412_full.dump.gz.meta.json.partial"];
        string[] others =
        [
            "app_old_20240806_053412_full.dump.gz.partial",
            "app_20240806_053412_full.dump.gz",
            "app_2024080x_053412_full.dump.gz.partial",
            "app.partial",
            "app_20240806_053412_fullx.partial",
            // Where case is ignored it is one of the dead.
            .. OperatingSystem.IsWindows() ? (string[])[] : ["App_20240806_053412_full.dump.gz.partial"],
        ];
        foreach (string name in dead.Concat(others))
        {
            File.WriteAllText(Path.Combine(_folder.Path, name), "");
        }

        using (Take())
        {
            Assert.Equal(others.Append(".app.lock").Order(StringComparer.Ordinal), Files);
            Assert.Contains(_messages, message => message is VerboseMessage);
            Assert.Equal(2, _messages.Count(message => message is WarningMessage));
        }
    }

    [Fact]
    public void NeverTakesPartialFilesOfTheLiving()
    {
        using (Take())
        {
            using var file = new PartialFile(Path.Combine(_folder.Path, "app_20240806_053412_full.dump.gz"));
            Assert.Throws<CryoBackupException>(() => Take());
            Take("other").Dispose();
            Assert.True(File.Exists(file.FinalPath + ".partial"));
        }
    }

    [Fact]
    public void IsHeldByOneOfManyAtAnyTime()
    {
        int holders = 0,
            most = 0,
            taken = 0;
        Parallel.For(
            0,
            4,
            _ =>
            {
                for (int i = 0; i < 300; i++)
                {
                    try
                    {
                        using (BackupLock.Take(_folder.Path, "app", static _ => { }))
                        {
                            int now = Interlocked.Increment(ref holders);
                            most = Math.Max(most, now);
                            taken++;
                            Thread.Yield();
                            Interlocked.Decrement(ref holders);
                        }
                    }
                    catch (CryoBackupException exception)
                    {
                        Assert.Equal(CryoBackupError.BackupLocked, exception.Error);
                    }
                }
            }
        );
        Assert.Equal(1, most);
        Assert.True(taken > 1);
        Assert.Empty(Files);
    }

    [Fact]
    public void NamesAFolderThatItCannotUse()
    {
        CryoBackupException exception = Assert.Throws<CryoBackupException>(() =>
            BackupLock.Take(Path.Combine(_folder.Path, "none"), "app", _messages.Add)
        );
        Assert.Equal(CryoBackupError.DestinationNotWritable, exception.Error);
    }

    [UnixFact]
    public void FollowsNoLinkAndTouchesNothingElse()
    {
        string victim = _folder.Write("victim", "precious");
        string path = Path.Combine(_folder.Path, ".app.lock");
        File.CreateSymbolicLink(path, victim);
        CryoBackupException exception = Assert.Throws<CryoBackupException>(() => Take());
        Assert.Equal((CryoBackupError.DestinationNotWritable, path), (exception.Error, exception.Target));
        Assert.Contains("is a symbolic link", exception.Message, StringComparison.Ordinal);
        Assert.Equal("precious", File.ReadAllText(victim));

        // Nor one to what is not there, nor a second name, nor a file of somebody else, however it came there.
        File.Delete(path);
        File.CreateSymbolicLink(path, Path.Combine(_folder.Path, "would-be"));
        Assert.Equal(CryoBackupError.DestinationNotWritable, Assert.Throws<CryoBackupException>(() => Take()).Error);
        Assert.False(File.Exists(Path.Combine(_folder.Path, "would-be")));
        File.Delete(path);
        File.Move(victim, path);
        exception = Assert.Throws<CryoBackupException>(() => Take());
        Assert.Equal(CryoBackupError.DestinationNotWritable, exception.Error);
        Assert.Contains("holds something else, which is left as it is", exception.Message, StringComparison.Ordinal);
        Assert.Equal("precious", File.ReadAllText(path));
        File.WriteAllBytes(path, new byte[100_000]);
        Assert.Equal(CryoBackupError.DestinationNotWritable, Assert.Throws<CryoBackupException>(() => Take()).Error);
        Assert.Equal(100_000, new FileInfo(path).Length);
    }

    [UnixFact]
    public void ALinkInThePlaceOfAPartialFileIsRemovedAndNotFollowed()
    {
        string victim = _folder.Write("victim", "precious");
        string link = Path.Combine(_folder.Path, "app_20240806_053412_full.dump.gz.partial");
        File.CreateSymbolicLink(link, victim);
        Assert.Throws<CryoBackupException>(() => new PartialFile(link[..^".partial".Length]));
        Take().Dispose();
        Assert.False(Path.Exists(link));
        Assert.Equal("precious", File.ReadAllText(victim));
    }
}
