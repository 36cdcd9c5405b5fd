using System.Text.RegularExpressions;
using Npgsql;

namespace CryoBackup.Postgres;

/// <summary>What a server said of an error, in its own words.</summary>
/// <param name="Text">The message, without the word ERROR.</param>
/// <param name="SqlState">Its code; null where it is not known and the message does not tell it.</param>
/// <param name="Detail">What it added; null for nothing.</param>
/// <param name="Hint">What it advises; null for nothing.</param>
internal sealed partial record ServerMessage(string Text, string? SqlState, string? Detail = null, string? Hint = null)
{
    // The programs of PostgreSQL do not print codes; these words stand for theirs, where a server speaks English.
    private static readonly (string SqlState, Regex Words)[] Guesses =
    [
        (PostgresErrorCodes.UndefinedFunction, UndefinedFunction()),
        (PostgresErrorCodes.UndefinedTable, UndefinedTable()),
        (PostgresErrorCodes.ForeignKeyViolation, ForeignKey()),
        (PostgresErrorCodes.UniqueViolation, Unique()),
        (PostgresErrorCodes.CheckViolation, Check()),
        (PostgresErrorCodes.OutOfMemory, Memory()),
        (PostgresErrorCodes.TooManyConnections, Connections()),
        (PostgresErrorCodes.SerializationFailure, Recovery()),
        (PostgresErrorCodes.QueryCanceled, Canceled()),
        (PostgresErrorCodes.ReadOnlySqlTransaction, ReadOnly()),
        (PostgresErrorCodes.ProtocolViolation, Pooler()),
        (PostgresErrorCodes.ObjectInUse, InUse()),
    ];

    /// <summary>Detail and hint as they follow a message: in parentheses with the code, and as a sentence.</summary>
    public string Addition
    {
        get
        {
            string[] more = [.. SqlState is null ? (string[])[] : [SqlState], .. Detail is null ? (string[])[] : [Detail.TrimEnd('.')]];
            return (more.Length == 0 ? "" : $" ({string.Join("; ", more)})")
                + "."
                + (Hint is null ? "" : $" PostgreSQL's hint: {Hint.TrimEnd('.')}.");
        }
    }

    /// <summary>As Npgsql has it.</summary>
    /// <param name="exception">What the server sent.</param>
    public static ServerMessage Of(PostgresException exception) =>
        new(exception.MessageText, exception.SqlState, exception.Detail, exception.Hint);

    /// <summary>As a program of PostgreSQL printed it.</summary>
    /// <param name="standardError">Its lines.</param>
    /// <returns>The first message of a server; null for none.</returns>
    public static ServerMessage? Of(IReadOnlyList<string> standardError)
    {
        for (int index = 0; index < standardError.Count; index++)
        {
            if (FromServer().Match(standardError[index]) is { Success: true } match)
            {
                string text = match.Groups[1].Value;
                return new ServerMessage(
                    text,
                    Guess(text),
                    Field("DETAIL:  ", standardError, index + 1),
                    Field("HINT:  ", standardError, index + 1)
                );
            }
        }

        return null;
    }

    /// <summary>The code that an English message stands for; null for all that are of no use here.</summary>
    /// <param name="text">The message.</param>
    public static string? Guess(string text) => Array.Find(Guesses, guess => guess.Words.IsMatch(text)).SqlState;

    /// <summary>A field of the message, of one or more lines.</summary>
    private static string? Field(string name, IReadOnlyList<string> lines, int start)
    {
        string[] field =
        [
            .. lines
                .Skip(start)
                .TakeWhile(line => !FromServer().IsMatch(line))
                .SkipWhile(line => !line.StartsWith(name, StringComparison.Ordinal))
                .TakeWhile((line, index) => index == 0 || !(NextField().IsMatch(line) || line.StartsWith("pg_", StringComparison.Ordinal))),
        ];
        return field.Length == 0 ? null : string.Join("; ", field.Select(line => line.Trim()))[name.TrimEnd().Length..].Trim();
    }

    [GeneratedRegex("(?:^|: )(?:ERROR|FATAL|PANIC):  (.*)$", RegexOptions.CultureInvariant)]
    private static partial Regex FromServer();

    [GeneratedRegex("^(?:[A-Z]+:  |Command was: )", RegexOptions.CultureInvariant)]
    private static partial Regex NextField();

    [GeneratedRegex("^(?:function|operator) .* does not exist$|^operator does not exist: ", RegexOptions.CultureInvariant)]
    private static partial Regex UndefinedFunction();

    [GeneratedRegex("^relation \".*\" does not exist$", RegexOptions.CultureInvariant)]
    private static partial Regex UndefinedTable();

    [GeneratedRegex("violates foreign key constraint", RegexOptions.CultureInvariant)]
    private static partial Regex ForeignKey();

    [GeneratedRegex("^could not create unique index |^duplicate key value violates unique constraint ", RegexOptions.CultureInvariant)]
    private static partial Regex Unique();

    [GeneratedRegex(
        "violates check constraint |is violated by some row$|^no partition of relation |violates partition constraint",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex Check();

    [GeneratedRegex("^out of (?:shared )?memory|^invalid memory alloc request size ", RegexOptions.CultureInvariant)]
    private static partial Regex Memory();

    [GeneratedRegex("too many clients|too many connections for |remaining connection slots", RegexOptions.CultureInvariant)]
    private static partial Regex Connections();

    [GeneratedRegex("conflict with recovery", RegexOptions.CultureInvariant)]
    private static partial Regex Recovery();

    [GeneratedRegex("^canceling statement due to (?:statement timeout|user request)", RegexOptions.CultureInvariant)]
    private static partial Regex Canceled();

    [GeneratedRegex("in a read-only transaction$|during recovery$", RegexOptions.CultureInvariant)]
    private static partial Regex ReadOnly();

    [GeneratedRegex("unsupported startup parameter", RegexOptions.CultureInvariant)]
    private static partial Regex Pooler();

    [GeneratedRegex("is being accessed by other users$", RegexOptions.CultureInvariant)]
    private static partial Regex InUse();
}
