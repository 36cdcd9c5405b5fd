using CryoBackup.Postgres;

namespace CryoBackup.Encryption;

/// <summary>The stock age executable, run so that it never asks anybody anything.</summary>
internal static class AgeProgram
{
    // On Linux a session of its own has no terminal, so nothing (such as a plugin) can wait there for an answer.
    private static readonly Lazy<string?> Detach = new(() => OperatingSystem.IsLinux()
        ? Array.Find(["/usr/bin/setsid", "/bin/setsid"], File.Exists)
        : null);

    /// <summary>Describes a run.</summary>
    /// <param name="arguments">age's arguments.</param>
    /// <exception cref="CryoBackupException">ToolNotFound.</exception>
    public static ToolCommand Command(params IEnumerable<string> arguments)
    {
        string age = OptionalTool.Find("age", "Encryption");
        return Detach.Value is { } detach ? new ToolCommand(detach, [age, .. arguments]) : new ToolCommand(age, arguments);
    }

    /// <summary>True if the program did not end by itself: age never fails without a word.</summary>
    public static bool WasEnded(int exitCode, IReadOnlyList<string> errors) => exitCode > 128 || errors.Count == 0;

    /// <summary>The last words without what age prints at each failure, and without any secret.</summary>
    public static IReadOnlyList<string> Clean(IReadOnlyList<string> errors) =>
    [
        .. errors.Where(line => !line.Contains("report unexpected or unhelpful errors", StringComparison.Ordinal))
            .Select(line => line.Contains("AGE-SECRET-KEY-", StringComparison.OrdinalIgnoreCase) || line.Contains("AGE-PLUGIN-", StringComparison.OrdinalIgnoreCase)
                ? "age: (a line with a secret in it)"
                : line),
    ];
}
