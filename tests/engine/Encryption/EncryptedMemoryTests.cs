using System.Diagnostics;
using System.Globalization;

namespace CryoBackup.Tests.Encryption;

/// <summary>The memory that the tool takes for encrypted backups does not grow with them.</summary>
[Collection("rehearsed and encrypted")]
[Trait("Runs", "Once")]
public sealed class EncryptedMemoryTests(PostgresServer server) : IDisposable
{
    private const string Target = "sealed_memory_target";
    private const int SmallRows = 12_000;
    private const int LargeRows = 60_000;
    private const long RowBytes = 50 * 32;
    private const long HeapLimit = 24 << 20;
    private static readonly string Tool = Path.Combine(AppContext.BaseDirectory, "../../../../tool/cryobackup");
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [AgeServerFact(LinuxOnly = true)]
    [Trait("Speed", "Slow")] // memory shows only over databases that are much larger than it
    public void IsAsFlatAsWithoutEncryption()
    {
        (string identity, string recipient) = KeyPairs.Make(_folder, "age");
        (long smallFile, long[] small) = Measure("sealed_memory_small", SmallRows, identity, recipient);
        (long largeFile, long[] large) = Measure("sealed_memory_large", LargeRows, identity, recipient);
        // The runtime's own heap is held below half of the large file; what is beside it may not grow by half of what more flows by.
        Assert.InRange(largeFile, 2 * HeapLimit, long.MaxValue);
        long limit = (LargeRows - SmallRows) * RowBytes / 2;
        Assert.All(
            small.Zip(large),
            pair =>
                Assert.True(
                    pair.Second - pair.First < limit,
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"Peaks in bytes of new, test, restore: {string.Join(", ", small)} for {smallFile}, "
                            + $"{string.Join(", ", large)} for {largeFile}."
                    )
                )
        );
    }

    /// <summary>The file's size, and the peaks of New, Test and Restore.</summary>
    private (long File, long[] Peaks) Measure(string database, int rows, string identity, string recipient)
    {
        server.CreateDatabase(database);
        server.Execute(
            database,
            $"CREATE TABLE t AS SELECT n, (SELECT string_agg(md5((n * 50 + i)::text), '') FROM generate_series(1, 50) i) "
                + $"AS words FROM generate_series(1, {rows}) n"
        );
        string folder = Path.Combine(_folder.Path, database);
        long made = PeakOf("new", database, "--path", folder, "--recipient", recipient);
        string file = Assert.Single(Directory.GetFiles(folder, "*.age"));
        long tested = PeakOf("test", file, "--identity", identity);
        server.Execute("postgres", $"DROP DATABASE IF EXISTS {Target} WITH (FORCE)");
        long restored = PeakOf("restore", file, "--target-database", Target, "--create", "--jobs", "1", "--identity", identity);
        Assert.Equal((long)rows, server.Scalar(Target, "SELECT count(*) FROM t"));
        server.Execute("postgres", $"DROP DATABASE {Target} WITH (FORCE)");
        server.Execute("postgres", $"DROP DATABASE {database} WITH (FORCE)");
        return (new FileInfo(file).Length, [made, tested, restored]);
    }

    /// <summary>The most bytes that the tool itself had in memory, which the kernel keeps count of until it ends.</summary>
    private long PeakOf(params string[] arguments)
    {
        var start = new ProcessStartInfo(Tool, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["PGHOST"] = server.Connection.ComputerName;
        start.Environment["PGPORT"] = server.Endpoint.Port.ToString(CultureInfo.InvariantCulture);
        start.Environment["PGUSER"] = server.Connection.UserName;
        start.Environment["PGPASSWORD"] = server.Connection.Password;
        start.Environment["DOTNET_GCHeapHardLimit"] = HeapLimit.ToString("x", CultureInfo.InvariantCulture);
        // Garbage that nobody needed to collect yet is not what is asked for.
        start.Environment["DOTNET_GCgen0size"] = "400000";
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        long peak = 0;
        do
        {
            peak = Math.Max(peak, HighWaterMark(process.Id));
        } while (!process.WaitForExit(TimeSpan.FromMilliseconds(10)));
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"cryobackup {string.Join(' ', arguments)}: {output.Result}\n{errors.Result}");
        Assert.InRange(peak, 1, long.MaxValue);
        return peak;
    }

    private static long HighWaterMark(int process)
    {
        try
        {
            string? line = File.ReadLines($"/proc/{process}/status")
                .FirstOrDefault(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
            return line is null
                ? 0
                : 1024 * long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            // It has just ended.
            return 0;
        }
    }
}
