-- The schema zoo: at least one of every kind of object that PostgreSQL 15 has and that a superuser may create without another server;
-- on 13 and 14 without what they have not. What 17 and 18 brought is in zoo-17.sql and zoo-18.sql.
-- Only security labels are missing: they need a provider, and Debian ships none (PostgreSQL's own dummy_seclabel is a module of its tests).
--
-- Load it with psql into an empty UTF-8 database, as a superuser:
--   psql -X -v ON_ERROR_STOP=1 [-v tablespace_folder=/empty/folder/of/the/server] -d zoo -f zoo.sql
-- It needs the extensions of postgresql-contrib. Roles that are missing are created: zoo_owner, zoo_reader, zoo_writer, "Zoo Keeper".
-- With tablespace_folder it also makes the tablespace zoo_space; where the server offers the extension zoo_settings (beside this
-- file), it also makes that, with its configuration tables.

SET client_min_messages = error;
SET client_encoding = 'UTF8';

SELECT current_setting('server_version_num')::integer >= 140000 AS since_14, current_setting('server_version_num')::integer >= 150000 AS since_15 \gset
\set multiranges ''
\set nummultirange text
\set time_ranges text
\set sum_body 'AS ''SELECT a + b'''
\set compression ''
\set set_compression ''
\set infinite NaN
\set expressions 'species, weight'
\if :since_14
\set multiranges ', multirange_type_name = zoo.time_ranges'
\set nummultirange nummultirange
\set time_ranges zoo.time_ranges
\set sum_body 'BEGIN ATOMIC SELECT a + b; END'
\set compression 'COMPRESSION pglz'
\set set_compression ', ALTER COLUMN photo SET COMPRESSION pglz'
\set infinite infinity
\set expressions '(lower(name)), (weight::numeric * 2)'
\endif
\set unlogged ''
\set deputy_only ''
\set no_nulls ''
\set as_caller ''
\set where_value ''
\set where_species ''
\set whole_schema ''
\set keeper_columns ''
\set animal_columns ''
\if :since_15
\set unlogged UNLOGGED
\set deputy_only '(deputy)'
\set no_nulls 'NULLS NOT DISTINCT'
\set as_caller 'WITH (security_invoker)'
\set where_value 'WHERE (id > 1)'
\set where_species 'WHERE (id > 10)'
\set whole_schema ', TABLES IN SCHEMA annex'
\set keeper_columns '(id, name)'
\set animal_columns '(id, name, weight) WHERE (id > 100)'
\endif

DO $$
DECLARE role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['zoo_owner', 'zoo_reader', 'zoo_writer', 'Zoo Keeper'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
            EXECUTE format('CREATE ROLE %I', role);
        END IF;
    END LOOP;
    EXECUTE format('COMMENT ON DATABASE %I IS %L', current_database(), 'Animals; and their "keepers"');
    EXECUTE format('ALTER DATABASE %I SET search_path TO zoo, public', current_database());
    EXECUTE format('ALTER DATABASE %I SET work_mem TO ''5MB''', current_database());
    EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO zoo_reader', current_database());
    EXECUTE format('ALTER ROLE zoo_writer IN DATABASE %I SET statement_timeout TO ''1h''', current_database());
END
$$;

\if :{?tablespace_folder}
SELECT NOT EXISTS (SELECT FROM pg_tablespace WHERE spcname = 'zoo_space') AS make_tablespace \gset
\if :make_tablespace
CREATE TABLESPACE zoo_space OWNER zoo_owner LOCATION :'tablespace_folder';
\endif
\endif

CREATE SCHEMA zoo AUTHORIZATION zoo_owner;
COMMENT ON SCHEMA zoo IS 'Everything that has a kind';
GRANT USAGE ON SCHEMA zoo TO zoo_reader, zoo_writer;
CREATE SCHEMA annex;
CREATE SCHEMA "Odd ""Schema"", with; all";
GRANT CREATE ON SCHEMA public TO zoo_writer;
COMMENT ON SCHEMA public IS 'No longer the standard one';

-- Extensions -----------------------------------------------------------------------------------------------------------------------
CREATE EXTENSION hstore WITH SCHEMA public;
CREATE EXTENSION citext WITH SCHEMA annex;
CREATE EXTENSION btree_gist WITH SCHEMA public;
CREATE EXTENSION btree_gin WITH SCHEMA public;
CREATE EXTENSION pg_trgm WITH SCHEMA public;
CREATE EXTENSION bloom WITH SCHEMA public;
CREATE EXTENSION file_fdw;
CREATE EXTENSION postgres_fdw;
CREATE EXTENSION ltree WITH SCHEMA public;
COMMENT ON EXTENSION ltree IS 'Taxonomy';
SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'zoo_settings') AS has_zoo_settings \gset
\if :has_zoo_settings
CREATE EXTENSION zoo_settings WITH SCHEMA annex;
INSERT INTO annex.zoo_setting VALUES ('opening hour', '9', true), ('closing hour', '18', true);
DO 'BEGIN PERFORM nextval(''annex.zoo_setting_number'') FROM generate_series(1, 2); END';
\endif

-- Languages, access methods, conversions, transforms ---------------------------------------------------------------------------------
CREATE FUNCTION zoo.lang_call() RETURNS language_handler LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_call_handler';
CREATE FUNCTION zoo.lang_inline(internal) RETURNS void LANGUAGE c STRICT AS '$libdir/plpgsql', 'plpgsql_inline_handler';
CREATE FUNCTION zoo.lang_validator(oid) RETURNS void LANGUAGE c STRICT AS '$libdir/plpgsql', 'plpgsql_validator';
CREATE TRUSTED LANGUAGE zoolang HANDLER zoo.lang_call INLINE zoo.lang_inline VALIDATOR zoo.lang_validator;
ALTER LANGUAGE zoolang OWNER TO zoo_owner;
COMMENT ON LANGUAGE zoolang IS 'plpgsql in a costume';
REVOKE USAGE ON LANGUAGE zoolang FROM PUBLIC;
GRANT USAGE ON LANGUAGE zoolang TO zoo_writer;
CREATE ACCESS METHOD zoo_heap TYPE TABLE HANDLER heap_tableam_handler;
CREATE ACCESS METHOD zoo_gist TYPE INDEX HANDLER gisthandler;
COMMENT ON ACCESS METHOD zoo_gist IS 'gist in a costume';
CREATE CONVERSION zoo.from_latin1 FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
COMMENT ON CONVERSION zoo.from_latin1 IS 'As the standard one';
CREATE TRANSFORM FOR int LANGUAGE sql (FROM SQL WITH FUNCTION prsd_lextype(internal), TO SQL WITH FUNCTION int4recv(internal));
COMMENT ON TRANSFORM FOR int LANGUAGE sql IS 'For the show';

-- Collations -------------------------------------------------------------------------------------------------------------------------
CREATE COLLATION zoo.german (provider = icu, locale = 'de-u-co-phonebk');
CREATE COLLATION zoo.caseless (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE COLLATION zoo.plain (provider = libc, locale = 'C');
COMMENT ON COLLATION zoo.caseless IS 'Lion is lion';
ALTER COLLATION zoo.german OWNER TO zoo_owner;

-- Types ------------------------------------------------------------------------------------------------------------------------------
CREATE TYPE zoo.diet AS ENUM ('meat', 'plants', 'it''s all');
ALTER TYPE zoo.diet ADD VALUE 'fish' BEFORE 'plants';
COMMENT ON TYPE zoo.diet IS 'What they eat';
CREATE TYPE zoo.address AS (street text COLLATE zoo.german, number int, "post code" varchar(10));
COMMENT ON COLUMN zoo.address.number IS 'Of the house';
CREATE DOMAIN zoo.weight AS numeric(8, 2) DEFAULT 1 NOT NULL CONSTRAINT weight_is_positive CHECK (VALUE > 0);
COMMENT ON DOMAIN zoo.weight IS 'In kilograms';
COMMENT ON CONSTRAINT weight_is_positive ON DOMAIN zoo.weight IS 'Nothing floats';
CREATE DOMAIN zoo.light_weight AS zoo.weight CONSTRAINT light CHECK (VALUE < 100);
ALTER DOMAIN zoo.light_weight ADD CONSTRAINT not_yet_checked CHECK (VALUE <> 50) NOT VALID;
REVOKE USAGE ON TYPE zoo.weight FROM PUBLIC;
GRANT USAGE ON TYPE zoo.weight TO zoo_reader, zoo_owner;
CREATE FUNCTION zoo.time_diff(time, time) RETURNS double precision LANGUAGE sql IMMUTABLE STRICT
    AS 'SELECT extract(epoch FROM ($1 - $2))::double precision';
CREATE TYPE zoo.time_range AS RANGE (subtype = time, subtype_diff = zoo.time_diff :multiranges);
CREATE TYPE zoo.name_range AS RANGE (subtype = text, collation = zoo.german);
CREATE TYPE zoo.shell_only;
CREATE TYPE zoo.chip;
CREATE FUNCTION zoo.chip_in(cstring) RETURNS zoo.chip LANGUAGE internal IMMUTABLE STRICT AS 'int4in';
CREATE FUNCTION zoo.chip_out(zoo.chip) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'int4out';
CREATE TYPE zoo.chip (INPUT = zoo.chip_in, OUTPUT = zoo.chip_out, INTERNALLENGTH = 4, PASSEDBYVALUE, ALIGNMENT = int4, DEFAULT = '7', CATEGORY = 'U', DELIMITER = ';');
ALTER TYPE zoo.address OWNER TO zoo_owner;

-- Functions, procedures, aggregates --------------------------------------------------------------------------------------------------
CREATE FUNCTION zoo.add_chips(a zoo.chip, b zoo.chip) RETURNS zoo.chip LANGUAGE internal IMMUTABLE STRICT AS 'int4pl';
CREATE FUNCTION zoo.chip_eq(zoo.chip, zoo.chip) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE AS 'int4eq';
CREATE FUNCTION zoo.chip_lt(zoo.chip, zoo.chip) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'int4lt';
CREATE FUNCTION zoo.chip_le(zoo.chip, zoo.chip) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'int4le';
CREATE FUNCTION zoo.chip_gt(zoo.chip, zoo.chip) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'int4gt';
CREATE FUNCTION zoo.chip_ge(zoo.chip, zoo.chip) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'int4ge';
CREATE FUNCTION zoo.chip_cmp(zoo.chip, zoo.chip) RETURNS integer LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'btint4cmp';
CREATE FUNCTION zoo.chip_hash(zoo.chip) RETURNS integer LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'hashint4';
CREATE FUNCTION zoo.chip_number(zoo.chip) RETURNS bigint LANGUAGE internal IMMUTABLE STRICT AS 'int48';
CREATE FUNCTION zoo.shout(word text, times integer DEFAULT 1, OUT loud text, OUT length integer) RETURNS record
    LANGUAGE sql STABLE CALLED ON NULL INPUT SECURITY DEFINER COST 7 PARALLEL RESTRICTED SET search_path = pg_catalog
    AS $$ SELECT repeat(upper(word), times), length(word) * times $$;
CREATE FUNCTION zoo.standard_body(a integer, b integer) RETURNS integer LANGUAGE sql IMMUTABLE
    :sum_body;
CREATE FUNCTION zoo.rows_of(VARIADIC words text[]) RETURNS TABLE (word text, at bigint) LANGUAGE plpgsql ROWS 3
    AS $$ BEGIN RETURN QUERY SELECT * FROM unnest(words) WITH ORDINALITY; END $$;
CREATE FUNCTION zoo.in_own_language() RETURNS integer LANGUAGE zoolang AS $$ BEGIN RETURN 1; END $$;
CREATE FUNCTION zoo.with_transform(a integer) RETURNS integer LANGUAGE sql TRANSFORM FOR TYPE integer AS 'SELECT a';
CREATE FUNCTION zoo."odd ""name""; --"("Arg" integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT $1 + 1';
CREATE FUNCTION zoo.first_agg(anyelement, anyelement) RETURNS anyelement LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS 'SELECT $1';
CREATE FUNCTION zoo.nth(bigint) RETURNS bigint WINDOW LANGUAGE internal IMMUTABLE STRICT AS 'window_ntile';
CREATE PROCEDURE zoo.feed(INOUT portions integer) LANGUAGE plpgsql AS $$ BEGIN portions := portions - 1; END $$;
COMMENT ON FUNCTION zoo.shout(text, integer) IS 'Loud';
COMMENT ON PROCEDURE zoo.feed(integer) IS 'Quietly';
ALTER FUNCTION zoo.shout(text, integer) OWNER TO zoo_owner;
REVOKE EXECUTE ON FUNCTION zoo.shout(text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION zoo.shout(text, integer) TO zoo_reader WITH GRANT OPTION;
SET SESSION AUTHORIZATION zoo_reader;
GRANT EXECUTE ON FUNCTION zoo.shout(text, integer) TO "Zoo Keeper";
RESET SESSION AUTHORIZATION;
GRANT EXECUTE ON PROCEDURE zoo.feed(integer) TO "Zoo Keeper";
CREATE AGGREGATE zoo.first(anyelement) (SFUNC = zoo.first_agg, STYPE = anyelement, PARALLEL = safe);
CREATE AGGREGATE zoo.total(integer) (SFUNC = int4_sum, STYPE = bigint, COMBINEFUNC = int8pl, MSFUNC = int4_avg_accum, MINVFUNC = int4_avg_accum_inv,
    MSTYPE = bigint[], MFINALFUNC = int2int4_sum, INITCOND = '0', MINITCOND = '{0,0}', PARALLEL = safe);
CREATE AGGREGATE zoo.middle(double precision ORDER BY anyelement) (SFUNC = ordered_set_transition, STYPE = internal, FINALFUNC = percentile_disc_final, FINALFUNC_EXTRA);
CREATE AGGREGATE zoo.place(VARIADIC "any" ORDER BY VARIADIC "any") (SFUNC = ordered_set_transition_multi, STYPE = internal, FINALFUNC = rank_final, FINALFUNC_EXTRA, HYPOTHETICAL);
COMMENT ON AGGREGATE zoo.first(anyelement) IS 'Of the queue';
GRANT EXECUTE ON FUNCTION zoo.first(anyelement) TO zoo_reader;

-- Operators, classes, families, casts --------------------------------------------------------------------------------------------------
CREATE OPERATOR zoo.+ (FUNCTION = zoo.add_chips, LEFTARG = zoo.chip, RIGHTARG = zoo.chip, COMMUTATOR = OPERATOR(zoo.+));
CREATE OPERATOR zoo.= (FUNCTION = zoo.chip_eq, LEFTARG = zoo.chip, RIGHTARG = zoo.chip, COMMUTATOR = OPERATOR(zoo.=), RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES);
CREATE OPERATOR zoo.< (FUNCTION = zoo.chip_lt, LEFTARG = zoo.chip, RIGHTARG = zoo.chip, COMMUTATOR = OPERATOR(zoo.>), NEGATOR = OPERATOR(zoo.>=), RESTRICT = scalarltsel);
CREATE OPERATOR zoo.<= (FUNCTION = zoo.chip_le, LEFTARG = zoo.chip, RIGHTARG = zoo.chip, COMMUTATOR = OPERATOR(zoo.>=), NEGATOR = OPERATOR(zoo.>));
CREATE OPERATOR zoo.> (FUNCTION = zoo.chip_gt, LEFTARG = zoo.chip, RIGHTARG = zoo.chip, COMMUTATOR = OPERATOR(zoo.<), NEGATOR = OPERATOR(zoo.<=));
CREATE OPERATOR zoo.>= (FUNCTION = zoo.chip_ge, LEFTARG = zoo.chip, RIGHTARG = zoo.chip, COMMUTATOR = OPERATOR(zoo.<=), NEGATOR = OPERATOR(zoo.<));
CREATE OPERATOR zoo.!! (FUNCTION = zoo.chip_number, RIGHTARG = zoo.chip);
COMMENT ON OPERATOR zoo.+ (zoo.chip, zoo.chip) IS 'Sum';
ALTER OPERATOR zoo.+ (zoo.chip, zoo.chip) OWNER TO zoo_owner;
CREATE OPERATOR FAMILY zoo.chips USING btree;
COMMENT ON OPERATOR FAMILY zoo.chips USING btree IS 'All orders of chips';
CREATE OPERATOR CLASS zoo.chip_ops DEFAULT FOR TYPE zoo.chip USING btree FAMILY zoo.chips AS
    OPERATOR 1 zoo.<, OPERATOR 2 zoo.<=, OPERATOR 3 zoo.=, OPERATOR 4 zoo.>=, OPERATOR 5 zoo.>, FUNCTION 1 zoo.chip_cmp(zoo.chip, zoo.chip);
COMMENT ON OPERATOR CLASS zoo.chip_ops USING btree IS 'The order of chips';
CREATE OPERATOR CLASS zoo.chip_hash_ops DEFAULT FOR TYPE zoo.chip USING hash AS OPERATOR 1 zoo.=, FUNCTION 1 zoo.chip_hash(zoo.chip);
CREATE OPERATOR CLASS zoo.box_ops DEFAULT FOR TYPE box USING zoo_gist AS
    OPERATOR 1 <<, OPERATOR 3 &&, OPERATOR 5 >>, OPERATOR 6 ~=, OPERATOR 7 @>, OPERATOR 8 <@,
    FUNCTION 1 gist_box_consistent(internal, box, smallint, oid, internal), FUNCTION 2 gist_box_union(internal, internal),
    FUNCTION 5 gist_box_penalty(internal, internal, internal), FUNCTION 6 gist_box_picksplit(internal, internal), FUNCTION 7 gist_box_same(box, box, internal);
CREATE OPERATOR FAMILY zoo.loose USING btree;
ALTER OPERATOR FAMILY zoo.loose USING btree ADD OPERATOR 1 <(integer, bigint), FUNCTION 1 (integer, bigint) btint48cmp(integer, bigint);
CREATE CAST (zoo.chip AS integer) WITHOUT FUNCTION AS ASSIGNMENT;
CREATE CAST (zoo.chip AS bigint) WITH FUNCTION zoo.chip_number(zoo.chip) AS IMPLICIT;
CREATE CAST (zoo.address AS public.hstore) WITH INOUT;
COMMENT ON CAST (zoo.chip AS bigint) IS 'Wide';

-- Text search ------------------------------------------------------------------------------------------------------------------------
CREATE TEXT SEARCH PARSER zoo.parser (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype, HEADLINE = prsd_headline);
CREATE TEXT SEARCH TEMPLATE zoo.template (INIT = dsimple_init, LEXIZE = dsimple_lexize);
CREATE TEXT SEARCH DICTIONARY zoo.dictionary (TEMPLATE = zoo.template, stopwords = english);
CREATE TEXT SEARCH CONFIGURATION zoo.search (PARSER = zoo.parser);
ALTER TEXT SEARCH CONFIGURATION zoo.search ADD MAPPING FOR asciiword, word WITH zoo.dictionary, english_stem;
COMMENT ON TEXT SEARCH PARSER zoo.parser IS 'p';
COMMENT ON TEXT SEARCH TEMPLATE zoo.template IS 't';
COMMENT ON TEXT SEARCH DICTIONARY zoo.dictionary IS 'd';
COMMENT ON TEXT SEARCH CONFIGURATION zoo.search IS 'c';
ALTER TEXT SEARCH CONFIGURATION zoo.search OWNER TO zoo_owner;

-- Privileges that new objects get ------------------------------------------------------------------------------------------------------
ALTER DEFAULT PRIVILEGES FOR ROLE zoo_owner IN SCHEMA annex GRANT SELECT ON TABLES TO zoo_reader;
ALTER DEFAULT PRIVILEGES FOR ROLE zoo_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE "Zoo Keeper" GRANT USAGE ON SEQUENCES TO zoo_writer WITH GRANT OPTION;
ALTER DEFAULT PRIVILEGES FOR ROLE "Zoo Keeper" REVOKE USAGE ON TYPES FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE "Zoo Keeper" GRANT USAGE ON SCHEMAS TO zoo_reader;

-- Tables: keys, defaults, generated and identity columns, constraints -----------------------------------------------------------------
CREATE SEQUENCE zoo.ticket AS integer START 100 INCREMENT 10 MINVALUE 10 MAXVALUE 100000 CACHE 5 CYCLE;
COMMENT ON SEQUENCE zoo.ticket IS 'Free, belongs to no column';
GRANT USAGE, SELECT ON SEQUENCE zoo.ticket TO zoo_writer;
CREATE SEQUENCE zoo.countdown INCREMENT -1 MAXVALUE 0 START 0;
CREATE :unlogged SEQUENCE zoo.unlogged_numbers;

CREATE TABLE zoo.keeper (
    id serial PRIMARY KEY,
    name text COLLATE zoo.german NOT NULL,
    mail annex.citext UNIQUE,
    home zoo.address,
    deputy integer,
    chip zoo.chip DEFAULT '42',
    CONSTRAINT own_deputy CHECK (deputy <> id) NO INHERIT
);
ALTER TABLE zoo.keeper ADD CONSTRAINT deputy_is_keeper FOREIGN KEY (deputy) REFERENCES zoo.keeper ON DELETE SET NULL :deputy_only DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE zoo.keeper OWNER TO zoo_owner;
COMMENT ON TABLE zoo.keeper IS 'People';
COMMENT ON COLUMN zoo.keeper.home IS 'Where they sleep';
COMMENT ON CONSTRAINT own_deputy ON zoo.keeper IS 'Nobody stands in for themselves';
GRANT SELECT ON zoo.keeper TO zoo_reader;
GRANT SELECT (id, name), UPDATE (name) ON zoo.keeper TO zoo_writer;
GRANT REFERENCES (id) ON zoo.keeper TO "Zoo Keeper" WITH GRANT OPTION;
INSERT INTO zoo.keeper (name, mail, home, deputy) VALUES
    ('Ärmel', 'A@zoo.example', ('Weg', 1, '10115'), 2), (E'Tab\tand\nline', 'b@zoo.example', NULL, 1), ('ö\\', NULL, ('"Q"', NULL, ','), NULL);

CREATE TABLE zoo.species (
    id integer GENERATED ALWAYS AS IDENTITY (SEQUENCE NAME zoo.species_numbers START 10 INCREMENT 5) PRIMARY KEY,
    latin text NOT NULL,
    taxonomy public.ltree,
    attributes public.hstore,
    facts jsonb,
    diet zoo.diet DEFAULT 'it''s all',
    favourite integer,
    words tsvector GENERATED ALWAYS AS (to_tsvector('zoo.search', latin)) STORED,
    EXCLUDE USING gist (latin WITH =) WHERE (diet = 'meat')
);
CREATE TABLE zoo.animal (
    id bigint GENERATED BY DEFAULT AS IDENTITY,
    species integer NOT NULL,
    name text COLLATE zoo.caseless,
    weight zoo.weight,
    born date DEFAULT CURRENT_DATE,
    awake zoo.time_range,
    chips zoo.chip[] DEFAULT '{}',
    keeper integer REFERENCES zoo.keeper ON UPDATE CASCADE ON DELETE RESTRICT,
    ticket integer DEFAULT nextval('zoo.ticket'),
    grams numeric GENERATED ALWAYS AS (weight * 1000) STORED,
    photo bytea,
    gone text,
    CONSTRAINT animal_key PRIMARY KEY (id) INCLUDE (name),
    CONSTRAINT one_name UNIQUE :no_nulls (species, name) DEFERRABLE,
    CONSTRAINT born_after CHECK (born > '1900-01-01')
);
ALTER TABLE zoo.animal DROP COLUMN gone;
ALTER TABLE zoo.animal ADD CONSTRAINT not_too_heavy CHECK (weight < 9000) NOT VALID;
ALTER TABLE zoo.animal ADD CONSTRAINT of_a_species FOREIGN KEY (species) REFERENCES zoo.species MATCH FULL;
ALTER TABLE zoo.species ADD CONSTRAINT favourite_animal FOREIGN KEY (favourite) REFERENCES zoo.animal DEFERRABLE;
COMMENT ON COLUMN zoo.animal.grams IS 'Computed';
COMMENT ON CONSTRAINT of_a_species ON zoo.animal IS 'Circular with favourite_animal';
ALTER TABLE zoo.animal OWNER TO zoo_owner;
ALTER TABLE zoo.animal ALTER COLUMN photo SET STORAGE EXTERNAL :set_compression, ALTER COLUMN name SET STATISTICS 500,
    ALTER COLUMN born SET (n_distinct = -0.5);
ALTER TABLE zoo.animal SET (fillfactor = 80, autovacuum_enabled = false, toast.autovacuum_vacuum_threshold = 77);
INSERT INTO zoo.species (latin, taxonomy, attributes, facts, diet) VALUES
    ('Panthera leo', 'felidae.panthera', 'legs=>4', '{"mane": true, "text": "\u00e4\n"}', 'meat'), ('Ursus maritimus', NULL, 'legs=>4,"a b"=>NULL', '[]', 'fish'),
    ('Bos taurus', 'bovidae.bos', '', NULL, DEFAULT);
INSERT INTO zoo.animal (species, name, weight, born, awake, chips, keeper, photo) VALUES
    (10, 'Leo', 190.5, '2015-03-01', '[08:00,20:00)', '{1;2}', 1, '\x00ff0a0d5c'), (10, 'Lea', 120, 'infinity', NULL, NULL, 2, NULL),
    (15, 'leo', 400, '2010-12-31', '(,)', '{}', 1, NULL), (20, NULL, 700, '2020-02-29', 'empty', '{7}', NULL, decode(repeat('00ff', 5000), 'hex'));
UPDATE zoo.species SET favourite = 1 WHERE id = 10;

-- Every kind of value
CREATE TABLE zoo.value (
    id integer PRIMARY KEY, b boolean, i2 smallint, i8 bigint, n numeric, f4 real, f8 double precision, m money, c char(5), v varchar(9), "char" "char", name name, t text,
    bytes bytea, d date, ti time, tiz time with time zone, ts timestamp, tsz timestamptz, iv interval, u uuid, j json, jb jsonb, x xml, p point, l line, s lseg, bx box, pa path,
    po polygon, ci circle, ip inet, net cidr, mac macaddr, mac8 macaddr8, bits bit(3), vb bit varying, tv tsvector, tq tsquery, r int4range, mr :nummultirange, a2 integer[][],
    o oid, rc regclass, lsn pg_lsn, snap pg_snapshot, jp jsonpath, di zoo.diet[], ad zoo.address[], nr zoo.name_range, trs :time_ranges);
INSERT INTO zoo.value VALUES
    (1, true, -32768, 9223372036854775807, 'NaN', 1e-45, 0.1, -1.5, 'ab', E'\t', 'x', 'n', E'a\\b\nc\r\bd\f\v', '\x00', 'infinity', '24:00', '12:00+15:59', '4713-01-01 BC', '294276-12-31Z',
     '-1 mon +2 days -03:04:05.6', '00000000-0000-0000-0000-00000000000f', '{"a" : 1}', '{"a":1}', '<a>&amp;</a>', '(1,2)', '{1,2,3}', '[(0,0),(1,1)]', '(1,1),(0,0)', '[(0,0),(1,1)]',
     '((0,0),(1,1),(1,0))', '<(0,0),1>', '::1/64', '10.0.0.0/8', '08:00:2b:01:02:03', '08:00:2b:01:02:03:04:05', B'101', B'', 'a:1A b', 'a & !b:*', '[1,)', '{[1,2),(3,)}', '{{1,2},{3,NULL}}',
     4294967295, 'pg_class', 'FFFFFFFF/FFFFFFFF', '10:20:10,14', '$.a[*] ? (@ > 1)', '{meat,"it''s all"}', ARRAY[ROW('x', 1, NULL)::zoo.address], '[a,ö]', '{[01:00,02:00),[03:00,04:00)}');
INSERT INTO zoo.value VALUES (2, false);
INSERT INTO zoo.value VALUES
    (3, NULL, 0, 0, :'infinite', 'NaN', '-Infinity', 0, '', '', '', '', '\.', '', '-infinity', '00:00', '00:00-15:59', 'infinity', '-infinity', '0', NULL, 'null', 'null', '');

CREATE TABLE zoo."Odd ""Table""; --'" ("select" integer PRIMARY KEY, "a b" text DEFAULT E'\\''', "Ünï\code" text, "tab	in" text CHECK ("tab	in" <> ''));
INSERT INTO zoo."Odd ""Table""; --'" VALUES (1, DEFAULT, '€ 🦁', E'\t');
COMMENT ON COLUMN zoo."Odd ""Table""; --'"."a b" IS 'a;b
c';
CREATE TABLE "Odd ""Schema"", with; all"."animal" (id integer PRIMARY KEY, note text);
INSERT INTO "Odd ""Schema"", with; all".animal VALUES (1, 'the same name in another schema');
CREATE TABLE annex.animal (id integer PRIMARY KEY);
INSERT INTO annex.animal SELECT generate_series(1, 3);
CREATE TABLE zoo.without_columns ();
INSERT INTO zoo.without_columns SELECT FROM generate_series(1, 2);
CREATE TABLE public.plain (id integer PRIMARY KEY, note text DEFAULT 'x');
INSERT INTO public.plain VALUES (1, 'in public');

-- Storage -----------------------------------------------------------------------------------------------------------------------------
CREATE UNLOGGED TABLE zoo.forgettable (id integer PRIMARY KEY, note text);
INSERT INTO zoo.forgettable VALUES (1, 'kept by a dump all the same');
CREATE TABLE zoo.in_zoo_heap (id integer, note text :compression) USING zoo_heap;
\if :{?tablespace_folder}
CREATE TABLE zoo.elsewhere (id integer PRIMARY KEY USING INDEX TABLESPACE zoo_space, note text) TABLESPACE zoo_space;
CREATE INDEX elsewhere_note ON zoo.elsewhere (note) TABLESPACE zoo_space;
INSERT INTO zoo.elsewhere VALUES (1, 'on another disk');
\endif
CREATE TYPE zoo.visit AS (day date, visitors integer);
CREATE TABLE zoo.visits OF zoo.visit (PRIMARY KEY (day), visitors WITH OPTIONS DEFAULT 0 NOT NULL);
INSERT INTO zoo.visits VALUES ('2024-01-01', 12);
CREATE TABLE zoo.with_row_of_table (id integer PRIMARY KEY, was zoo.visits);
INSERT INTO zoo.with_row_of_table VALUES (1, ROW('2024-01-02', 3));

-- Inheritance and partitions ------------------------------------------------------------------------------------------------------------
CREATE TABLE zoo.building (id integer PRIMARY KEY, name text NOT NULL DEFAULT 'house', CONSTRAINT named CHECK (name <> ''));
CREATE TABLE zoo.heated (degrees integer DEFAULT 20, CHECK (degrees > 0));
CREATE TABLE zoo.aquarium (litres integer, name text DEFAULT 'tank') INHERITS (zoo.building, zoo.heated);
ALTER TABLE ONLY zoo.aquarium ALTER COLUMN degrees SET DEFAULT 25;
INSERT INTO zoo.building VALUES (1, 'Lions'), (2, DEFAULT);
INSERT INTO zoo.aquarium VALUES (3, 'Fish', 24, 1000);

CREATE TABLE zoo.reading (at timestamptz NOT NULL, sensor integer NOT NULL, value double precision DEFAULT 0, id bigint GENERATED BY DEFAULT AS IDENTITY, CHECK (value > -300))
    PARTITION BY RANGE (at, sensor);
CREATE TABLE zoo.reading_2023 PARTITION OF zoo.reading FOR VALUES FROM ('2023-01-01Z', MINVALUE) TO ('2024-01-01Z', MINVALUE);
CREATE TABLE zoo.reading_2024 PARTITION OF zoo.reading (value DEFAULT 1, CONSTRAINT warm CHECK (value < 100)) FOR VALUES FROM ('2024-01-01Z', MINVALUE) TO ('2025-01-01Z', MINVALUE)
    PARTITION BY LIST (sensor);
CREATE TABLE annex.reading_2024_a PARTITION OF zoo.reading_2024 FOR VALUES IN (1, 2);
CREATE TABLE annex.reading_2024_rest PARTITION OF zoo.reading_2024 DEFAULT PARTITION BY HASH (sensor);
CREATE TABLE annex.reading_2024_rest_0 PARTITION OF annex.reading_2024_rest FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE annex.reading_2024_rest_1 PARTITION OF annex.reading_2024_rest FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE zoo.reading_other PARTITION OF zoo.reading DEFAULT;
ALTER TABLE zoo.reading ADD PRIMARY KEY (at, sensor);
CREATE INDEX reading_value ON zoo.reading (value) WITH (fillfactor = 70);
CREATE INDEX reading_only_here ON zoo.reading_2023 (id);
CREATE UNIQUE INDEX reading_unique ON zoo.reading (sensor, at DESC);
COMMENT ON TABLE zoo.reading_2024 IS 'Divided once more';
COMMENT ON INDEX zoo.reading_value IS 'Of the whole';
GRANT SELECT ON zoo.reading, annex.reading_2024_a TO zoo_reader;
INSERT INTO zoo.reading (at, sensor, value) SELECT '2023-12-01Z'::timestamptz + n * interval '20 days', n % 5, n / 7.0 FROM generate_series(0, 40) AS n;
CREATE TABLE zoo.alarm (id integer PRIMARY KEY, at timestamptz, sensor integer, FOREIGN KEY (at, sensor) REFERENCES zoo.reading ON DELETE CASCADE);
INSERT INTO zoo.alarm SELECT 1, at, sensor FROM zoo.reading WHERE at > '2024-06-01Z' ORDER BY at LIMIT 1;

-- Indexes of every method -----------------------------------------------------------------------------------------------------------------
CREATE INDEX species_facts ON zoo.species USING gin (facts jsonb_path_ops) WITH (fastupdate = off);
CREATE INDEX species_words ON zoo.species USING gin (words);
CREATE INDEX species_latin_trgm ON zoo.species USING gin (latin public.gin_trgm_ops);
CREATE INDEX species_taxonomy ON zoo.species USING gist (taxonomy public.gist_ltree_ops (siglen = 100));
CREATE INDEX species_hash ON zoo.species USING hash (latin);
CREATE INDEX species_bloom ON zoo.species USING bloom (id, favourite) WITH (length = 80, col1 = 2);
CREATE INDEX value_own_method ON zoo.value USING zoo_gist (bx);
CREATE INDEX animal_born ON zoo.animal USING brin (born) WITH (pages_per_range = 8, autosummarize = on);
CREATE INDEX animal_light ON zoo.animal (weight DESC NULLS LAST, lower(name) COLLATE zoo.plain text_pattern_ops) INCLUDE (born) WHERE weight < 100;
CREATE UNIQUE INDEX animal_expression ON zoo.animal ((weight::numeric * 2), id);
ALTER INDEX zoo.animal_expression ALTER COLUMN 1 SET STATISTICS 300;
CREATE INDEX animal_chips ON zoo.animal USING gin (id, born) WHERE awake IS NULL;
CREATE INDEX value_points ON zoo.value USING spgist (p);
CREATE INDEX value_ranges ON zoo.value USING gist (r, bx);
CREATE INDEX keeper_chip ON zoo.keeper (chip);
CREATE INDEX keeper_chip_hash ON zoo.keeper USING hash (chip);
COMMENT ON INDEX zoo.animal_light IS 'Partial, covering, of an expression';
CREATE UNIQUE INDEX keeper_name ON zoo.keeper (name);
ALTER TABLE zoo.keeper REPLICA IDENTITY USING INDEX keeper_name;
ALTER TABLE zoo.species REPLICA IDENTITY FULL;
ALTER TABLE zoo.animal CLUSTER ON animal_key;
CREATE STATISTICS zoo.animal_statistics (dependencies, ndistinct, mcv) ON species, keeper FROM zoo.animal;
CREATE STATISTICS zoo.animal_expressions ON :expressions FROM zoo.animal;
ALTER STATISTICS zoo.animal_statistics SET STATISTICS 55;
ALTER STATISTICS zoo.animal_statistics OWNER TO zoo_owner;
COMMENT ON STATISTICS zoo.animal_statistics IS 'Who keeps what';

-- Views, materialized views, rules ------------------------------------------------------------------------------------------------------------
CREATE VIEW zoo.lion WITH (security_barrier, check_option = 'cascaded') AS SELECT id, name, weight FROM zoo.animal WHERE species = 10;
CREATE VIEW zoo.lion_as_caller :as_caller AS SELECT * FROM zoo.lion;
CREATE VIEW zoo.by_key AS SELECT s.id, s.latin, count(*) AS animals FROM zoo.species s JOIN zoo.animal a ON a.species = s.id GROUP BY s.id;
CREATE VIEW zoo.of_functions AS SELECT f.word, f.at, (zoo.shout(f.word)).loud AS loud FROM zoo.rows_of('a', 'b') AS f;
CREATE RECURSIVE VIEW zoo.ladder (n) AS VALUES (1) UNION ALL SELECT n + 1 FROM ladder WHERE n < 5;
CREATE MATERIALIZED VIEW zoo.weights WITH (fillfactor = 90) AS SELECT species, sum(weight) AS total FROM zoo.animal GROUP BY species;
CREATE UNIQUE INDEX weights_species ON zoo.weights (species);
CREATE MATERIALIZED VIEW zoo.heavy AS SELECT w.species, b.latin FROM zoo.weights w JOIN zoo.by_key b ON b.id = w.species WHERE w.total > 100;
CREATE MATERIALIZED VIEW zoo.not_yet AS SELECT 1 AS one WITH NO DATA;
CREATE VIEW zoo.on_heavy AS SELECT latin FROM zoo.heavy;
COMMENT ON VIEW zoo.lion IS 'Only they';
COMMENT ON COLUMN zoo.lion.name IS 'Lion''s';
COMMENT ON MATERIALIZED VIEW zoo.heavy IS 'On another, by a view';
ALTER VIEW zoo.lion ALTER COLUMN weight SET DEFAULT 150;
ALTER VIEW zoo.lion OWNER TO zoo_owner;
GRANT SELECT, INSERT ON zoo.lion TO zoo_reader;
GRANT SELECT ON zoo.heavy TO zoo_reader;
CREATE FUNCTION zoo.reads_view() RETURNS SETOF zoo.lion LANGUAGE sql STABLE AS 'SELECT * FROM zoo.lion';
CREATE RULE no_delete AS ON DELETE TO zoo.visits DO INSTEAD NOTHING;
CREATE RULE notes AS ON INSERT TO zoo.ladder DO INSTEAD (INSERT INTO zoo.forgettable VALUES (new.n, 'rung'); NOTIFY ladder);
ALTER TABLE zoo.visits DISABLE RULE no_delete;
COMMENT ON RULE no_delete ON zoo.visits IS 'Switched off';

-- Triggers, event triggers, policies -------------------------------------------------------------------------------------------------------------
CREATE FUNCTION zoo.stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN new.weight := coalesce(new.weight, 1); RETURN new; END $$;
CREATE FUNCTION zoo.nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER stamp BEFORE INSERT OR UPDATE OF weight ON zoo.animal FOR EACH ROW WHEN (new.weight IS NULL) EXECUTE FUNCTION zoo.stamp();
CREATE TRIGGER by_statement AFTER UPDATE ON zoo.animal REFERENCING OLD TABLE AS o NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION zoo.nothing('a', E'b\\''');
CREATE CONSTRAINT TRIGGER late AFTER INSERT ON zoo.animal FROM zoo.keeper DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION zoo.nothing();
CREATE TRIGGER instead INSTEAD OF DELETE ON zoo.lion FOR EACH ROW EXECUTE FUNCTION zoo.nothing();
CREATE TRIGGER on_all_partitions AFTER INSERT ON zoo.reading FOR EACH ROW EXECUTE FUNCTION zoo.nothing();
ALTER TABLE zoo.reading_2023 DISABLE TRIGGER on_all_partitions;
ALTER TABLE zoo.animal DISABLE TRIGGER by_statement;
ALTER TABLE zoo.animal ENABLE REPLICA TRIGGER stamp;
ALTER TABLE zoo.animal ENABLE ALWAYS TRIGGER late;
COMMENT ON TRIGGER stamp ON zoo.animal IS 'On replicas only';
CREATE FUNCTION zoo.on_event() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$;
CREATE EVENT TRIGGER zoo_guard ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'DROP TABLE') EXECUTE FUNCTION zoo.on_event();
CREATE EVENT TRIGGER zoo_rewrite ON table_rewrite EXECUTE FUNCTION zoo.on_event();
ALTER EVENT TRIGGER zoo_rewrite DISABLE;
COMMENT ON EVENT TRIGGER zoo_guard IS 'Watches';
ALTER TABLE zoo.animal ENABLE ROW LEVEL SECURITY;
ALTER TABLE zoo.keeper ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON zoo.animal AS PERMISSIVE FOR SELECT TO zoo_reader, "Zoo Keeper" USING (keeper IN (SELECT id FROM zoo.keeper WHERE name = CURRENT_USER));
CREATE POLICY light_only ON zoo.animal AS RESTRICTIVE FOR UPDATE TO PUBLIC USING (true) WITH CHECK (weight < 1000);
CREATE POLICY all_keepers ON zoo.keeper USING (true);
COMMENT ON POLICY own ON zoo.animal IS 'Each their own';

-- Foreign data ---------------------------------------------------------------------------------------------------------------------------------
CREATE FOREIGN DATA WRAPPER zoo_nowhere OPTIONS (debug 'true');
CREATE SERVER zoo_files FOREIGN DATA WRAPPER file_fdw;
CREATE SERVER zoo_far TYPE 'postgres' VERSION '15' FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'db.zoo.example', dbname 'it''s');
CREATE USER MAPPING FOR PUBLIC SERVER zoo_far OPTIONS (user 'guest');
CREATE USER MAPPING FOR zoo_reader SERVER zoo_far OPTIONS (user 'reader', password_required 'false');
CREATE FOREIGN TABLE zoo.passwd (name text OPTIONS (force_not_null 'true') NOT NULL, rest text DEFAULT '') SERVER zoo_files OPTIONS (filename '/dev/null', format 'csv');
CREATE FOREIGN TABLE zoo.far_animal (id integer, CONSTRAINT far CHECK (id > 0)) SERVER zoo_far OPTIONS (table_name 'animal');
COMMENT ON FOREIGN DATA WRAPPER zoo_nowhere IS 'Leads nowhere';
COMMENT ON SERVER zoo_far IS 'Never reached';
COMMENT ON FOREIGN TABLE zoo.passwd IS 'Empty';
COMMENT ON COLUMN zoo.passwd.name IS 'None';
GRANT USAGE ON FOREIGN DATA WRAPPER zoo_nowhere TO zoo_writer;
GRANT USAGE ON FOREIGN SERVER zoo_far TO zoo_reader;
GRANT SELECT ON zoo.passwd TO zoo_reader;
ALTER SERVER zoo_files OWNER TO zoo_owner;

-- Publications and subscriptions --------------------------------------------------------------------------------------------------------------------
CREATE PUBLICATION zoo_everything FOR ALL TABLES WITH (publish = 'insert, update');
CREATE PUBLICATION zoo_some FOR TABLE zoo.value :where_value, zoo.species :where_species :whole_schema WITH (publish_via_partition_root = true);
CREATE PUBLICATION zoo_columns FOR TABLE zoo.keeper :keeper_columns, zoo.animal :animal_columns;
COMMENT ON PUBLICATION zoo_some IS 'With a filter';
CREATE SUBSCRIPTION zoo_subscription CONNECTION 'host=db.zoo.example dbname=zoo' PUBLICATION zoo_everything WITH (connect = false, enabled = false, slot_name = NONE);
COMMENT ON SUBSCRIPTION zoo_subscription IS 'Never connected';

-- Large objects ---------------------------------------------------------------------------------------------------------------------------------------
DO $$ BEGIN PERFORM lo_from_bytea(424242, '\x00deadbeef0a'), lo_from_bytea(424243, decode(repeat('61', 100000), 'hex')), lo_create(424244); END $$;
COMMENT ON LARGE OBJECT 424242 IS 'A picture';
GRANT SELECT ON LARGE OBJECT 424242 TO zoo_reader;
GRANT UPDATE ON LARGE OBJECT 424242 TO zoo_writer WITH GRANT OPTION;
ALTER LARGE OBJECT 424243 OWNER TO zoo_owner;

-- Used once, so that their values are to be kept
DO $$ BEGIN PERFORM nextval('zoo.ticket'), nextval('zoo.countdown'), nextval('zoo.countdown'), nextval('zoo.unlogged_numbers'); END $$;
REFRESH MATERIALIZED VIEW zoo.weights;
REFRESH MATERIALIZED VIEW zoo.heavy;
