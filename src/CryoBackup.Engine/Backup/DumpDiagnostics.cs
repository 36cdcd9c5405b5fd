using System.Globalization;
using System.Text.RegularExpressions;
using CryoBackup.Postgres;

namespace CryoBackup.Backup;

/// <summary>Reads what pg_dump and pg_restore wrote to standard error: their exit code is 1 for everything.</summary>
internal static partial class DumpDiagnostics
{
    // In order: the first that fits a line counts, and what is specific stands before what surrounds it, for a connection "failed"
    // for a wrong password, a missing database and a dead server alike.
    private static readonly (CryoBackupError Error, Func<string, bool> Tells)[] Rules =
    [
        (CryoBackupError.DatabaseNotFound, line => DatabaseMissing().IsMatch(line)),
        (
            CryoBackupError.AuthenticationFailed,
            Any([
                "password authentication failed",
                "no password supplied",
                "no pg_hba.conf entry",
                "pg_hba.conf rejects",
                "Peer authentication failed",
                "Ident authentication failed",
                "authentication failed for user",
                "is not permitted to log in",
                "FATAL:  role \"",
            ])
        ),
        (CryoBackupError.PgToolTooOld, Any("server version mismatch", "aborting because of server version")),
        (CryoBackupError.ArchiveTooNew, Any("in file header")),
        (CryoBackupError.NotABackup, Any("does not appear to be a valid archive", "input file appears to be a text format dump")),
        (CryoBackupError.DiskFull, Any("No space left on device", "could not extend file", "There is not enough space on the disk")),
        (CryoBackupError.RowSecurityActive, Any("row-level security policy", "row security")),
        (CryoBackupError.LockTimeout, Any("due to lock timeout")),
        (CryoBackupError.PermissionDenied, Any("permission denied", "must be owner of", "must be superuser", "must be a superuser")),
        (
            CryoBackupError.ConnectionFailed,
            Any([
                "could not connect",
                "connection to server",
                "server closed the connection",
                "terminating connection",
                "connection not open",
                "SSL connection has been closed",
                "could not receive data from server",
                "could not send data to server",
                "the database system is",
                "too many clients",
                "remaining connection slots",
                "could not translate host name",
            ])
        ),
        (
            CryoBackupError.ArchiveCorrupt,
            Any("could not read from input file", "unexpected end of file", "found unexpected block ID", "unrecognized data block type")
        ),
    ];

    /// <summary>The kind of the failure, and the object it happened to.</summary>
    /// <param name="standardError">The program's lines.</param>
    /// <param name="fallback">The kind when no line tells.</param>
    /// <returns>The kind; the line that told it, without the program's name; the object, as the TOC entry or the message names it.
    /// Null where not known.</returns>
    public static (CryoBackupError Error, string? Line, string? Object) Classify(
        IReadOnlyList<string> standardError,
        CryoBackupError fallback
    )
    {
        var relevant = standardError.Where(IsOfError).ToList();
        foreach ((CryoBackupError error, Func<string, bool> tells) in Rules)
        {
            if (relevant.Find(line => tells(line)) is { } line)
            {
                return (error, Message(line), ObjectOf(standardError, line));
            }
        }

        // pg_dump waits for locks under a statement time-out, and a dump has no other; the query tells.
        string? timedOut = relevant.Find(line => line.Contains("due to statement timeout", StringComparison.Ordinal));
        if (timedOut is not null)
        {
            bool locking = standardError.Any(line => LockQuery().IsMatch(line));
            return (locking ? CryoBackupError.LockTimeout : fallback, Message(timedOut), ObjectOf(standardError, timedOut));
        }

        string? first = relevant.FirstOrDefault();
        return (fallback, first is null ? null : Message(first), first is null ? null : ObjectOf(standardError, first));
    }

    /// <summary>The failure of a program that ended with another code than 0.</summary>
    /// <param name="toolName">For example pg_dump.</param>
    /// <param name="exitCode">Its code.</param>
    /// <param name="standardError">Its last lines.</param>
    /// <param name="fallback">The kind when no line tells: DumpFailed or RestoreFailed.</param>
    /// <param name="endpoint">The server and database it worked on.</param>
    /// <returns>The exception to throw; its target is the object, else the database.</returns>
    public static CryoBackupException Explain(
        string toolName,
        int exitCode,
        IReadOnlyList<string> standardError,
        CryoBackupError fallback,
        ServerEndpoint endpoint
    )
    {
        (CryoBackupError error, string? line, string? target) = Classify(standardError, fallback);
        var said = ServerMessage.Of(standardError);
        string message = $"{toolName} {Ending(exitCode)} on database '{endpoint.Database}' of {endpoint.Address}";
        message += (line, said) switch
        {
            (null, null) => ".",

            // The program says what it was doing, and the server, perhaps on another line, why it could not.
            ({ } own, { } server) when !own.Contains(server.Text, StringComparison.Ordinal) =>
                $": {own.TrimEnd('.')}: {server.Text}{(server with { SqlState = null }).Addition}",
            ({ } own, { } server) => $": {own.TrimEnd('.')}{(server with { SqlState = null }).Addition}",
            _ => $": {(line ?? said!.Text).TrimEnd('.')}.",
        };
        return new CryoBackupException(error, message, target ?? endpoint.Database, Remedies.For(error, endpoint, said), standardError);
    }

    /// <summary>What became of a program, in words.</summary>
    /// <param name="exitCode">Its code, not 0.</param>
    public static string Ending(int exitCode) =>
        exitCode > 128 && !OperatingSystem.IsWindows()
            ? string.Create(CultureInfo.InvariantCulture, $"was ended by signal {exitCode - 128}")
            : string.Create(CultureInfo.InvariantCulture, $"failed with exit code {exitCode}");

    /// <summary>The warnings among a program's lines, without its name.</summary>
    public static IReadOnlyList<string> Warnings(IEnumerable<string> standardError) =>
        [.. standardError.Select(line => WarningLine().Match(line)).Where(match => match.Success).Select(match => match.Groups[1].Value)];

    private static Func<string, bool> Any(params string[] signs) =>
        line => Array.Exists(signs, sign => line.Contains(sign, StringComparison.Ordinal));

    // Only what a program or a server says of itself: the lines of a failed statement may hold any words.
    private static bool IsOfError(string line) => ErrorLine().IsMatch(line);

    private static string Message(string line) => ProgramName().Replace(line, "");

    private static string? ObjectOf(IReadOnlyList<string> standardError, string line)
    {
        Match quoted = NamedObject().Match(line);
        if (quoted.Success)
        {
            return quoted.Groups[1].Value;
        }

        Match? query = standardError.Select(l => LockQuery().Match(l)).FirstOrDefault(match => match.Success);
        if (query is not null && query.Groups[1].Value.Length > 0)
        {
            return query.Groups[1].Value;
        }

        // pg_restore names the entry before its error.
        Match? before = standardError
            .TakeWhile(l => !ReferenceEquals(l, line))
            .Select(l => TocEntry().Match(l))
            .LastOrDefault(match => match.Success);
        return before?.Groups[1].Value;
    }

    [GeneratedRegex(
        @"^(?:\S+: (?:error: |fatal: |detail: (?!Query was|Command was))|(?:\S+: )?(?:FATAL|ERROR|PANIC):  "
            + "|connection to server |could not translate host name )",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex ErrorLine();

    [GeneratedRegex(@"^\S+: warning: (.+)$", RegexOptions.CultureInvariant)]
    private static partial Regex WarningLine();

    [GeneratedRegex(@"^(?:pg_\w+|psql|initdb): (?:error: |detail: )?", RegexOptions.CultureInvariant)]
    private static partial Regex ProgramName();

    [GeneratedRegex(@"FATAL:  database "".*"" does not exist", RegexOptions.CultureInvariant)]
    private static partial Regex DatabaseMissing();

    // "detail: Query was:"; up to 13 "error: query was:".
    [GeneratedRegex(@"[Qq]uery was: LOCK TABLE (?:ONLY )?(.*?)(?: IN ACCESS SHARE MODE.*)?$", RegexOptions.CultureInvariant)]
    private static partial Regex LockQuery();

    [GeneratedRegex(@"from TOC entry \d+; \d+ \d+ (.+)$", RegexOptions.CultureInvariant)]
    private static partial Regex TocEntry();

    [GeneratedRegex(
        @"(?:permission denied for|must be owner of|policy for|COPY failed for) ((?:\w+ ){0,2}(?:""[^""]+""|\S+))",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex NamedObject();
}
