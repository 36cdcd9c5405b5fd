using CryoBackup.Postgres;

namespace CryoBackup.Tests;

/// <summary>A test that needs a server: skipped where no server programs are installed, but not on CI (CI=true),
/// where it then fails.</summary>
public sealed class PostgresFactAttribute : ServerFactAttribute
{
    public PostgresFactAttribute() => Skip = ServerPrograms.ReasonToSkip;

    /// <summary>The major version of PostgreSQL that brought what the test is about; skipped before.</summary>
    public int Since
    {
        get;
        init
        {
            field = value;
            if (!ServerPrograms.Has(value))
            {
                Skip = $"PostgreSQL {value} brought what it tests.";
            }
        }
    }

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
public sealed class PostgresTheoryAttribute : ServerTheoryAttribute
{
    public PostgresTheoryAttribute() => Skip = ServerPrograms.ReasonToSkip;
}

internal static class ServerPrograms
{
    private static readonly Lazy<int?> Major = new(() =>
    {
        try
        {
            return ClientTools.Find("pg_ctl", 0, CancellationToken.None).Major;
        }
        catch (CryoBackupException)
        {
            return null;
        }
    });

    public static bool OnCI => string.Equals(Environment.GetEnvironmentVariable("CI"), "true", StringComparison.OrdinalIgnoreCase);

    public static string? ReasonToSkip =>
        Major.Value is not null || OnCI ? null : "No PostgreSQL server programs (pg_ctl) are installed here.";

    /// <summary>True if the server is of this major version or a later one.</summary>
    public static bool Has(int major) => Major.Value is null || Major.Value >= major;
}
