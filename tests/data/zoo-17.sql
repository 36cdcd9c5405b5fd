-- What PostgreSQL 17 brought, as a superuser may make it in an empty UTF-8 database, with the extensions of postgresql-contrib; thousands of
-- large objects among it, which pg_dump 17 and later writes in groups.
CREATE EXTENSION IF NOT EXISTS btree_gist WITH SCHEMA public;
CREATE SCHEMA n17;
CREATE TABLE n17.t (id int GENERATED ALWAYS AS IDENTITY, day date NOT NULL, v text, n int DEFAULT 0) PARTITION BY RANGE (day);
CREATE TABLE n17.t_a PARTITION OF n17.t FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE n17.t_b PARTITION OF n17.t FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
INSERT INTO n17.t (day, v) SELECT date '2024-01-01' + g, 'r' || g FROM generate_series(0, 700) g;
CREATE TABLE n17.src (id int PRIMARY KEY, v text);
INSERT INTO n17.src VALUES (1,'a'),(2,'b');
CREATE TABLE n17.dst (id int PRIMARY KEY, v text);
CREATE FUNCTION n17.do_merge() RETURNS TABLE(act text, rid int) LANGUAGE sql BEGIN ATOMIC
  MERGE INTO n17.dst d USING n17.src s ON d.id = s.id
  WHEN MATCHED AND d.v <> s.v THEN UPDATE SET v = s.v
  WHEN NOT MATCHED BY SOURCE THEN DELETE
  WHEN NOT MATCHED BY TARGET THEN INSERT (id, v) VALUES (s.id, s.v)
  RETURNING merge_action(), d.id;
END;
CREATE COLLATION n17.bl (provider = builtin, locale = 'C.UTF-8');
CREATE TABLE n17.coll (a text COLLATE n17.bl, b text COLLATE pg_catalog.pg_c_utf8, c text COLLATE pg_catalog.unicode);
CREATE INDEX ON n17.coll (a, b DESC);
INSERT INTO n17.coll VALUES ('ä','b','c'),('Z','a',NULL);
DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname='n17_maint') THEN CREATE ROLE n17_maint; CREATE ROLE n17_all; END IF; END $$;
GRANT MAINTAIN ON n17.dst TO n17_maint;
GRANT ALL ON n17.src TO n17_all;
ALTER DEFAULT PRIVILEGES IN SCHEMA n17 GRANT MAINTAIN ON TABLES TO n17_maint;
CREATE TABLE n17.later (id int);
CREATE FUNCTION n17.on_login() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$;
CREATE EVENT TRIGGER n17_login ON login EXECUTE FUNCTION n17.on_login();
CREATE VIEW n17.jt AS SELECT * FROM JSON_TABLE('[{"a":1,"b":"x"}]'::jsonb, '$[*]' COLUMNS (o FOR ORDINALITY, a int PATH '$.a', b text PATH '$.b' DEFAULT 'z' ON EMPTY, NESTED PATH '$.c[*]' COLUMNS (d int PATH '$'))) AS j;
CREATE VIEW n17.jq AS SELECT JSON_VALUE('{"a":1}'::jsonb, '$.a' RETURNING int) AS v, JSON_EXISTS('{"a":1}'::jsonb, '$.a') AS e, JSON_QUERY('{"a":[1]}'::jsonb, '$.a' WITH WRAPPER) AS q, '[1]' IS JSON ARRAY AS isj, JSON_SERIALIZE('{}' RETURNING text) s;
CREATE TABLE n17.st (a text STORAGE EXTERNAL, b text COMPRESSION pglz, c int GENERATED ALWAYS AS (length(a)) STORED, CONSTRAINT st_u UNIQUE NULLS NOT DISTINCT (a));
INSERT INTO n17.st (a,b) VALUES ('q', 'w'), (NULL, 'x');
CREATE TABLE n17.ex (d daterange, k int, EXCLUDE USING gist (k WITH =, d WITH &&)) ;
ALTER TABLE n17.st ALTER COLUMN c SET STATISTICS DEFAULT;
CREATE TABLE n17.xp (k int, d daterange) PARTITION BY LIST (k);
ALTER TABLE n17.xp ADD CONSTRAINT xpx EXCLUDE USING gist (k WITH =, d WITH &&);
CREATE TABLE n17.xp1 PARTITION OF n17.xp FOR VALUES IN (1);
CREATE TABLE n17.amt (id int) PARTITION BY HASH (id);
ALTER TABLE n17.amt SET ACCESS METHOD heap;
CREATE TABLE n17.amt0 PARTITION OF n17.amt FOR VALUES WITH (MODULUS 1, REMAINDER 0);
INSERT INTO n17.amt SELECT generate_series(1,50);
-- large objects, many, owners/ACL/comment
DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname='lo_own1') THEN CREATE ROLE lo_own1; CREATE ROLE lo_own2; CREATE ROLE lo_read; END IF; END $$;
SELECT count(lo_from_bytea(700000 + g, convert_to(repeat('x' || g, g % 50), 'UTF8'))) FROM generate_series(1, 3000) g;
DO $$ DECLARE i int; BEGIN FOR i IN 1..500 LOOP EXECUTE format('ALTER LARGE OBJECT %s OWNER TO lo_own1', 700000+i); END LOOP;
 FOR i IN 501..900 LOOP EXECUTE format('ALTER LARGE OBJECT %s OWNER TO lo_own2', 700000+i); END LOOP;
 FOR i IN 801..1200 LOOP EXECUTE format('GRANT SELECT ON LARGE OBJECT %s TO lo_read', 700000+i); END LOOP;
 FOR i IN 1300..1310 LOOP EXECUTE format('COMMENT ON LARGE OBJECT %s IS %L', 700000+i, 'lo''s '||i); END LOOP; 
 FOR i IN 1..30 LOOP EXECUTE format('GRANT SELECT, UPDATE ON LARGE OBJECT %s TO lo_own2 WITH GRANT OPTION', 700000+i); END LOOP; END $$;
ANALYZE;
