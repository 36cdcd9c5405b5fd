using System.Text.RegularExpressions;
using CryoBackup.Processes;

namespace CryoBackup.Stores;

/// <summary>The program rclone, and what its ends mean.</summary>
internal static partial class RcloneProgram
{
    // rclone's own numbers.
    private const int FolderNotFound = 3;
    private const int FileNotFound = 4;
    private const int MayBeRepeated = 5;

    private static readonly string[] Variables =
    [
        "RCLONE_",
        "AWS_",
        "AZURE_",
        "GOOGLE_",
        "SSH_AUTH_SOCK",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "NO_PROXY",
        "http_proxy",
        "https_proxy",
        "no_proxy",
    ];

    /// <summary>A run of it.</summary>
    /// <param name="location">What needs it.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <exception cref="CryoBackupException">ToolNotFound.</exception>
    public static ToolCommand Command(StoreLocation location, params IEnumerable<string> arguments) =>
        // Nobody can answer a question that it asks, and what it says on progress is of no use.
        new(
            OptionalTool.Find("rclone", $"'{location}'"),
            ["--ask-password=false", "--retries", "1", "--stats", "0", "--log-level", "NOTICE", .. arguments]
        )
        {
            Environment = new Dictionary<string, string?>(
                ChildEnvironment.Needed(name => Variables.Any(start => name.StartsWith(start, StringComparison.Ordinal)))
            ),
        };

    /// <summary>Runs it to its end.</summary>
    /// <returns>What it wrote to standard output.</returns>
    /// <exception cref="RcloneException">It failed.</exception>
    public static async Task<string> RunAsync(ToolCommand command, CancellationToken cancellationToken)
    {
        (int code, string output, IReadOnlyList<string> errors) = await Task.Run(
                () => ToolProcess.Run(command, cancellationToken),
                CancellationToken.None
            )
            .ConfigureAwait(false);
        return code == 0 ? output : throw new RcloneException(code, errors);
    }

    /// <summary>What the end of a run means.</summary>
    public static StoreFault Judge(RcloneException failure)
    {
        string text = failure.Message;
        StoreFaultKind kind =
            NoRemote().IsMatch(text) ? StoreFaultKind.NoContainer
            : failure.Code is FolderNotFound or FileNotFound || text.Contains("doesn't exist", StringComparison.Ordinal)
                ? StoreFaultKind.Missing
            : Refused().IsMatch(text) ? StoreFaultKind.Denied
            : NobodyThere().IsMatch(text) ? StoreFaultKind.Unreachable
            : failure.Code == MayBeRepeated || Cut().IsMatch(text) ? StoreFaultKind.Transient
            : StoreFaultKind.Other;
        return new StoreFault(kind, $"rclone says: {text}");
    }

    [GeneratedRegex("didn't find section in config file|NoSuchBucket|bucket does not exist", RegexOptions.IgnoreCase)]
    private static partial Regex NoRemote();

    [GeneratedRegex("permission denied|access ?denied|forbidden|unauthorized|unable to authenticate|\\b40[13]\\b", RegexOptions.IgnoreCase)]
    private static partial Regex Refused();

    [GeneratedRegex("connection refused|no such host|no route to host|network is unreachable", RegexOptions.IgnoreCase)]
    private static partial Regex NobodyThere();

    [GeneratedRegex("connection reset|broken pipe|unexpected EOF|i/o timeout|\\b(429|500|502|503|504)\\b", RegexOptions.IgnoreCase)]
    private static partial Regex Cut();
}

/// <summary>rclone failed.</summary>
/// <param name="code">Its exit code.</param>
/// <param name="errors">Its last lines.</param>
internal sealed partial class RcloneException(int code, IReadOnlyList<string> errors) : Exception(Reason(code, errors))
{
    /// <summary>Its exit code.</summary>
    public int Code { get; } = code;

    private static string Reason(int code, IReadOnlyList<string> errors) =>
        errors.LastOrDefault(line => line.Trim().Length > 0) is { } last
            ? LineStart().Replace(last, "").Trim().TrimEnd('.')
            : $"nothing, and ended with {code}";

    [GeneratedRegex(@"^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d ")]
    private static partial Regex LineStart();
}
