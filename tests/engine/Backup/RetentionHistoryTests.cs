using System.Globalization;
using CryoBackup.Storage;

namespace CryoBackup.Tests.Backup;

/// <summary>
/// Retention against a model of its own: two servers of one name share a folder, the clock jumps and stands, runs pause for months, some
/// backups are of a selection, some unproven, some lose their file. Whatever happens, what the promise names stays.
/// </summary>
[Trait("Runs", "Once")]
public sealed class RetentionHistoryTests : IDisposable
{
    private static readonly string[] Servers = ["7000", "7001"];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void NothingPromisedIsEverLost()
    {
        int removed = 0;
        for (int seed = 0; seed < Thoroughness.Of(40, 1000); seed++)
        {
            removed += Live(
                new Random(seed),
                Directory.CreateDirectory(Path.Combine(_folder.Path, seed.ToString(CultureInfo.InvariantCulture))).FullName,
                seed
            );
        }

        // A retention that removes nothing would hold every promise.
        Assert.True(removed > 100, $"Only {removed} were removed.");
    }

    private static int Live(Random random, string folder, int seed)
    {
        var model = new List<Made>();
        DateTime clock = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        int days = random.Next(1, 10);
        int removedInAll = 0;
        for (int run = 0; run < 40; run++)
        {
            clock = Tick(random, clock);
            while (model.Exists(one => one.Start == clock))
            {
                clock = clock.AddSeconds(1);
            }

            var made = new Made(
                Path.Combine(folder, $"app_{clock:yyyyMMdd_HHmmss}_full.dump.gz"),
                clock,
                Servers[random.Next(4) == 0 ? 1 : 0],
                IsPartial: random.Next(8) == 0,
                IsProven: random.Next(5) > 0
            );
            BackupManifest manifest = Write(made);
            model.Add(made);

            // A backup's file may be lost: its manifest alone is no backup, and counts for none.
            if (random.Next(15) == 0)
            {
                Made lost = model[random.Next(model.Count)];
                if (lost != made)
                {
                    File.Delete(lost.Path);
                    model.Remove(lost);
                }
            }

            BackupInfo info = BackupCatalog.ToInfo(manifest, made.Path, made.Path + BackupFileName.ManifestSuffix);
            HashSet<string> removed = [.. Retention.Apply(info, manifest, days, static _ => { })];
            string where = $"seed {seed}, run {run}";
            Check(model, made, removed, days, where);
            model.RemoveAll(one => removed.Contains(one.Path));
            Assert.All(
                model,
                one =>
                    Assert.True(File.Exists(one.Path) && File.Exists(one.Path + BackupFileName.ManifestSuffix), $"{where}: {one} is gone.")
            );
            Assert.All(
                removed,
                path =>
                    Assert.False(
                        File.Exists(path) || File.Exists(path + BackupFileName.ManifestSuffix),
                        $"{where}: {path} is told to be gone."
                    )
            );
            removedInAll += removed.Count;
        }

        return removedInAll;
    }

    private static DateTime Tick(Random random, DateTime clock) =>
        clock
        + random.Next(20) switch
        {
            0 => TimeSpan.FromDays(random.Next(30, 400)),
            1 => TimeSpan.FromDays(-random.Next(1, 400)),
            2 => TimeSpan.FromDays(4000),
            3 => TimeSpan.FromDays(-4000),
            4 => TimeSpan.Zero,
            5 => TimeSpan.FromHours(-3),
            _ => TimeSpan.FromHours(random.Next(1, 48)),
        };

    /// <summary>The promises, each in its own words.</summary>
    private static void Check(List<Made> before, Made made, HashSet<string> removed, int days, string where)
    {
        Assert.DoesNotContain(made.Path, removed);
        Assert.True(removed.IsSubsetOf(before.Select(one => one.Path)), $"{where}: something was removed that nobody made.");
        Assert.DoesNotContain(before, one => removed.Contains(one.Path) && (one.Server != made.Server || one.IsPartial));
        Assert.False(made.IsPartial && removed.Count > 0, $"{where}: a partial backup replaced another.");
        List<Made> group = [.. before.Where(one => one.Server == made.Server && !one.IsPartial)];
        group.Sort((one, other) => other.Start.CompareTo(one.Start));
        for (int i = 0; i < Math.Min(3, group.Count); i++)
        {
            Assert.False(removed.Contains(group[i].Path), $"{where}: {group[i]} is the {i + 1}. newest.");
        }

        int proven = group.FindIndex(one => one.IsProven);
        Assert.False(proven >= 0 && removed.Contains(group[proven].Path), $"{where}: the newest proven is gone.");

        // None that is young beside what lay there before.
        DateTime newest = group.Where(one => one != made).Select(one => one.Start).DefaultIfEmpty(made.Start).Max();
        Assert.DoesNotContain(group, one => removed.Contains(one.Path) && newest - one.Start <= TimeSpan.FromDays(days));
    }

    private static BackupManifest Write(Made made)
    {
        var manifest = new BackupManifest
        {
            Timestamp = made.Start.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
            Database = "app",
            BackupType = made.IsPartial ? "partial" : "full",
            BackupFile = Path.GetFileName(made.Path),
            SizeBytes = 1,
            Host = "localhost",
            Port = 5432,
            SchemaVersion = 1,
            Sha256 = new string('a', 64),
            Server = new() { SystemIdentifier = made.Server },
            RowsCounted = made.IsProven,
            ManifestSha256 = new string('0', 64),
        };
        File.WriteAllText(made.Path, "x");
        File.WriteAllBytes(made.Path + BackupFileName.ManifestSuffix, manifest.Serialize());
        return manifest;
    }

    private sealed record Made(string Path, DateTime Start, string Server, bool IsPartial, bool IsProven);
}
