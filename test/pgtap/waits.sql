-- Waits for a date of the record, for a clock time, and what is done where the time is past (semantics 14, 16; G2, G4, D20, D38).
BEGIN;
SELECT plan(32);
SET LOCAL client_min_messages = error;
SET LOCAL TimeZone = 'UTC';

CREATE TABLE wait_contacts (id int PRIMARY KEY, zone text, born date, local_at timestamp, instant timestamptz, tokyo_at timestamp, day date, doc jsonb);
SELECT FROM workflow.attach('wait_contacts', '{"entity": "contact", "zone": ["zone", "account"], "fields": {
  "meeting": {"column": "tokyo_at", "zone": "Asia/Tokyo"}, "promised": {"column": "day", "at": "10:00", "zone": "Asia/Jakarta"}}}');
CREATE FUNCTION pg_temp.publish(name text, steps text, settings text = '{"timezone": "contact"}', trigger text = NULL) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM workflow.create_workflow(name, jsonb_build_object('triggers', jsonb_build_array(jsonb_build_object('on', coalesce(trigger, 't.' || replace(name, ' ', '_')))),
    'settings', settings::jsonb || '{"reentry": "after_exit"}', 'steps', steps::jsonb));
  PERFORM workflow.publish(name);
END $$;
-- Something happened to a contact, and a round sees it then, or later.
CREATE FUNCTION pg_temp.happen(workflow text, contact text, at timestamptz, seen timestamptz = NULL) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM workflow.emit('t.' || replace(workflow, ' ', '_'), contact, at => at);
  PERFORM workflow.tick(coalesce(seen, at));
END $$;
CREATE FUNCTION pg_temp.due(workflow text, contact text = '1') RETURNS timestamptz LANGUAGE sql AS $$
  SELECT w.due FROM workflow.waiting w WHERE w.workflow = due.workflow AND w.contact_key = contact
$$;
CREATE FUNCTION pg_temp.ended(workflow text, contact text = '1') RETURNS text LANGUAGE sql AS $$
  SELECT e.reason FROM workflow.enrollments e WHERE e.workflow = ended.workflow AND e.contact_key = contact ORDER BY e.entry_number DESC LIMIT 1
$$;
CREATE FUNCTION pg_temp.said(workflow text, contact text = '1') RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(o.body, ',' ORDER BY o.id) FROM workflow.outbox o WHERE o.workflow = said.workflow AND o.contact_key = contact
$$;
CREATE FUNCTION pg_temp.told(workflow text, contact text = '1') RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(h.what || coalesce(' ' || h.step, ''), ', ' ORDER BY h.id) FROM workflow.history h
   WHERE h.workflow = told.workflow AND h.contact_key = contact AND h.what IN ('late', 'skipped', 'sent', 'ended')
$$;
INSERT INTO wait_contacts VALUES
  (1, 'America/New_York', '2025-06-20', '2025-06-20 15:00', '2025-06-20 15:00Z', '2025-06-20 15:00', '2025-06-20', '{"when": "2025-06-20", "then": "2025-06-20T15:00:00+09:00", "bad": "soon"}'),
  (2, 'Asia/Jakarta', NULL, NULL, NULL, NULL, NULL, '{"when": null}');

-- A date, a time without zone, one in a named zone, an instant, a date that is meant at a time, and what is inside json
CREATE TEMP TABLE date_waits (n serial, wait text, due timestamptz);
INSERT INTO date_waits (wait, due) VALUES
  ('"until_date": "contact.born"', '2025-06-20 00:00-04'), ('"until_date": "contact.born", "at": "09:30"', '2025-06-20 09:30-04'),
  ('"until_date": {"field": "contact.born", "offset": "-3 days"}, "at": "09:30"', '2025-06-17 09:30-04'),
  ('"until_date": {"field": "contact.born", "offset": "1 month"}', '2025-07-20 00:00-04'),
  ('"until_date": "contact.local_at"', '2025-06-20 15:00-04'), ('"until_date": {"field": "contact.local_at", "offset": "-90 minutes"}', '2025-06-20 13:30-04'),
  ('"until_date": "contact.meeting"', '2025-06-20 15:00+09'), ('"until_date": {"field": "contact.meeting", "offset": "-1 day"}, "at": "09:00"', '2025-06-19 09:00-04'),
  ('"until_date": "contact.instant"', '2025-06-20 15:00Z'), ('"until_date": {"field": "contact.instant", "offset": "2 hours"}', '2025-06-20 17:00Z'),
  ('"until_date": "contact.promised"', '2025-06-20 10:00+07'), ('"until_date": {"field": "contact.promised", "offset": "-1 hour"}', '2025-06-20 09:00+07'),
  ('"until_date": "contact.doc.when"', '2025-06-20 00:00-04'), ('"until_date": "contact.doc.then"', '2025-06-20 15:00+09');
SELECT pg_temp.publish('date ' || n, format('[{"type": "wait", %s}, {"type": "send", "channel": "push", "body": "go"}]', wait)) FROM date_waits;
SELECT workflow.emit('t.date_' || n, c, at => '2025-06-01 12:00Z') FROM date_waits, unnest('{1,2}'::text[]) c;
SELECT FROM workflow.tick('2025-06-01 12:00Z');
SELECT results_eq($$ SELECT d.wait, pg_temp.due('date ' || d.n) FROM date_waits d ORDER BY d.n $$, $$ SELECT d.wait, d.due FROM date_waits d ORDER BY d.n $$,
  'D20, D38, E05: until a date, with and without a clock time, before and after it, by kind of field, in the contact''s zone');
SELECT is((SELECT array_agg(DISTINCT pg_temp.ended('date ' || n, '2')) FROM date_waits), '{condition}', 'semantics 16: a date that is empty ends the enrollment');
SELECT pg_temp.publish('no date', '[{"type": "wait", "until_date": "contact.doc.bad"}]');
SELECT pg_temp.happen('no date', '1', '2025-06-01 12:00Z');
SELECT is(pg_temp.ended('no date'), 'condition', 'definition: so does a text in json that is no date');
SELECT pg_temp.publish('on null', '[{"type": "wait", "until_date": "contact.born", "on_null": "continue"}, {"type": "send", "channel": "push", "body": "go"}]');
SELECT pg_temp.happen('on null', c, '2025-06-01 12:00Z') FROM unnest('{1,2}'::text[]) c;
SELECT is(pg_temp.said('on null', '2'), 'go', 'semantics 16: or goes on, where on_null says so');

-- semantics 16, G4: the wait follows the record
UPDATE wait_contacts SET born = '2025-07-04' WHERE id = 1;
SELECT FROM workflow.tick('2025-06-02 12:00Z');
SELECT is(ARRAY[pg_temp.due('date 1'), pg_temp.due('date 3'), pg_temp.due('date 5')], '{2025-07-04 00:00-04,2025-07-01 09:30-04,2025-06-20 15:00-04}',
  'semantics 16, G4: the field changes, the time moves; other fields'' waits stay');
UPDATE wait_contacts SET zone = 'Asia/Jakarta' WHERE id = 1;
UPDATE wait_contacts SET born = '2025-06-10', doc = doc || '{"when": "2025-06-11"}' WHERE id = 1;
SELECT FROM workflow.tick('2025-06-02 12:00Z');
SELECT is(ARRAY[pg_temp.due('date 1'), pg_temp.due('date 13')], '{2025-06-10 00:00+07,2025-06-11 00:00+07}', 'semantics 16: to an earlier time as well, and inside json');
SELECT FROM workflow.tick('2025-06-09 17:00Z');
SELECT is(pg_temp.said('date 1'), 'go', 'semantics 16: it ends at the new time');
SELECT FROM workflow.tick('2025-07-04 04:00Z');
SELECT is(pg_temp.said('date 1'), 'go', 'and not once more at the old one');
SELECT pg_temp.publish('moving', '[{"type": "wait", "until_date": "contact.born"}, {"type": "send", "channel": "push", "body": "go"}]');
SELECT pg_temp.publish('moving on', '[{"type": "wait", "until_date": "contact.born", "on_null": "continue"}, {"type": "send", "channel": "push", "body": "go"}]');
UPDATE wait_contacts SET born = '2025-08-01' WHERE id = 1;
SELECT pg_temp.happen(w, '1', '2025-07-05 12:00Z') FROM unnest('{moving,moving on}'::text[]) w;
UPDATE wait_contacts SET born = NULL WHERE id = 1;
SELECT FROM workflow.tick('2025-07-05 12:00Z');
SELECT is(ARRAY[pg_temp.ended('moving'), pg_temp.said('moving'), pg_temp.ended('moving on'), pg_temp.said('moving on')], '{condition,NULL,completed,go}',
  'semantics 16, G4: the field is emptied, and on_null decides');
UPDATE wait_contacts SET born = '2025-08-01' WHERE id = 1;
SELECT pg_temp.happen('moving', '1', '2025-07-05 13:00Z');
UPDATE wait_contacts SET born = '2025-07-01' WHERE id = 1;
SELECT FROM workflow.tick('2025-07-05 14:00Z');
SELECT is(pg_temp.told('moving'), 'ended wait-1, skipped wait-1, ended wait-1', 'semantics 16, G4: moved behind now, and further than the grace, if_past decides: what follows is skipped');

-- until_time
SELECT pg_temp.publish('clock', '[{"type": "wait", "until_time": "09:00"}, {"type": "send", "channel": "push", "body": "go"}]', '{"timezone": "Asia/Tokyo"}');
SELECT pg_temp.happen('clock', '1', '2025-09-01 08:59:59+09');
SELECT is(pg_temp.due('clock'), '2025-09-01 09:00+09', 'definition: until_time is today while it is ahead');
SELECT workflow.unenroll('clock', '1');
SELECT pg_temp.happen('clock', '1', '2025-09-01 09:00:01+09');
SELECT is(pg_temp.due('clock'), '2025-09-02 09:00+09', 'definition: else tomorrow');
SELECT pg_temp.happen('clock', '2', '2025-09-05 08:00+09', '2025-09-05 09:30+09');
SELECT is(pg_temp.said('clock', '2'), 'go', 'G2: the event was before that time and is seen after it: late by less than the grace, it goes on');

-- if_past: what an event asks for is past when a round sees it (G2). The event is of 1 October 12:00, so w ends on 2 October 09:00 and v a day after.
CREATE FUNCTION pg_temp.late(name text, seen timestamptz, if_past text = NULL, settings text = '{}') RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_temp.publish(name, format('[{"id": "w", "type": "wait", "for": "1 day", "at": "09:00"%s}, {"id": "b", "type": "send", "channel": "push", "body": "b"},
    {"id": "v", "type": "wait", "for": "1 day"}, {"id": "c", "type": "send", "channel": "push", "body": "c"}]', ', "if_past": ' || if_past), settings);
  PERFORM pg_temp.happen(name, '1', '2025-10-01 12:00Z', seen);
  RETURN concat_ws(' / ', pg_temp.said(name), pg_temp.due(name), pg_temp.ended(name));
END $$;
SELECT is(pg_temp.late('l1', '2025-10-02 20:00Z'), 'b / 2025-10-03 20:00:00+00', 'definition: by default, late by at most a day: it goes on; the next wait counts from then');
SELECT is(pg_temp.late('l2', '2025-10-03 09:00Z'), 'b / 2025-10-04 09:00:00+00', 'definition: a day exactly is not too late');
SELECT is(pg_temp.late('l3', '2025-10-03 20:00Z'), 'c / completed', 'definition: later: what follows is passed over up to the next wait, which is judged for itself');
SELECT is(pg_temp.told('l3'), 'skipped w, late v, sent c, ended c', 'and the history says so');
SELECT is(pg_temp.late('l4', '2025-10-09 12:00Z'), 'completed', 'definition: where that is past as well, and no other follows, it is completed without a message');
SELECT is(pg_temp.late('l5', '2025-10-03 20:00Z', settings => '{"grace": "2 days"}'), 'b / 2025-10-04 20:00:00+00', 'definition: grace as the settings have it');
SELECT is(pg_temp.late('l6', '2025-10-09 12:00Z', '"continue"'), 'b / 2025-10-10 12:00:00+00', 'G2: continue, however late');
SELECT is(pg_temp.late('l7', '2025-10-09 12:00Z', '"next_day"'), '2025-10-10 09:00:00+00', 'G2: next_day at the clock time');
SELECT FROM workflow.tick('2025-10-10 09:00Z');
SELECT is(pg_temp.said('l7'), 'b', 'and then it goes on');
SELECT is(pg_temp.late('l8', '2025-10-02 09:00:01Z', '"skip"'), '2025-10-03 09:00:00+00', 'G2: skip, however little late; the next wait counts from when this one would have ended');
SELECT is(pg_temp.late('l9', '2025-10-02 09:00:01Z', '"exit"'), 'condition', 'G2: exit');
SELECT is(pg_temp.late('l10', '2025-10-02 09:00Z', '"exit"'), 'b / 2025-10-03 09:00:00+00', 'what is due this instant is not late');
SELECT is(pg_temp.late('l11', '2025-10-09 12:00Z', '"continue"', '{"if_past": "exit"}'), 'b / 2025-10-10 12:00:00+00', 'definition: a wait''s own if_past goes before that of the settings');
SELECT is(pg_temp.late('l12', '2025-10-09 12:00Z', NULL, '{"if_past": "exit"}'), 'condition', 'definition: that of the settings holds for the others');
SELECT is(pg_temp.late('l13', '2025-10-01 12:00Z', '"exit"'), '2025-10-02 09:00:00+00', 'if_past judges the event, not the worker:');
SELECT FROM workflow.tick('2025-10-20 12:00Z');
SELECT is(pg_temp.said('l13'), 'b', 'a timer that is due goes on, however late the worker is');

-- An event's time: that of its column, else when it is seen on a virtual clock (attach 5, semantics 17)
CREATE TABLE wait_orders (id int PRIMARY KEY, contact int, ordered date, paid timestamptz);
SELECT FROM workflow.attach('wait_orders', '{"entity": "order", "contact": [{"column": "contact"}], "events": {
  "order.created": {"at": "ordered"}, "order.paid": {"once": true, "when": {"field": "paid", "operator": "becameNotNull"}, "at": "paid"},
  "order.seen": {"once": true, "when": {"field": "paid", "operator": "becameNotNull"}}}}');
SELECT pg_temp.publish(e, '[{"type": "wait", "for": "2 days", "at": "09:00"}]', '{"timezone": "contact"}', 'order.' || e) FROM unnest('{created,paid,seen}'::text[]) e;
INSERT INTO wait_orders VALUES (1, 2, '2025-11-03', '2025-11-04 20:00Z'), (2, 2, NULL, NULL);
SELECT FROM workflow.tick('2025-11-05 01:00Z');
SELECT results_eq($$ SELECT workflow, event_at, due FROM workflow.enrollments WHERE workflow IN ('created', 'paid', 'seen') AND entry_key = '1' ORDER BY 1 $$,
  $$ VALUES ('created', timestamptz '2025-11-03 00:00+07', timestamptz '2025-11-05 09:00+07'), ('paid', '2025-11-04 20:00Z', '2025-11-07 09:00+07'), ('seen', '2025-11-05 01:00Z', '2025-11-07 09:00+07') $$,
  'attach 5, G1: the time of a date column is that day, in the contact''s zone; of a timestamptz that instant; without one it is when it happened');
SELECT is((SELECT e.event_at FROM workflow.enrollments e WHERE e.workflow = 'created' AND e.entry_key = '2'), '2025-11-05 01:00Z', 'attach 5: and where that column is empty');

-- What is filled in never goes on by itself
SELECT pg_temp.publish('fill ' || coalesce(p, 'default'), format('[{"id": "w", "type": "wait", "for": "1 day", "at": "09:00"%s}, {"id": "b", "type": "send", "channel": "push", "body": "b"},
    {"id": "v", "type": "wait", "for": "1 week"}, {"id": "c", "type": "send", "channel": "push", "body": "c"}]', ', "if_past": "' || p || '"'), '{"timezone": "contact"}', 'order.created')
  FROM unnest('{continue,NULL}'::text[]) p;
SELECT FROM workflow.attach('wait_orders', '{"entity": "order", "contact": [{"column": "contact"}], "at": "ordered", "backfill": "all", "events": {
  "order.paid": {"once": true, "when": {"field": "paid", "operator": "becameNotNull"}, "at": "paid"}, "order.seen": {"once": true, "when": {"field": "paid", "operator": "becameNotNull"}}}}');
SELECT FROM workflow.tick('2025-11-04 10:00+07');
SELECT results_eq($$ SELECT e.workflow, e.entry_key, e.event_at, e.due, pg_temp.told(e.workflow, '2') FROM workflow.enrollments e WHERE e.workflow LIKE 'fill %' AND e.entry_key = '1' ORDER BY 1 $$,
  $$ VALUES ('fill continue', '1', timestamptz '2025-11-03 00:00+07', timestamptz '2025-11-11 10:00+07', 'late w, sent b'),
            ('fill default', '1', '2025-11-03 00:00+07', '2025-11-11 09:00+07', 'skipped w') $$,
  'definition, attach 5: what is filled in never goes on where it is late, however little, unless if_past asks for it');

SELECT * FROM finish();
ROLLBACK;
