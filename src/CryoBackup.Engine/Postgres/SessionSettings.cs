using System.Text;

namespace CryoBackup.Postgres;

/// <summary>Server settings of a session, in the form of the startup packet's options.</summary>
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
