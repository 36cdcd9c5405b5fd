using CryoBackup.Tests.Inspection;

namespace CryoBackup.Tests;

/// <summary>What the tests run in a process of its own.</summary>
internal static class Program
{
    private static int Main(string[] arguments) => LonelyVerifier.Run(arguments);
}
