-- Kinds of tables, and what happens when something of ours is wrong: attach 11, semantics 6, architecture "Beyond one machine".
\set start :DBNAME
\set QUIET on
SET client_min_messages = warning;
DROP DATABASE IF EXISTS wf_capture WITH (FORCE);
DROP ROLE IF EXISTS wf_capture_host;
CREATE DATABASE wf_capture;
\c wf_capture
SET client_min_messages = warning;
CREATE EXTENSION pg_workflow;
SELECT workflow.halt();
\pset format unaligned
\pset fieldsep ' | '
\pset tuples_only on
\pset null '-'
CREATE SCHEMA crm;

CREATE FUNCTION listen(name text, event text) RETURNS void LANGUAGE plpgsql SET client_min_messages = error AS $$
BEGIN
  PERFORM workflow.create_workflow(name, jsonb_build_object('triggers', jsonb_build_array(jsonb_build_object('on', event)),
    'settings', '{"entry_key": "contact"}'::jsonb, 'steps', '[{"id": "s", "type": "send", "channel": "email", "subject": "x", "body": "y"}]'::jsonb));
  PERFORM workflow.publish(name);
END $$;
CREATE VIEW ring AS
SELECT * FROM workflow.event_0 UNION ALL SELECT * FROM workflow.event_1 UNION ALL SELECT * FROM workflow.event_2;
CREATE FUNCTION seen(mark bigint) RETURNS SETOF text LANGUAGE sql AS $$
  SELECT concat_ws(' ', s.name, e.kind, nullif(e.op, ' '), e.row_key, e.body) FROM
    (SELECT id, source, kind, op, row_key, regexp_replace(body::text, '"versions":\[[0-9,]*\]', '"versions":[…]') AS body FROM ring) e
  LEFT JOIN workflow.source s ON s.id = e.source WHERE e.id > mark ORDER BY e.id $$;
\set seen 'SELECT * FROM seen(:mark); SELECT coalesce(max(id), 0) AS mark FROM ring \\gset'
\set mark 0

\echo == attach 11: partitions, later ones too, with columns in another order; moves are updates
CREATE TABLE crm.deal (id int, stage text, gone int, amount numeric, PRIMARY KEY (id, stage)) PARTITION BY LIST (stage);
CREATE TABLE crm.deal_open PARTITION OF crm.deal FOR VALUES IN ('open');
ALTER TABLE crm.deal DROP COLUMN gone;
SELECT FROM workflow.attach('crm.deal', '{"entity": "deal", "key": ["id"], "contact": [{"column": "id"}],
  "events": {"stage_changed": {"when": {"field": "stage", "operator": "changed"}}}}');
CREATE TABLE crm.deal_won (amount numeric, id int NOT NULL, junk text, stage text NOT NULL);
ALTER TABLE crm.deal_won DROP COLUMN junk;
ALTER TABLE crm.deal ATTACH PARTITION crm.deal_won FOR VALUES IN ('won');
SELECT listen('moved', 'deal.stage_changed');
INSERT INTO crm.deal VALUES (1, 'open', 10);
INSERT INTO crm.deal_won (id, stage, amount) VALUES (2, 'won', 20);
UPDATE crm.deal SET stage = 'won', amount = 11 WHERE id = 1;
BEGIN;
UPDATE crm.deal SET stage = 'open' WHERE id = 1;
UPDATE crm.deal SET stage = 'won' WHERE id = 1;
COMMIT;
BEGIN;
INSERT INTO crm.deal VALUES (3, 'open', 10);
UPDATE crm.deal SET stage = 'won', amount = 12 WHERE id = 3;
COMMIT;
:seen

\echo == two tables with different dropped columns and one binding: identical captures
CREATE TABLE crm.shard_1 (id int PRIMARY KEY, junk int, status text, amount numeric);
ALTER TABLE crm.shard_1 DROP COLUMN junk;
CREATE TABLE crm.shard_2 (a int, amount numeric, b int, status text, id int PRIMARY KEY);
ALTER TABLE crm.shard_2 DROP COLUMN a;
ALTER TABLE crm.shard_2 DROP COLUMN b;
SELECT FROM workflow.attach('crm.shard_1', '{"entity": "shard", "contact": [{"column": "id"}], "events": {"done": {"once": true, "when": {"field": "status", "operator": "changedTo", "value": "done"}}}}');
CREATE TRIGGER pg_workflow_capture AFTER INSERT OR UPDATE OR DELETE ON crm.shard_2 FOR EACH ROW EXECUTE FUNCTION workflow.capture('crm.shard_1');
SELECT listen('done', 'shard.done');
INSERT INTO crm.shard_1 (id, status, amount) VALUES (1, 'new', 1), (2, 'done', 2);
UPDATE crm.shard_1 SET status = 'done', amount = 3;
DELETE FROM crm.shard_1 WHERE id = 1;
INSERT INTO crm.shard_2 (id, status, amount) VALUES (1, 'new', 1), (2, 'done', 2);
UPDATE crm.shard_2 SET status = 'done', amount = 3;
DELETE FROM crm.shard_2 WHERE id = 1;
:seen

\echo == attach 4: keys that are shifted over one another in one statement
CREATE TABLE crm.seat (id int PRIMARY KEY DEFERRABLE, status text);
SELECT FROM workflow.attach('crm.seat', '{"entity": "seat", "contact": [{"column": "id"}], "events": {"taken": {"when": {"field": "status", "operator": "changedTo", "value": "taken"}}}}');
SELECT listen('taken', 'seat.taken');
BEGIN;
INSERT INTO crm.seat VALUES (1, 'free'), (2, 'free');
COMMIT;
UPDATE crm.seat SET id = id + 1, status = CASE id WHEN 1 THEN 'taken' ELSE status END;
:seen
\echo == attach 2: keys of several columns; values beyond a page; texts that JSON must escape
CREATE TABLE crm.note (org text, id uuid, body text, PRIMARY KEY (org, id));
ALTER TABLE crm.note ALTER body SET STORAGE EXTERNAL;
SELECT FROM workflow.attach('crm.note', '{"entity": "note", "contact": [{"column": "org"}], "events": {"long": {"once": true, "when": {"field": "body", "operator": "contains", "value": "end"}}}}');
SELECT listen('long', 'note.long');
BEGIN;
INSERT INTO crm.note VALUES (E'a,b\\c', '00000000-0000-0000-0000-00000000000A', repeat('long ', 10000) || 'end'),
  ('x', '00000000-0000-0000-0000-00000000000b', E'"quo\\te"\n\t end');
TRUNCATE crm.note;
INSERT INTO crm.note VALUES (E'a,b\\c', '00000000-0000-0000-0000-00000000000A', repeat('long ', 10000) || 'end'),
  ('x', '00000000-0000-0000-0000-00000000000b', E'"quo\\te"\n\t end');
COMMIT;
SELECT row_key, length(body->'new'->>'body'), CASE WHEN row_key LIKE 'x%' THEN body->'new'->>'body' END FROM ring WHERE id > :mark AND kind = 'r' ORDER BY id;
SELECT coalesce(max(id), 0) AS mark FROM ring \gset

\echo == wrong calls of the trigger functions are errors
CREATE TABLE crm.other (id int);
CREATE TRIGGER wrong BEFORE INSERT ON crm.other FOR EACH ROW EXECUTE FUNCTION workflow.capture('x');
INSERT INTO crm.other VALUES (1);
CREATE OR REPLACE TRIGGER wrong AFTER INSERT ON crm.other FOR EACH STATEMENT EXECUTE FUNCTION workflow.capture('x');
INSERT INTO crm.other VALUES (1);
CREATE OR REPLACE TRIGGER wrong AFTER INSERT ON crm.other FOR EACH ROW EXECUTE FUNCTION workflow.capture();
INSERT INTO crm.other VALUES (1);
\echo == semantics 6: a trigger of a source that is not attached, in two transactions: one warning, a row for each
CREATE OR REPLACE TRIGGER wrong AFTER INSERT ON crm.other FOR EACH ROW EXECUTE FUNCTION workflow.capture('x');
INSERT INTO crm.other VALUES (1), (2);
INSERT INTO crm.other VALUES (3);
SELECT source, reason FROM workflow.fault;
DELETE FROM workflow.fault;
\echo == attach 11: a column is renamed, then dropped, then of another type; writes go on
ALTER TABLE crm.shard_1 RENAME status TO state;
INSERT INTO crm.shard_1 (id, state) VALUES (10, 'done');
INSERT INTO crm.shard_1 (id, state) VALUES (11, 'done');
ALTER TABLE crm.shard_1 RENAME state TO status;
INSERT INTO crm.shard_1 (id, status) VALUES (12, 'done');
ALTER TABLE crm.shard_1 ALTER status TYPE int USING 1;
INSERT INTO crm.shard_1 (id, status) VALUES (13, 1);
ALTER TABLE crm.shard_1 DROP status;
INSERT INTO crm.shard_1 (id) VALUES (14);
ALTER TABLE crm.shard_1 ADD status text;
INSERT INTO crm.shard_1 (id, status) VALUES (15, 'done');
:seen
SELECT source, reason FROM workflow.fault;
DELETE FROM workflow.fault;
\echo == semantics 6: a table of the event log is locked or missing: the next one; none is there: off for the transaction
ALTER TABLE workflow.event_0 RENAME TO event_away;
INSERT INTO crm.shard_1 (id, status) VALUES (20, 'done');
SELECT count(*) FROM (SELECT * FROM workflow.event_1 UNION ALL SELECT * FROM workflow.event_2) e WHERE row_key = '20';
ALTER TABLE workflow.event_1 RENAME TO event_away_1;
ALTER TABLE workflow.event_2 RENAME TO event_away_2;
INSERT INTO crm.shard_1 (id, status) VALUES (21, 'done');
INSERT INTO crm.shard_1 (id, status) VALUES (22, 'done');
ALTER TABLE workflow.event_away RENAME TO event_0;
ALTER TABLE workflow.event_away_1 RENAME TO event_1;
ALTER TABLE workflow.event_away_2 RENAME TO event_2;
INSERT INTO crm.shard_1 (id, status) VALUES (23, 'done');
:seen
SELECT source, reason FROM workflow.fault;
DELETE FROM workflow.fault;
\echo == semantics 6: tables of ours are of another version, or away
ALTER TABLE workflow.version RENAME definition TO definition_x;
INSERT INTO crm.shard_1 (id, status) VALUES (30, 'done');
ALTER TABLE workflow.version RENAME definition_x TO definition;
INSERT INTO crm.shard_1 (id, status) VALUES (31, 'done');
ALTER TABLE workflow.fault RENAME TO fault_x;
ALTER TABLE workflow.source RENAME TO source_x;
INSERT INTO crm.shard_1 (id, status) VALUES (32, 'done');
ALTER TABLE workflow.source_x RENAME TO source;
ALTER TABLE workflow.fault_x RENAME TO fault;
INSERT INTO crm.shard_1 (id, status) VALUES (33, 'done');
:seen
SELECT source, reason FROM workflow.fault;
SELECT count(*) FROM crm.shard_1 WHERE id >= 10;

\echo == a role without any right on our tables writes
CREATE ROLE wf_capture_host;
GRANT USAGE ON SCHEMA crm TO wf_capture_host;
GRANT ALL ON crm.shard_1 TO wf_capture_host;
SET ROLE wf_capture_host;
INSERT INTO crm.shard_1 (id, status) VALUES (40, 'done');
RESET ROLE;
:seen
\echo == a child table that other columns were added to, in the transaction that writes
BEGIN;
INSERT INTO crm.shard_1 (id, status) VALUES (50, 'new');
ALTER TABLE crm.shard_1 ADD extra int DEFAULT 7;
UPDATE crm.shard_1 SET status = 'done' WHERE id = 50;
COMMIT;
:seen
\c :start
DROP DATABASE wf_capture WITH (FORCE);
DROP ROLE wf_capture_host;
