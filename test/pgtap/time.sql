-- Waits by zone and calendar (semantics 12, 13, 14; E10, E12, B03, D20).
BEGIN;
SELECT plan(19);
SET LOCAL client_min_messages = error;
SET LOCAL TimeZone = 'UTC';

CREATE TABLE time_contacts (id text PRIMARY KEY, zone text);
SELECT FROM workflow.attach('time_contacts', '{"entity": "contact", "zone": ["zone", "account"]}');
CREATE FUNCTION pg_temp.publish(name text, steps text, settings text = '{"timezone": "contact"}') RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM workflow.create_workflow(name, jsonb_build_object('triggers', jsonb_build_array(jsonb_build_object('on', 't.' || replace(name, ' ', '_'))),
    'settings', settings::jsonb || '{"reentry": "after_exit"}', 'steps', steps::jsonb));
  PERFORM workflow.publish(name);
END $$;
-- Something happens to a contact, and a round runs at that instant.
CREATE FUNCTION pg_temp.happen(workflow text, contact text, at timestamptz) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM workflow.emit('t.' || replace(workflow, ' ', '_'), contact, at => at);
  PERFORM workflow.tick(at);
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
INSERT INTO time_contacts (id, zone) VALUES ('1', 'Europe/Paris'), ('jakarta', 'Asia/Jakarta'), ('tokyo', 'Asia/Tokyo'), ('new york', 'America/New_York'), ('kiritimati', 'Pacific/Kiritimati'),
  ('none', NULL), ('empty', ''), ('unknown', 'Mars/Olympus'), ('utc', 'UTC');

-- semantics 14, E10, E12: the same day at 09:00
SELECT pg_temp.publish('day 0', '[{"type": "wait", "for": "0 days", "at": "09:00"}, {"type": "send", "channel": "push", "body": "go"}]');
SELECT pg_temp.publish('day 0 next', '[{"type": "wait", "for": "0 days", "at": "09:00", "if_past": "next_day"}, {"type": "send", "channel": "push", "body": "go"}]');
SELECT pg_temp.publish('day 1', '[{"type": "wait", "for": "1 day", "at": "09:00"}, {"type": "send", "channel": "push", "body": "go"}]');
CREATE TEMP VIEW cities AS SELECT id, zone FROM time_contacts WHERE id IN ('jakarta', 'tokyo', 'new york', 'kiritimati');
-- Everybody's clock shows that time; until when each then waits, on that clock.
CREATE FUNCTION pg_temp.around_the_world(local timestamp, OUT city text, OUT day_0 timestamp, OUT day_0_next timestamp, OUT day_1 timestamp) RETURNS SETOF record
LANGUAGE plpgsql AS $$
DECLARE
  zone text;
  w text;
BEGIN
  FOR city, zone IN SELECT c.id, c.zone FROM cities c ORDER BY local AT TIME ZONE c.zone LOOP
    FOREACH w IN ARRAY '{day 0,day 0 next,day 1}'::text[] LOOP
      PERFORM workflow.unenroll(w, city);
      PERFORM workflow.tick(local AT TIME ZONE zone - interval '2 minutes');
      PERFORM pg_temp.happen(w, city, local AT TIME ZONE zone);
    END LOOP;
    day_0 := pg_temp.due('day 0', city) AT TIME ZONE zone;
    day_0_next := pg_temp.due('day 0 next', city) AT TIME ZONE zone;
    day_1 := pg_temp.due('day 1', city) AT TIME ZONE zone;
    RETURN NEXT;
  END LOOP;
END $$;
SELECT results_eq($$ SELECT * FROM pg_temp.around_the_world('2025-03-12 08:59') $$,
  $$ SELECT c, timestamp '2025-03-12 09:00', timestamp '2025-03-12 09:00', timestamp '2025-03-13 09:00' FROM unnest('{kiritimati,tokyo,jakarta,new york}'::text[]) c $$,
  'semantics 14, E10: at 08:59, 0 days is today at 09:00 and 1 day tomorrow at 09:00, in each contact''s zone (B03)');
SELECT is(pg_temp.said('day 0', 'new york'), NULL, 'E12: not before that time');
SELECT results_eq($$ SELECT * FROM pg_temp.around_the_world('2025-03-12 09:01') $$,
  $$ SELECT c, NULL::timestamp, timestamp '2025-03-13 09:00', timestamp '2025-03-13 09:00' FROM unnest('{kiritimati,tokyo,jakarta,new york}'::text[]) c $$,
  'semantics 14, G2: at 09:01 it is past: with next_day tomorrow');
SELECT results_eq($$ SELECT c.id, pg_temp.ended('day 0', c.id) FROM cities c ORDER BY 1 $$, $$ SELECT c.id, 'completed' FROM cities c ORDER BY 1 $$,
  'semantics 14, G2: by default at once');
SELECT FROM workflow.tick(timestamp '2025-03-13 08:59:59.999999' AT TIME ZONE 'Pacific/Kiritimati');
SELECT is(pg_temp.said('day 1', 'kiritimati'), NULL, 'E12: not a microsecond before 09:00');
SELECT FROM workflow.tick(timestamp '2025-03-13 09:00' AT TIME ZONE 'Pacific/Kiritimati');
SELECT is((SELECT array_agg(o.contact_key) FROM workflow.outbox o WHERE o.workflow = 'day 1'), '{kiritimati}', 'E12: at 09:00, where it is 09:00');

-- semantics 12: contact, account, UTC
SELECT workflow.set_account('', '{"timezone": "Asia/Kolkata"}');
SELECT pg_temp.publish('account', '[{"type": "wait", "for": "1 day", "at": "09:00"}]', '{}');
SELECT pg_temp.publish('named', '[{"type": "wait", "for": "1 day", "at": "09:00"}]', '{"timezone": "America/New_York"}');
SELECT pg_temp.publish('contact', '[{"type": "wait", "for": "1 day", "at": "09:00"}]');
SELECT pg_temp.happen(w, c, '2025-06-10 12:00Z') FROM unnest('{account,named,contact}'::text[]) w, unnest('{1,none,empty,unknown,utc}'::text[]) c;
SELECT results_eq($$ SELECT c, pg_temp.due('account', c), pg_temp.due('named', c), pg_temp.due('contact', c) FROM unnest('{1,none,empty,unknown,utc}'::text[]) c $$,
  $$ VALUES ('1', timestamptz '2025-06-11 03:30Z', timestamptz '2025-06-11 13:00Z', timestamptz '2025-06-11 07:00Z'),
            ('none', '2025-06-11 03:30Z', '2025-06-11 13:00Z', '2025-06-11 03:30Z'), ('empty', '2025-06-11 03:30Z', '2025-06-11 13:00Z', '2025-06-11 03:30Z'),
            ('unknown', '2025-06-11 03:30Z', '2025-06-11 13:00Z', '2025-06-11 03:30Z'), ('utc', '2025-06-11 03:30Z', '2025-06-11 13:00Z', '2025-06-11 09:00Z') $$,
  'semantics 12, B03, G10: the account''s zone, a named one, or the contact''s; no, an empty, an unknown zone falls back to the account''s');
SELECT workflow.set_account('', '{}');
SELECT workflow.unenroll('contact', 'none'), workflow.unenroll('account', 'none');
SELECT FROM workflow.tick('2025-06-10 12:00Z');
SELECT pg_temp.happen(w, 'none', '2025-06-10 12:00Z') FROM unnest('{account,contact}'::text[]) w;
SELECT is(ARRAY[pg_temp.due('account', 'none'), pg_temp.due('contact', 'none')], '{2025-06-11 09:00Z,2025-06-11 09:00Z}', 'semantics 12: without either it is UTC');

-- semantics 13: days are calendar days, hours are hours; both changes of 2025 in Paris
SELECT pg_temp.publish(replace(d, ' ', '_'), format('[{"type": "wait", "for": "%s"}, {"type": "send", "channel": "push", "body": "go"}, {"type": "wait", "for": "%s"}]', d, d))
  FROM unnest('{1 day,24 hours,1 day 1 hour,1 week,1 month}'::text[]) d;
CREATE FUNCTION pg_temp.dues(at timestamptz) RETURNS TABLE (wait text, due timestamptz) LANGUAGE plpgsql AS $$
BEGIN
  FOREACH wait IN ARRAY '{1_day,24_hours,1_day_1_hour,1_week,1_month}'::text[] LOOP
    PERFORM workflow.unenroll(wait, '1');
    PERFORM workflow.tick(at);
    PERFORM pg_temp.happen(wait, '1', at);
    due := pg_temp.due(wait);
    RETURN NEXT;
  END LOOP;
END $$;
SELECT results_eq($$ SELECT * FROM pg_temp.dues('2025-03-29 12:00+01') $$, $$ VALUES ('1_day', timestamptz '2025-03-30 12:00+02'), ('24_hours', '2025-03-30 13:00+02'),
  ('1_day_1_hour', '2025-03-30 13:00+02'), ('1_week', '2025-04-05 12:00+02'), ('1_month', '2025-04-29 12:00+02') $$, 'semantics 13: over the spring change, days keep the clock and hours the time that passes');
SELECT results_eq($$ SELECT * FROM pg_temp.dues('2025-10-25 12:00+02') $$, $$ VALUES ('1_day', timestamptz '2025-10-26 12:00+01'), ('24_hours', '2025-10-26 11:00+01'),
  ('1_day_1_hour', '2025-10-26 13:00+01'), ('1_week', '2025-11-01 12:00+01'), ('1_month', '2025-11-25 12:00+01') $$, 'semantics 13: and over the autumn change');
SELECT results_eq($$ SELECT * FROM pg_temp.dues('2025-03-29 02:30+01') LIMIT 3 $$, $$ VALUES ('1_day', timestamptz '2025-03-30 03:00+02'), ('24_hours', '2025-03-30 03:30+02'),
  ('1_day_1_hour', '2025-03-30 04:00+02') $$, 'semantics 13: a local time that spring skips is right after the gap; the calendar part comes first');
SELECT results_eq($$ SELECT * FROM pg_temp.dues('2025-10-25 02:30+02') LIMIT 3 $$, $$ VALUES ('1_day', timestamptz '2025-10-26 02:30+02'), ('24_hours', '2025-10-26 02:30+02'),
  ('1_day_1_hour', '2025-10-26 02:30+01') $$, 'semantics 13: one that autumn repeats is at its first occurrence');
SELECT is((SELECT due FROM pg_temp.dues('2025-01-31 12:00+01') WHERE wait = '1_month'), '2025-02-28 12:00+01', 'semantics 13: a month''s end is clamped');
SELECT is((SELECT due FROM pg_temp.dues('2024-01-31 12:00+01') WHERE wait = '1_month'), '2024-02-29 12:00+01', 'semantics 13: to 29 February where there is one');

-- until_time, through both changes: once a day
SELECT pg_temp.publish('daily', '[{"id": "a", "type": "wait", "until_time": "02:30"}, {"type": "send", "channel": "push", "body": "1"}, {"id": "b", "type": "wait", "until_time": "02:30"},
  {"type": "send", "channel": "push", "body": "2"}]');
SELECT pg_temp.happen('daily', '1', '2025-03-29 12:00+01');
SELECT is(pg_temp.due('daily'), '2025-03-30 03:00+02', 'semantics 13: 02:30 on the day without one is 03:00');
SELECT FROM workflow.tick('2025-03-30 03:00:01+02');
SELECT is(pg_temp.due('daily'), '2025-03-31 02:30+02', 'and comes once');
SELECT workflow.unenroll('daily', '1');
SELECT FROM workflow.tick('2025-03-31 00:00+02');
SELECT pg_temp.happen('daily', '1', '2025-10-26 02:00+02');
SELECT is(pg_temp.due('daily'), '2025-10-26 02:30+02', 'semantics 13: 02:30 on the day with two is the first');
SELECT FROM workflow.tick('2025-10-26 02:30:01+02');
SELECT FROM workflow.tick('2025-10-26 02:30+01');
SELECT is(pg_temp.due('daily'), '2025-10-27 02:30+01', 'and comes once');
SELECT is(pg_temp.said('daily'), '1,1', 'each time with one message');

SELECT * FROM finish();
ROLLBACK;
