using System.Globalization;
using System.Xml.Linq;
using CryoBackup.Coverage;

// Prints what the tests covered of the engine, and the files below the aim. Ends with 1 if that is less than the floor.
const double LinesAimed = 95, BranchesAimed = 90;
const double LinesFloor = 94.5, BranchesFloor = 90;

// Without a server, age or npm some tests are skipped; with more than these the floor means nothing.
const int SkippedAtMost = 20;

if (args is not [var results, var reasons])
{
    Console.Error.WriteLine("Usage: CryoBackup.Coverage <folder of test results> <coverage.md>");
    return 2;
}

string? report = Directory.Exists(results) ? Directory.EnumerateFiles(results, "*.cobertura.xml", SearchOption.AllDirectories).MaxBy(File.GetLastWriteTimeUtc) : null;
IReadOnlyList<FileCoverage> files = report is null ? [] : FileCoverage.Read(report);
if (files.Count == 0)
{
    Console.WriteLine($"ENGINE COVERAGE WAS NOT MEASURED: the collector of Microsoft.NET.Test.Sdk left no report in {results}.");
    return 0;
}

double lines = Percent(files.Sum(file => file.LinesCovered), files.Sum(file => file.Lines));
double branches = Percent(files.Sum(file => file.BranchesCovered), files.Sum(file => file.Branches));
Print($"engine coverage: lines {lines:F1} %, branches {branches:F1} %");
Print($"Below the aim of {LinesAimed} % and {BranchesAimed} % (why: {reasons}):");
string known = File.ReadAllText(reasons);
foreach (FileCoverage file in files)
{
    double ofLines = Percent(file.LinesCovered, file.Lines), ofBranches = Percent(file.BranchesCovered, file.Branches);
    if (ofLines < LinesAimed || ofBranches < BranchesAimed)
    {
        string missed = file.MissedLines() is { Length: > 0 } numbers ? $" not run: {numbers}" : "";
        string reason = known.Contains($"`{file.Name}`", StringComparison.Ordinal) ? "" : " NO REASON GIVEN";
        Print($"  {file.Name,-44} lines {ofLines,5:F1} %, branches {ofBranches,5:F1} %{missed}{reason}");
    }
}

if (lines >= LinesFloor && branches >= BranchesFloor)
{
    return 0;
}

bool counts = OperatingSystem.IsLinux() && Skipped(results) <= SkippedAtMost;
Print($"ENGINE COVERAGE IS BELOW ITS FLOOR of lines {LinesFloor} %, branches {BranchesFloor} %{(counts ? "." : "; tests were skipped here, so this is no failure.")}");
return counts ? 1 : 0;

static double Percent(int part, int whole) => whole == 0 ? 100 : 100.0 * part / whole;

static void Print(FormattableString text) => Console.WriteLine(FormattableString.Invariant(text));

static int Skipped(string results) => Directory.EnumerateFiles(results, "engine-net10.0.trx").Sum(trx =>
{
    XElement counters = XDocument.Load(trx).Descendants().First(element => element.Name.LocalName == "Counters");
    return Count(counters, "total") - Count(counters, "executed");
});

static int Count(XElement counters, string name) => int.Parse(counters.Attribute(name)!.Value, CultureInfo.InvariantCulture);
