-- What older versions with live enrollments wait for is heard, whatever the new one says (semantics 9); what moves a wait and what does not (semantics 15, 16).
BEGIN;
SELECT plan(11);
SET LOCAL client_min_messages = error;
SET LOCAL TimeZone = 'UTC';
CREATE TABLE version_contacts (id int PRIMARY KEY, stage text, seen_on date, gone boolean NOT NULL DEFAULT false);
CREATE TABLE version_orders (id int PRIMARY KEY, contact_id int, paid_at timestamptz, eta date, voided boolean NOT NULL DEFAULT false);
SELECT FROM workflow.attach('version_contacts', '{"entity": "contact", "live": {"field": "gone", "operator": "=", "value": false}}');
SELECT FROM workflow.attach('version_orders', '{"entity": "order", "contact": "contact_id", "live": {"field": "voided", "operator": "=", "value": false},
  "events": {"order.paid": {"once": true, "when": {"field": "paid_at", "operator": "becameNotNull"}}}}');
INSERT INTO version_contacts SELECT n, 'lead', '2031-02-01' FROM generate_series(1, 20) n;
CREATE FUNCTION pg_temp.publish(name text, steps text, rest text = '{}', trigger text = 'manual') RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  definition jsonb := jsonb_build_object('triggers', jsonb_build_array(jsonb_build_object('on', trigger)), 'steps', steps::jsonb) || rest::jsonb;
BEGIN
  IF EXISTS (SELECT FROM workflow.workflows w WHERE w.name = publish.name) THEN PERFORM workflow.save_draft(name, definition);
  ELSE PERFORM workflow.create_workflow(name, definition);
  END IF;
  PERFORM workflow.publish(name);
END $$;
CREATE FUNCTION pg_temp.stands(name text, contact text) RETURNS text LANGUAGE sql AS $$
  SELECT coalesce(e.reason, e.state || ' ' || e.step || coalesce(to_char(e.due, ' MM-DD HH24:MI'), '')) FROM workflow.enrollments e
   WHERE e.workflow = name AND e.contact_key = contact ORDER BY e.entry_number DESC LIMIT 1 $$;
CREATE TEMP VIEW ring AS SELECT * FROM workflow.event_0 UNION ALL SELECT * FROM workflow.event_1 UNION ALL SELECT * FROM workflow.event_2;
SELECT workflow.tick('2031-01-01 09:00Z');

-- Each kind of thing that an enrollment waits for; the second version waits for none of it.
SELECT pg_temp.publish('event', '[{"id": "w", "type": "wait", "until_event": "order.paid", "forever": true}]');
SELECT pg_temp.publish('date', '[{"id": "w", "type": "wait", "until_date": "contact.seen_on"}]');
SELECT pg_temp.publish('until', '[{"id": "w", "type": "wait", "until": {"field": "contact.stage", "operator": "=", "value": "won"}, "forever": true}]');
SELECT pg_temp.publish('goal', '[{"id": "w", "type": "wait", "for": "90 days"}]', '{"goals": [{"id": "paid", "on": "order.paid"}]}');
SELECT pg_temp.publish('goal if', '[{"id": "w", "type": "wait", "for": "90 days"}]', '{"goals": [{"id": "won", "if": {"field": "contact.stage", "operator": "=", "value": "won"}}]}');
SELECT pg_temp.publish('exit', '[{"id": "w", "type": "wait", "for": "90 days"}]', '{"settings": {"exit": {"field": "contact.stage", "operator": "=", "value": "won"}}}');
SELECT pg_temp.publish('exit on', '[{"id": "w", "type": "wait", "for": "90 days"}]', '{"settings": {"exit": {"on": "order.paid"}}}');
CREATE TEMP TABLE names AS SELECT unnest('{event,date,until,goal,"goal if",exit,"exit on"}'::text[]) AS name;
SELECT workflow.enroll(name, '1') FROM names;
SELECT workflow.tick('2031-01-01 09:00Z');
SELECT pg_temp.publish(name, '[{"id": "z", "type": "wait", "for": "90 days"}]') FROM names;
SELECT workflow.enroll(name, '2') FROM names;
SELECT workflow.maintain(), workflow.tick('2031-01-01 10:00Z');
INSERT INTO version_orders VALUES (1, 1, now()), (2, 2, now());
UPDATE version_contacts SET stage = 'won', seen_on = '2031-03-01' WHERE id <= 2;
SELECT workflow.tick('2031-01-02 09:00Z');
SELECT is((SELECT string_agg(name || ' ' || pg_temp.stands(name, '1'), ', ' ORDER BY name) FROM names),
  'date waiting w 03-01 00:00, event completed, exit condition, exit on condition, goal goal, goal if goal, until completed', 'semantics 9: capture listens for all that the old version''s enrollments wait for');
SELECT is((SELECT string_agg(DISTINCT pg_temp.stands(name, '2'), ',') FROM names), 'waiting z 04-01 10:00', 'semantics 9: those on the new version go by the new one');
SELECT workflow.tick('2031-03-01 00:00Z');
SELECT is(pg_temp.stands('date', '1'), 'completed', 'and the last goes as well');
SELECT workflow.maintain(), workflow.tick('2031-03-01 00:00Z');
SELECT is((SELECT count(*) FROM workflow.versions v JOIN names n ON n.name = v.workflow WHERE v.number = 1 AND v.listened), 0::bigint, 'semantics 9: when nobody lives on the old ones they are not listened for');
CREATE TEMP TABLE mark AS SELECT coalesce(max(id), 0) AS id FROM ring;
INSERT INTO version_orders VALUES (3, 2, now());
UPDATE version_contacts SET stage = 'lost', seen_on = '2031-04-01' WHERE id <= 2;
SELECT workflow.tick('2031-03-01 09:00Z');
SELECT is((SELECT count(*) FROM ring r, mark m WHERE r.id > m.id), 0::bigint, 'semantics 6, 9: and nothing is written for them');

-- semantics 9: settings of the version it entered with, those about leaving and pauses too
SELECT pg_temp.publish('ends', '[{"id": "w", "type": "wait", "for": "2 days", "at": "09:00"}]', '{"settings": {"timezone": "Asia/Tokyo", "on_resume": "catch_up"}}');
SELECT workflow.enroll('ends', '3');
SELECT workflow.tick('2031-03-03 00:00Z');
SELECT pg_temp.publish('ends', '[{"id": "w", "type": "wait", "for": "2 days", "at": "09:00"}]', '{"settings": {"timezone": "UTC", "on_resume": "freeze"}}');
SELECT workflow.enroll('ends', '4');
SELECT workflow.tick('2031-03-03 00:00Z'), workflow.pause('ends');
SELECT is(pg_temp.stands('ends', '3') || '; ' || pg_temp.stands('ends', '4'), 'waiting w 03-05 00:00; waiting w 03-05 09:00', 'semantics 9: the zone of its version');
SELECT workflow.tick('2031-03-07 00:00Z'), workflow.resume('ends');
SELECT workflow.tick('2031-03-07 00:00Z');
SELECT is(pg_temp.stands('ends', '3') || '; ' || pg_temp.stands('ends', '4'), 'completed; waiting w 03-09 09:00', 'semantics 9, 11: and its way to resume');

-- semantics 15: what a sender does later moves nothing
SELECT pg_temp.publish('sends', '[{"id": "m", "type": "send", "channel": "push", "to": "a", "body": "x"}, {"id": "w", "type": "wait", "for": "3 days"}]');
SELECT workflow.enroll('sends', n) FROM unnest('{5,6,7}'::text[]) n;
SELECT workflow.tick('2031-03-10 09:00Z');
CREATE TEMP TABLE held AS SELECT id, token FROM workflow.claim('push', 10, '1 day');
SELECT workflow.tick('2031-03-11 09:00Z');
SELECT workflow.nack(token, id, 'no such address', permanent => true) FROM held ORDER BY id LIMIT 1;
SELECT workflow.ack(token) FROM held LIMIT 1;
SELECT workflow.receipt((SELECT max(id) FROM held), 'delivered', '2031-03-11 09:00Z');
SELECT workflow.tick('2031-03-11 09:00Z');
SELECT is((SELECT string_agg(DISTINCT pg_temp.stands('sends', n), ',') FROM unnest('{5,6,7}'::text[]) n), 'waiting w 03-13 09:00', 'semantics 15: claimed, sent or failed a day later, the next wait counts from the writing');

-- semantics 16: the record is no longer live
SELECT pg_temp.publish('due ' || p, format('[{"id": "w", "type": "wait", "until_date": "order.eta", "on_null": "%s"}, {"id": "m", "type": "send", "channel": "push", "to": "a", "body": "x"}]', p),
  trigger => 'order.created') FROM unnest('{exit,continue}'::text[]) p;
INSERT INTO version_orders (id, contact_id, eta) SELECT n, n, '2031-05-01' FROM generate_series(11, 14) n;
SELECT workflow.tick('2031-04-01 09:00Z');
UPDATE version_orders SET voided = true WHERE id = 11;
UPDATE version_orders SET eta = NULL WHERE id = 12;
UPDATE version_contacts SET gone = true WHERE id = 13;
SELECT workflow.tick('2031-04-02 09:00Z');
SELECT is((SELECT string_agg(e.workflow || ' ' || e.entry_key || ' ' || coalesce(e.reason, e.state), ', ' ORDER BY e.workflow, e.entry_key) FROM workflow.enrollments e WHERE e.workflow LIKE 'due %'),
  'due continue 11 record_deleted, due continue 12 completed, due continue 13 record_deleted, due continue 14 waiting, '
  'due exit 11 record_deleted, due exit 12 condition, due exit 13 record_deleted, due exit 14 waiting', 'semantics 16: emptied, on_null decides; what is no longer live ends it in any case');
UPDATE version_orders SET voided = false WHERE id = 11;
SELECT workflow.tick('2031-05-01 00:00Z');
SELECT is((SELECT string_agg(o.contact_key, ',') FROM workflow.outbox o WHERE o.workflow LIKE 'due %' AND o.created_at > '2031-04-03'), '14,14', 'semantics 16: and it does not begin again');
SELECT is_empty('SELECT * FROM workflow.errors', 'nothing failed');

SELECT * FROM finish();
ROLLBACK;
