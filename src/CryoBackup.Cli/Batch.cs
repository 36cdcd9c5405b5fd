using System.CommandLine;
using CryoBackup.Backup;
using CryoBackup.Cli.Output;
using CryoBackup.Hosting;
using CryoBackup.Verification;

namespace CryoBackup.Cli;

/// <summary>Works on one thing after the other, or on several at once; the failure of one never stops the others.</summary>
internal static class Batch
{
    private static readonly TimeSpan s_lastWords = TimeSpan.FromSeconds(5);

    /// <summary>As the other, for a verb that leaves no record.</summary>
    public static int Run<TItem, TResult>(
        ParseResult arguments,
        Func<Action<EngineMessage>, CancellationToken, IEnumerable<TItem>> items,
        Func<TItem, Action<EngineMessage>, CancellationToken, IEnumerable<TResult>> work,
        Action<IReadOnlyList<TResult>, TextWriter> print,
        Func<TResult, int> judge
    ) => Run(arguments, items, null, (_, item, observer, cancellationToken) => work(item, observer, cancellationToken), print, judge);

    /// <summary>Runs a verb on each item and prints the results, also those that were complete before an interruption.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="items">What is worked on; read within, so that what goes wrong in listing it is reported too.
    /// Takes where to send messages, and what cancels it.</param>
    /// <param name="open">Opens the record of the run, which is closed at the end; takes where to send messages; null for none.</param>
    /// <param name="work">The verb: takes the record, the item, where to send messages, and what cancels it; yields results.</param>
    /// <param name="print">Prints the results for people.</param>
    /// <param name="judge">The exit code that a result stands for.</param>
    /// <param name="atOnce">How many items are worked on at once; results come in the items' order.</param>
    /// <returns>The worst exit code.</returns>
    public static int Run<TItem, TResult>(
        ParseResult arguments,
        Func<Action<EngineMessage>, CancellationToken, IEnumerable<TItem>> items,
        Func<Action<EngineMessage>, RecordedRun>? open,
        Func<RecordedRun, TItem, Action<EngineMessage>, CancellationToken, IEnumerable<TResult>> work,
        Action<IReadOnlyList<TResult>, TextWriter> print,
        Func<TResult, int> judge,
        int atOnce = 1
    )
    {
        using var interruption = new Interruption();
        using var observer = new ConsoleObserver(arguments.GetValue(CommonOptions.Verbose));
        var results = new List<TResult>();
        RecordedRun? evidence = null;
        int code = Attempt(
            observer,
            interruption,
            () =>
            {
                evidence = open?.Invoke(observer.Observe);
                TItem[] all = [.. List(items, evidence, observer, interruption)];
                if (all.Length == 0)
                {
                    throw new CryoBackupException(
                        CryoBackupError.BackupNotFound,
                        "There was nothing to work on, so that nothing was done.",
                        remedy: "Name what is to be worked on, or look at the configuration."
                    );
                }
                evidence?.Expect(all.OfType<object>().Where(item => item is BackupRequest or VerificationTask));
                List<TResult>[] found = [.. all.Select(_ => new List<TResult>())];
                int[] codes = new int[all.Length];
                Parallel.For(
                    0,
                    all.Length,
                    new ParallelOptions { MaxDegreeOfParallelism = Math.Max(1, atOnce) },
                    i =>
                    {
                        if (!interruption.Token.IsCancellationRequested)
                        {
                            codes[i] = Attempt(
                                observer,
                                interruption,
                                () =>
                                {
                                    try
                                    {
                                        found[i].AddRange(work(evidence!, all[i], observer.Observe, interruption.Token));
                                    }
                                    catch (Exception exception)
                                    {
                                        evidence?.Fail(NameOf(all[i]), exception);
                                        throw;
                                    }
                                    return found[i].Select(judge).Aggregate(ExitCode.Good, ExitCode.Worst);
                                }
                            );
                        }
                    }
                );
                results.AddRange(found.SelectMany(each => each));
                return codes.Aggregate(ExitCode.Good, ExitCode.Worst);
            }
        );
        code = ExitCode.Worst(
            code,
            Attempt(
                observer,
                interruption,
                () =>
                {
                    // An interruption is told of too, in a few words.
                    using var limit = new CancellationTokenSource(interruption.Code is null ? Timeout.InfiniteTimeSpan : s_lastWords);
                    evidence?.Finish(observer.Observe, limit.Token);
                    evidence?.Dispose();
                    return ExitCode.Good;
                }
            )
        );
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

    private static string NameOf<TItem>(TItem item) =>
        item switch
        {
            BackupRequest backup => backup.Database,
            VerificationTask verification => verification.Request.Path,
            string path => path,
            _ => "",
        };

    /// <summary>What keeps the work from beginning at all is on record too.</summary>
    private static IEnumerable<TItem> List<TItem>(
        Func<Action<EngineMessage>, CancellationToken, IEnumerable<TItem>> items,
        RecordedRun? evidence,
        ConsoleObserver observer,
        Interruption interruption
    )
    {
        try
        {
            return items(observer.Observe, interruption.Token);
        }
        catch (Exception exception)
        {
            evidence?.Fail("", exception);
            throw;
        }
    }

    private static int Attempt(ConsoleObserver observer, Interruption interruption, Func<int> work)
    {
        try
        {
            return work();
        }
        catch (CryoBackupException exception)
        {
            observer.Fail(exception);
            return ExitCode.Of(exception);
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
