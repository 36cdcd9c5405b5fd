using System.Reflection;
using System.Runtime.Versioning;

namespace CryoBackup.Tests;

/// <summary>How many of many like cases are tried: a sample by default,
/// all of them with the environment variable CRYOBACKUP_TEST_ALL=1.</summary>
/// <remarks>
/// Tests of what does not hang on the runtime bear <c>[Trait("Runs", "Once")]</c>: build.ps1 runs them in the newest runtime's build alone.
/// Those that take more than 20 seconds bear <c>[Trait("Speed", "Slow")]</c>, and say why: <c>--filter Speed!=Slow</c> leaves them out.
/// </remarks>
internal static class Thoroughness
{
    private static readonly bool All = Environment.GetEnvironmentVariable("CRYOBACKUP_TEST_ALL") == "1";

    /// <summary>Whether this is the build for the older runtime, in which less is tried again.</summary>
    internal static bool OnOlderRuntime { get; } =
        typeof(Thoroughness)
            .Assembly.GetCustomAttribute<TargetFrameworkAttribute>()
            ?.FrameworkName.EndsWith("v8.0", StringComparison.Ordinal)
        ?? false;

    internal static T Of<T>(T sample, T all) => All ? all : sample;
}
