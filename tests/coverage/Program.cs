using System.Globalization;
using System.Xml.Linq;
using CryoBackup.Coverage;

// Prints what the tests covered of the engine and of the cmdlets, and the files below the aim. Ends with 1 if that is less than the floor.
const double LinesAimed = 95,
    BranchesAimed = 90;

// Without a server, age or npm some tests are skipped; with more than these the floor means nothing.
const int SkippedAtMost = 20;

// The cmdlets run in PowerShell, in the tests of the module.
const string ModuleReport = "module.cobertura.xml";

if (args is not [var results, var reasons])
{
    Console.Error.WriteLine("Usage: CryoBackup.Coverage <folder of test results> <coverage.md>");
    return 2;
}

string known = File.ReadAllText(reasons);
string[] reports = Directory.Exists(results) ? Directory.GetFiles(results, "*.cobertura.xml", SearchOption.AllDirectories) : [];
ILookup<bool, string> ofModule = reports.ToLookup(file => Path.GetFileName(file) == ModuleReport);
bool engine = Measure(
    "engine",
    "CryoBackup.Engine",
    ofModule[false].MaxBy(File.GetLastWriteTimeUtc),
    linesFloor: 93.8,
    branchesFloor: 89.3
);
bool cmdlets = Measure("cmdlets", "CryoBackup", ofModule[true].FirstOrDefault(), linesFloor: 91, branchesFloor: 82);
return engine && cmdlets ? 0 : 1;

bool Measure(string what, string project, string? report, double linesFloor, double branchesFloor)
{
    IReadOnlyList<FileCoverage> files = report is null ? [] : FileCoverage.Read(report, project);
    if (files.Count == 0)
    {
        Console.WriteLine($"{what.ToUpperInvariant()} COVERAGE WAS NOT MEASURED: there is no report of it in {results}.");
        return true;
    }

    double lines = Percent(files.Sum(file => file.LinesCovered), files.Sum(file => file.Lines));
    double branches = Percent(files.Sum(file => file.BranchesCovered), files.Sum(file => file.Branches));
    Print($"{what} coverage: lines {lines:F1} %, branches {branches:F1} %");
    Print($"Below the aim of {LinesAimed} % and {BranchesAimed} % (why: {reasons}):");
    foreach (FileCoverage file in files)
    {
        double ofLines = Percent(file.LinesCovered, file.Lines),
            ofBranches = Percent(file.BranchesCovered, file.Branches);
        if (ofLines < LinesAimed || ofBranches < BranchesAimed)
        {
            string missed = file.MissedLines() is { Length: > 0 } numbers ? $" not run: {numbers}" : "";
            string reason = known.Contains($"`{file.Name}`", StringComparison.Ordinal) ? "" : " NO REASON GIVEN";
            Print($"  {file.Name, -44} lines {ofLines, 5:F1} %, branches {ofBranches, 5:F1} %{missed}{reason}");
        }
    }

    if (lines >= linesFloor && branches >= branchesFloor)
    {
        return true;
    }

    bool counts = OperatingSystem.IsLinux() && Skipped(results) <= SkippedAtMost;
    string consequence = counts ? "." : "; but tests were skipped, or this is not Linux: no failure.";
    Print($"{what.ToUpperInvariant()} COVERAGE IS BELOW ITS FLOOR of lines {linesFloor} %, branches {branchesFloor} %{consequence}");
    return !counts;
}

static double Percent(int part, int whole) => whole == 0 ? 100 : 100.0 * part / whole;

static void Print(FormattableString text) => Console.WriteLine(FormattableString.Invariant(text));

static int Skipped(string results) =>
    Directory
        .EnumerateFiles(results, "engine-net10.0.trx")
        .Sum(trx =>
        {
            XElement counters = XDocument.Load(trx).Descendants().First(element => element.Name.LocalName == "Counters");
            return Count(counters, "total") - Count(counters, "executed");
        });

static int Count(XElement counters, string name) => int.Parse(counters.Attribute(name)!.Value, CultureInfo.InvariantCulture);
