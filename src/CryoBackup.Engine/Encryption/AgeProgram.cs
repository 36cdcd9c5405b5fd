using CryoBackup.Processes;

namespace CryoBackup.Encryption;

/// <summary>The stock age executable, run so that it never asks anybody anything.</summary>
internal static class AgeProgram
{
    // On Linux a session of its own has no terminal, so nothing (such as a plugin) can wait there for an answer.
    private static readonly Lazy<string?> Detach = new(() =>
        OperatingSystem.IsLinux() ? Array.Find(["/usr/bin/setsid", "/bin/setsid"], File.Exists) : null
    );

    /// <summary>Names, separated by commas, of variables that age and its plugins get too,
    /// for plugins that take a secret from one.</summary>
    private const string MoreVariables = "CRYOBACKUP_AGE_ENV";

    // Agents and devices that plugins ask.
    private static readonly string[] Agents = ["SSH_AUTH_SOCK", "DBUS_SESSION_BUS_ADDRESS", "PCSCLITE_CSOCK_NAME"];

    /// <summary>Describes a run.</summary>
    /// <param name="arguments">age's arguments.</param>
    /// <exception cref="CryoBackupException">ToolNotFound.</exception>
    public static ToolCommand Command(params IEnumerable<string> arguments)
    {
        string age = OptionalTool.Find("age", "Encryption");
        ToolCommand command = Detach.Value is { } detach ? new ToolCommand(detach, [age, .. arguments]) : new ToolCommand(age, arguments);
        string[] needed =
        [
            .. Agents,
            .. (Environment.GetEnvironmentVariable(MoreVariables) ?? "").Split(
                ',',
                StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries
            ),
        ];
        return command with
        {
            Environment = ChildEnvironment
                .Needed(name => name.StartsWith("AGE", StringComparison.Ordinal) || Array.IndexOf(needed, name) >= 0)
                .ToDictionary(StringComparer.Ordinal),
        };
    }

    /// <summary>True if the program did not end by itself: age never fails without a word.</summary>
    public static bool WasEnded(int exitCode, IReadOnlyList<string> errors) => exitCode > 128 || errors.Count == 0;

    /// <summary>The last words without what age prints at each failure, and without any secret.</summary>
    public static IReadOnlyList<string> Clean(IReadOnlyList<string> errors) =>
        [
            .. errors
                .Where(line => !line.Contains("report unexpected or unhelpful errors", StringComparison.Ordinal))
                .Select(line =>
                    line.Contains("AGE-SECRET-KEY-", StringComparison.OrdinalIgnoreCase)
                    || line.Contains("AGE-PLUGIN-", StringComparison.OrdinalIgnoreCase)
                        ? "age: (a line with a secret in it)"
                        : line
                ),
        ];
}
