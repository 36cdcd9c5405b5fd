using System.Globalization;

namespace CryoBackup.Benchmarks;

/// <summary>The medians as tables of Markdown.</summary>
internal static class Report
{
    public static void Print(string title, IReadOnlyList<Contender> contenders, IReadOnlyDictionary<string, Run> medians, bool withFloor)
    {
        Console.WriteLine();
        Console.WriteLine($"| {title} | wall s | CPU s | peak MiB | size MiB |{(withFloor ? " ÷ floor |" : "")} ÷ stock |");
        Console.WriteLine($"|---|--:|--:|--:|--:|{(withFloor ? "--:|" : "")}--:|");
        foreach (Contender contender in contenders)
        {
            Run run = medians[contender.Name];
            string floor = withFloor ? $" {Number(run.Wall / medians[Suite.Floor].Wall)} |" : "";
            string stock = contender.Rival is { } rival ? Number(run.Wall / medians[rival].Wall) : "";
            Console.WriteLine(
                $"| {Cell(contender.Name)} | {Number(run.Wall)} | {Number(run.Cpu)} | {MiB(run.PeakMemory)} | "
                    + $"{(run.Size > 0 ? MiB(run.Size) : "")} |{floor} {stock} |"
            );
        }
    }

    public static void PrintGrowth(
        IReadOnlyDictionary<string, Run> small,
        IReadOnlyDictionary<string, Run> large,
        long smallSize,
        long largeSize
    )
    {
        Console.WriteLine();
        Console.WriteLine(
            $"| growth, archive × {Number((double)largeSize / smallSize)} | wall × | CPU × | peak MiB small | peak MiB large |"
        );
        Console.WriteLine("|---|--:|--:|--:|--:|");
        foreach ((string name, Run run) in large)
        {
            Run before = small[name];
            Console.WriteLine(
                $"| {Cell(name)} | {Number(run.Wall / before.Wall)} | {Number(run.Cpu / before.Cpu)} | {MiB(before.PeakMemory)} | "
                    + $"{MiB(run.PeakMemory)} |"
            );
        }
    }

    /// <summary>What the project promises of itself, beside what was measured. Times are judged by people, not by an exit code.</summary>
    public static void PrintPromises(IReadOnlyDictionary<string, Run> small, IReadOnlyDictionary<string, Run> large)
    {
        Run made = large[Suite.New];
        Run stock = large[Suite.Dump];
        string[] names =
        [
            Suite.New,
            Suite.Test,
            Suite.Restore(1),
            Suite.Restore(2),
            Suite.NewEncrypted,
            Suite.TestEncrypted,
            Suite.RestoreEncrypted,
        ];
        Run[] ours = [.. names.Select(name => large[name])];
        Run[] oursSmall = [.. names.Select(name => small[name])];
        Console.WriteLine();
        Console.WriteLine("| promise | limit | measured | |");
        Console.WriteLine("|---|--:|--:|---|");
        Promise("new ÷ floor, wall", 1.25, made.Wall / large[Suite.Floor].Wall);
        Promise("new ÷ pg_dump -Fc, wall", 0.40, made.Wall / stock.Wall);
        Promise("new ÷ pg_dump -Fc, size", 1.15, (double)made.Size / stock.Size);
        Promise("new encrypted ÷ new, wall", 1.15, large[Suite.NewEncrypted].Wall / made.Wall);
        Promise("test ÷ gunzip -t, wall", 0.5, large[Suite.Test].Wall / large[Suite.Gunzip].Wall);
        foreach (int jobs in new[] { 1, 2 })
        {
            Promise(
                $"restore ÷ pg_restore, --jobs {jobs}, wall",
                1.05,
                large[Suite.Restore(jobs)].Wall / large[Suite.PgRestore(jobs)].Wall
            );
        }
        Promise("rehearsal ÷ pg_restore -j2, wall", 1.3, large[Suite.Rehearsal].Wall / large[Suite.PgRestore(2)].Wall);
        Promise("peak memory, MiB", 200, ours.Max(run => run.PeakMemory) / 1048576.0);
        Promise("peak memory, large ÷ small", 1.1, ours.Zip(oursSmall, (big, little) => (double)big.PeakMemory / little.PeakMemory).Max());
    }

    private static void Promise(string what, double limit, double measured) =>
        Console.WriteLine($"| {what} | {Number(limit)} | {Number(measured)} | {(measured <= limit ? "kept" : "NOT KEPT")} |");

    private static string Cell(string name) => name.Replace("|", "\\|", StringComparison.Ordinal);

    private static string Number(double value) => value.ToString("0.00", CultureInfo.InvariantCulture);

    private static string MiB(long bytes) => (bytes / 1048576.0).ToString("0.0", CultureInfo.InvariantCulture);
}
