using System.Globalization;
using System.Runtime.InteropServices;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace CryoBackup.Tests.Standalone;

/// <summary>Runs the tests in this process alone, where no SDK with a test host is: the program that tests/windows runs in Wine.</summary>
/// <remarks>
/// A test or class with <c>[Trait("Wine", "why")]</c> fails there for a reason that is Wine's and not ours; it is skipped there, for that reason.
/// </remarks>
internal static class StandaloneRun
{
    /// <summary>Runs what is chosen.</summary>
    /// <param name="report">The file that takes the results, as TRX.</param>
    /// <param name="minutes">After so many minutes what still runs has failed.</param>
    /// <param name="choice">Parts of full names, of which one must occur, and traits as NAME=VALUE; with ! before it, what must not be.</param>
    /// <returns>0 if all passed.</returns>
    public static int Run(string report, string minutes, string[] choice)
    {
        // Each of the tests' servers waits for clients on a thread there (WineSockets), and some wait for the test.
        ThreadPool.SetMinThreads(64, 64);
        using var framework = new XunitTestFramework(new Xunit.Sdk.NullMessageSink());
        IAssemblyInfo assembly = Reflector.Wrap(typeof(StandaloneRun).Assembly);
        using ITestFrameworkDiscoverer discoverer = framework.GetDiscoverer(assembly);
        using var found = new DiscoveredCases();
        discoverer.Find(includeSourceInformation: false, found, new RunOptions());
        found.Finished.WaitOne();

        var results = new RunResults();
        var cases = new List<ITestCase>();
        foreach (ITestCase one in found.Cases.Where(one => IsChosen(one, choice)))
        {
            if (IsWine && one.Traits.TryGetValue(WineLimits.Trait, out List<string>? reasons))
            {
                results.Add(one.DisplayName, "NotExecuted", TimeSpan.Zero, "Wine: " + reasons[0]);
            }
            else
            {
                cases.Add(one);
            }
        }

        using ITestFrameworkExecutor executor = framework.GetExecutor(typeof(StandaloneRun).Assembly.GetName());
        using var sink = new RunSink(results);
        AppDomain.CurrentDomain.UnhandledException += (_, fault) =>
        {
            sink.FailUnfinished($"It ran when the process ended of {fault.ExceptionObject}");
            results.Write(report);
        };
        executor.RunTests(cases, sink, new RunOptions());
        if (!sink.Finished.WaitOne(TimeSpan.FromMinutes(int.Parse(minutes, CultureInfo.InvariantCulture))))
        {
            sink.FailUnfinished($"It had not ended when the run's {minutes} minutes were over.");
        }

        results.Write(report);
        int exitCode = results.Failed == 0 ? 0 : 1;
        // What a test that did not end has started may keep the process.
        Environment.Exit(exitCode);
        return exitCode;
    }

    /// <summary>True where what looks like Windows is Wine.</summary>
    internal static bool IsWine { get; } =
        OperatingSystem.IsWindows() && NativeLibrary.TryGetExport(NativeLibrary.Load("ntdll.dll"), "wine_get_version", out _);

    private static bool IsChosen(ITestCase one, string[] choice)
    {
        string name = one.TestMethod.TestClass.Class.Name + "." + one.TestMethod.Method.Name;
        bool Fits(string word) =>
            word.Split('=', 2) is [var trait, var value]
                ? one.Traits.TryGetValue(trait, out List<string>? values) && values.Contains(value)
                : name.Contains(word, StringComparison.Ordinal);
        string[] wanted = [.. choice.Where(word => word[0] != '!')];
        return !choice.Any(word => word[0] == '!' && Fits(word[1..])) && (wanted.Length == 0 || Array.Exists(wanted, Fits));
    }

    /// <summary>What xunit does when nobody says otherwise.</summary>
    private sealed class RunOptions : ITestFrameworkDiscoveryOptions, ITestFrameworkExecutionOptions
    {
        private readonly Dictionary<string, object?> _values = new(StringComparer.Ordinal);

        public TValue GetValue<TValue>(string name) => _values.TryGetValue(name, out object? value) ? (TValue)value! : default!;

        public void SetValue<TValue>(string name, TValue value) => _values[name] = value;
    }
}
