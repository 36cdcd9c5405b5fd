using System.Globalization;
using System.Xml.Linq;

namespace CryoBackup.Tests.Standalone;

/// <summary>What the tests found, and the TRX that tells it.</summary>
internal sealed class RunResults
{
    private readonly List<(string Name, string Outcome, TimeSpan Duration, string? Message)> _results = [];
    private readonly object _lock = new();

    /// <summary>How many failed.</summary>
    public int Failed => Count("Failed");

    /// <summary>Adds a test's.</summary>
    /// <param name="name">The test.</param>
    /// <param name="outcome">Passed, Failed or NotExecuted.</param>
    /// <param name="duration">How long it took.</param>
    /// <param name="message">Why it failed or was not executed.</param>
    public void Add(string name, string outcome, TimeSpan duration, string? message)
    {
        lock (_lock)
        {
            _results.Add((name, outcome, duration, message));
        }
    }

    /// <summary>Writes the report.</summary>
    public void Write(string path)
    {
        XNamespace trx = "http://microsoft.com/schemas/VisualStudio/TeamTest/2010";
        lock (_lock)
        {
            int skipped = Count("NotExecuted");
            new XDocument(
                new XElement(
                    trx + "TestRun",
                    new XElement(trx + "Results", _results.Select(one => Result(trx, one))),
                    new XElement(
                        trx + "ResultSummary",
                        new XAttribute("outcome", Failed == 0 ? "Completed" : "Failed"),
                        new XElement(
                            trx + "Counters",
                            new XAttribute("total", _results.Count),
                            new XAttribute("executed", _results.Count - skipped),
                            new XAttribute("passed", Count("Passed")),
                            new XAttribute("failed", Failed)
                        )
                    )
                )
            ).Save(path);
        }
    }

    private int Count(string outcome) => _results.Count(one => one.Outcome == outcome);

    private static XElement Result(XNamespace trx, (string Name, string Outcome, TimeSpan Duration, string? Message) one) =>
        new(
            trx + "UnitTestResult",
            new XAttribute("testName", Printable(one.Name)),
            new XAttribute("outcome", one.Outcome),
            new XAttribute("duration", one.Duration.ToString("c", CultureInfo.InvariantCulture)),
            one.Message is null
                ? null
                : new XElement(trx + "Output", new XElement(trx + "ErrorInfo", new XElement(trx + "Message", Printable(one.Message))))
        );

    // XML takes few control characters and no half of a pair.
    private static string Printable(string text) =>
        string.Concat(
            text.EnumerateRunes()
                .Select(rune =>
                    rune.Value < 32 && rune.Value is not (9 or 10 or 13) || rune.Value is 0xFFFE or 0xFFFF ? "?" : rune.ToString()
                )
        );
}
