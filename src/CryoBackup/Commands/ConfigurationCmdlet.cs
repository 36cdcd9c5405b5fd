using System.Management.Automation;

namespace CryoBackup.Commands;

/// <summary>What the cmdlets about a configuration file share. They obey none: the file is what they work on.</summary>
public abstract class ConfigurationCmdlet : StoppableCmdlet
{
    private readonly EnginePump _pump;

    /// <summary>Makes a cmdlet; PowerShell does.</summary>
    protected ConfigurationCmdlet() => _pump = new EnginePump(this, new MessageDisplay(this), Stop);

    /// <summary>Works on one thing, passing on what the engine says; a failure is written as an error.</summary>
    /// <typeparam name="TResult">What the work returns.</typeparam>
    /// <param name="target">The thing, which becomes the error's target where the failure names none.</param>
    /// <param name="work">The work, on a thread of its own.</param>
    /// <returns>What it returned; null if it failed.</returns>
    private protected TResult? Run<TResult>(string target, Func<Action<EngineMessage>, CancellationToken, TResult> work)
        where TResult : class
    {
        TResult? result = null;
        _pump.Run(
            [target],
            1,
            (_, observer, token) => work(observer, token),
            (_, worker) =>
            {
                if (worker.IsCompletedSuccessfully)
                {
                    result = worker.Result;
                    return;
                }

                if (Stopping)
                {
                    throw new PipelineStoppedException();
                }

                WriteError(ErrorRecords.Create(worker.Exception?.InnerException ?? new TaskCanceledException(worker), target));
            }
        );
        return result;
    }
}
