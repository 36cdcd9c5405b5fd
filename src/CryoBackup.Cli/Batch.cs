using System.CommandLine;
using CryoBackup.Backup;
using CryoBackup.Cli.Output;
using CryoBackup.Hosting;
using CryoBackup.Verification;

namespace CryoBackup.Cli;

/// <summary>Batches in one line.</summary>
internal static class Batch
{
    /// <summary>Runs a verb that leaves no record.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="items">As <see cref="Batch{TItem, TResult}.Items"/>.</param>
    /// <param name="work">As <see cref="Batch{TItem, TResult}.Work"/>.</param>
    /// <param name="print">As <see cref="Batch{TItem, TResult}.Print"/>.</param>
    /// <param name="judge">As <see cref="Batch{TItem, TResult}.Judge"/>.</param>
    /// <returns>The worst exit code.</returns>
    public static int Run<TItem, TResult>(
        ParseResult arguments,
        Func<Action<EngineMessage>, CancellationToken, IEnumerable<TItem>> items,
        Func<TItem, Action<EngineMessage>, CancellationToken, IEnumerable<TResult>> work,
        Action<IReadOnlyList<TResult>, TextWriter> print,
        Func<TResult, int> judge
    ) => Run(arguments, items, null, (_, item, observer, cancellationToken) => work(item, observer, cancellationToken), print, judge);

    /// <summary>Runs a verb on one thing after the other.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="items">As <see cref="Batch{TItem, TResult}.Items"/>.</param>
    /// <param name="open">As <see cref="Batch{TItem, TResult}.Open"/>.</param>
    /// <param name="work">As <see cref="Batch{TItem, TResult}.Work"/>.</param>
    /// <param name="print">As <see cref="Batch{TItem, TResult}.Print"/>.</param>
    /// <param name="judge">As <see cref="Batch{TItem, TResult}.Judge"/>.</param>
    /// <returns>The worst exit code.</returns>
    public static int Run<TItem, TResult>(
        ParseResult arguments,
        Func<Action<EngineMessage>, CancellationToken, IEnumerable<TItem>> items,
        Func<Action<EngineMessage>, RecordedRun>? open,
        Func<RecordedRun, TItem, Action<EngineMessage>, CancellationToken, IEnumerable<TResult>> work,
        Action<IReadOnlyList<TResult>, TextWriter> print,
        Func<TResult, int> judge
    ) =>
        new Batch<TItem, TResult>
        {
            Items = items,
            Open = open,
            Work = work,
            Print = print,
            Judge = judge,
        }.Run(arguments);
}

/// <summary>Works on one thing after the other, or on several at once; the failure of one never stops the others.</summary>
internal sealed class Batch<TItem, TResult>
{
    private static readonly TimeSpan s_lastWords = TimeSpan.FromSeconds(5);

    /// <summary>What is worked on; read within, so that what goes wrong in listing it is reported too. Takes where to send messages, and
    /// what cancels it.</summary>
    public required Func<Action<EngineMessage>, CancellationToken, IEnumerable<TItem>> Items { get; init; }

    /// <summary>Opens the record of the run, which is closed at the end; takes where to send messages; null for none.</summary>
    public Func<Action<EngineMessage>, RecordedRun>? Open { get; init; }

    /// <summary>The verb: takes the record, the item, where to send messages, and what cancels it; yields results.</summary>
    public required Func<RecordedRun, TItem, Action<EngineMessage>, CancellationToken, IEnumerable<TResult>> Work { get; init; }

    /// <summary>Prints the results for people.</summary>
    public required Action<IReadOnlyList<TResult>, TextWriter> Print { get; init; }

    /// <summary>The exit code that a result stands for.</summary>
    public required Func<TResult, int> Judge { get; init; }

    /// <summary>What is done once every item was worked on, though some of them may have failed; null for nothing. Takes where to send
    /// messages.</summary>
    public Action<Action<EngineMessage>>? Finish { get; init; }

    /// <summary>How many items are worked on at once; results come in the items' order.</summary>
    public int AtOnce { get; init; } = 1;

    /// <summary>Runs the verb on each item and prints the results, also those that were complete before an interruption.</summary>
    /// <param name="arguments">The command line.</param>
    /// <returns>The worst exit code.</returns>
    public int Run(ParseResult arguments)
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
                evidence = Open?.Invoke(observer.Observe);
                TItem[] all = [.. List(evidence, observer, interruption)];
                RequireSome(all);
                evidence?.Expect(all.OfType<object>().Where(item => item is BackupRequest or VerificationTask));
                List<TResult>[] found = [.. all.Select(_ => new List<TResult>())];
                int worst = WorkOn(all, found, evidence, observer, interruption);
                results.AddRange(found.SelectMany(each => each));
                return worst;
            }
        );
        code = ExitCode.Worst(code, Attempt(observer, interruption, () => End(observer, interruption)));
        code = ExitCode.Worst(code, Attempt(observer, interruption, () => Close(evidence, observer, interruption)));
        observer.Dispose();
        if (arguments.GetValue(CommonOptions.Json))
        {
            Json.Print(results, Console.Out);
        }
        else
        {
            Print(results, Console.Out);
        }
        return interruption.Code ?? code;
    }

    private int WorkOn(TItem[] all, List<TResult>[] found, RecordedRun? evidence, ConsoleObserver observer, Interruption interruption)
    {
        int[] codes = new int[all.Length];
        Parallel.For(
            0,
            all.Length,
            new ParallelOptions { MaxDegreeOfParallelism = Math.Max(1, AtOnce) },
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
                                found[i].AddRange(Work(evidence!, all[i], observer.Observe, interruption.Token));
                            }
                            catch (Exception exception)
                            {
                                evidence?.Fail(NameOf(all[i]), exception);
                                throw;
                            }
                            return found[i].Select(Judge).Aggregate(ExitCode.Good, ExitCode.Worst);
                        }
                    );
                }
            }
        );
        return codes.Aggregate(ExitCode.Good, ExitCode.Worst);
    }

    private int End(ConsoleObserver observer, Interruption interruption)
    {
        if (!interruption.Token.IsCancellationRequested)
        {
            Finish?.Invoke(observer.Observe);
        }
        return ExitCode.Good;
    }

    private static int Close(RecordedRun? evidence, ConsoleObserver observer, Interruption interruption)
    {
        // An interruption is told of too, in a few words.
        using var limit = new CancellationTokenSource(interruption.Code is null ? Timeout.InfiniteTimeSpan : s_lastWords);
        evidence?.Finish(observer.Observe, limit.Token);
        evidence?.Dispose();
        return ExitCode.Good;
    }

    private static string NameOf(TItem item) =>
        item switch
        {
            BackupRequest backup => backup.Database,
            VerificationTask verification => verification.Request.Path,
            string path => path,
            _ => "",
        };

    private static void RequireSome(TItem[] all)
    {
        if (all.Length == 0)
        {
            throw new CryoBackupException(
                CryoBackupError.BackupNotFound,
                "There was nothing to work on, so that nothing was done.",
                remedy: "Name what is to be worked on, or look at the configuration."
            );
        }
    }

    /// <summary>What keeps the work from beginning at all is on record too.</summary>
    private IEnumerable<TItem> List(RecordedRun? evidence, ConsoleObserver observer, Interruption interruption)
    {
        try
        {
            return Items(observer.Observe, interruption.Token);
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
