-- Scenarios of waiting: what changes while somebody waits (semantics 7, 9, 10, 11, 16; G4, G7).
BEGIN;
SELECT plan(39);
SET LOCAL client_min_messages = error;
SET LOCAL TimeZone = 'UTC';

CREATE TABLE late_contacts (id int PRIMARY KEY, name text, points int NOT NULL DEFAULT 0, email text DEFAULT 'a@x.test');
CREATE TABLE late_orders (id int PRIMARY KEY, contact_id int, state text DEFAULT 'open', delivery date);
SELECT FROM workflow.attach('late_contacts', '{"entity": "contact"}');
SELECT FROM workflow.attach('late_orders', '{"entity": "order", "contact": "contact_id", "events": {"order.cancelled": {"once": true, "when": {"field": "state", "operator": "changedTo", "value": "cancelled"}}}}');
INSERT INTO late_contacts (id, name) SELECT n, 'C' || n FROM generate_series(1, 200) n;
CREATE FUNCTION pg_temp.publish(name text, rest text, triggers text = '[{"on": "manual"}]') RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM workflow.workflows w WHERE w.name = publish.name) THEN
    PERFORM workflow.save_draft(name, jsonb_build_object('triggers', triggers::jsonb) || rest::jsonb);
  ELSE
    PERFORM workflow.create_workflow(name, jsonb_build_object('triggers', triggers::jsonb) || rest::jsonb);
  END IF;
  PERFORM workflow.publish(name);
END $$;
CREATE FUNCTION pg_temp.due(name text, contact text) RETURNS text LANGUAGE sql AS $$
  SELECT coalesce(to_char(e.due, 'MM-DD HH24:MI'), e.reason) FROM workflow.enrollments e WHERE e.workflow = due.name AND e.contact_key = contact ORDER BY e.entry_number DESC LIMIT 1
$$;
CREATE FUNCTION pg_temp.said(name text, contact text) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(o.body || ' ' || to_char(o.created_at, 'MM-DD HH24:MI'), ', ' ORDER BY o.id) FROM workflow.outbox o WHERE o.workflow = said.name AND o.contact_key = contact
$$;
CREATE FUNCTION pg_temp.run_to(until timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  next timestamptz;
BEGIN
  FOR i IN 1 .. 500 LOOP
    next := (SELECT min(w.due) FROM workflow.waiting w JOIN workflow.workflows f ON f.name = w.workflow AND f.status <> 'paused');
    EXIT WHEN next IS NULL OR next > until;
    PERFORM workflow.tick(greatest(next, workflow.now_at())), workflow.tick(greatest(next, workflow.now_at()));  -- and what it says
  END LOOP;
  PERFORM workflow.tick(until);
END $$;

-- A delivery date that moves.
SELECT pg_temp.publish('delivery', '{"settings": {"if_past": "exit"}, "steps": [{"id": "w", "type": "wait", "until_date": "order.delivery", "at": "09:00"}, {"id": "s", "type": "send", "channel": "email", "body": "{{ order.id }}"}]}',
  '[{"on": "order.created"}]');
SELECT workflow.tick('2025-06-01 12:00Z');
INSERT INTO late_orders (id, contact_id, delivery) SELECT n, n, '2025-06-10' FROM generate_series(1, 7) n;
SELECT workflow.tick('2025-06-01 12:00Z');
SELECT is(pg_temp.due('delivery', '1'), '06-10 09:00', 'scenario 6, E05: until the day of delivery');
UPDATE late_orders SET delivery = '2025-06-12' WHERE id = 1;
UPDATE late_orders SET delivery = '2025-06-05' WHERE id = 2;
UPDATE late_orders SET delivery = '2025-05-05' WHERE id = 3;
UPDATE late_orders SET delivery = NULL WHERE id = 4;
DELETE FROM late_orders WHERE id = 6;
SELECT workflow.tick('2025-06-02 12:00Z');
SELECT is(pg_temp.due('delivery', '1'), '06-12 09:00', 'scenario 6, semantics 16: moved forward, the wait moves');
SELECT is(pg_temp.due('delivery', '2'), '06-05 09:00', 'scenario 6, semantics 16: moved back');
SELECT is(pg_temp.due('delivery', '3'), 'condition', 'scenario 6, semantics 16: into the past: if_past');
SELECT is(pg_temp.due('delivery', '4'), 'condition', 'scenario 6, semantics 16: to NULL: on_null, by default exit');
SELECT is(pg_temp.due('delivery', '6'), 'record_deleted', 'scenario 6, semantics 16: the order is gone');
SELECT pg_temp.run_to('2025-06-10 12:00Z');
SELECT is(pg_temp.said('delivery', '2'), '2 06-05 09:00', 'scenario 6: what came earlier was sent earlier');
SELECT is(pg_temp.said('delivery', '5'), '5 06-10 09:00', 'scenario 6: what was not moved stays');
SELECT is(pg_temp.said('delivery', '1'), NULL, 'scenario 6: the first timer is stale');
-- Moved and moved back in one transaction is nothing; moved just before its round counts.
UPDATE late_orders SET delivery = '2025-06-20' WHERE id = 1;
SELECT workflow.tick('2025-06-12 09:00Z');
SELECT is(pg_temp.due('delivery', '1'), '06-20 09:00', 'scenario 6, semantics 16: moved at the last moment, read in the same round as its timer');
UPDATE late_orders SET delivery = '2025-06-30' WHERE id = 1;
UPDATE late_orders SET delivery = '2025-06-20' WHERE id = 1;
SELECT workflow.tick('2025-06-12 09:30Z');
SELECT is(pg_temp.due('delivery', '1'), '06-20 09:00', 'scenario 6, semantics 2: moved and moved back in one transaction is nothing');
SELECT pg_temp.publish('cancelled too', '{"settings": {"exit": {"on": "order.cancelled"}}, "steps": [{"id": "w", "type": "wait", "until_date": "order.delivery", "at": "09:00"}, {"id": "s", "type": "send", "channel": "email", "body": "x"}]}',
  '[{"on": "order.created"}]');
SELECT pg_temp.publish('cancelled', '{"settings": {"exit": {"field": "order.state", "operator": "=", "value": "cancelled"}}, "steps": [{"id": "w", "type": "wait", "until_date": "order.delivery", "at": "09:00"}, {"id": "s", "type": "send", "channel": "email", "body": "x"}]}',
  '[{"on": "order.created"}]');
INSERT INTO late_orders (id, contact_id, delivery) VALUES (8, 8, '2025-06-25');
SELECT workflow.tick('2025-06-12 10:00Z');
UPDATE late_orders SET state = 'cancelled' WHERE id = 8;
SELECT workflow.tick('2025-06-12 11:00Z');
SELECT is((SELECT e.reason FROM workflow.enrollments e WHERE e.workflow = 'cancelled' AND e.contact_key = '8'), 'condition', 'scenario 6, G4: its order was cancelled');
SELECT is((SELECT e.reason FROM workflow.enrollments e WHERE e.workflow = 'cancelled too' AND e.contact_key = '8'), 'condition', 'scenario 6, G4: and so by the event');
SELECT pg_temp.run_to('2025-06-30 12:00Z');
SELECT is(pg_temp.said('delivery', '1'), '1 06-20 09:00', 'scenario 6: what was moved three times is sent once, on the last day');
SELECT is((SELECT string_agg(o.workflow || ' ' || o.contact_key, ', ' ORDER BY o.workflow, o.contact_key) FROM workflow.outbox o WHERE o.workflow = 'delivery' AND o.contact_key IN ('3', '4', '6') OR o.workflow LIKE 'cancelled%'), NULL,
  'scenario 6: nobody is told of a delivery that is past, has no date, or whose order is cancelled or gone');

-- A setting changed while 100 wait.
SELECT pg_temp.publish('hundred', '{"settings": {"category": "transactional"}, "steps": [{"id": "w", "type": "wait", "for": "3 days"}, {"id": "s", "type": "send", "channel": "email", "body": "one"}]}');
SELECT workflow.enroll('hundred', n::text) FROM generate_series(1, 100) n;
SELECT workflow.tick('2025-07-01 12:00Z');
SELECT pg_temp.publish('hundred', '{"settings": {"category": "informational", "send_window": [{"days": ["sun"], "from": "09:00", "to": "10:00"}]}, "steps": [{"id": "w", "type": "wait", "for": "3 days"}, {"id": "s", "type": "send", "channel": "email", "body": "two"}]}');
SELECT workflow.enroll('hundred', n::text) FROM generate_series(101, 110) n;
SELECT workflow.tick('2025-07-01 13:00Z');
SELECT pg_temp.run_to('2025-07-04 14:00Z');
SELECT results_eq($$ SELECT o.version, o.body, o.category, count(*) FROM workflow.outbox o WHERE o.workflow = 'hundred' GROUP BY 1, 2, 3 $$,
  $$ VALUES (1, 'one', 'transactional', 100::bigint) $$, 'scenario 7, semantics 9, B10: settings apply to new entries only');
SELECT is((SELECT count(*) FROM workflow.enrollments e WHERE e.workflow = 'hundred' AND e.version = 2 AND e.state = 'window'), 10::bigint, 'scenario 7: those who entered later obey the new window');
SELECT pg_temp.run_to('2025-07-06 10:00Z');
SELECT is((SELECT count(*) FROM workflow.outbox o WHERE o.workflow = 'hundred' AND o.version = 2 AND o.created_at = '2025-07-06 09:00Z'), 10::bigint, 'scenario 7: and are written to when it opens');

-- A version without the step where they wait.
SELECT pg_temp.publish('gone', '{"steps": [{"id": "w", "type": "wait", "for": "3 days"}, {"id": "s", "type": "send", "channel": "email", "body": "one"}]}');
SELECT workflow.enroll('gone', n::text) FROM generate_series(1, 5) n;
SELECT workflow.tick('2025-07-10 12:00Z');
SELECT pg_temp.publish('gone', '{"steps": [{"id": "t", "type": "send", "channel": "email", "body": "two"}]}');
SELECT workflow.enroll('gone', '6');
SELECT pg_temp.run_to('2025-07-13 12:00Z');
SELECT results_eq($$ SELECT o.body, count(*) FROM workflow.outbox o WHERE o.workflow = 'gone' GROUP BY 1 ORDER BY 1 $$, $$ VALUES ('one', 5::bigint), ('two', 1) $$,
  'scenario 8, semantics 9: who waits at a step that the new version lacks finishes by the old one');
SELECT is((SELECT count(*) FROM workflow.stuck), 0::bigint, 'scenario 8, semantics 29: nobody is stuck');
SELECT is((workflow.maintain()->>'versions_retired')::int > 0, true, 'scenario 8: then the old one is forgotten');

-- A pause of 5 days in a wait of 10, under each way to resume.
CREATE FUNCTION pg_temp.paused(name text, settings text, entered timestamptz, mode text = NULL) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_temp.publish(name, format('{"settings": %s, "steps": [{"id": "w", "type": "wait", "for": "10 days"}, {"id": "s", "type": "send", "channel": "email", "body": "x"}, {"id": "v", "type": "wait", "for": "1 day"}, {"id": "u", "type": "send", "channel": "email", "body": "y"}]}', settings));
  PERFORM workflow.enroll(name, '1');
END $$;
SELECT pg_temp.paused(w, format('{"on_resume": "%s"}', w), now()) FROM unnest('{freeze,catch_up,restart_delay,drop_overdue}'::text[]) w;
SELECT pg_temp.paused(w || ' over', format('{"on_resume": "%s"}', w), now()) FROM unnest('{freeze,catch_up,restart_delay,drop_overdue}'::text[]) w;
SELECT workflow.tick('2025-08-01 12:00Z');
SELECT workflow.tick('2025-08-03 12:00Z');
SELECT workflow.pause(w) FROM unnest('{freeze,catch_up,restart_delay,drop_overdue}'::text[]) w;
SELECT workflow.tick('2025-08-08 12:00Z');
SELECT workflow.resume(w), workflow.pause(w || ' over') FROM unnest('{freeze,catch_up,restart_delay,drop_overdue}'::text[]) w;
SELECT pg_temp.run_to('2025-08-13 12:00Z');
SELECT workflow.resume(w || ' over') FROM unnest('{freeze,catch_up,restart_delay,drop_overdue}'::text[]) w;
SELECT pg_temp.run_to('2025-08-31 12:00Z');
SELECT is(pg_temp.said('freeze', '1'), 'x 08-16 12:00, y 08-17 12:00', 'scenario 10, semantics 11: freeze: the wait is longer by the pause');
SELECT is(pg_temp.said('catch_up', '1'), 'x 08-11 12:00, y 08-12 12:00', 'scenario 10: catch_up: as if there had been none');
SELECT is(pg_temp.said('restart_delay', '1'), 'x 08-18 12:00, y 08-19 12:00', 'scenario 10: restart_delay: ten days from the end of the pause');
SELECT is(pg_temp.said('drop_overdue', '1'), 'x 08-11 12:00, y 08-12 12:00', 'scenario 10: drop_overdue: what did not fall due in the pause is as it was');
SELECT is(pg_temp.said('freeze over', '1'), 'x 08-16 12:00, y 08-17 12:00', 'scenario 10: freeze, where it fell due in the pause');
SELECT is(pg_temp.said('catch_up over', '1'), 'x 08-13 12:00, y 08-14 12:00', 'scenario 10: catch_up: at once');
SELECT is(pg_temp.said('restart_delay over', '1'), 'x 08-23 12:00, y 08-24 12:00', 'scenario 10: restart_delay: from the end of the pause');
SELECT is(pg_temp.said('drop_overdue over', '1'), 'y 08-13 12:00', 'scenario 10: drop_overdue: left out, up to the next wait, which counts from when it was due');
SELECT is((SELECT count(*) FROM workflow.held), 0::bigint, 'scenario 10: nothing is held any more');

-- A workflow that updates its own record, and two that trigger each other.
SELECT pg_temp.publish('own', '{"settings": {"reentry": "every_event", "entry_key": "contact"}, "steps": [{"type": "set", "contact": {"points": {"add": 1}}}]}', '[{"on": "contact.updated"}]');
SELECT workflow.tick('2025-09-01 12:00Z');
UPDATE late_contacts SET name = 'x' WHERE id = 1;
SELECT pg_temp.run_to('2025-09-01 13:00Z') FROM generate_series(1, 5);
SELECT is((SELECT points FROM late_contacts WHERE id = 1), 1, 'scenario 13, semantics 7: a workflow that updates its own record does so once');
SELECT is((SELECT array_agg(DISTINCT r.reason) FROM workflow.refusals r WHERE r.workflow = 'own'), '{loop}', 'scenario 13: the second time is refused as loop');
UPDATE late_contacts SET name = 'y' WHERE id = 1;
SELECT pg_temp.run_to('2025-09-01 14:00Z') FROM generate_series(1, 5);
SELECT is((SELECT points FROM late_contacts WHERE id = 1), 2, 'scenario 13: a change by somebody else enters again');
SELECT workflow.archive('own', force => true);
SELECT pg_temp.publish('ping', '{"settings": {"reentry": "every_event"}, "steps": [{"type": "set", "contact": {"points": {"add": 1}}}, {"type": "emit", "event": "t.ping"}]}', '[{"on": "t.pong"}]');
SELECT pg_temp.publish('pong', '{"settings": {"reentry": "every_event"}, "steps": [{"type": "set", "contact": {"points": {"add": 1}}}, {"type": "emit", "event": "t.pong"}]}', '[{"on": "t.ping"}]');
SELECT workflow.emit('t.ping', '2');
SELECT workflow.tick('2025-09-02 12:00Z'), workflow.tick('2025-09-02 12:01Z'), workflow.tick('2025-09-02 12:02Z'), workflow.tick('2025-09-02 12:03Z'), workflow.tick('2025-09-02 12:04Z');
SELECT is((SELECT points FROM late_contacts WHERE id = 2), 2, 'scenario 13, semantics 7: two that trigger each other go round once');
SELECT results_eq($$ SELECT e.workflow, count(*) FROM workflow.enrollments e WHERE e.workflow IN ('ping', 'pong') GROUP BY 1 ORDER BY 1 $$, $$ VALUES ('ping', 1::bigint), ('pong', 1) $$, 'scenario 13: each once');
-- The same by what they write.
SELECT pg_temp.publish('to right', '{"settings": {"reentry": "every_event"}, "steps": [{"type": "set", "contact": {"name": "right", "points": {"add": 1}}}]}',
  '[{"on": "contact.updated", "filter": {"field": "contact.name", "operator": "changedTo", "value": "left"}}]');
SELECT pg_temp.publish('to left', '{"settings": {"reentry": "every_event"}, "steps": [{"type": "set", "contact": {"name": "left", "points": {"add": 1}}}]}',
  '[{"on": "contact.updated", "filter": {"field": "contact.name", "operator": "changedTo", "value": "right"}}]');
UPDATE late_contacts SET name = 'left' WHERE id = 5;
SELECT workflow.tick('2025-09-02 13:00Z'), workflow.tick('2025-09-02 13:01Z'), workflow.tick('2025-09-02 13:02Z'), workflow.tick('2025-09-02 13:03Z'), workflow.tick('2025-09-02 13:04Z');
SELECT results_eq('SELECT name, points FROM late_contacts WHERE id = 5', $$ VALUES ('left', 2) $$, 'scenario 13, semantics 7: two that undo each other''s change of the record go round once');
SELECT results_eq($$ SELECT r.workflow, r.reason FROM workflow.refusals r WHERE r.workflow IN ('to left', 'to right') $$, $$ VALUES ('to right', 'loop') $$, 'scenario 13: then the first is refused as loop');
-- Through a wait of an hour the chain is another, and the number of entries within an hour is the last guard.
SELECT pg_temp.publish('slow', '{"settings": {"reentry": "every_event", "while_live": "restart"}, "steps": [{"type": "wait", "for": "1 hour"}, {"type": "emit", "event": "t.slow"}]}', '[{"on": "t.slow"}]');
SELECT workflow.emit('t.slow', '3');
SELECT workflow.tick('2025-09-03 12:00Z');
SELECT pg_temp.run_to('2025-09-03 17:30Z');
SELECT is((SELECT count(*) FROM workflow.enrollments e WHERE e.workflow = 'slow') BETWEEN 5 AND 7, true, 'scenario 13, semantics 7: a wait of an hour ends the chain');
SELECT pg_temp.publish('often', '{"settings": {"reentry": "every_event"}, "steps": [{"type": "stop"}]}', '[{"on": "t.often"}]');
SELECT workflow.emit('t.often', '4') FROM generate_series(1, 30);
SELECT workflow.tick('2025-09-04 12:00Z');
SELECT results_eq($$ SELECT (SELECT count(*) FROM workflow.enrollments e WHERE e.workflow = 'often'), (SELECT count(*) FROM workflow.refusals r WHERE r.workflow = 'often' AND r.reason = 'loop') $$,
  'VALUES (20::bigint, 10::bigint)', 'scenario 13, semantics 7: more than 20 entries of one key in an hour are refused as loop');

SELECT * FROM finish();
ROLLBACK;
