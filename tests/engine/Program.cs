using CryoBackup.Tests.Backup;
using CryoBackup.Tests.Inspection;
using CryoBackup.Tests.Kept;
using CryoBackup.Tests.Rehearsal;
using CryoBackup.Tests.Standalone;

namespace CryoBackup.Tests;

/// <summary>What the tests run in a process of its own.</summary>
internal static class Program
{
    private static int Main(string[] arguments) =>
        arguments switch
        {
            // As .NET's host is called: for the tests that run this program where it is its own host.
            ["exec", var path, .. var words] => AppDomain.CurrentDomain.ExecuteAssembly(path, words),
            ["run", var report, var minutes, .. var choice] => StandaloneRun.Run(report, minutes, choice),
            ["console", var how, var program, .. var words] when OperatingSystem.IsWindows() => ConsoleChild.Run(how, program, words),
            [_] => LonelyVerifier.Run(arguments),
            ["remove", var backup, var step] => KilledRemovalTests.Run(backup, step),
            ["remove-stored", var endpoint, var backup, var step] => StoreRemovalTests.Run(endpoint, backup, step),
            ["to be ended", var host, var port, var user, .. var words] => ChildRun.Run(host, port, user, words),
            ["rehearse", var backup] => KilledRehearsalTests.Run(backup),
            _ => ChildBackup.Run(arguments),
        };
}
