using System.Text;

namespace CryoBackup.Postgres;

/// <summary>Server settings of a session: in the form of the startup packet's options, and as statements.</summary>
internal static class SessionSettings
{
    /// <summary>What the text form of a value depends on, besides time zone, date style and encoding.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> Comparable { get; } =
    [
        new("DateStyle", "ISO"),
        new("IntervalStyle", "postgres"),
        new("extra_float_digits", "3"),
        new("bytea_output", "hex"),
    ];

    /// <summary>Statements that let a session read everything for as long as it takes.</summary>
    public static IReadOnlyList<string> ForReading { get; } =
    [
        "SET statement_timeout = 0",
        "SET idle_in_transaction_session_timeout = 0",
        "SELECT pg_catalog.set_config('idle_session_timeout', '0', false) WHERE pg_catalog.current_setting('server_version_num')::int >= 140000",
        "SELECT pg_catalog.set_config('transaction_timeout', '0', false) WHERE pg_catalog.current_setting('server_version_num')::int >= 170000",
        "SET row_security = off",

        // Not shared out among processes, which would only hand the rows from one to the other.
        "SET max_parallel_workers_per_gather = 0",
        "SET search_path = ''",
    ];

    /// <summary>Renders settings; of two of the same name the later counts.</summary>
    /// <param name="inherited">Options as the user wrote them, put first.</param>
    /// <param name="settings">Names and plain values.</param>
    public static string Options(string? inherited, IEnumerable<KeyValuePair<string, string>> settings)
    {
        var text = new StringBuilder(inherited);
        foreach (var (name, value) in settings)
        {
            if (text.Length > 0)
            {
                text.Append(' ');
            }

            text.Append("-c ");
            Escape(text, name);
            text.Append('=');
            Escape(text, value);
        }

        return text.ToString();
    }

    // The server splits at white space; a backslash takes the next character as it is.
    private static void Escape(StringBuilder text, string word)
    {
        foreach (var c in word)
        {
            if (c is '\\' or ' ' or '\t' or '\n' or '\r' or '\v' or '\f')
            {
                text.Append('\\');
            }

            text.Append(c);
        }
    }
}
