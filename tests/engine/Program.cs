using CryoBackup.Tests.Backup;
using CryoBackup.Tests.Inspection;
using CryoBackup.Tests.Kept;
using CryoBackup.Tests.Rehearsal;

namespace CryoBackup.Tests;

/// <summary>What the tests run in a process of its own.</summary>
internal static class Program
{
    private static int Main(string[] arguments) =>
        arguments switch
        {
            [_] => LonelyVerifier.Run(arguments),
            ["remove", var backup, var step] => KilledRemovalTests.Run(backup, step),
            ["remove-stored", var endpoint, var backup, var step] => StoreRemovalTests.Run(endpoint, backup, step),
            ["rehearse", var backup] => KilledRehearsalTests.Run(backup),
            _ => ChildBackup.Run(arguments),
        };
}
