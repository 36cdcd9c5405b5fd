using CryoBackup.Tests.Backup;
using CryoBackup.Tests.Inspection;

namespace CryoBackup.Tests;

/// <summary>What the tests run in a process of its own.</summary>
internal static class Program
{
    private static int Main(string[] arguments) => arguments.Length == 1 ? LonelyVerifier.Run(arguments) : ChildBackup.Run(arguments);
}
