using System.Runtime.InteropServices;
using CryoBackup;
using CryoBackup.Postgres.Scratch;
using CryoBackup.Scratch;

using var cancellation = new CancellationTokenSource();
using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Stop);
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);

(ScratchArguments? arguments, string? fault) = ScratchArguments.Parse(args);
if (arguments is null)
{
    Console.Error.WriteLine(fault);
    Console.Error.WriteLine(ScratchArguments.Usage);
    return 2;
}

int signalled = 0;
void Stop(PosixSignalContext context)
{
    // Handled here, so that the server is stopped before we end.
    context.Cancel = true;
    signalled = context.Signal switch
    {
        PosixSignal.SIGINT => 2,
        PosixSignal.SIGHUP => 1,
        _ => 15,
    };
    cancellation.Cancel();
}

try
{
    using var cluster = ScratchCluster.Start(new ScratchClusterOptions(), cancellation.Token);
    if (arguments.SampleRows is { } rows)
    {
        SampleDatabase.Load(cluster, rows, cancellation.Token);
    }

    int exitCode = ScratchCommand.Run(cluster, arguments.Command, cancellation.Token);
    if (arguments.Keep && signalled == 0)
    {
        Console.Error.WriteLine(
            $"The server stays until Ctrl+C: psql -h {cluster.Connection.ComputerName} -p {cluster.Connection.Port} -U "
                + $"{cluster.Connection.UserName}"
        );
        cancellation.Token.WaitHandle.WaitOne();
        return exitCode;
    }

    return signalled > 0 ? 128 + signalled : exitCode;
}
catch (OperationCanceledException)
{
    return 128 + signalled;
}
catch (CryoBackupException exception)
{
    Console.Error.WriteLine(exception.Message);
    foreach (string line in exception.StandardError)
    {
        Console.Error.WriteLine("  " + line);
    }

    Console.Error.WriteLine(exception.Remedy);
    return 1;
}
