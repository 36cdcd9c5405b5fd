using CryoBackup.Postgres;

namespace CryoBackup.Tests;

/// <summary>A test that needs a server: skipped where no server programs are installed, but not on CI (CI=true), where it then fails.</summary>
public sealed class PostgresFactAttribute : FactAttribute
{
    public PostgresFactAttribute() => Skip = ServerPrograms.ReasonToSkip;

    /// <summary>True for a test that Windows cannot run.</summary>
    public bool UnixOnly
    {
        get;
        init
        {
            field = value;
            if (value && OperatingSystem.IsWindows())
            {
                Skip = "Needs Unix.";
            }
        }
    }
}

/// <summary>As <see cref="PostgresFactAttribute"/>, for a theory.</summary>
public sealed class PostgresTheoryAttribute : TheoryAttribute
{
    public PostgresTheoryAttribute() => Skip = ServerPrograms.ReasonToSkip;
}

internal static class ServerPrograms
{
    private static readonly Lazy<bool> Found = new(() =>
    {
        try
        {
            ClientTools.Find("pg_ctl", 0, CancellationToken.None);
            return true;
        }
        catch (CryoBackupException)
        {
            return false;
        }
    });

    public static bool OnCI => string.Equals(Environment.GetEnvironmentVariable("CI"), "true", StringComparison.OrdinalIgnoreCase);

    public static string? ReasonToSkip => Found.Value || OnCI ? null : "No PostgreSQL server programs (pg_ctl) are installed here.";
}
