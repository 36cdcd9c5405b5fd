using System.Runtime.Versioning;
using CryoBackup.Restore;
using CryoBackup.Tests.Rehearsal;
using Npgsql;

namespace CryoBackup.Tests.Restore;

/// <summary>A database whose locale the target's machine lacks is rehearsed and made with another, which is told.</summary>
[Collection("zoo")]
[Trait("Runs", "Once")]
public sealed class OtherLocaleTests(ZooServer server) : IDisposable
{
    private const string Rows =
        "CREATE TABLE word (word text PRIMARY KEY); CREATE INDEX ON word (lower(word)); "
        + "INSERT INTO word VALUES ('Ähre'), ('Zebra'), ('apfel'), ('Öl'), ('zoo')";

    private readonly TemporaryFolder _folder = new();

    public void Dispose()
    {
        _folder.Dispose();
        server.Drop("locale_target");
    }

    /// <summary>German of the operating system, on a machine without it: refused in words, then wished away.</summary>
    [LocaleFact]
    [UnsupportedOSPlatform("windows")]
    public void TheOperatingSystemsLanguageIsMissing()
    {
        using PostgresServer german = ForeignLocale.Start(_folder.Path, "de_DE", "de_DE.UTF-8");
        german.CreateDatabase("words", $"ENCODING 'UTF8' LOCALE 'de_DE.UTF-8'{OfLibc(german)}");
        german.Execute("words", Rows);
        string backup = Rehearse.BackUp(german, _folder.Path, "words");

        VerificationResult without = Rehearse.Run(backup);
        Assert.Equal(Verdict.Inconclusive, without.Verdict);
        Assert.Contains("the locale de_DE.UTF-8: its machine has no locale of that language", without.Reason, StringComparison.Ordinal);
        Assert.Contains("-Locale", without.Remedy, StringComparison.Ordinal);
        CryoBackupException e = server.Fail(backup, "locale_target", request => request with { Create = true });
        Assert.Equal(CryoBackupError.ObjectNotFound, e.Error);
        Assert.Contains("Nothing was changed.", e.Message, StringComparison.Ordinal);

        AssertComesBack(backup, "C", "in place of the source's de_DE.UTF-8");
        Assert.Equal("Zebra", server.Scalar("locale_target", "SELECT word FROM word ORDER BY word LIMIT 1"));
        Assert.Equal("Ähre", german.Scalar("words", "SELECT word FROM word ORDER BY word LIMIT 1"));
    }

    /// <summary>Another spelling of what the machine has is nothing to tell.</summary>
    [LocaleFact]
    [UnsupportedOSPlatform("windows")]
    public void TheSameLocaleIsSpelledOtherwise()
    {
        string backup;
        using (PostgresServer german = ForeignLocale.Start(_folder.Path, "de_DE", "de_DE.utf8"))
        {
            german.CreateDatabase("words", $"ENCODING 'UTF8' LOCALE 'de_DE.utf8'{OfLibc(german)}");
            german.Execute("words", Rows);
            backup = Rehearse.BackUp(german, _folder.Path, "words");
        }

        using var other = new TemporaryFolder();
        using PostgresServer target = ForeignLocale.Start(other.Path, "de_DE", "de_DE.UTF-8");
        Assert.Throws<PostgresException>(() => target.CreateDatabase("words", $"ENCODING 'UTF8' LOCALE 'de_DE.utf8'{OfLibc(target)}"));
        RestoreRequest request = Requests.Restore(target.Connection, backup, "words") with { Create = true };
        RestoreResult result = BackupRestorer.Run(request, static _ => { }, CancellationToken.None);
        Assert.Equal(RestoreStatus.Restored, result.Status);
        Assert.Empty(result.Warnings);
        Assert.Equal("de_DE.UTF-8", target.Scalar("postgres", "SELECT datcollate FROM pg_database WHERE datname = 'words'"));
    }

    /// <summary>A database of ICU, where the server has it and where another is wished.</summary>
    [PostgresFact(Since = 15)]
    public void IcuIsReplacedByWhatIsWished()
    {
        try
        {
            server.CreateDatabase("words_icu", "ENCODING 'UTF8' LOCALE 'C' LOCALE_PROVIDER icu ICU_LOCALE 'de'");
            server.Execute("words_icu", Rows);
            string backup = Rehearse.BackUp(server, _folder.Path, "words_icu");
            Assert.Equal(Verdict.Passed, Rehearse.Run(backup).Verdict);
            AssertComesBack(backup, "C", "in place of the source's icu:de");
        }
        finally
        {
            server.Drop("words_icu");
        }
    }

    [PostgresFact]
    public void ALocaleIsOfADatabaseThatIsMade()
    {
        CryoBackupException e = server.Fail("/nowhere", "locale_target", request => request with { Locale = "C" });
        Assert.Equal(CryoBackupError.ConfigurationInvalid, e.Error);
        Assert.Contains("-Create or -Swap", e.Message, StringComparison.Ordinal);
    }

    /// <summary>What the server finds wrong with a wish, it finds before anything is made.</summary>
    [PostgresFact]
    public void AWishThatTheServerLacksIsNamed()
    {
        server.CreateDatabase("words_c", "ENCODING 'UTF8' LOCALE 'C'");
        string backup = Rehearse.BackUp(server, _folder.Path, "words_c");
        CryoBackupException e = server.Fail(backup, "locale_target", request => request with { Create = true, Locale = "xx_YY.UTF-8" });
        Assert.Equal(CryoBackupError.ObjectNotFound, e.Error);
        Assert.Contains("xx_YY.UTF-8: its machine has no locale of that name", e.Message, StringComparison.Ordinal);
        server.Drop("words_c");
    }

    private void AssertComesBack(string backup, string wish, string told)
    {
        VerificationResult rehearsed = Rehearse.Run(backup, request => request with { Locale = wish }, isCreated: true);
        Assert.True(rehearsed.Verdict == Verdict.Passed, rehearsed.Reason);
        Assert.Contains(rehearsed.LeftOut, line => line.Contains(told, StringComparison.Ordinal));

        RestoreResult planned = server.Restore(
            backup,
            "locale_target",
            request => request with { Create = true, Locale = wish, PlanOnly = true }
        );
        Assert.Contains(planned.Warnings, line => line.Contains(told, StringComparison.Ordinal));
        foreach (bool swap in (bool[])[false, true])
        {
            RestoreResult restored = server.Restore(
                backup,
                "locale_target",
                request => request with { Create = !swap, Swap = swap, Locale = wish }
            );
            Assert.Equal(RestoreStatus.Restored, restored.Status);
            Assert.Contains(restored.Warnings, line => line.Contains(told, StringComparison.Ordinal));
            Assert.Equal(wish, server.Scalar("postgres", "SELECT datcollate FROM pg_database WHERE datname = 'locale_target'"));
            if (restored.PreviousDatabase is { } previous)
            {
                NpgsqlConnection.ClearAllPools();
                server.Drop(previous);
            }
        }
    }

    private static string OfLibc(PostgresServer server) => server.Cluster.Major >= 15 ? " LOCALE_PROVIDER libc" : "";
}
