namespace CryoBackup.Benchmarks;

/// <summary>One way to do the work, as a line for bash.</summary>
/// <param name="Name">How the table calls it.</param>
/// <param name="Command">What is timed.</param>
/// <param name="Rival">The name of the stock contender that it is compared with; null for the rival itself.</param>
/// <param name="Before">What prepares a run, untimed.</param>
/// <param name="After">What checks the run and cleans up, untimed.</param>
/// <param name="Output">The file or folder whose size counts, as a pattern of the shell; null where nothing is written.</param>
internal sealed record Contender(
    string Name,
    string Command,
    string? Rival = null,
    string? Before = null,
    string? After = null,
    string? Output = null
);

/// <summary>What one run cost.</summary>
/// <param name="Wall">Seconds from start to end.</param>
/// <param name="Cpu">Seconds of user and system time of all processes of the contender; the server's are not counted.</param>
/// <param name="PeakMemory">Bytes: the highest sum of the processes' resident set sizes seen at any sample,
/// pages that they share counted for each.</param>
/// <param name="Size">Bytes written; 0 where nothing is.</param>
internal sealed record Run(double Wall, double Cpu, long PeakMemory, long Size);
