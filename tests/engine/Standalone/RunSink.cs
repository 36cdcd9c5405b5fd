using System.Collections.Concurrent;
using System.Globalization;
using Xunit.Abstractions;

namespace CryoBackup.Tests.Standalone;

/// <summary>Takes what a run says, and prints a line for each test that ends.</summary>
internal sealed class RunSink(RunResults results) : LongLivedMarshalByRefObject, IMessageSink, IDisposable
{
    private readonly ConcurrentDictionary<string, DateTime> _running = new(StringComparer.Ordinal);

    /// <summary>Set when all have ended.</summary>
    public ManualResetEvent Finished { get; } = new(initialState: false);

    /// <inheritdoc/>
    public bool OnMessage(IMessageSinkMessage message)
    {
        switch (message)
        {
            case ITestStarting starting:
                _running[starting.Test.DisplayName] = DateTime.UtcNow;
                break;
            case ITestPassed passed:
                Take(passed, "Passed", null);
                break;
            case ITestSkipped skipped:
                Take(skipped, "NotExecuted", skipped.Reason);
                break;
            case ITestFailed failed:
                Take(failed, "Failed", Describe(failed));
                break;
            case IErrorMessage error:
                results.Add("outside of a test", "Failed", TimeSpan.Zero, Describe(error));
                break;
            case ITestCollectionCleanupFailure cleanup:
                results.Add(cleanup.TestCollection.DisplayName, "Failed", TimeSpan.Zero, Describe(cleanup));
                break;
            case ITestClassCleanupFailure cleanup:
                results.Add(cleanup.TestClass.Class.Name, "Failed", TimeSpan.Zero, Describe(cleanup));
                break;
            case ITestCleanupFailure cleanup:
                results.Add(cleanup.Test.DisplayName, "Failed", TimeSpan.Zero, Describe(cleanup));
                break;
            case ITestAssemblyFinished:
                Finished.Set();
                break;
        }

        return true;
    }

    /// <summary>Counts what still runs as failed.</summary>
    public void FailUnfinished(string message)
    {
        foreach ((string name, DateTime since) in _running)
        {
            results.Add(name, "Failed", DateTime.UtcNow - since, message);
        }
    }

    public void Dispose() => Finished.Dispose();

    private void Take(ITestResultMessage ended, string outcome, string? message)
    {
        _running.TryRemove(ended.Test.DisplayName, out _);
        var duration = TimeSpan.FromSeconds((double)ended.ExecutionTime);
        results.Add(ended.Test.DisplayName, outcome, duration, message);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{outcome} {duration.TotalSeconds:0.0} s {ended.Test.DisplayName}"));
    }

    private static string Describe(IFailureInformation failure) =>
        string.Join('\n', failure.Messages) + "\n" + string.Join('\n', failure.StackTraces);
}
