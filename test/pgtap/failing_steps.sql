-- semantics 28, 29: an enrollment that fails is tried again from the failing step: what stands before it happens once and does not wait for it.
BEGIN;
SELECT plan(17);
SET LOCAL client_min_messages = error;
SET LOCAL TimeZone = 'UTC';
SET LOCAL pg_workflow.allow_superuser_code = on;

CREATE TABLE broken_contacts (id int PRIMARY KEY, points int NOT NULL DEFAULT 0 CHECK (points < 100), limit_at int NOT NULL DEFAULT 200, email text DEFAULT 'a@x.test');
SELECT FROM workflow.attach('broken_contacts', '{"entity": "contact"}');
INSERT INTO broken_contacts SELECT n FROM generate_series(1, 9) n;
CREATE FUNCTION pg_temp.publish(name text, rest text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM workflow.create_workflow(name, '{"triggers": [{"on": "manual"}]}' || rest::jsonb);
  PERFORM workflow.publish(name);
END $$;
CREATE FUNCTION pg_temp.rounds(at timestamptz, n integer = 3) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  FOR i IN 1 .. n LOOP PERFORM workflow.tick(at); END LOOP;
END $$;
CREATE FUNCTION pg_temp.told(name text, contact text) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(h.what || coalesce(' ' || h.step, ''), ', ' ORDER BY h.id) FROM workflow.history h WHERE h.workflow = told.name AND h.contact_key = told.contact
$$;
CREATE FUNCTION pg_temp.said(name text) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(o.contact_key || ' ' || o.step, ', ' ORDER BY o.id) FROM workflow.outbox o WHERE o.workflow = name
$$;

-- [send, set] where set fails.
SELECT pg_temp.publish('plain', '{"settings": {"on_error": {"retry": 2}}, "steps": [{"id": "mail", "type": "send", "channel": "email", "body": "x"},
  {"id": "bad", "type": "set", "contact": {"points": {"sql": "contact.limit_at"}}}, {"id": "after", "type": "send", "channel": "email", "body": "y"}]}');
SELECT workflow.enroll('plain', c) FROM unnest('{1,2,3}'::text[]) c;
UPDATE broken_contacts SET limit_at = 5 WHERE id = 2;
SELECT pg_temp.rounds('2025-06-02 09:00Z');
SELECT is(pg_temp.said('plain'), '2 mail, 2 after, 1 mail, 3 mail', 'semantics 28: the message before the step that fails is written, once; who does not fail goes on');
SELECT is(pg_temp.told('plain', '1'), 'entered, sent mail, failed bad', 'and the history says where it stands');
SELECT is((SELECT e.step || e.attempts FROM workflow.enrollments e WHERE e.workflow = 'plain' AND e.contact_key = '1'), 'bad1', 'semantics 28: one attempt of that step');
SELECT is((SELECT array_agg(x.step) FROM workflow.errors x WHERE x.workflow = 'plain'), '{bad,bad}', 'semantics 29: errors say which step');
UPDATE broken_contacts SET limit_at = 7 WHERE id = 1;
SELECT pg_temp.rounds('2025-06-02 09:10Z');
SELECT is(pg_temp.said('plain'), '2 mail, 2 after, 1 mail, 3 mail, 1 after', 'semantics 28: it goes on at the failing step; nothing is sent twice');
SELECT pg_temp.rounds('2025-06-02 12:00Z');
SELECT is(pg_temp.told('plain', '3'), 'entered, sent mail, failed bad, failed bad, failed bad, ended bad', 'semantics 28: after the last try it ends');
SELECT is((SELECT count(DISTINCT o.idempotency_key) FROM workflow.outbox o), 5::bigint, 'semantics 24: each message has its own key');

-- An operator's retry that fails again is the enrollment's own failure, not the wish's.
SELECT workflow.retry(e.enrollment) FROM workflow.enrollments e WHERE e.workflow = 'plain' AND e.contact_key = '3';
SELECT pg_temp.rounds('2025-06-02 13:00Z', 1);
SELECT is((SELECT e.state || e.attempts FROM workflow.enrollments e WHERE e.workflow = 'plain' AND e.contact_key = '3'), 'retry1', 'semantics 29: retry counts the tries anew');
UPDATE broken_contacts SET limit_at = 8 WHERE id = 3;
SELECT pg_temp.rounds('2025-06-02 14:00Z');
SELECT is((SELECT e.reason FROM workflow.enrollments e WHERE e.workflow = 'plain' AND e.contact_key = '3'), 'completed', 'semantics 29: and goes on at the failing step');
SELECT is(pg_temp.said('plain'), '2 mail, 2 after, 1 mail, 3 mail, 1 after, 3 after', 'nothing before it happens again');

-- The step after a wait that an event ended.
SELECT pg_temp.publish('heard', '{"settings": {"on_error": {"retry": 9}}, "steps": [{"id": "paid", "type": "wait", "until_event": "t.paid", "forever": true},
  {"id": "mail", "type": "send", "channel": "email", "body": "x"}, {"id": "bad", "type": "set", "contact": {"points": {"sql": "contact.limit_at"}}}]}');
SELECT workflow.enroll('heard', '4');
SELECT pg_temp.rounds('2025-06-03 09:00Z', 1);
SELECT workflow.emit('t.paid', '4');
SELECT pg_temp.rounds('2025-06-03 10:00Z');
SELECT is(pg_temp.told('heard', '4'), 'entered, waiting paid, met paid, sent mail, failed bad', 'semantics 28: what an event led on to fails for itself');
SELECT is((SELECT count(*) FROM workflow.parked), 0::bigint, 'the event is not tried again');
UPDATE broken_contacts SET limit_at = 8 WHERE id = 4;
SELECT pg_temp.rounds('2025-06-03 11:00Z');
SELECT is((SELECT e.reason FROM workflow.enrollments e WHERE e.workflow = 'heard'), 'completed', 'semantics 28: however often it had failed');

-- The step after a wait that a change of the record ended, beside one who leaves by the same change.
SELECT pg_temp.publish('changed', '{"steps": [{"id": "w", "type": "wait", "until": {"field": "contact.email", "operator": "=", "value": "b@x.test"}, "forever": true},
  {"id": "bad", "type": "set", "contact": {"points": {"sql": "contact.limit_at"}}}]}');
SELECT pg_temp.publish('leaves', '{"settings": {"exit": {"field": "contact.email", "operator": "=", "value": "b@x.test"}}, "steps": [{"id": "w", "type": "wait", "for": "9 days"}]}');
SELECT workflow.enroll('changed', '5'), workflow.enroll('leaves', '5');
SELECT pg_temp.rounds('2025-06-04 09:00Z', 1);
UPDATE broken_contacts SET email = 'b@x.test' WHERE id = 5;
SELECT pg_temp.rounds('2025-06-04 10:00Z');
SELECT is(pg_temp.told('changed', '5'), 'entered, waiting w, met w, failed bad', 'semantics 28: what a change led on to fails for itself');
SELECT is((SELECT e.reason FROM workflow.enrollments e WHERE e.workflow = 'leaves'), 'condition', 'semantics 28: one failing enrollment never stops another');

-- Different workflows that set one row in one round.
SELECT pg_temp.publish('one', '{"steps": [{"type": "set", "contact": {"points": {"add": 1}}}]}');
SELECT pg_temp.publish('two', '{"steps": [{"type": "set", "contact": {"points": {"add": 10}}}, {"type": "set", "contact": {"points": {"add": 20}}}]}');
SELECT workflow.enroll('one', '6'), workflow.enroll('two', '6'), workflow.enroll('one', '7');
SELECT pg_temp.rounds('2025-06-05 09:00Z');
SELECT results_eq('SELECT b.id, b.points FROM broken_contacts b WHERE b.id IN (6, 7) ORDER BY 1', 'VALUES (6, 31), (7, 1)', 'semantics 31: several workflows that set one row in one round lose nothing');
SELECT is((SELECT count(*) FROM workflow.enrollments e WHERE e.workflow IN ('one', 'two') AND e.reason = 'completed'), 3::bigint, 'and all are done');

SELECT * FROM finish();
ROLLBACK;
