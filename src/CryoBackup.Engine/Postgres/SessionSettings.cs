using System.Text;

namespace CryoBackup.Postgres;

/// <summary>Server settings of a session: in the form of the startup packet's options, and as statements.</summary>
internal static class SessionSettings
{
    /// <summary>What the text form of a value depends on, besides time zone, date style and encoding.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> Comparable { get; } =
    [new("DateStyle", "ISO"), new("IntervalStyle", "postgres"), new("extra_float_digits", "3"), new("bytea_output", "hex")];

    /// <summary>
    /// What ALTER ROLE or ALTER DATABASE may have set against us: what would end our work, or change what statements mean and how the
    /// server spells definitions.
    /// </summary>
    private static readonly KeyValuePair<string, string>[] Unhindered =
    [
        new("statement_timeout", "0"),
        new("lock_timeout", "0"),
        new("idle_in_transaction_session_timeout", "0"),
        new("default_transaction_isolation", "read committed"),
        new("default_transaction_deferrable", "off"),
        new("quote_all_identifiers", "off"),
        new("standard_conforming_strings", "on"),
        new("transform_null_equals", "off"),
        new("array_nulls", "on"),
        new("xmloption", "content"),
    ];

    /// <summary>Unlike those above, the user's own options may say otherwise.</summary>
    private static readonly KeyValuePair<string, string>[] Defaults = [new("role", "none")];

    /// <summary>Statements that let a session read everything as it is, behind the first ones.</summary>
    public static IReadOnlyList<string> ForReading { get; } =
    [
        "SET row_security = off",
        // Not shared out among processes, which would only hand the rows from one to the other.
        "SET max_parallel_workers_per_gather = 0",
        // A view put in a table's place calls its owner's functions (CVE-2024-7348).
        // pg_dump asks in the same way whether the server knows it.
        "SELECT pg_catalog.set_config(name, 'view, foreign-table', false) "
            + "FROM pg_catalog.pg_settings WHERE name = 'restrict_nonsystem_relation_kind'",
    ];

    /// <summary>
    /// The very first statement of a session, in one with its settings. Everything in it is qualified, and no operator is in it, so that
    /// whatever schemas the role and the database have in their search path, nothing in them is looked at.
    /// </summary>
    /// <remarks>
    /// Once the path is empty the server looks for a bare function or operator in pg_catalog alone, and for a bare relation or type in
    /// pg_temp and then in pg_catalog. pg_temp is the session's own: nobody else can create in it, we create nothing in it, and functions
    /// and operators are never looked for there. So bare operators, built-in functions and type names of ours mean the server's own, and
    /// relations are qualified. The options of the startup packet say most of this before, but a pooler may drop them.
    /// </remarks>
    /// <param name="major">The server's major version.</param>
    /// <param name="inherited">Options as the user wrote them.</param>
    public static string First(int major, string? inherited)
    {
        // With options of the user's own the role is left as they have made it.
        IEnumerable<KeyValuePair<string, string>> settings = Unhindered
            .Concat(OfVersion(major))
            .Concat(Comparable)
            .Append(new("TimeZone", "UTC"));
        settings = string.IsNullOrWhiteSpace(inherited) ? settings.Concat(Defaults) : settings;
        return "SELECT pg_catalog.set_config('search_path', '', false)"
            + string.Concat(settings.Select(setting => $", pg_catalog.set_config('{setting.Key}', '{setting.Value}', false)"));
    }

    /// <summary>
    /// Lets a session write where only the role or the database says otherwise, and tells whether it may. A server that is set read-only
    /// as a whole is so for a reason (a failover, a disk that is nearly full).
    /// </summary>
    public const string IfReadOnly = """
        SELECT CASE WHEN source IN ('database', 'user', 'database user') THEN pg_catalog.set_config(name, 'off', false) ELSE setting END
        FROM pg_catalog.pg_settings WHERE name = 'default_transaction_read_only'
        """;

    /// <summary>Options of a session of ours, before the first statement.</summary>
    /// <param name="inherited">Options as the user wrote them.</param>
    /// <param name="major">The server's major version; 0 while it is not known.</param>
    public static string OfSession(string? inherited, int major) =>
        Options(inherited, Unhindered.Concat(OfVersion(major)).Concat(Comparable));

    /// <summary>Options of the sessions of PostgreSQL's programs, which empty their search path themselves.</summary>
    /// <param name="inherited">Options as the user wrote them.</param>
    /// <param name="server">What is known of the server.</param>
    /// <param name="settings">More, which count before those that sessions of ours have.</param>
    public static string OfProgram(string? inherited, ServerTraits server, IEnumerable<KeyValuePair<string, string>> settings)
    {
        KeyValuePair<string, string>[] writing = server is { Major: > 0, IsReadOnly: false }
            ? [new("default_transaction_read_only", "off")]
            : [];
        return Options(inherited, Unhindered.Concat(OfVersion(server.Major)).Concat(writing).Concat(Comparable).Concat(settings));
    }

    private static IEnumerable<KeyValuePair<string, string>> OfVersion(int major)
    {
        if (major >= 14)
        {
            yield return new("idle_session_timeout", "0");
        }

        if (major >= 17)
        {
            yield return new("transaction_timeout", "0");
        }
    }

    /// <summary>Renders settings; of two of the same name the later counts.</summary>
    /// <param name="inherited">Options as the user wrote them, put before the settings.</param>
    /// <param name="settings">Names and plain values.</param>
    private static string Options(string? inherited, IEnumerable<KeyValuePair<string, string>> settings)
    {
        var text = new StringBuilder();
        Append(text, Defaults);
        if (!string.IsNullOrEmpty(inherited))
        {
            text.Append(' ').Append(inherited);
        }

        Append(text, settings);
        return text.ToString();
    }

    private static void Append(StringBuilder text, IEnumerable<KeyValuePair<string, string>> settings)
    {
        foreach ((string name, string value) in settings)
        {
            text.Append(text.Length > 0 ? " -c " : "-c ");
            Escape(text, name);
            text.Append('=');
            Escape(text, value);
        }
    }

    // The server splits at white space; a backslash takes the next character as it is.
    private static void Escape(StringBuilder text, string word)
    {
        foreach (char c in word)
        {
            if (c is '\\' or ' ' or '\t' or '\n' or '\r' or '\v' or '\f')
            {
                text.Append('\\');
            }

            text.Append(c);
        }
    }
}
