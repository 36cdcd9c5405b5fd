using System.Globalization;
using System.Xml.Linq;

namespace CryoBackup.Coverage;

/// <summary>What the tests ran of one source file.</summary>
internal sealed class FileCoverage(string name)
{
    private readonly SortedDictionary<int, bool> _lines = [];

    /// <summary>Its path within its project, with slashes.</summary>
    public string Name { get; } = name;

    public int Lines => _lines.Count;

    public int LinesCovered => _lines.Values.Count(covered => covered);

    public int Branches { get; private set; }

    public int BranchesCovered { get; private set; }

    /// <summary>Reads a report in Cobertura's format.</summary>
    /// <param name="report">Its file.</param>
    /// <param name="project">The folder of the project whose files it tells of; some reports name them by their path within it.</param>
    /// <returns>Each file once, in order of its name.</returns>
    public static IReadOnlyList<FileCoverage> Read(string report, string project)
    {
        var files = new SortedDictionary<string, FileCoverage>(StringComparer.Ordinal);
        foreach (XElement type in XDocument.Load(report).Descendants("class"))
        {
            string path = type.Attribute("filename")!.Value.Replace('\\', '/');
            int folder = path.LastIndexOf($"/{project}/", StringComparison.Ordinal);
            string name = folder < 0 ? path : path[(folder + project.Length + 2)..];
            if (!files.TryGetValue(name, out FileCoverage? file))
            {
                files.Add(name, file = new FileCoverage(name));
            }

            // The lines below the class are those of its methods once more. A record's copy constructor is the compiler's.
            string copy = $"({type.Attribute("name")!.Value})";
            foreach (
                XElement line in type.Elements("methods")
                    .Elements("method")
                    .Where(method => method.Attribute("name")!.Value != ".ctor" || method.Attribute("signature")!.Value != copy)
                    .Descendants("line")
            )
            {
                file.Add(line);
            }
        }

        return [.. files.Values];
    }

    /// <summary>The lines that no test ran, as 12-14, 20.</summary>
    public string MissedLines()
    {
        var runs = new List<(int First, int Last)>();
        bool missed = false;
        foreach ((int number, bool covered) in _lines)
        {
            // Lines without code do not end a run.
            if (!covered && missed)
            {
                runs[^1] = (runs[^1].First, number);
            }
            else if (!covered)
            {
                runs.Add((number, number));
            }

            missed = !covered;
        }

        return string.Join(", ", runs.Select(run => run.First == run.Last ? $"{run.First}" : $"{run.First}-{run.Last}"));
    }

    // A line holds code of several methods where it holds a lambda: it was run if any of them was; their branches add up.
    private void Add(XElement line)
    {
        int number = int.Parse(line.Attribute("number")!.Value, CultureInfo.InvariantCulture);
        _lines[number] = (_lines.TryGetValue(number, out bool covered) && covered) || line.Attribute("hits")!.Value != "0";

        // As in 75% (3/4).
        if (line.Attribute("condition-coverage")?.Value.Split('(', '/', ')') is [_, var taken, var all, ..])
        {
            BranchesCovered += int.Parse(taken, CultureInfo.InvariantCulture);
            Branches += int.Parse(all, CultureInfo.InvariantCulture);
        }
    }
}
