using System.CommandLine;
using CryoBackup.Cli.Output;

namespace CryoBackup.Cli;

/// <summary>Works on one thing after the other; the failure of one never stops the others.</summary>
internal static class Batch
{
    /// <summary>Runs a verb on each item and prints the results, also those that were complete before an interruption.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="items">What is worked on; read within, so that what goes wrong in listing it is reported too. Takes where to send messages, and what cancels it.</param>
    /// <param name="work">The verb: takes the item, where to send messages, and what cancels it; yields results.</param>
    /// <param name="print">Prints the results for people.</param>
    /// <param name="judge">The exit code that a result stands for.</param>
    /// <returns>The worst exit code.</returns>
    public static int Run<TItem, TResult>(
        ParseResult arguments,
        Func<Action<EngineMessage>, CancellationToken, IEnumerable<TItem>> items,
        Func<TItem, Action<EngineMessage>, CancellationToken, IEnumerable<TResult>> work,
        Action<IReadOnlyList<TResult>, TextWriter> print,
        Func<TResult, int> judge)
    {
        using var interruption = new Interruption();
        using var observer = new ConsoleObserver(arguments.GetValue(CommonOptions.Verbose));
        var results = new List<TResult>();
        int code = Attempt(observer, interruption, () =>
        {
            int worst = ExitCode.Good;
            foreach (TItem item in items(observer.Observe, interruption.Token).TakeWhile(_ => !interruption.Token.IsCancellationRequested))
            {
                worst = ExitCode.Worst(worst, Attempt(observer, interruption, () =>
                {
                    int before = results.Count;
                    results.AddRange(work(item, observer.Observe, interruption.Token));
                    return results.Skip(before).Select(judge).Aggregate(ExitCode.Good, ExitCode.Worst);
                }));
            }
            return worst;
        });
        observer.Dispose();
        if (arguments.GetValue(CommonOptions.Json))
        {
            Json.Print(results, Console.Out);
        }
        else
        {
            print(results, Console.Out);
        }
        return interruption.Code ?? code;
    }

    private static int Attempt(ConsoleObserver observer, Interruption interruption, Func<int> work)
    {
        try
        {
            return work();
        }
        catch (CryoBackupException failure)
        {
            observer.Fail(failure);
            return ExitCode.Of(failure);
        }
        catch (OperationCanceledException) when (interruption.Code is not null)
        {
            observer.Say("cryobackup: interrupted; what was begun is undone.");
            return ExitCode.Failed;
        }
        catch (Exception exception)
        {
            observer.FailUnexpectedly(exception);
            return ExitCode.Failed;
        }
    }
}
