using System.Runtime.Versioning;
using CryoBackup.Processes;

namespace CryoBackup.Tests.Restore;

/// <summary>A server whose machine has a locale that other servers here lack.</summary>
internal static class ForeignLocale
{
    /// <summary>Makes the locale and starts the server.</summary>
    /// <param name="folder">A folder of the test's own, for the locale.</param>
    /// <param name="source">The name of its source, for example de_DE.</param>
    /// <param name="name">The name that it gets.</param>
    [UnsupportedOSPlatform("windows")]
    public static PostgresServer Start(string folder, string source, string name)
    {
        File.SetUnixFileMode(folder, (UnixFileMode)0b111_101_101);
        var localedef = new ToolCommand("localedef", "-i", source, "-f", "UTF-8", Path.Combine(folder, name));
        Assert.Equal(0, ToolProcess.Run(localedef, CancellationToken.None).ExitCode);
        string? before = Environment.GetEnvironmentVariable("LOCPATH");
        Environment.SetEnvironmentVariable("LOCPATH", folder);
        try
        {
            var server = new PostgresServer();
            server.Scalar("postgres", "SELECT 1");
            return server;
        }
        finally
        {
            Environment.SetEnvironmentVariable("LOCPATH", before);
        }
    }
}

/// <summary>A test that needs a server and the sources of locales, which belong to Debian's package of that name; where they lack,
/// that is said.</summary>
internal sealed class LocaleFactAttribute : ServerFactAttribute
{
    private const string Source = "/usr/share/i18n/locales/de_DE";

    public LocaleFactAttribute() => Skip = ServerPrograms.ReasonToSkip ?? (File.Exists(Source) ? null : $"Needs {Source}.");
}
