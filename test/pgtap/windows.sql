-- Send windows hold the enrollment at the send step (semantics 15; B02, B11), and messages that expire.
BEGIN;
SELECT plan(22);
SET LOCAL client_min_messages = error;
SET LOCAL TimeZone = 'Asia/Jakarta';

CREATE TABLE window_contacts (id int PRIMARY KEY, name text, zone text, tags text[] DEFAULT '{}');
SELECT FROM workflow.attach('window_contacts', '{"entity": "contact", "zone": ["zone", "account"]}');
CREATE FUNCTION pg_temp.publish(name text, window_ text, steps text = '[{"id": "s", "type": "send", "channel": "push", "body": "{{ contact.name }}"}]', settings text = '{}') RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM workflow.create_workflow(name, jsonb_build_object('triggers', jsonb_build_array(jsonb_build_object('on', 't.' || name)),
    'settings', '{"timezone": "Asia/Jakarta"}'::jsonb || settings::jsonb || jsonb_build_object('send_window', window_::jsonb), 'steps', steps::jsonb));
  PERFORM workflow.publish(name);
END $$;
INSERT INTO window_contacts SELECT n, 'C' || n, 'Asia/Jakarta' FROM generate_series(1, 40) n;
-- A worker that is never late, up to a time.
CREATE FUNCTION pg_temp.work(workflow text, till timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  t timestamptz;
BEGIN
  LOOP
    SELECT min(w.due) INTO t FROM workflow.waiting w WHERE w.workflow = work.workflow;
    EXIT WHEN t IS NULL OR t > till;
    PERFORM workflow.tick(t);
  END LOOP;
END $$;
-- Of events at these times, each of a contact of its own: when each message is written.
CREATE FUNCTION pg_temp.sent(workflow text, VARIADIC at timestamptz[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  t timestamptz;
  i int := 0;
BEGIN
  FOREACH t IN ARRAY at LOOP
    i := i + 1;
    PERFORM pg_temp.work(workflow, t);
    PERFORM workflow.emit('t.' || workflow, i::text, at => t);
    PERFORM workflow.tick(t);
  END LOOP;
  PERFORM pg_temp.work(workflow, 'infinity');
  RETURN (SELECT string_agg(to_char(o.created_at, 'Dy DD HH24:MI'), ', ' ORDER BY o.contact_key::int, o.id) FROM workflow.outbox o WHERE o.workflow = sent.workflow);
END $$;

-- 2 June 2025 is a Monday
SELECT pg_temp.publish('office', '[{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "05:00", "to": "08:00"}]');
SELECT is(pg_temp.sent('office', '2025-06-02 04:59:59+07', '2025-06-02 05:00+07', '2025-06-02 07:59:59+07', '2025-06-02 08:00+07', '2025-06-03 12:00+07', '2025-06-04 06:30+07', '2025-06-05 23:59+07',
    '2025-06-06 08:00+07', '2025-06-07 06:00+07', '2025-06-08 23:00+07'),
  'Mon 02 05:00, Mon 02 05:00, Mon 02 07:59, Tue 03 05:00, Wed 04 05:00, Wed 04 06:30, Fri 06 05:00, Mon 09 05:00, Mon 09 05:00, Mon 09 05:00',
  'B02, B11, semantics 15: Monday to Friday 05:00 to 08:00, a week: inside at once, outside when it opens next; the end is outside');
SELECT pg_temp.publish('night', '[{"days": ["fri"], "from": "22:00", "to": "02:00"}]');
SELECT is(pg_temp.sent('night', '2025-06-06 01:00+07', '2025-06-06 22:00+07', '2025-06-07 01:59+07', '2025-06-07 02:00+07'),
  'Fri 06 22:00, Fri 06 22:00, Sat 07 01:59, Fri 13 22:00', 'definition: over midnight it belongs to the day it began on');
SELECT pg_temp.publish('twice', '[{"from": "09:00", "to": "11:00"}, {"from": "14:00", "to": "17:00"}]');
SELECT is(pg_temp.sent('twice', '2025-06-07 08:00+07', '2025-06-07 10:00+07', '2025-06-07 11:00+07', '2025-06-07 15:00+07', '2025-06-07 17:30+07'),
  'Sat 07 09:00, Sat 07 10:00, Sat 07 14:00, Sat 07 15:00, Sun 08 09:00', 'definition: several a day; without days every day');
SELECT pg_temp.publish('except', '[{"days": ["mon", "tue"], "from": "09:00", "to": "17:00"}, {"except": ["2025-06-09", "2025-06-10"]}]');
SELECT is(pg_temp.sent('except', '2025-06-09 10:00+07', '2025-06-16 10:00+07'), 'Mon 16 09:00, Mon 16 10:00', 'definition: on an except date no window begins');
SELECT pg_temp.publish('any', '"any"');
SELECT is(pg_temp.sent('any', '2025-06-08 03:00+07'), 'Sun 08 03:00', 'B01: any time');
SELECT is((SELECT count(*) FROM workflow.outbox o WHERE o.due_at <> o.created_at), 0::bigint, 'a message is due when it is written');

-- B03: each contact's own zone
UPDATE window_contacts SET zone = 'Asia/Tokyo' WHERE id = 1;
UPDATE window_contacts SET zone = 'America/New_York' WHERE id = 2;
SELECT pg_temp.publish('zones', '[{"from": "09:00", "to": "17:00"}]', settings => '{"timezone": "contact"}');
SELECT workflow.emit('t.zones', c, at => '2025-06-10 20:00Z') FROM unnest('{1,2,3}'::text[]) c;
SELECT FROM workflow.tick('2025-06-10 20:00Z');
SELECT is((SELECT count(*) FROM workflow.outbox o WHERE o.workflow = 'zones' AND o.contact_key = '2'), 1::bigint, 'B03: it is 16:00 in New York');
SELECT results_eq($$ SELECT w.contact_key, w.state, w.due FROM workflow.waiting w WHERE w.workflow = 'zones' ORDER BY 1 $$,
  $$ VALUES ('1', 'window', timestamptz '2025-06-11 09:00+09'), ('3', 'window', '2025-06-11 09:00+07') $$, 'B03: and 09:00 comes to Tokyo before Jakarta');

-- semantics 15: what is held is the enrollment
SELECT pg_temp.publish('held', '[{"days": ["mon"], "from": "09:00", "to": "10:00"}]',
  '[{"id": "w", "type": "wait", "for": "1 day"}, {"id": "t", "type": "tag", "add": ["waited"]}, {"id": "s", "type": "send", "channel": "push", "body": "{{ contact.name }}"},
    {"id": "v", "type": "wait", "for": "1 day"}, {"id": "x", "type": "tag", "add": ["after"]}]');
SELECT workflow.emit('t.held', '4', at => '2025-06-12 12:00+07');
SELECT FROM workflow.tick('2025-06-12 12:00+07');
SELECT FROM workflow.tick('2025-06-13 12:00+07');
SELECT is((SELECT tags FROM window_contacts WHERE id = 4), '{waited}', 'G9: a wait that ends outside the window ends all the same, and steps that send nothing are taken');
SELECT results_eq($$ SELECT w.step, w.state, w.due FROM workflow.waiting w WHERE w.workflow = 'held' $$, $$ VALUES ('s', 'window', timestamptz '2025-06-16 09:00+07') $$,
  'semantics 15: at the send step it waits until the window opens');
SELECT is_empty($$ SELECT FROM workflow.outbox o WHERE o.workflow = 'held' $$, 'B02: no message is written till then');
UPDATE window_contacts SET name = 'Dian' WHERE id = 4;
SELECT FROM workflow.tick('2025-06-16 08:59:59+07');
SELECT is_empty($$ SELECT FROM workflow.outbox o WHERE o.workflow = 'held' $$, 'nor a second before');
SELECT FROM workflow.tick('2025-06-16 09:05+07');
SELECT results_eq($$ SELECT o.body, o.due_at, o.created_at FROM workflow.outbox o WHERE o.workflow = 'held' $$, $$ VALUES ('Dian', timestamptz '2025-06-16 09:00+07', timestamptz '2025-06-16 09:05+07') $$,
  'semantics 15: it is rendered then; a late worker writes it as due when the window opened');
SELECT is((SELECT w.due FROM workflow.waiting w WHERE w.workflow = 'held'), '2025-06-17 09:05+07', 'semantics 15: the next wait counts from the instant it was written');
SELECT FROM workflow.tick('2025-06-17 09:05+07');
SELECT is((SELECT tags FROM window_contacts WHERE id = 4), '{waited,after}', 'and it goes on');

-- The step is looked at again when the window opens; a worker that misses the window waits for the next one
SELECT pg_temp.publish('again', '[{"days": ["mon"], "from": "09:00", "to": "10:00"}]', '[{"id": "s", "type": "send", "channel": "push", "body": "x",
    "if": {"field": "contact.tags", "operator": "doesNotContain", "value": "bought"}}, {"id": "e", "type": "send", "channel": "push", "body": "end"}]');
SELECT workflow.emit('t.again', c, at => '2025-06-18 12:00+07') FROM unnest('{5,6,7}'::text[]) c;
SELECT FROM workflow.tick('2025-06-18 12:00+07');
SELECT is((SELECT count(*) FROM workflow.waiting w WHERE w.workflow = 'again' AND w.step = 's'), 3::bigint, 'all wait at the step');
UPDATE window_contacts SET tags = '{bought}' WHERE id = 5;
DELETE FROM window_contacts WHERE id = 6;
SELECT FROM workflow.tick('2025-06-23 09:00+07');
SELECT results_eq($$ SELECT o.contact_key, string_agg(o.body, ',' ORDER BY o.id) FROM workflow.outbox o WHERE o.workflow = 'again' GROUP BY 1 ORDER BY 1 $$,
  $$ VALUES ('5', 'end'), ('7', 'x,end') $$, 'semantics 15, 21: when it opens the step''s condition is looked at again; who is gone gets nothing');
SELECT pg_temp.publish('missed', '[{"days": ["mon"], "from": "09:00", "to": "10:00"}]');
SELECT workflow.emit('t.missed', '8', at => '2025-06-24 12:00+07');
SELECT FROM workflow.tick('2025-06-24 12:00+07');
SELECT FROM workflow.tick('2025-06-30 11:00+07');
SELECT is((SELECT w.due FROM workflow.waiting w WHERE w.workflow = 'missed'), '2025-07-07 09:00+07', 'B02: outside the window nothing is sent, also when the worker was late');

-- expires_after
SELECT pg_temp.publish('expires', '[{"from": "09:00", "to": "17:00"}]', '[{"type": "send", "channel": "fresh", "body": "x"}]', '{"expires_after": "1 day"}');
SELECT workflow.emit('t.expires', c, at => '2025-07-10 20:00+07') FROM unnest('{9,10}'::text[]) c;
SELECT FROM workflow.tick('2025-07-10 20:00+07');
SELECT FROM workflow.tick('2025-07-11 09:30+07');
SELECT results_eq($$ SELECT DISTINCT o.due_at, o.expires_at FROM workflow.outbox o WHERE o.workflow = 'expires' $$, $$ VALUES (timestamptz '2025-07-11 09:00+07', timestamptz '2025-07-12 09:00+07') $$,
  'definition: it expires so long after it was due');
SELECT is((SELECT count(*) FROM workflow.claim('fresh', 1)), 1::bigint, 'before that it is claimed');
SELECT FROM workflow.tick('2025-07-12 09:00:01+07');
SELECT is_empty($$ SELECT id FROM workflow.claim('fresh', 10) $$, 'definition: after that it is not');
SELECT results_eq($$ SELECT o.state FROM workflow.outbox o WHERE o.workflow = 'expires' $$, $$ VALUES ('expired'), ('expired') $$, 'it is dropped, and so is one whose lease ran out');

SELECT * FROM finish();
ROLLBACK;
