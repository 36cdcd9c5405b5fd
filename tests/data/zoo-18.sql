-- What PostgreSQL 18 brought, as a superuser may make it in an empty UTF-8 database, with the extensions of postgresql-contrib.
CREATE SCHEMA n18;
CREATE EXTENSION IF NOT EXISTS btree_gist WITH SCHEMA public;

-- Virtual generated columns, beside a stored one
CREATE TABLE n18.virtual (
    id integer PRIMARY KEY,
    net numeric NOT NULL,
    gross numeric GENERATED ALWAYS AS (net * 1.19) VIRTUAL,
    doubled numeric GENERATED ALWAYS AS (net * 2) STORED,
    label text GENERATED ALWAYS AS ('no ' || id::text),
    CHECK (gross >= net)
);
INSERT INTO n18.virtual (id, net) SELECT n, n * 1.5 FROM generate_series(1, 300) n;
CREATE TABLE n18.all_virtual (a integer GENERATED ALWAYS AS (1) VIRTUAL);
INSERT INTO n18.all_virtual DEFAULT VALUES;
CREATE TABLE n18.virtual_parts (id integer, twice integer GENERATED ALWAYS AS (id * 2) VIRTUAL) PARTITION BY RANGE (id);
CREATE TABLE n18.virtual_low PARTITION OF n18.virtual_parts FOR VALUES FROM (0) TO (100);
CREATE TABLE n18.virtual_high PARTITION OF n18.virtual_parts (twice GENERATED ALWAYS AS (id * 3) VIRTUAL) FOR VALUES FROM (100) TO (200);
INSERT INTO n18.virtual_parts SELECT generate_series(0, 199, 7);
CREATE VIEW n18.on_virtual AS SELECT id, gross FROM n18.virtual WHERE gross > 100;
COMMENT ON COLUMN n18.virtual.gross IS 'Computed when read';

-- NOT NULL constraints have names, may be unchecked, and need not be inherited
CREATE TABLE n18.named_not_null (
    a integer CONSTRAINT a_is_there NOT NULL, b integer NOT NULL, c integer, CONSTRAINT "c Is There" NOT NULL c NO INHERIT
);
CREATE TABLE n18.heir (d integer) INHERITS (n18.named_not_null);
INSERT INTO n18.named_not_null VALUES (1, 2, 3);
INSERT INTO n18.heir VALUES (1, 2, NULL, 4);
COMMENT ON CONSTRAINT a_is_there ON n18.named_not_null IS 'With a name';
CREATE TABLE n18.unchecked (a integer, b text);
INSERT INTO n18.unchecked VALUES (NULL, 'older than the rule'), (1, 'fits');
ALTER TABLE n18.unchecked ADD CONSTRAINT a_from_now_on NOT NULL a NOT VALID;
CREATE TABLE n18.unchecked_heir () INHERITS (n18.unchecked);
CREATE TABLE n18.local_and_inherited (a integer CONSTRAINT my_own NOT NULL) INHERITS (n18.named_not_null);
CREATE TABLE n18.parts (id integer NOT NULL, word text CONSTRAINT word_there NOT NULL) PARTITION BY HASH (id);
CREATE TABLE n18.part_0 (word text NOT NULL, id integer CONSTRAINT another_name NOT NULL);
ALTER TABLE n18.parts ATTACH PARTITION n18.part_0 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE n18.part_1 PARTITION OF n18.parts FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO n18.parts SELECT n, 'w' || n FROM generate_series(1, 50) n;

-- Constraints that are not enforced, whose rows need not obey
CREATE TABLE n18.rule (id integer PRIMARY KEY, price integer, CONSTRAINT cheap CHECK (price < 10) NOT ENFORCED);
INSERT INTO n18.rule VALUES (1, 5), (2, 5000);
CREATE TABLE n18.follower (id integer, rule integer CONSTRAINT loosely REFERENCES n18.rule NOT ENFORCED);
INSERT INTO n18.follower VALUES (1, 1), (2, 99);
CREATE TABLE n18.follower_heir () INHERITS (n18.follower);
ALTER TABLE n18.follower ADD CONSTRAINT deferred FOREIGN KEY (rule) REFERENCES n18.rule ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED NOT ENFORCED;
CREATE TABLE n18.part_key (id integer PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE n18.part_key_1 PARTITION OF n18.part_key FOR VALUES FROM (0) TO (100);
INSERT INTO n18.part_key VALUES (1), (2);
CREATE TABLE n18.part_follower (key integer) PARTITION BY RANGE (key);
CREATE TABLE n18.part_follower_1 PARTITION OF n18.part_follower FOR VALUES FROM (0) TO (100);
INSERT INTO n18.part_follower VALUES (1), (77);
ALTER TABLE n18.part_follower ADD CONSTRAINT not_yet FOREIGN KEY (key) REFERENCES n18.part_key NOT VALID;

-- Temporal keys
CREATE TABLE n18.room (id integer, during daterange, name text, CONSTRAINT room_key PRIMARY KEY (id, during WITHOUT OVERLAPS));
CREATE TABLE n18.booking (
    id integer, room integer, during daterange,
    CONSTRAINT booking_key UNIQUE (id, during WITHOUT OVERLAPS),
    CONSTRAINT booking_room FOREIGN KEY (room, PERIOD during) REFERENCES n18.room (id, PERIOD during)
);
INSERT INTO n18.room SELECT n, daterange('2026-01-01', '2027-01-01'), 'Room ' || n FROM generate_series(1, 20) n;
INSERT INTO n18.room VALUES (1, daterange('2027-01-01', NULL), 'Room 1, new');
INSERT INTO n18.booking SELECT n, 1 + n % 20, daterange(date '2026-02-01' + n, date '2026-02-03' + n) FROM generate_series(1, 100) n;
INSERT INTO n18.booking VALUES (1, 1, daterange('2026-12-01', '2027-03-01'));

-- Identifiers by time, and other functions as defaults
CREATE TABLE n18.event (id uuid PRIMARY KEY DEFAULT uuidv7(), earlier uuid DEFAULT uuidv7('-1 hour'), note text COLLATE pg_catalog.pg_unicode_fast);
INSERT INTO n18.event (note) SELECT 'event ' || n FROM generate_series(1, 200) n;
CREATE INDEX event_note ON n18.event (casefold(note), note DESC);
CREATE INDEX event_gin ON n18.event USING gin (to_tsvector('simple', note));

-- What RETURNING tells of old and new, in a function's standard body
CREATE FUNCTION n18.reprice(which integer, new_price integer) RETURNS TABLE (was integer, becomes integer) LANGUAGE sql
BEGIN ATOMIC
    UPDATE n18.rule SET price = new_price WHERE id = which RETURNING WITH (OLD AS before, NEW AS after) before.price, after.price;
END;

-- Rights on large objects by default, and statistics, which may be dumped
DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'n18_reader') THEN CREATE ROLE n18_reader; END IF; END $$;
ALTER DEFAULT PRIVILEGES GRANT SELECT ON LARGE OBJECTS TO n18_reader;
SELECT lo_from_bytea(180001, '\x1800ff'), lo_from_bytea(180002, '');
ALTER TABLE n18.event ALTER COLUMN note SET STATISTICS 50;
CREATE STATISTICS n18.rooms (ndistinct, mcv) ON room, id FROM n18.booking;
CREATE STATISTICS n18.gross_mcv ON (net % 7), doubled FROM n18.virtual;
CREATE PUBLICATION n18_computed FOR TABLE n18.virtual (id, net, doubled) WITH (publish_generated_columns = stored);
ANALYZE;
