-- What is in the event log after a transaction: semantics 1, 2, 6, 8 and attach 5, 7, 11.
\set start :DBNAME
\set QUIET on
SET client_min_messages = warning;
DROP DATABASE IF EXISTS wf_capture WITH (FORCE);
CREATE DATABASE wf_capture;
\c wf_capture
SET client_min_messages = warning;
CREATE EXTENSION pg_workflow;
-- The worker must not come between: only what is written is looked at here.
SELECT workflow.halt();
\pset format unaligned
\pset fieldsep ' | '
\pset tuples_only on
\pset null '-'

CREATE SCHEMA crm;
CREATE TABLE crm.contact (
  id int PRIMARY KEY, email text, birthday date, labels text[] NOT NULL DEFAULT '{}', deleted_at timestamptz, note text
);
CREATE TABLE crm.orders (
  id int PRIMARY KEY, org text NOT NULL DEFAULT '', customer int, status text, amount numeric, paid_at timestamptz, note text
);
SELECT FROM workflow.attach('crm.contact', '{"entity": "contact", "fields": {"tags": "labels"}, "live": {"field": "deleted_at", "operator": "null"}}');
SELECT FROM workflow.attach('crm.orders', '{"entity": "order", "account": "org", "contact": [{"column": "customer"}],
  "events": {"paid": {"once": true, "when": {"field": "status", "operator": "changedTo", "value": "paid"}, "at": "paid_at"}}}');

CREATE FUNCTION listen(name text, trigger jsonb, steps jsonb DEFAULT NULL, account text DEFAULT NULL) RETURNS void LANGUAGE plpgsql SET client_min_messages = error AS $$
BEGIN
  PERFORM workflow.create_workflow(name, jsonb_build_object('triggers', jsonb_build_array(trigger), 'settings', '{"entry_key": "contact"}'::jsonb,
    'steps', coalesce(steps, '[{"id": "s", "type": "send", "channel": "email", "subject": "x", "body": "y"}]')), account);
  PERFORM workflow.publish(name, account => account);
END $$;

CREATE VIEW ring AS
SELECT * FROM workflow.event_0 UNION ALL SELECT * FROM workflow.event_1 UNION ALL SELECT * FROM workflow.event_2;
-- What has come since `mark`; the numbers of versions differ from run to run, so they are shown by the workflow's name.
CREATE FUNCTION seen(mark bigint, fields text[] DEFAULT '{status,amount}') RETURNS SETOF text LANGUAGE sql AS $$
  SELECT concat_ws(' ', e.kind, nullif(e.op, ' '), e.row_key, nullif(e.account, ''),
    'new=' || (SELECT string_agg(coalesce(e.body->'new'->>f, '-'), ',') FROM unnest(fields) f WHERE e.body->'new' IS NOT NULL AND e.body->>'new' IS NOT NULL),
    'wanted=' || (SELECT string_agg((w->>'on') || '(' || (SELECT string_agg(f.name, ',' ORDER BY f.name) FROM json_array_elements_text(w->'versions') v
       JOIN workflow.version r ON r.id = v::int JOIN workflow.workflow f ON f.id = r.workflow) || coalesce(') at ' || (w->>'at'), ')'), ' ')
       FROM json_array_elements(e.body->'wanted') w),
    'was=' || (e.body->>'was'), CASE WHEN e.body->'gone' IS NOT NULL THEN 'gone' END, CASE WHEN e.body->'changed' IS NOT NULL THEN 'changed' END,
    'match=' || (e.body->>'match'))
  FROM ring e WHERE e.id > mark ORDER BY e.id $$;
\set seen 'SELECT * FROM seen(:mark); SELECT coalesce(max(id), 0) AS mark FROM ring \\gset'
\set mark 0

\echo == semantics 6: nothing wanted, nothing written
INSERT INTO crm.orders VALUES (1, '', 1, 'new', 10);
UPDATE crm.orders SET status = 'paid';
DELETE FROM crm.orders;
SELECT count(*) FROM ring;

SELECT listen('big', '{"on": "order.paid", "filter": {"field": "order.amount", "operator": ">=", "value": 10}}');
SELECT listen('new', '{"on": "order.created", "filter": {"field": "order.status", "operator": "=", "value": "new"}}');

\echo == a row that no filter wants
INSERT INTO crm.orders VALUES (1, '', 1, 'draft', 1);
UPDATE crm.orders SET amount = 2;
:seen
\echo == semantics 2: insert then update is one insert with the last values
BEGIN;
INSERT INTO crm.orders VALUES (2, '', 1, 'new', 5);
UPDATE crm.orders SET amount = 20, note = 'x' WHERE id = 2;
COMMIT;
:seen
\echo == an insert that nobody wants, an update of another column, then one that makes it wanted: still an insert
BEGIN;
INSERT INTO crm.orders VALUES (3, '', 1, 'draft', 5);
UPDATE crm.orders SET note = 'x' WHERE id = 3;
UPDATE crm.orders SET status = 'new' WHERE id = 3;
COMMIT;
:seen
\echo == semantics 2: new, draft, paid is new to paid; the time is the column of the event
BEGIN;
UPDATE crm.orders SET status = 'draft' WHERE id = 2;
UPDATE crm.orders SET status = 'paid', paid_at = '2026-03-01 10:00+00' WHERE id = 2;
COMMIT;
:seen
\echo == semantics 2: open, paid, open is nothing
BEGIN;
UPDATE crm.orders SET status = 'paid' WHERE id = 3;
UPDATE crm.orders SET status = 'new' WHERE id = 3;
COMMIT;
:seen
\echo == semantics 2: inserted and deleted is nothing; deleted and inserted again is an update
BEGIN;
INSERT INTO crm.orders VALUES (4, '', 1, 'new', 5);
DELETE FROM crm.orders WHERE id = 4;
DELETE FROM crm.orders WHERE id = 3;
INSERT INTO crm.orders VALUES (3, '', 1, 'paid', 50);
COMMIT;
:seen
\echo == semantics 2: what a savepoint rolled back did not happen
BEGIN;
INSERT INTO crm.orders VALUES (5, '', 1, 'new', 5);
SAVEPOINT a;
INSERT INTO crm.orders VALUES (6, '', 1, 'new', 6);
SAVEPOINT b;
UPDATE crm.orders SET amount = 7 WHERE id = 5;
ROLLBACK TO a;
INSERT INTO crm.orders VALUES (7, '', 1, 'new', 7);
RELEASE a;
COMMIT;
:seen
BEGIN;
INSERT INTO crm.orders VALUES (8, '', 1, 'new', 5);
ROLLBACK;
:seen
\echo == attach 5: a row inserted complete gives each event once
INSERT INTO crm.orders VALUES (9, '', 1, 'paid', 99, '2026-03-01 10:00+00');
:seen
\echo == a deleted row; one under a new key
DELETE FROM crm.orders WHERE id = 9;
UPDATE crm.orders SET id = 90 WHERE id = 7;
:seen
\echo == attach 4: a row under a new key is the same row: what was before goes with it, also where keys are shifted
BEGIN;
INSERT INTO crm.orders VALUES (70, '', 1, 'draft', 1);
UPDATE crm.orders SET status = 'new' WHERE id = 70;
UPDATE crm.orders SET id = 71 WHERE id = 70;
COMMIT;
BEGIN;
UPDATE crm.orders SET status = 'paid', amount = 70 WHERE id = 71;
UPDATE crm.orders SET id = 72 WHERE id = 71;
UPDATE crm.orders SET id = 71 WHERE id = 72;
UPDATE crm.orders SET id = 73 WHERE id = 71;
COMMIT;
INSERT INTO crm.orders VALUES (74, '', 1, 'new', 74);
UPDATE crm.orders SET id = 76 - (id - 74), status = 'paid' WHERE id IN (74, 73);
BEGIN;
UPDATE crm.orders SET id = 78 WHERE id = 77;
DELETE FROM crm.orders WHERE id = 78;
COMMIT;
:seen
\echo == COPY, upsert and MERGE; updates that change nothing add none
COPY crm.orders (id, customer, status, amount) FROM stdin;
10	1	new	1
11	1	draft	1
12	1	paid	1
\.
INSERT INTO crm.orders VALUES (10, '', 1, 'paid', 30), (13, '', 1, 'new', 1) ON CONFLICT (id) DO UPDATE SET status = excluded.status, amount = excluded.amount;
INSERT INTO crm.orders VALUES (10, '', 1, 'paid', 30) ON CONFLICT (id) DO UPDATE SET status = excluded.status, amount = excluded.amount;
UPDATE crm.orders SET status = status;
MERGE INTO crm.orders o USING (VALUES (11, 'paid'), (14, 'new')) v (id, status) ON o.id = v.id
  WHEN MATCHED THEN UPDATE SET status = v.status, amount = 40 WHEN NOT MATCHED THEN INSERT VALUES (v.id, '', 1, v.status, 3);
:seen

\echo == triggers of the host: one changes the row again after us by name, one before
CREATE FUNCTION crm.again() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF pg_trigger_depth() = 1 THEN UPDATE crm.orders SET status = TG_ARGV[0], note = 'host' WHERE id = NEW.id; END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER a_host AFTER INSERT OR UPDATE ON crm.orders FOR EACH ROW EXECUTE FUNCTION crm.again('paid');
INSERT INTO crm.orders VALUES (15, '', 1, 'new', 15);
UPDATE crm.orders SET amount = 16, status = 'open' WHERE id = 2;
:seen
DROP TRIGGER a_host ON crm.orders;
CREATE TRIGGER z_host AFTER INSERT OR UPDATE ON crm.orders FOR EACH ROW EXECUTE FUNCTION crm.again('paid');
INSERT INTO crm.orders VALUES (16, '', 1, 'new', 16);
:seen
DROP TRIGGER z_host ON crm.orders;
\echo == a trigger of the host that puts a deleted row back: an update, though the insert is seen first and nobody wants it
CREATE FUNCTION crm.back() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO crm.orders VALUES (OLD.id, '', 1, 'back', 1); RETURN NULL; END $$;
CREATE TRIGGER a_back AFTER DELETE ON crm.orders FOR EACH ROW EXECUTE FUNCTION crm.back();
DELETE FROM crm.orders WHERE id = 16;
:seen
DROP TRIGGER a_back ON crm.orders;

\echo == attach 12: the account of a row; a workflow of one account hears only its own
SELECT listen('acme', '{"on": "order.created"}', account => 'acme');
INSERT INTO crm.orders VALUES (20, 'acme', 1, 'draft', 1), (21, 'other', 1, 'draft', 1), (22, 'other', 1, 'new', 1);
:seen
\echo == semantics 8: capture can be switched off
SET pg_workflow.capture = off;
INSERT INTO crm.orders VALUES (30, '', 1, 'new', 1);
TRUNCATE crm.contact;
RESET pg_workflow.capture;
:seen
\echo == attach 11: session_replication_role, empty search_path, serializable, TRUNCATE
SET session_replication_role = replica;
INSERT INTO crm.orders VALUES (31, '', 1, 'new', 1);
RESET session_replication_role;
SET search_path = '';
INSERT INTO crm.orders VALUES (32, '', 1, 'new', 1);
BEGIN ISOLATION LEVEL SERIALIZABLE;
INSERT INTO crm.orders VALUES (33, '', 1, 'new', 1);
SET TRANSACTION READ ONLY;
COMMIT;
RESET search_path;
BEGIN;
INSERT INTO crm.orders VALUES (34, '', 1, 'new', 1);
TRUNCATE crm.orders;
INSERT INTO crm.orders VALUES (35, '', 1, 'new', 1);
COMMIT;
:seen
\echo == two-phase commit
BEGIN;
INSERT INTO crm.orders VALUES (40, '', 1, 'new', 1);
PREPARE TRANSACTION 'wf_capture_1';
BEGIN;
INSERT INTO crm.orders VALUES (41, '', 1, 'new', 1);
PREPARE TRANSACTION 'wf_capture_2';
:seen
COMMIT PREPARED 'wf_capture_1';
ROLLBACK PREPARED 'wf_capture_2';
:seen
\echo == a procedure that commits
CREATE PROCEDURE crm.work() LANGUAGE plpgsql AS $$
BEGIN
  FOR i IN 50..52 LOOP
    INSERT INTO crm.orders VALUES (i, '', 1, 'new', i);
    IF i = 51 THEN ROLLBACK; ELSE COMMIT; END IF;
  END LOOP;
END $$;
CALL crm.work();
:seen
\echo == a loop of subtransactions beyond the memory of a transaction
SET pg_workflow.capture_memory = '64kB';
DO $$
BEGIN
  FOR i IN 1000..2999 LOOP
    BEGIN
      INSERT INTO crm.orders VALUES (i, '', 1, 'new', i);
      IF i % 2 = 0 THEN RAISE EXCEPTION 'no'; END IF;
    EXCEPTION WHEN raise_exception THEN NULL;
    END;
  END LOOP;
END $$;
SELECT count(*), count(DISTINCT row_key), count(*) FILTER (WHERE row_key::int % 2 = 0) FROM ring WHERE id > :mark;
SELECT max(id) AS mark FROM ring \gset
BEGIN;
INSERT INTO crm.orders SELECT i, '', 1, 'new', i FROM generate_series(3000, 3999) i;
SAVEPOINT a;
INSERT INTO crm.orders SELECT i, '', 1, 'new', i FROM generate_series(4000, 5999) i;
ROLLBACK TO a;
INSERT INTO crm.orders SELECT i, '', 1, 'new', i FROM generate_series(6000, 6999) i;
COMMIT;
SELECT count(*), count(DISTINCT row_key), min(row_key::int), max(row_key::int), count(*) FILTER (WHERE row_key::int BETWEEN 4000 AND 5999)
  FROM ring WHERE id > :mark;
SELECT max(id) AS mark FROM ring \gset
RESET pg_workflow.capture_memory;

\echo == contacts: tags, waits, liveness, cascades
SELECT listen('vip', '{"on": "contact.tag_added", "filter": {"field": "contact.tags", "operator": "contains", "value": "vip"}}');
SELECT listen('any', '{"on": "contact.updated", "filter": {"field": "contact.email", "operator": "notNull"}}',
  '[{"id": "w", "type": "wait", "until_date": {"field": "contact.birthday"}, "at": "09:00"}, {"id": "s", "type": "send", "channel": "email", "subject": "x", "body": "y"}]');
INSERT INTO crm.contact VALUES (1, 'a@b.test'), (2, NULL);
UPDATE crm.contact SET labels = '{x,vip}';
UPDATE crm.contact SET note = repeat('long ', 3);
UPDATE crm.contact SET note = note, labels = labels;
BEGIN;
UPDATE crm.contact SET note = 'other';
UPDATE crm.contact SET note = repeat('long ', 3);
COMMIT;
UPDATE crm.contact SET birthday = '2000-02-29';
UPDATE crm.contact SET deleted_at = '2026-01-01 00:00+00' WHERE id = 1;
SELECT * FROM seen(:mark, '{tags,birthday,email}'); SELECT max(id) AS mark FROM ring \gset
ALTER TABLE crm.orders ADD FOREIGN KEY (customer) REFERENCES crm.contact ON DELETE CASCADE;
DELETE FROM crm.contact WHERE id = 2;
UPDATE crm.orders SET customer = NULL WHERE id = 35;
INSERT INTO crm.contact VALUES (3);
INSERT INTO crm.orders VALUES (60, '', 3, 'draft', 1), (61, '', 3, 'draft', 1);
DELETE FROM crm.contact WHERE id = 3;
:seen
\c :start
DROP DATABASE wf_capture WITH (FORCE);
