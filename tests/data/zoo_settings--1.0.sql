CREATE TABLE zoo_setting (name text PRIMARY KEY, value text, own boolean NOT NULL DEFAULT false);
CREATE SEQUENCE zoo_setting_number;
INSERT INTO zoo_setting VALUES ('currency', 'EUR', false);
SELECT pg_catalog.pg_extension_config_dump('zoo_setting', 'WHERE own');
SELECT pg_catalog.pg_extension_config_dump('zoo_setting_number', '');
