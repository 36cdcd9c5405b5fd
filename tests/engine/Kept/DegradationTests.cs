using CryoBackup.Backup;
using CryoBackup.Retention;
using CryoBackup.Storage;

namespace CryoBackup.Tests.Kept;

/// <summary>A backup that holds suspiciously less than the one before is kept, marked and told of.</summary>
[Collection("postgres")]
public sealed class DegradationTests(PostgresServer server) : IDisposable
{
    private const string Database = "shrinking";
    private const string Content = """
        CREATE TABLE big AS SELECT i AS id, repeat('x', 20) AS words FROM generate_series(1, 4000) AS i;
        CREATE TABLE small AS SELECT i AS id FROM generate_series(1, 900) AS i;
        """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [PostgresFact]
    public void ItIsKeptMarkedAndFreezes()
    {
        server.CreateDatabase(Database);
        server.Execute(Database, Content);
        BackupInfo first = Make();
        Assert.Empty(first.Degraded);

        // What is within bounds, and small tables, are no cause.
        server.Execute(Database, "DELETE FROM big WHERE id <= 1500; DELETE FROM small;");
        BackupInfo second = Make();
        Assert.Empty(second.Degraded);

        server.Execute(Database, "DELETE FROM big WHERE id <= 3500; DROP TABLE small;");
        BackupInfo third = Make(request => request with { Retention = new() { KeepLast = 1 } });
        Assert.Equal(
            ["table public.big fell from 2500 to 500 rows", "table public.small (0 rows) is gone"],
            third.Degraded.Order(StringComparer.Ordinal)
        );
        Assert.Contains(
            third.Warnings,
            warning => warning.Contains("is degraded", StringComparison.Ordinal) && warning.Contains("public.big", StringComparison.Ordinal)
        );
        Assert.Contains(third.Warnings, warning => warning.Contains("frozen", StringComparison.Ordinal));
        Assert.Empty(third.Removed);
        Assert.True(File.Exists(first.Path) && File.Exists(second.Path) && File.Exists(third.Path));
        Assert.NotNull(BackupManifest.Read(third.ManifestPath).Degraded);

        // The next is compared with the last good one, not with the degraded one.
        BackupInfo fourth = Make();
        Assert.Equal(2, fourth.Degraded.Length);

        // Meant, and then the measure of what follows.
        BackupInfo meant = Make(request =>
            request with
            {
                MaxShrink = 100,
                Retention = new() { KeepLast = 1 },
            }
        );
        Assert.Empty(meant.Degraded);
        Assert.Equal([first.Path, second.Path], meant.Removed);
        Assert.Empty(Make().Degraded);
    }

    [Fact]
    public void AnEncryptedOneIsComparedByItsSize()
    {
        BackupManifest before = new() { UncompressedBytes = 4 << 20 };
        Assert.Empty(Degradation.Find(new() { UncompressedBytes = 2 << 20 }, before, 50));
        Assert.Single(Degradation.Find(new() { UncompressedBytes = (2 << 20) - 1, Tables = [] }, before, 50));
        Assert.Empty(Degradation.Find(new() { UncompressedBytes = 0 }, before, 100));
        Assert.Empty(Degradation.Find(new() { UncompressedBytes = 0 }, new() { UncompressedBytes = 4711 }, 50));
    }

    [Fact]
    public void BytesOfATableCountToo()
    {
        static BackupManifest Of(long rows, long bytes) =>
            new()
            {
                Tables =
                [
                    new()
                    {
                        Schema = "public",
                        Name = "t",
                        Rows = rows,
                        Bytes = bytes,
                    },
                ],
            };

        Assert.Empty(Degradation.Find(Of(2000, 50_000), Of(2000, 100_000), 50));
        Assert.Contains("fell from", Assert.Single(Degradation.Find(Of(2000, 49_999), Of(2000, 100_000), 50)), StringComparison.Ordinal);
        Assert.Empty(Degradation.Find(Of(1000, 1), Of(1000, 100_000), 50));
        Assert.Empty(Degradation.Find(Of(0, 0), Of(1000, 100_000), 50));
        Assert.Single(Degradation.Find(Of(0, 0), Of(1001, 100_000), 50));
        Assert.Single(Degradation.Find(Of(1980, 99_000), Of(2001, 100_000), 1));
    }

    private BackupInfo Make(Func<BackupRequest, BackupRequest>? change = null)
    {
        BackupRequest request = Requests.Backup(server.Connection, Database, _folder.Path);
        return BackupWriter.Run(change?.Invoke(request) ?? request, static _ => { }, CancellationToken.None);
    }
}
