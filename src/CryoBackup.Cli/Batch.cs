using System.CommandLine;
using CryoBackup.Cli.Output;

namespace CryoBackup.Cli;

/// <summary>Works on one thing after the other, or on several at once; the failure of one never stops the others.</summary>
internal static class Batch
{
    /// <summary>Runs a verb on each item and prints the results, also those that were complete before an interruption.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="items">Databases or paths; read within, so that what goes wrong in listing them is reported too.</param>
    /// <param name="work">The verb: takes the item, where to send messages, and what cancels it; yields results.</param>
    /// <param name="print">Prints the results for people.</param>
    /// <param name="judge">The exit code that a result stands for.</param>
    /// <param name="atOnce">How many items are worked on at once; results come in the items' order.</param>
    /// <returns>The worst exit code.</returns>
    public static int Run<TResult>(
        ParseResult arguments,
        Func<IEnumerable<string>> items,
        Func<string, Action<EngineMessage>, CancellationToken, IEnumerable<TResult>> work,
        Action<IReadOnlyList<TResult>, TextWriter> print,
        Func<TResult, int> judge,
        int atOnce = 1)
    {
        using var interruption = new Interruption();
        using var observer = new ConsoleObserver(arguments.GetValue(CommonOptions.Verbose));
        var results = new List<TResult>();
        int code = Attempt(observer, interruption, () =>
        {
            string[] all = [.. items()];
            List<TResult>[] found = [.. all.Select(_ => new List<TResult>())];
            var codes = new int[all.Length];
            Parallel.For(0, all.Length, new ParallelOptions { MaxDegreeOfParallelism = Math.Max(1, atOnce) }, i =>
            {
                if (!interruption.Token.IsCancellationRequested)
                {
                    codes[i] = Attempt(observer, interruption, () =>
                    {
                        found[i].AddRange(work(all[i], observer.Observe, interruption.Token));
                        return found[i].Select(judge).Aggregate(ExitCode.Good, ExitCode.Worst);
                    });
                }
            });
            results.AddRange(found.SelectMany(each => each));
            return codes.Aggregate(ExitCode.Good, ExitCode.Worst);
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
