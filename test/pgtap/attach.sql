-- attach.md, rule by rule: what can be told without a change being captured.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
SELECT * FROM no_plan();
CREATE SCHEMA "crm one";
SET LOCAL search_path = "crm one", public;

CREATE TYPE tone AS ENUM ('warm', 'cold');
CREATE DOMAIN money_amount AS numeric(12,2);
CREATE TABLE "case" ("nameFirstName" text, "zip code" varchar(10), "order" smallint, tags text[], tones tone[], "user" uuid PRIMARY KEY,
  born date, amount money_amount, doc jsonb, gone timestamp);
CREATE TABLE "order" ("case" uuid, "order" integer, "group" text, total numeric, made timestamptz, PRIMARY KEY ("order", "group"));

CREATE FUNCTION attached(source regclass, binding jsonb) RETURNS jsonb LANGUAGE sql SET search_path FROM CURRENT AS
$$ SELECT a.binding FROM workflow.attach(source, binding) a $$;
CREATE FUNCTION state_of(source text) RETURNS text LANGUAGE sql AS $$ SELECT state FROM workflow.doctor() WHERE name = 'source ' || source $$;
CREATE FUNCTION detail_of(source text) RETURNS text LANGUAGE sql AS $$ SELECT detail FROM workflow.doctor() WHERE name = 'source ' || source $$;

-- 1. names
SELECT lives_ok($$SELECT * FROM workflow.attach('"case"', '{"entity": "contact", "fields": {"first_name": "nameFirstName", "zip": "zip code"}}')$$,
  'attach 1: keywords, blanks and capitals as names');
SELECT is((SELECT name FROM workflow.source WHERE entity = 'contact'), '"crm one"."case"', 'attach 1: the source is called by its quoted name');
SELECT is((SELECT binding #>> '{fields,first_name,column}' FROM workflow.source WHERE entity = 'contact'), 'nameFirstName',
  'attach 1: a column keeps its capitals');
SELECT is((SELECT string_agg(concat_ws(' ', tgname, tgenabled, tgnargs, tgqual IS NULL, cardinality(tgattr::int2[]), tgdeferrable), ', ' ORDER BY tgname)
             FROM pg_trigger WHERE tgrelid = '"case"'::regclass),
  'pg_workflow_capture O 1 t 0 f, pg_workflow_truncate O 1 t 0 f', 'attach 11: plain triggers, without condition and column list');
SELECT is((SELECT search_path FROM workflow.source WHERE entity = 'contact'), '"crm one", public', 'attach: the search_path in force is stored');
SELECT is((SELECT owner FROM workflow.source WHERE entity = 'contact'), current_user::name, 'attach: and who attached');

-- what the columns are, as the core has it
SELECT is((SELECT binding #>> '{fields,amount,type}' FROM workflow.source WHERE entity = 'contact'), 'numeric', 'attach 6: a domain is what it is over');
SELECT is((SELECT binding #>> '{fields,tones,type}' FROM workflow.source WHERE entity = 'contact'), 'enum[]', 'attach 8: an array of an enum');
SELECT is((SELECT jsonb_path_query_first(description, '$.columns[*] ? (@.name == "tones").labels') FROM workflow.source WHERE entity = 'contact'),
  '["warm", "cold"]', 'attach: labels of an enum in their order');
SELECT is((SELECT binding ->> 'tags' FROM workflow.source WHERE entity = 'contact'), 'tags', 'attach 8: an array called tags holds the tags of a contact');

-- 2. keys
SELECT is(attached('"order"', '{"entity": "order", "contact": "case"}') -> 'key', '["order", "group"]', 'attach 2: a composite primary key in its own order');
SELECT throws_ok($$SELECT * FROM workflow.attach('"order"', '{"entity": "order", "contact": [["order", "group"]]}')$$, 'WF004', NULL,
  'attach 2: a way to the contact must have as many columns as a contact''s key');
CREATE TABLE deferred_key (id integer PRIMARY KEY DEFERRABLE INITIALLY DEFERRED, c uuid);
SELECT is(attached('deferred_key', '{"entity": "thing", "contact": "c"}') -> 'key', '["id"]', 'attach 2: a deferrable primary key is one');

-- attaching again replaces
CREATE TEMPORARY TABLE first ON COMMIT DROP AS SELECT id FROM workflow.source WHERE relation = '"order"'::regclass;
SELECT is(attached('"order"', '{"entity": "purchase", "contact": "case", "replicated": true}') ->> 'entity', 'purchase', 'attach again: another entity');
SELECT is((SELECT id FROM workflow.source WHERE relation = '"order"'::regclass), (SELECT id FROM first), 'attach again: the source keeps its number');
SELECT is((SELECT string_agg(tgenabled::text, '') FROM pg_trigger WHERE tgrelid = '"order"'::regclass AND NOT tgisinternal), 'AA',
  'attach 11: replicated fires on a replica too');
SELECT is(attached('"order"', '{"entity": "order", "contact": "case"}') ->> 'replicated', 'false', 'attach again: no longer replicated');
SELECT is((SELECT string_agg(tgenabled::text, '') FROM pg_trigger WHERE tgrelid = '"order"'::regclass AND NOT tgisinternal), 'OO',
  'attach again: the triggers fire as any other');
ALTER TABLE "order" RENAME TO purchases;
SELECT is(state_of('"crm one"."order"'), 'ok', 'attach 11: a renamed table goes on under the name it was attached by');
SELECT lives_ok($$SELECT * FROM workflow.attach('purchases', '{"entity": "order", "contact": "case"}')$$, 'attach again after a rename');
SELECT is((SELECT name FROM workflow.source WHERE relation = 'purchases'::regclass), '"crm one".purchases', 'attach again: by its new name');

-- 3. the way to the contact
SELECT throws_like($$SELECT * FROM workflow.attach('purchases', '{"entity": "order", "contact": [{"match": {"contact.emial": "group"}}]}')$$,
  'invalid binding for%', 'attach 3: a match by a field that contacts do not have is refused');
SELECT lives_ok($$SELECT * FROM workflow.attach('purchases', '{"entity": "order", "contact": [{"sql": "SELECT c.\"user\" FROM \"case\" c WHERE c.\"user\" = row.\"case\""}]}')$$,
  'attach 3: a query over another table');
SELECT throws_ok($$SELECT * FROM workflow.attach('purchases', '{"entity": "order", "contact": [{"sql": "SELECT 1) , (SELECT 2"}]}')$$, 'WF004', NULL,
  'attach 1: a query cannot leave its parentheses');
SELECT throws_ok($$SELECT * FROM workflow.attach('purchases', '{"entity": "order", "contact": [{"sql": "SELECT \"user\" FROM \"case\" FOR UPDATE"}]}')$$, 'WF004', NULL,
  'attach 3: a query that locks rows is refused');
SELECT throws_ok($$SELECT * FROM workflow.attach('purchases', '{"entity": "order", "contact": [{"sql": "WITH d AS (DELETE FROM \"case\" RETURNING \"user\") SELECT * FROM d"}]}')$$,
  'WF004', NULL, 'attach 3: a query that changes rows is refused');

-- 11. kinds of table
CREATE VIEW customer_list AS SELECT "user" AS id, "zip code" AS zip FROM "case";
SELECT throws_ok($$SELECT * FROM workflow.attach('customer_list', '{"entity": "contact", "key": ["id"]}')$$, 'WF004',
  'invalid binding for ""crm one".customer_list"', 'attach 11: a view is refused as a source of events');
SELECT is(attached('customer_list', '{"entity": "customer", "key": ["id"], "lookup": true}') ->> 'lookup', 'true', 'attach 11: and serves for look-up');
CREATE TABLE parts (id integer, at date, c uuid, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
SELECT lives_ok($$SELECT * FROM workflow.attach('parts', '{"entity": "part", "contact": "c", "replicated": true}')$$, 'attach 11: a partitioned table');
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
SELECT is((SELECT string_agg(tgenabled::text, '') FROM pg_trigger WHERE tgrelid IN ('parts_1'::regclass, 'parts_2'::regclass)), 'AA',
  'attach 11: partitions have the trigger, later ones too');
ALTER TABLE parts_2 DISABLE TRIGGER pg_workflow_capture;
SELECT matches(detail_of('"crm one".parts'), 'disabled on 1 partitions', 'attach 11: doctor sees a trigger disabled on a partition');
CREATE TABLE guarded (id integer PRIMARY KEY, c uuid);
ALTER TABLE guarded ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
SELECT throws_ok($$SELECT * FROM workflow.attach('guarded', '{"entity": "thing", "contact": "c"}')$$, 'WF004', NULL, 'attach 12: forced row-level security is refused');
CREATE UNLOGGED TABLE fleeting (id integer PRIMARY KEY, c uuid);
SELECT matches((SELECT findings::text FROM workflow.attach('fleeting', '{"entity": "thing", "contact": "c"}')), 'unlogged',
  'attach 11: an unlogged table is attached with a warning');

-- 6. zones: what is no place is not known
SELECT is((SELECT string_agg(z, ' ') FROM unnest('{Europe/Berlin,europe/berlin,UTC,EST5EDT,Etc/GMT+3,GMT0,America/Argentina/Buenos_Aires}'::text[]) z
  WHERE NOT workflow.is_zone(z)), NULL, 'attach 6: zones that the server knows, however they are written');
SELECT is((SELECT string_agg(z, ' ') FROM unnest(ARRAY['', ' ', 'system', 'Berlin', 'FOO3', 'foo3bar', 'UTC+3', '<+03>-3', 'localtime', 'posix/UTC', '../UTC',
  repeat('x', 1000)]) z WHERE workflow.is_zone(z)), NULL, 'attach 6: empty, unknown and made-up zones are none');

-- 11. drift, as doctor reports it
SELECT is(state_of('"crm one".purchases'), 'ok', 'doctor: nothing is wrong with a table that is as it was');
ALTER TABLE purchases ALTER COLUMN total TYPE text;
SELECT is(detail_of('"crm one".purchases'), 'column "total" was numeric and is text', 'attach 11: doctor sees a changed type');
SELECT lives_ok((SELECT repair FROM workflow.doctor() WHERE name = 'source "crm one".purchases'), 'doctor: its repair takes the new type');
SELECT is(state_of('"crm one".purchases'), 'ok', 'doctor: and the binding fits again');
ALTER TABLE purchases DROP COLUMN total;
SELECT is(detail_of('"crm one".purchases'), 'column "total" does not exist any more', 'attach 11: doctor sees a dropped column');
SELECT is(state_of('"crm one".purchases'), 'warning', 'attach 11: which nothing reads');
SELECT lives_ok((SELECT repair FROM workflow.doctor() WHERE name = 'source "crm one".purchases'), 'doctor: its repair takes the column out of the binding');
SELECT is(state_of('"crm one".purchases'), 'ok', 'doctor: and the binding fits again');
ALTER TABLE purchases RENAME COLUMN "case" TO folder;
SELECT is(state_of('"crm one".purchases'), 'error', 'attach 11: doctor sees that a column of the key or the way to the contact was renamed');
ALTER TABLE deferred_key DISABLE TRIGGER pg_workflow_capture;
SELECT is(detail_of('"crm one".deferred_key'), 'trigger "pg_workflow_capture" is disabled', 'attach 11: doctor sees a disabled trigger');
DROP TRIGGER pg_workflow_truncate ON deferred_key;
ALTER TABLE deferred_key ENABLE TRIGGER pg_workflow_capture;
SELECT is(detail_of('"crm one".deferred_key'), 'trigger "pg_workflow_truncate" does not exist', 'attach 11: doctor sees a missing trigger');
SELECT lives_ok((SELECT repair FROM workflow.doctor() WHERE name = 'source "crm one".deferred_key'), 'doctor: its repair runs');
SELECT is(state_of('"crm one".deferred_key'), 'ok', 'doctor: and repairs');
DROP TABLE deferred_key;
SELECT is(detail_of('"crm one".deferred_key'), 'the table does not exist any more', 'attach 11: doctor sees a dropped table');
SELECT lives_ok((SELECT repair FROM workflow.doctor() WHERE name = 'source "crm one".deferred_key'), 'doctor: its repair forgets it');
SELECT is(state_of('"crm one".deferred_key'), NULL, 'doctor: it is forgotten');

-- a fault is told with its interval, and the call that repairs it
INSERT INTO workflow.fault VALUES ('"crm one".fleeting', '2026-05-01 10:00Z', 'broken', ''), ('"crm one".fleeting', '2026-05-02 10:00Z', 'broken', '');
SELECT is((SELECT detail FROM workflow.doctor() WHERE name = 'capture of "crm one".fleeting'),
  'changes were not captured in 2 transactions from 2026-05-01T10:00:00Z to 2026-05-02T10:00:00Z: broken', 'semantics 6: doctor tells a fault''s interval');
SELECT is(workflow.reconcile('fleeting', '2026-05-02'), 0::bigint, 'attach 11: reconcile, with nobody listening, finds nothing');
SELECT is((SELECT count(*) FROM workflow.fault), 1::bigint, 'attach 11: reconcile forgets the faults since then and keeps earlier ones');

-- 12. rights
CREATE ROLE wf_attach_owner;
CREATE ROLE wf_attach_stranger;
GRANT USAGE ON SCHEMA "crm one", workflow TO wf_attach_owner, wf_attach_stranger;
GRANT EXECUTE ON FUNCTION workflow.attach(regclass, jsonb, boolean), workflow.detach(regclass) TO wf_attach_owner, wf_attach_stranger;
CREATE TABLE owned (id integer PRIMARY KEY, c uuid);
ALTER TABLE owned OWNER TO wf_attach_owner;
SET LOCAL ROLE wf_attach_stranger;
SELECT throws_ok($$SELECT * FROM workflow.attach('owned', '{"entity": "thing", "contact": "c"}')$$, '42501', 'must be owner of table owned',
  'attach 12: only the owner attaches');
RESET ROLE;
SET LOCAL ROLE wf_attach_owner;
SELECT lives_ok($$SELECT * FROM workflow.attach('owned', '{"entity": "thing", "contact": "c"}')$$, 'attach 12: the owner needs no right on our tables');
SELECT throws_ok($$SELECT * FROM workflow.attach('owned', '{"entity": "thing", "contact": [{"sql": "SELECT \"user\" FROM \"case\""}]}')$$, 'WF004', NULL,
  'attach 12: a query is tried with the rights of who attaches');
SELECT is(current_user::text, 'wf_attach_owner', 'attach 12: and gives no other identity away');
RESET ROLE;
SELECT is((SELECT owner FROM workflow.source WHERE relation = 'owned'::regclass), 'wf_attach_owner', 'attach 12: the source is its owner''s');
SET LOCAL ROLE wf_attach_stranger;
SELECT throws_ok($$SELECT workflow.detach('owned')$$, '42501', 'must be owner of table owned', 'attach 12: only the owner detaches');
RESET ROLE;

-- taking leave
SELECT lives_ok($$SELECT workflow.detach('owned')$$, 'detach');
SELECT throws_ok($$SELECT workflow.detach('owned')$$, 'WF006', '""crm one".owned" is not attached', 'detach what is not attached');
SELECT lives_ok($$SELECT workflow.uninstall()$$, 'uninstall');
SELECT is((SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'pg\_workflow%'), 0::bigint, 'uninstall leaves no trigger');
SELECT is((SELECT count(*) FROM workflow.source) + (SELECT count(*) FROM pg_class WHERE relname LIKE 'event\_%' AND relnamespace = 'workflow'::regnamespace AND relkind = 'r'
  AND relname ~ '^event_[0-9]$'), 0::bigint, 'uninstall leaves no source and no event log');
SELECT lives_ok('DROP EXTENSION pg_workflow', 'after uninstall the extension depends on nothing');

SELECT * FROM finish();
ROLLBACK;
