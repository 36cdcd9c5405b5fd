using System.Globalization;
using CryoBackup.Storage;

namespace CryoBackup.Tests.Encryption;

/// <summary>age killed in mid-stream, on Linux, which shows processes as files. Its processes are found by the paths in their arguments,
/// so only ours are hit.</summary>
[Collection("rehearsed and encrypted")]
[Trait("Runs", "Once")]
public sealed class EndedAgeTests(PostgresServer server) : IDisposable
{
    private const string Source = "sealed_large";
    private const string Target = "sealed_half";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [AgeServerFact(LinuxOnly = true)]
    public async Task AtBackupNothingIsPublished()
    {
        (string identity, string recipient) = KeyPairs.Make(_folder, "age");
        MakeLarge();
        string folder = Path.Combine(_folder.Path, "backups");

        // The trial run before the backup has ended once there is something in the partial file.
        Task<string?> killer = Task.Run(() =>
            Kill(
                () => Directory.Exists(folder) && Directory.GetFiles(folder, "*.partial").Any(file => new FileInfo(file).Length > 0),
                arguments =>
                    arguments.Split('\0') is [.., "-e", "-R", var recipients, ""]
                    && File.ReadAllText(recipients).Contains(recipient, StringComparison.Ordinal)
            )
        );
        CryoBackupException error = Assert.Throws<CryoBackupException>(() => EncryptedBackup.New(server, Source, folder, [recipient]));
        string? arguments = await killer;
        Assert.Equal(CryoBackupError.DumpFailed, error.Error);
        Assert.Contains("age, which encrypts", error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(folder));
        Assert.Equal(
            0L,
            server.Scalar(
                "postgres",
                $"SELECT count(*) FROM pg_stat_activity WHERE datname = '{Source}' AND application_name LIKE 'CryoBackup %-%'"
            )
        );

        // Public keys go by a file, too.
        Assert.DoesNotContain(recipient, arguments, StringComparison.Ordinal);
        Assert.NotEqual("", identity);
    }

    [AgeServerFact(LinuxOnly = true)]
    public async Task AtRestoreTheStateOfTheTargetIsTold()
    {
        (string identity, string recipient) = KeyPairs.Make(_folder, "age");
        MakeLarge();
        string path = EncryptedBackup.New(server, Source, _folder.Path, [recipient]).Path;
        bool created = false;
        var texts = new List<string>();
        Task<string?> killer = Task.Run(() =>
            Kill(() => Volatile.Read(ref created), arguments => arguments.Contains(identity, StringComparison.Ordinal))
        );
        CryoBackupException error = Assert.Throws<CryoBackupException>(() =>
            EncryptedBackup.Restore(
                server,
                path,
                Target,
                [identity],
                jobs: 1,
                observer: message =>
                {
                    if (message is VerboseMessage verbose)
                    {
                        texts.Add(verbose.Text);
                        Volatile.Write(ref created, created || verbose.Text.StartsWith("Created the database", StringComparison.Ordinal));
                    }
                }
            )
        );
        string? arguments = await killer;
        Assert.Equal(CryoBackupError.RestoreFailed, error.Error);
        Assert.Contains("age, which decrypts", error.Message, StringComparison.Ordinal);
        Assert.Contains("dropped again", error.Message, StringComparison.Ordinal);
        Assert.Null(server.Scalar("postgres", $"SELECT 1 FROM pg_database WHERE datname = '{Target}'"));

        // The identity's path may be seen, itself never.
        string secret = File.ReadAllLines(identity).Single(line => line.StartsWith("AGE-SECRET-KEY-", StringComparison.Ordinal));
        Assert.Contains(identity, arguments, StringComparison.Ordinal);
        Assert.DoesNotContain(secret, arguments + string.Concat(texts) + error, StringComparison.Ordinal);
        Assert.DoesNotContain(secret, File.ReadAllText(path + BackupFileName.ManifestSuffix), StringComparison.Ordinal);
    }

    [AgeServerFact(LinuxOnly = true)]
    public async Task AtTestItSaysNothingOfTheBackup()
    {
        (string identity, string recipient) = KeyPairs.Make(_folder, "age");
        MakeLarge();
        string path = EncryptedBackup.New(server, Source, _folder.Path, [recipient]).Path;
        Task<string?> killer = Task.Run(() => Kill(() => true, arguments => arguments.Contains(identity, StringComparison.Ordinal)));
        VerificationResult result = EncryptedBackup.Test(path, VerificationLevel.Content, identity);
        await killer;
        Assert.True(result.Verdict == Verdict.Inconclusive, result.Reason);
        Assert.Contains("ended from outside", result.Reason, StringComparison.Ordinal);
        Assert.Equal(Verdict.Passed, EncryptedBackup.Test(path, VerificationLevel.Content, identity).Verdict);
    }

    /// <summary>Large enough to be met in its middle; once for all.</summary>
    private void MakeLarge()
    {
        if (server.Scalar("postgres", $"SELECT 1 FROM pg_database WHERE datname = '{Source}'") is null)
        {
            EncryptedBackup.MakeSample(server, Source, 400_000);
        }
    }

    /// <summary>Waits until it may, then kills the first age among this process's own children whose
    /// arguments are the ones meant.</summary>
    /// <returns>Its arguments, each ended by a zero; null if none came.</returns>
    private static string? Kill(Func<bool> may, Func<string, bool> meant)
    {
        string parent = string.Create(CultureInfo.InvariantCulture, $"\nPPid:\t{Environment.ProcessId}\n");
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (!patience.IsCancellationRequested)
        {
            foreach (string folder in may() ? Directory.GetDirectories("/proc", "*") : [])
            {
                string name = Path.GetFileName(folder);
                try
                {
                    if (
                        !char.IsAsciiDigit(name[0])
                        || File.ReadAllText(folder + "/comm") != "age\n"
                        || !File.ReadAllText(folder + "/status").Contains(parent, StringComparison.Ordinal)
                    )
                    {
                        continue;
                    }

                    string arguments = File.ReadAllText(folder + "/cmdline");
                    if (meant(arguments))
                    {
                        KeyPairs.Sh($"kill -9 {name}");
                        return arguments;
                    }
                }
                catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
                {
                    // It ended while we looked.
                }
            }
        }

        return null;
    }
}
