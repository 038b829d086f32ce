-- What leaves by age, and what stays.
BEGIN;
SELECT plan(21);
SET LOCAL client_min_messages = error;
SET LOCAL pg_workflow.virtual_clock = on;
CREATE SCHEMA keep;
CREATE TABLE keep.contacts (id bigint PRIMARY KEY, email text, created_at timestamptz NOT NULL DEFAULT '2025-01-10 10:00+00');
SELECT workflow.attach('keep.contacts', '{"entity": "contact"}');
SELECT workflow.create_workflow('once', '{"triggers": [{"on": "contact.created"}, {"on": "visit.again"}], "settings": {"category": "transactional", "entry_key": "contact"},
  "steps": [{"type": "wait", "for": "1 hour"}, {"type": "send", "channel": "email", "body": "hello"}]}');
SELECT workflow.create_workflow('twice', '{"triggers": [{"on": "contact.created"}, {"on": "visit.again"}], "settings": {"reentry": "after_exit", "cooldown": "1 day", "entry_key": "contact"},
  "steps": [{"type": "stop", "reason": "enough"}]}');
SELECT * FROM (SELECT workflow.publish('once'), workflow.publish('twice')) p;
CREATE FUNCTION pg_temp.drain(at timestamptz) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  WHILE (SELECT t.events + t.steps > 0 FROM workflow.tick(at) t) LOOP NULL; END LOOP;
END $$;
CREATE FUNCTION pg_temp.children(parent text) RETURNS text LANGUAGE sql AS $$
  SELECT coalesce(string_agg(c.relname, ' ' ORDER BY c.relname), '') FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
   WHERE i.inhparent = ('workflow.' || parent)::regclass AND c.relname !~ to_char(now(), 'YYYYMM') $$;

INSERT INTO keep.contacts SELECT n, 'c' || n || '@example.test' FROM generate_series(1, 3) n;
SELECT pg_temp.drain('2025-01-10 10:00+00');
SELECT workflow.emit('visit.again', '1', at => '2025-01-10 10:10+00');
SELECT pg_temp.drain('2025-01-10 10:30+00');
SELECT pg_temp.drain('2025-01-10 12:00+00');
INSERT INTO keep.contacts VALUES (4, 'late@example.test', '2025-03-01 10:00+00');
SELECT pg_temp.drain('2025-03-01 10:00+00');
SELECT is(pg_temp.children('trace'), 'trace_202501 trace_202503', 'history lies in a table a month');
SELECT is(pg_temp.children('refusal'), 'refusal_202501', 'so do refusals');
SELECT is((SELECT count(*) FROM workflow.state WHERE phase = 'ended'), 7::bigint, 'seven are through');
DELETE FROM keep.contacts WHERE id = 3;
SELECT pg_temp.drain('2025-03-02 10:00+00');

SELECT is((SELECT (m->>'states_removed')::int + (m->>'retention_dropped')::int FROM workflow.maintain() m), 0, 'nothing leaves before its time');
SET LOCAL pg_workflow.retention_refusals = '10 days';
SELECT is((SELECT (m->>'retention_dropped')::int FROM workflow.maintain() m), 1, 'a month of refusals leaves whole');
SELECT is(pg_temp.children('refusal'), '', 'and its table is gone');
SET LOCAL pg_workflow.retention_states = '20 days';
SELECT is((SELECT (m->>'states_removed')::int FROM workflow.maintain() m), 6, 'states go by what the history of the month says');
SELECT is((SELECT count(*) FROM workflow.state), 2::bigint, 'those of a later month and live ones stay');
SELECT is((SELECT count(*) FROM workflow.enrollment), 8::bigint, 'who has entered stays known');
SELECT is(pg_temp.children('trace'), 'trace_202501 trace_202503', 'history stays as long as its own setting says');
SELECT is((SELECT (m->>'states_removed')::int FROM workflow.maintain() m), 0, 'what was looked through is not looked through again');

-- semantics 3, 4: what left lets nobody in who was not let in before
SELECT workflow.emit('visit.again', '1', at => '2025-03-03 10:00+00');
SELECT pg_temp.drain('2025-03-03 10:00+00');
SELECT results_eq($$ SELECT workflow, reason FROM workflow.refusals WHERE at = '2025-03-03 10:00+00' $$, $$ VALUES ('once', 'reentry') $$, 'semantics 4: never is never, also without a state');
SELECT is((SELECT max(entry_number) FROM workflow.enrollments WHERE workflow = 'twice' AND contact_key = '1'), 2, 'semantics 4: entry numbers go on');
SELECT is((SELECT count(*) FROM workflow.reconcile('keep.contacts', '2025-01-01')), 1::bigint, 'the old events are found again');
SELECT pg_temp.drain('2025-03-03 11:00+00');
SELECT is((SELECT count(*) FROM workflow.enrollments WHERE workflow = 'once' AND contact_key IN ('1', '2')), 2::bigint, 'semantics 3: an event id enters once, however old');

SET LOCAL pg_workflow.retention_history = '20 days';
SELECT is((SELECT (m->>'retention_dropped')::int FROM workflow.maintain() m), 1, 'then history leaves');
SELECT is(pg_temp.children('trace'), 'trace_202503', 'the month that is over');
SELECT is_empty('SELECT FROM workflow.removed', 'and nothing is kept about it');

SELECT throws_ok($$ SET LOCAL pg_workflow.retention_history = 'soon' $$, '22023', NULL, 'a setting is a duration, or forever');
SET LOCAL pg_workflow.retention_errors = 'forever';
INSERT INTO workflow.error (at, sqlstate, message) VALUES ('2020-01-01', '22012', 'old');
SELECT workflow.maintain();
SELECT is((SELECT count(*) FROM workflow.error WHERE message = 'old'), 1::bigint, 'forever keeps');
SET LOCAL pg_workflow.retention_errors = '90 days';
SELECT workflow.maintain();
SELECT is((SELECT count(*) FROM workflow.error WHERE message = 'old'), 0::bigint, 'errors leave');
SELECT * FROM finish();
ROLLBACK;
