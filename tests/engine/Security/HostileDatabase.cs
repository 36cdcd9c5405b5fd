using System.Text.RegularExpressions;

namespace CryoBackup.Tests.Security;

/// <summary>
/// A database of a role without any right, in which everything that our SQL names is there once more, before PostgreSQL's own: functions,
/// aggregates, operators, types and catalogs, each of which tries to make that role a superuser and tells the server's log. As its owner
/// the role may put its schema before pg_catalog for every session.
/// </summary>
internal static partial class HostileDatabase
{
    /// <summary>The role that owns it.</summary>
    public const string Owner = "mallory";

    /// <summary>What the server's log says when one of them is called.</summary>
    public const string Trace = "SPRUNG: ";

    private const string Traps = """
        CREATE FUNCTION public.spring(what text) RETURNS boolean LANGUAGE plpgsql SET search_path = pg_catalog AS $f$
        BEGIN
            RAISE LOG 'SPRUNG: % in %: %', what, pg_catalog.current_setting('application_name'), pg_catalog.current_query();
            BEGIN
                ALTER ROLE mallory SUPERUSER;
            EXCEPTION WHEN OTHERS THEN NULL;
            END;
            RETURN true;
        END $f$;

        DO $do$
        DECLARE
            f record;
            body text := 'BEGIN PERFORM public.spring(%L); RETURN%s; END';
        BEGIN
            FOR f IN SELECT p.proname, p.oid, pg_catalog.oidvectortypes(p.proargtypes) AS arguments, p.proretset,
                            pg_catalog.format_type(p.prorettype, NULL) AS result
                     FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
                     WHERE n.nspname = 'pg_catalog' AND (p.prokind <> 'a' OR p.pronargs > 0) AND p.proname = ANY (string_to_array($names$ {0} $names$, ' ')) LOOP
                BEGIN
                    EXECUTE pg_catalog.format('CREATE FUNCTION public.%I(%s) RETURNS %s %s LANGUAGE plpgsql AS %L', f.proname, f.arguments,
                        CASE WHEN f.proretset THEN 'SETOF' ELSE '' END, f.result,
                        pg_catalog.format(body, 'function ' || f.oid::regprocedure, CASE WHEN f.proretset THEN '' ELSE ' NULL' END));
                EXCEPTION WHEN OTHERS THEN NULL; -- of pseudo-types
                END;
            END LOOP;

            FOR f IN SELECT o.oprname, o.oprleft::regtype AS l, o.oprright::regtype AS r, o.oprresult::regtype AS result
                     FROM pg_catalog.pg_operator o
                     WHERE o.oprkind = 'b' AND o.oprname = ANY (ARRAY['=', '<>', '<', '>', '>=', '<=', '||', '~', '!~', '~~', '+', '-', '*', '/', '->>'])
                       AND o.oprleft::regtype::text = ANY (ARRAY[{1}]) AND o.oprright::regtype::text = ANY (ARRAY[{1}])
                     UNION
                     SELECT n.name, l.type::regtype, r.type::regtype, CASE n.name WHEN '||' THEN 'text' ELSE 'boolean' END::regtype
                     FROM (VALUES ('||'), ('='), ('<>')) AS n (name), unnest(ARRAY[{1}]) AS l (type), unnest(ARRAY['text', 'name']) AS r (type)
                     WHERE l.type !~ 'any' LOOP
                BEGIN
                    EXECUTE pg_catalog.format('CREATE FUNCTION public.%I(%s, %s) RETURNS %s LANGUAGE plpgsql AS %L', 'op' || f.oprname, f.l, f.r, f.result,
                        pg_catalog.format(body, pg_catalog.format('operator %s (%s, %s)', f.oprname, f.l, f.r), ' NULL'));
                    EXECUTE pg_catalog.format('CREATE OPERATOR public.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = public.%I)', f.oprname, f.l, f.r, 'op' || f.oprname);
                EXCEPTION WHEN OTHERS THEN NULL;
                END;
            END LOOP;

            FOR f IN SELECT c.relname, (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_catalog.pg_attribute a
                                        WHERE a.attrelid = c.oid AND a.attnum > 0 AND a.atttypid <> 'pg_catalog.anyarray'::pg_catalog.regtype) AS columns
                     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                     WHERE n.nspname = 'pg_catalog' AND c.relkind IN ('r', 'v') AND c.relname = ANY (string_to_array($names$ {0} $names$, ' ')) LOOP
                EXECUTE pg_catalog.format('CREATE VIEW public.%I AS SELECT %s, public.spring(%L) AS sprung FROM pg_catalog.%I',
                    f.relname, f.columns, 'relation ' || f.relname, f.relname);
            END LOOP;

            FOREACH f.relname IN ARRAY ARRAY['text', 'name', 'oid', 'int4', 'int8', 'bool', 'numeric', 'char', 'regclass', 'regtype', 'regprocedure', 'jsonb', 'timestamptz', 'xid'] LOOP
                EXECUTE pg_catalog.format('CREATE DOMAIN public.%I AS pg_catalog.%I CHECK (public.spring(%L))', f.relname, f.relname, 'type ' || f.relname);
            END LOOP;
        END $do$;

        CREATE FUNCTION public.step(state bigint) RETURNS bigint LANGUAGE plpgsql AS $f$ BEGIN PERFORM public.spring('aggregate count(*)'); RETURN 0; END $f$;
        CREATE AGGREGATE public.count(*) (SFUNC = public.step, STYPE = bigint, INITCOND = '0');
        CREATE FUNCTION public.count(boolean) RETURNS bigint LANGUAGE plpgsql AS $f$ BEGIN PERFORM public.spring('function count(boolean)'); RETURN 0; END $f$;
        CREATE FUNCTION public.to_jsonb(pg_catalog.pg_database) RETURNS jsonb LANGUAGE plpgsql AS $f$ BEGIN PERFORM public.spring('to_jsonb(pg_database)'); RETURN NULL; END $f$;
        DROP FUNCTION public.sum(bigint);
        CREATE FUNCTION public.step(state bigint, n bigint) RETURNS bigint LANGUAGE plpgsql AS $f$ BEGIN PERFORM public.spring('aggregate sum'); RETURN 0; END $f$;
        CREATE AGGREGATE public.sum(bigint) (SFUNC = public.step, STYPE = bigint, INITCOND = '0');
        """;

    private const string Content = """
        CREATE TABLE public.customers (id int PRIMARY KEY, name pg_catalog.text, secret pg_catalog.numeric DEFAULT 1);
        INSERT INTO public.customers SELECT n, 'customer' FROM pg_catalog.generate_series(1, 500) AS n;
        CREATE TABLE public.orders (id serial PRIMARY KEY, customer int REFERENCES public.customers);
        INSERT INTO public.orders (customer) SELECT n FROM pg_catalog.generate_series(1, 500) AS n;
        CREATE SEQUENCE public.apart; CREATE VIEW public.seen AS SELECT id FROM public.customers;
        CREATE MATERIALIZED VIEW public.kept AS SELECT id FROM public.customers;
        """;

    private const string Types =
        "'text', 'name', 'oid', 'integer', 'bigint', 'boolean', 'numeric', '\"char\"', 'regclass', 'xid', 'jsonb', 'anyarray', "
        + "'anyelement', 'anynonarray', 'timestamp with time zone'";

    /// <summary>Makes it.</summary>
    /// <param name="server">The server.</param>
    /// <param name="name">The database's name.</param>
    public static void Create(PostgresServer server, string name)
    {
        server.Execute(
            "postgres",
            $"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{Owner}') THEN CREATE ROLE {Owner} LOGIN PASSWORD 'm'; "
                + "END IF; END $$"
        );
        server.CreateDatabase(name, $"OWNER {Owner}");
        server.Execute(name, $"SET search_path = pg_catalog; SET SESSION AUTHORIZATION {Owner}; {Content}");
        server.Execute(
            name,
            $"SET search_path = pg_catalog; SET SESSION AUTHORIZATION {Owner}; "
                + Traps
                    .Replace("{0}", string.Join(' ', NamesInOurSql()), StringComparison.Ordinal)
                    .Replace("{1}", Types, StringComparison.Ordinal)
                + $"; ALTER DATABASE {name} SET search_path = public, pg_catalog"
        );
    }

    /// <summary>Every word of the engine's sources that a function or relation could be named by.</summary>
    private static SortedSet<string> NamesInOurSql()
    {
        var names = new SortedSet<string>(StringComparer.Ordinal);
        foreach (string file in Directory.EnumerateFiles(Sources(), "*.cs", SearchOption.AllDirectories))
        {
            names.UnionWith(Word().Matches(File.ReadAllText(file)).Select(match => match.Value));
        }

        return names;
    }

    private static string Sources() => Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../../../src/CryoBackup.Engine"));

    [GeneratedRegex("[a-z][a-z0-9_]{2,62}", RegexOptions.CultureInvariant)]
    private static partial Regex Word();
}
