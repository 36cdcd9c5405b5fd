using System.Diagnostics;
using System.Globalization;

namespace CryoBackup.Benchmarks;

/// <summary>Runs lines of bash, timed and untimed. Bash's own <c>time</c> knows the CPU of every process of a pipeline.</summary>
internal static class Shell
{
    private static readonly TimeSpan s_betweenSamples = TimeSpan.FromMilliseconds(20);

    /// <summary>Runs a line and returns what it printed.</summary>
    public static string Do(string line)
    {
        using Process bash = Start(["-c", "set -euo pipefail; " + line], redirectOutput: true);
        string output = bash.StandardOutput.ReadToEnd();
        bash.WaitForExit();
        return bash.ExitCode == 0 ? output.Trim() : throw new InvalidOperationException($"exit code {bash.ExitCode} from: {line}");
    }

    /// <summary>Times a line that must succeed, and samples the memory of its processes.</summary>
    public static (double Wall, double Cpu, long PeakMemory) Time(string line)
    {
        string times = Path.GetTempFileName();
        try
        {
            const string script = "set -euo pipefail; TIMEFORMAT='%3R %3U %3S'; { time { eval \"$1\" 2>&3; }; } 3>&2 2>\"$2\"";
            using Process bash = Start(["-c", script, "bash", line, times], redirectOutput: false);
            long peak = 0;
            do
            {
                peak = Math.Max(peak, ProcessMemory.OfDescendants(bash.Id));
            } while (!bash.WaitForExit(s_betweenSamples));
            if (bash.ExitCode != 0)
            {
                throw new InvalidOperationException($"exit code {bash.ExitCode} from: {line}");
            }
            double[] seconds = [.. File.ReadAllText(times).Split(' ').Select(text => double.Parse(text, CultureInfo.InvariantCulture))];
            return (seconds[0], seconds[1] + seconds[2], peak);
        }
        finally
        {
            File.Delete(times);
        }
    }

    private static Process Start(string[] arguments, bool redirectOutput)
    {
        var start = new ProcessStartInfo("bash", arguments) { RedirectStandardOutput = redirectOutput, UseShellExecute = false };
        // Numbers with a point, whatever the user's locale.
        start.Environment["LC_ALL"] = "C";
        return Process.Start(start)!;
    }
}
