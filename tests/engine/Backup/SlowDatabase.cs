namespace CryoBackup.Tests.Backup;

/// <summary>
/// A database whose dump takes a minute, by the real pg_dump from a real server: the rows of an extension's configuration table are
/// dumped under a condition, and this condition sleeps.
/// </summary>
internal static class SlowDatabase
{
    /// <summary>The table whose rows come slowly, as progress names it.</summary>
    public const string Table = "public.slow";

    /// <summary>Makes it.</summary>
    /// <param name="server">The server.</param>
    /// <param name="name">The database's name.</param>
    /// <param name="milliseconds">What each of its rows takes.</param>
    /// <param name="rows">How many there are.</param>
    public static void Create(PostgresServer server, string name, int milliseconds = 20, int rows = 3000)
    {
        server.CreateDatabase(name);
        server.Execute(
            name,
            $"""
            CREATE EXTENSION citext;
            CREATE TABLE public.quick AS SELECT i AS id FROM generate_series(1, 1000) AS i;
            CREATE TABLE public.slow (id int, filler text);
            ALTER TABLE public.slow ALTER filler SET STORAGE EXTERNAL;
            INSERT INTO public.slow SELECT i, repeat(md5(i::text), 250) FROM generate_series(1, {rows}) AS i;
            ALTER EXTENSION citext ADD TABLE public.slow;
            UPDATE pg_extension SET extconfig = ARRAY['public.slow'::regclass::oid],
                extcondition = ARRAY['WHERE pg_catalog.pg_sleep({milliseconds} / 1000.0) IS NOT NULL'] WHERE extname = 'citext';
            """
        );
    }
}
