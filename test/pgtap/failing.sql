-- What becomes of enrollments and workflows whose steps go on failing.
BEGIN;
SELECT plan(31);
SET LOCAL client_min_messages = error;

CREATE TABLE fail_contacts (id int PRIMARY KEY, name text, points int NOT NULL DEFAULT 0, price int NOT NULL DEFAULT 1);
SELECT FROM workflow.attach('fail_contacts', '{"entity": "contact"}');
INSERT INTO fail_contacts SELECT n, 'C' || n FROM generate_series(1, 60) n;
ALTER TABLE fail_contacts ADD CHECK (points < 100);
CREATE FUNCTION pg_temp.publish(name text, settings text, steps text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM workflow.create_workflow(name, jsonb_build_object('triggers', '[{"on": "manual"}]'::jsonb, 'settings', settings::jsonb, 'steps', steps::jsonb));
  PERFORM workflow.publish(name);
END $$;
CREATE FUNCTION pg_temp.rounds(at timestamptz, n integer = 3) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  FOR i IN 1 .. n LOOP PERFORM workflow.tick(at); END LOOP;
END $$;
CREATE FUNCTION pg_temp.told(name text, contact text) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(h.what || coalesce(' ' || h.step, ''), ', ' ORDER BY h.id) FROM workflow.history h WHERE h.workflow = told.name AND h.contact_key = told.contact
$$;
CREATE FUNCTION pg_temp.publish_failing(name text, settings text) RETURNS void LANGUAGE sql AS $$
  SELECT pg_temp.publish(name, settings, '[{"id": "bad", "type": "set", "contact": {"points": 200}}, {"id": "after", "type": "send", "channel": "x", "to": "a", "body": "b"}]')
$$;

-- on_error.backoff
SELECT pg_temp.publish_failing('listed', '{"on_error": {"retry": 3, "backoff": ["10 minutes", "1 hour"]}}');
SELECT workflow.enroll('listed', '1');
SELECT pg_temp.rounds('2031-01-06 09:00Z', 2);
SELECT is((SELECT w.due BETWEEN '2031-01-06 09:05Z' AND '2031-01-06 09:15Z' FROM workflow.waiting w WHERE w.workflow = 'listed'), true, 'semantics 26: on_error.backoff, the first pause of a list, spread by jitter');
SELECT pg_temp.rounds('2031-01-06 10:00Z', 1);
SELECT is((SELECT w.due BETWEEN '2031-01-06 10:30Z' AND '2031-01-06 11:30Z' FROM workflow.waiting w WHERE w.workflow = 'listed'), true, 'then the second');
SELECT pg_temp.rounds('2031-01-06 12:00Z', 1);
SELECT is((SELECT w.due BETWEEN '2031-01-06 12:30Z' AND '2031-01-06 13:30Z' FROM workflow.waiting w WHERE w.workflow = 'listed'), true, 'then the last again');
SELECT pg_temp.rounds('2031-01-06 15:00Z', 1);
SELECT is((SELECT e.reason FROM workflow.enrollments e WHERE e.workflow = 'listed'), 'error', 'on_error.then: by default it ends');
SELECT pg_temp.publish_failing('doubled', '{"on_error": {"retry": 3, "backoff": "20 minutes"}}');
SELECT workflow.enroll('doubled', '1');
SELECT pg_temp.rounds('2031-01-06 16:00Z', 2);
SELECT pg_temp.rounds('2031-01-06 17:00Z', 1);
SELECT is((SELECT w.due BETWEEN '2031-01-06 17:20Z' AND '2031-01-06 18:00Z' FROM workflow.waiting w WHERE w.workflow = 'doubled'), true, 'semantics 26: one pause doubles');

-- on_error.then: skip
SELECT pg_temp.publish('skips', '{"on_error": {"retry": 1, "then": "skip"}}', '[{"id": "first", "type": "set", "contact": {"name": "kept"}},
  {"id": "bad", "type": "set", "contact": {"points": 200}}, {"id": "worse", "type": "set", "contact": {"points": 300}}, {"id": "after", "type": "send", "channel": "x", "to": "a", "body": "{{ contact.name }}"}]');
SELECT workflow.enroll('skips', '2');
SELECT pg_temp.rounds('2031-01-07 09:00Z');
SELECT is((SELECT e.state FROM workflow.enrollments e WHERE e.workflow = 'skips'), 'retry', 'on_error.then skip: first it is tried as often as it may');
SELECT pg_temp.rounds('2031-01-07 11:00Z', 6);
SELECT pg_temp.rounds('2031-01-07 13:00Z', 6);
SELECT is((SELECT e.reason FROM workflow.enrollments e WHERE e.workflow = 'skips'), 'completed', 'on_error.then skip: then it is passed over, each failing step by itself');
SELECT is(pg_temp.told('skips', '2'), 'entered, changed first, failed bad, failed bad, skipped bad, failed worse, failed worse, skipped worse, sent after, ended after',
          'and the history says so; what stood before it happens once');
SELECT is((SELECT o.body FROM workflow.outbox o WHERE o.workflow = 'skips'), 'kept', 'the steps around it are taken');
SELECT is((SELECT string_agg(x.step, ',' ORDER BY x.at, x.step) FROM workflow.errors x WHERE x.workflow = 'skips'), 'bad,bad,worse,worse', 'semantics 29: errors name the step that failed');

-- on_error.then: suspend
SELECT pg_temp.publish_failing('stops', '{"on_error": {"retry": 0, "then": "suspend"}}');
SELECT workflow.enroll('stops', '3');
SELECT pg_temp.rounds('2031-01-08 09:00Z');
SELECT results_eq($$ SELECT w.status, w.suspended FROM workflow.workflows w WHERE w.name = 'stops' $$, $$ VALUES ('paused', 'a step went on failing') $$, 'on_error.then suspend: the workflow is paused, and says why');
SELECT is((SELECT e.state FROM workflow.enrollments e WHERE e.workflow = 'stops'), 'retry', 'and nobody has left it');
SELECT is((SELECT count(*) FROM workflow.errors x WHERE x.workflow = 'stops'), 1::bigint, 'nothing is tried while it rests');
SELECT is((SELECT d.state || ': ' || d.repair FROM workflow.doctor() d WHERE d.name = 'workflow stops'),
          'error: Mend what workflow.errors shows, then: SELECT workflow.resume(''stops'', account => '''');', 'semantics 28: doctor() has the notice');
ALTER TABLE fail_contacts DROP CONSTRAINT fail_contacts_points_check;
SELECT workflow.resume('stops');
SELECT pg_temp.rounds('2031-01-08 10:00Z');
SELECT is((SELECT e.reason FROM workflow.enrollments e WHERE e.workflow = 'stops'), 'completed', 'after resume() it goes on at the step that failed');
SELECT results_eq($$ SELECT w.status, w.suspended FROM workflow.workflows w WHERE w.name = 'stops' $$, $$ VALUES ('published', NULL) $$, 'and is as it was');

-- semantics 28: 20 failures without a success between suspend
SELECT pg_temp.publish('divides', '{"on_error": {"retry": 0}}', '[{"id": "bad", "type": "set", "contact": {"points": "{{ 100 | divided_by: contact.price }}"}}]');
UPDATE fail_contacts SET price = 0 WHERE id > 10;
SELECT workflow.enroll('divides', n::text) FROM generate_series(11, 29) n;
SELECT pg_temp.rounds('2031-01-09 09:00Z');
SELECT is((SELECT count(*) FROM workflow.errors x WHERE x.workflow = 'divides'), 19::bigint, 'semantics 28: 19 have failed');
SELECT is((SELECT w.status FROM workflow.workflows w WHERE w.name = 'divides'), 'published', 'which is not enough');
SELECT workflow.enroll('divides', '5');
SELECT pg_temp.rounds('2031-01-09 10:00Z');
SELECT workflow.enroll('divides', n::text) FROM generate_series(30, 48) n;
SELECT pg_temp.rounds('2031-01-09 11:00Z');
SELECT is((SELECT w.status FROM workflow.workflows w WHERE w.name = 'divides'), 'published', 'semantics 28: a success begins the count anew');
SELECT workflow.enroll('divides', n::text) FROM generate_series(49, 53) n;
SELECT pg_temp.rounds('2031-01-09 12:00Z');
SELECT results_eq($$ SELECT w.status, w.suspended FROM workflow.workflows w WHERE w.name = 'divides' $$, $$ VALUES ('paused', '20 failures without a success between') $$, 'semantics 28: the twentieth suspends it');
SELECT is((SELECT count(*) FROM workflow.enrollments e WHERE e.workflow = 'divides' AND e.state = 'retry'), 4::bigint, 'who comes after it is held, with its tries unused');
SELECT is((SELECT s.suspended FROM workflow.status s), 1::bigint, 'semantics 28: status counts it');
SELECT is((SELECT string_agg(x.message, '') FROM workflow.errors x WHERE x.sqlstate = 'WF010' AND x.message LIKE '%divides%'),
          'workflow "divides" is suspended: 20 failures without a success between', 'errors has the notice');
SELECT is((SELECT count(*) FROM workflow.audit a WHERE a.action = 'suspend' AND a.object = 'divides'), 1::bigint, 'semantics 32: and the audit');
UPDATE fail_contacts SET price = 1;
SELECT workflow.resume('divides');
SELECT pg_temp.rounds('2031-01-09 13:00Z');
SELECT is((SELECT string_agg(e.reason || '', ',' ORDER BY e.contact_key) FROM workflow.enrollments e WHERE e.workflow = 'divides' AND e.contact_key::int > 49),
          'completed,completed,completed,completed', 'resume() lets them go on');
SELECT is((SELECT count(*) FROM workflow.failing f JOIN workflow.workflow w ON w.id = f.workflow AND w.name = 'divides'), 0::bigint, 'and the count is gone');

-- semantics 28: what is transient counts no attempt, is no failure, and comes again in a moment
CREATE SEQUENCE fail_tries;  -- not undone by what is rolled back
CREATE FUNCTION fail_for_a_while() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.id IN (2, 3) AND nextval('fail_tries') <= 12 THEN
    RAISE EXCEPTION 'not now' USING ERRCODE = CASE NEW.id WHEN 2 THEN '40001' ELSE '53300' END;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER fail_for_a_while BEFORE UPDATE OF name ON fail_contacts FOR EACH ROW EXECUTE FUNCTION fail_for_a_while();
SELECT pg_temp.publish('transient', '{"on_error": {"retry": 0}}', '[{"id": "s", "type": "set", "contact": {"name": "done"}}, {"id": "m", "type": "send", "channel": "x", "to": "a", "body": "b"}]');
SELECT workflow.enroll('transient', n::text) FROM generate_series(1, 4) n;
SELECT pg_temp.rounds('2031-01-10 09:00Z', 1);
SELECT is((SELECT string_agg(coalesce(e.reason, e.state || ' ' || e.attempts), ',' ORDER BY e.contact_key) FROM workflow.enrollments e WHERE e.workflow = 'transient'), 'completed,retry 0,retry 0,completed',
  'semantics 28: who meets it is tried again, though retry is 0; the others go on');
SELECT is_empty($$ SELECT FROM workflow.errors x WHERE x.workflow = 'transient' $$, 'semantics 28: it is no failure');
SELECT workflow.tick('2031-01-10 09:00Z'::timestamptz + n * interval '2 seconds') FROM generate_series(1, 30) n;
SELECT is((SELECT string_agg(coalesce(e.reason, e.state), ',' ORDER BY e.contact_key) FROM workflow.enrollments e WHERE e.workflow = 'transient'), 'completed,completed,completed,completed', 'semantics 28: and goes on when it is over');
SELECT is((SELECT count(*) || ' ' || count(DISTINCT o.contact_key) FROM workflow.outbox o WHERE o.workflow = 'transient'), '4 4', 'each with one message');
SELECT is((SELECT w.status FROM workflow.workflows w WHERE w.name = 'transient'), 'published', 'semantics 28: nor does it suspend');

SELECT * FROM finish();
ROLLBACK;
