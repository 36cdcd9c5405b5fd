using System.Globalization;
using CryoBackup.Benchmarks;

// Measures CryoBackup beside pg_dump and pg_restore on the server that PGHOST, PGPORT and PGUSER name; CryoBackup.Scratch gives it one of
// its own.
//   CryoBackup.Benchmarks [--rows N] [--runs N] [--tool PATH] [--shape sample|huge|tables|objects] [--only backup|verification|restore|rehearsal|store]
//                         [--latency MILLISECONDS] [--rate MBYTES] [--picture FILE]
// Latency and rate lay a line before that server: so long is a byte on its way, so many MB a second has each connection.
// The picture is an SVG of the wall times beside those of the stock programs.
long rows = 4_400_000;
int runs = 3;
Shape shape = Shape.Sample;
string? only = null;
string? picture = null;
double latency = 0;
double rate = double.PositiveInfinity;
string tool = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../../tool/cryobackup"));
for (int i = 0; i < args.Length; i++)
{
    string value = i + 1 < args.Length ? args[i + 1] : "";
    bool good = args[i] switch
    {
        "--rows" => long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out rows) && rows >= 1000,
        "--runs" => int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out runs) && runs >= 1,
        "--tool" => File.Exists(tool = value),
        "--shape" => Enum.TryParse(value, ignoreCase: true, out shape) && Enum.IsDefined(shape),
        "--only" => (only = value) is "backup" or "verification" or "restore" or "rehearsal" or "store",
        "--latency" => double.TryParse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out latency),
        "--rate" => double.TryParse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out rate) && rate > 0,
        "--picture" => (picture = value).EndsWith(".svg", StringComparison.Ordinal),
        _ => false,
    };
    if (!good)
    {
        Console.Error.WriteLine(
            $"CryoBackup.Benchmarks: {args[i]} {value} is not understood; it takes --rows N (at least 1000), --runs N, --tool PATH, "
                + "--shape sample|huge|tables|objects, --only backup|verification|restore|rehearsal|store, "
                + "--latency MILLISECONDS, --rate MBYTES, --picture FILE.svg."
        );
        return 2;
    }
    i++;
}

if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable("PGHOST")))
{
    Console.Error.WriteLine("CryoBackup.Benchmarks: PGHOST is not set, and no server is measured by chance. Run: ./build.sh bench");
    return 2;
}

bool isFar = latency > 0 || double.IsFinite(rate);
string folder = Path.GetFullPath($"output/bench/{Environment.ProcessId}");
Directory.CreateDirectory(folder);
string machine = $"{Environment.ProcessorCount} cores, {Shell.Do("pg_dump --version").Trim()}, median of {runs} runs in turn";
try
{
    Console.WriteLine($"{machine}, times of the client's side only");
    if (only == "store")
    {
        using var stores = new StoreSuite(tool, folder);
        SampleData.Create(rows, shape);
        Contender[] contenders = stores.Contenders();
        Report.Print("store", contenders, RunInTurn(contenders), withFloor: false);
        return 0;
    }

    (IReadOnlyDictionary<string, Run> small, long smallSize) = Measure(rows / 10);
    (IReadOnlyDictionary<string, Run> large, long largeSize) = Measure(rows);
    if (picture is not null)
    {
        Draw(picture, large, largeSize);
    }

    if (only is null)
    {
        Report.PrintGrowth(small, large, smallSize, largeSize);
        Report.PrintPromises(small, large);
    }

    return 0;
}
finally
{
    Directory.Delete(folder, recursive: true);
    SampleData.Drop();
}

(IReadOnlyDictionary<string, Run> Medians, long ArchiveSize) Measure(long rowCount)
{
    SampleData.Create(rowCount, shape);
    var suite = new Suite(tool, folder, shape, isFar);
    long size = suite.WritePlainArchive();
    Console.WriteLine();
    Console.WriteLine(
        string.Create(
            CultureInfo.InvariantCulture,
            $"{SampleData.Describe(rowCount, shape)}: {size / 1048576.0:N1} MiB of archive before compression"
        )
    );
    foreach (Contender made in only is null or "backup" ? [] : suite.Backups().Where(contender => contender.Output is not null))
    {
        // What the others read.
        Shell.Do($"{made.Before ?? ":"}; {made.Command}");
    }

    using PostgresLine? line = isFar
        ? new PostgresLine(new LinkQuality(rate * 1e6, TimeSpan.FromMilliseconds(latency), IsShared: false))
        : null;
    var medians = new Dictionary<string, Run>(StringComparer.Ordinal);
    foreach ((string title, Contender[] contenders) in Groups(suite))
    {
        foreach ((string name, Run median) in RunInTurn(contenders))
        {
            medians[name] = median;
        }
        Report.Print(title, contenders, medians, withFloor: title == "backup");
    }
    return (medians, size);
}

IEnumerable<(string Title, Contender[] Contenders)> Groups(Suite suite) =>
    new (string Title, Contender[] Contenders)[]
    {
        ("backup", suite.Backups()),
        ("verification", suite.Verifications()),
        ("restore", suite.Restores()),
        ("rehearsal", suite.Rehearsals()),
    }.Where(group => only is null || group.Title == only);

void Draw(string path, IReadOnlyDictionary<string, Run> medians, long size)
{
    string line = isFar ? $", {latency} ms and {rate} MB/s a connection" : "";
    string what = string.Create(
        CultureInfo.InvariantCulture,
        $"Wall time ÷ stock, {size / 1048576.0:N0} MiB before compression: {SampleData.Describe(rows, shape)}{line}"
    );
    var drawn = new Picture(what, machine);
    foreach ((string title, Contender[] contenders) in Groups(new Suite(tool, folder, shape, isFar)))
    {
        drawn.Draw(title, contenders, medians);
    }

    drawn.Write(path);
}

// One round after the other, each beginning with another contender, so that what the machine does besides falls on all alike.
Dictionary<string, Run> RunInTurn(Contender[] contenders)
{
    Dictionary<string, List<Run>> all = contenders.ToDictionary(contender => contender.Name, _ => new List<Run>(), StringComparer.Ordinal);
    for (int round = 0; round < runs; round++)
    {
        for (int i = 0; i < contenders.Length; i++)
        {
            Contender contender = contenders[(i + round) % contenders.Length];
            // Nobody pays for what the one before left to be written.
            Shell.Do($"{contender.Before ?? ":"}; psql -Xq -d postgres -c CHECKPOINT; sync");
            (double wall, double cpu, long peak) = Shell.Time(contender.Command);
            long size = contender.Output is { } output
                ? long.Parse(Shell.Do($"du -cb {output} | tail -n 1 | cut -f 1"), CultureInfo.InvariantCulture)
                : 0;
            Shell.Do(contender.After ?? ":");
            all[contender.Name].Add(new Run(wall, cpu, peak, size));
        }
    }
    return all.ToDictionary(pair => pair.Key, pair => Median(pair.Value), StringComparer.Ordinal);
}

// By wall time; the memory is the highest of all runs, because a peak that shows only sometimes is still needed.
static Run Median(List<Run> runs) =>
    runs.OrderBy(run => run.Wall).ElementAt((runs.Count - 1) / 2) with
    {
        PeakMemory = runs.Max(run => run.PeakMemory),
    };
