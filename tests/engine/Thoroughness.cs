namespace CryoBackup.Tests;

/// <summary>How many of many like cases are tried: a sample by default, all of them with the environment variable CRYOBACKUP_TEST_ALL=1.</summary>
internal static class Thoroughness
{
    private static readonly bool All = Environment.GetEnvironmentVariable("CRYOBACKUP_TEST_ALL") == "1";

    internal static T Of<T>(T sample, T all) => All ? all : sample;
}
