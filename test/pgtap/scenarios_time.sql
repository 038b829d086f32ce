-- Scenarios of time: the hour a customer is promised, in the zone of the customer (semantics 12, 13, 14, 15; G2, G10).
BEGIN;
SELECT plan(29);
SET LOCAL client_min_messages = error;
SET LOCAL TimeZone = 'UTC';

CREATE TABLE clock_contacts (id int PRIMARY KEY, zone text, born date, email text DEFAULT 'a@x.test');
SELECT FROM workflow.attach('clock_contacts', '{"entity": "contact", "zone": ["zone", "account"]}');
CREATE FUNCTION pg_temp.publish(name text, settings text, steps text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM workflow.create_workflow(name, jsonb_build_object('triggers', jsonb_build_array(jsonb_build_object('on', 't.' || replace(name, ' ', '_'))),
    'settings', '{"reentry": "after_exit", "timezone": "contact"}' || settings::jsonb, 'steps', steps::jsonb));
  PERFORM workflow.publish(name);
END $$;
-- Rounds at each instant at which something is due, as a worker does them, up to `until`.
CREATE FUNCTION pg_temp.run_to(until timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  next timestamptz;
BEGIN
  FOR i IN 1 .. 500 LOOP
    next := (SELECT min(w.due) FROM workflow.waiting w);
    EXIT WHEN next IS NULL OR next > until;
    PERFORM workflow.tick(greatest(next, workflow.now_at()));
  END LOOP;
  PERFORM workflow.tick(until);
END $$;
-- The same by half hours, for what waits nowhere: schedules and dates. At other hours of the day than these (in UTC) only what is due is looked at.
CREATE FUNCTION pg_temp.watch(until timestamptz, hours int[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  instant timestamptz;
BEGIN
  FOR instant IN SELECT i FROM generate_series(date_trunc('hour', workflow.now_at()), until, '30 minutes') i
                  WHERE i > workflow.now_at() AND extract(hour FROM i AT TIME ZONE 'UTC') = ANY (hours) LOOP
    PERFORM pg_temp.run_to(instant);
  END LOOP;
  PERFORM pg_temp.run_to(until);
END $$;
CREATE FUNCTION pg_temp.sent(name text, zone text = 'UTC', contact text = '1') RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(to_char(o.created_at AT TIME ZONE zone, 'Dy MM-DD HH24:MI'), ', ' ORDER BY o.created_at) FROM workflow.outbox o
   WHERE o.workflow = name AND o.contact_key = contact
$$;

-- Monday 09:00 over both changes of 2025, and 02:30 where it does not exist or comes twice.
INSERT INTO clock_contacts (id, zone) VALUES (5, 'Europe/Paris');
SELECT pg_temp.publish('mondays', '{"send_window": [{"days": ["mon"], "from": "09:00", "to": "09:30"}]}',
  '[{"id": "w", "type": "wait", "until_time": "09:00"}, {"id": "s", "type": "send", "channel": "email", "body": "x"}, {"id": "short", "type": "wait", "for": "1 minute"}, {"type": "goto", "step": "w"}]');
SELECT pg_temp.publish('half past two', '{}', '[{"id": "w", "type": "wait", "until_time": "02:30"}, {"id": "s", "type": "send", "channel": "email", "body": "x"}, {"id": "short", "type": "wait", "for": "1 minute"}, {"type": "goto", "step": "w"}]');
CREATE FUNCTION pg_temp.publish_schedule(name text, cron text, zone text, contact int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM workflow.create_workflow(name, jsonb_build_object('triggers', jsonb_build_array(jsonb_build_object('on', 'schedule', 'cron', cron,
      'filter', jsonb_build_object('field', 'contact.id', 'operator', '=', 'value', contact))), 'settings', jsonb_build_object('timezone', zone),
    'steps', '[{"id": "s", "type": "send", "channel": "email", "body": "x"}]'::jsonb));
  PERFORM workflow.publish(name);
END $$;
SELECT workflow.tick('2025-03-22 12:00+01');
SELECT pg_temp.publish_schedule('cron mondays', '0 9 * * 1', 'Europe/Paris', 5), pg_temp.publish_schedule('cron half past two', '30 2 * * *', 'Europe/Paris', 5);
SELECT workflow.emit('t.mondays', '5', at => '2025-03-22 12:00+01');
SELECT workflow.tick('2025-03-22 12:00+01');
SELECT pg_temp.watch('2025-03-28 12:00+01', '{0,1,2,6,7,8,9}');
SELECT workflow.emit('t.half_past_two', '5', at => '2025-03-28 12:00+01');
SELECT workflow.tick('2025-03-28 12:00+01');
SELECT pg_temp.watch('2025-03-31 12:00+02', '{0,1,2,6,7,8,9}');
SELECT is(pg_temp.sent('half past two', 'UTC', '5'), 'Sat 03-29 01:30, Sun 03-30 01:00, Mon 03-31 00:30', 'scenario 4, semantics 13: 02:30 on the day that has none happens once, right after the gap');
SELECT is(pg_temp.sent('cron half past two', 'UTC', '5'), 'Sun 03-23 01:30, Mon 03-24 01:30, Tue 03-25 01:30, Wed 03-26 01:30, Thu 03-27 01:30, Fri 03-28 01:30, Sat 03-29 01:30, Sun 03-30 01:00, Mon 03-31 00:30',
  'scenario 4: and so it does by a schedule');
SELECT workflow.unenroll('half past two', '5');
SELECT pg_temp.watch('2025-04-07 23:00+02', '{0,1,2,6,7,8,9}');
SELECT is(pg_temp.sent('mondays', 'Europe/Paris', '5'), 'Mon 03-24 09:00, Mon 03-31 09:00, Mon 04-07 09:00', 'scenario 4, semantics 13: Monday 09:00 in Europe/Paris over the change of spring');
SELECT is(pg_temp.sent('mondays', 'UTC', '5'), 'Mon 03-24 08:00, Mon 03-31 07:00, Mon 04-07 07:00', 'scenario 4: an hour earlier by UTC');
SELECT is(pg_temp.sent('cron mondays', 'UTC', '5'), 'Mon 03-24 08:00, Mon 03-31 07:00, Mon 04-07 07:00', 'scenario 4: and by a schedule');
SELECT workflow.unenroll('mondays', '5');
SELECT workflow.pause('cron mondays'), workflow.pause('cron half past two');
SELECT workflow.tick('2025-04-08 12:00Z');

-- Day 0 at 09:00.
INSERT INTO clock_contacts (id, zone) VALUES (1, 'Asia/Jakarta'), (2, 'Asia/Tokyo'), (3, 'America/New_York'), (4, 'Pacific/Kiritimati');
SELECT pg_temp.publish('day zero', '{}', '[{"type": "wait", "for": "0 days", "at": "09:00"}, {"type": "send", "channel": "email", "body": "x"}]');
SELECT workflow.emit('t.day_zero', c.id::text, at => ('2025-06-10 08:59'::timestamp AT TIME ZONE c.zone)) FROM clock_contacts c WHERE c.id <= 4;
CREATE TEMP TABLE zero AS SELECT c.id, c.zone, ('2025-06-10 08:59'::timestamp AT TIME ZONE c.zone) AS early, ('2025-06-11 09:01'::timestamp AT TIME ZONE c.zone) AS late FROM clock_contacts c WHERE c.id <= 4;
CREATE FUNCTION pg_temp.zero(first boolean) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
  z record;
BEGIN
  FOR z IN SELECT *, CASE WHEN first THEN zero.early ELSE zero.late END AS at FROM zero ORDER BY at LOOP
    IF NOT first THEN PERFORM workflow.emit('t.day_zero', z.id::text, at => z.at), workflow.tick(z.at); END IF;
    PERFORM pg_temp.run_to(z.at + interval '1 minute');
    RETURN NEXT z.zone || ' ' || coalesce((SELECT to_char(max(o.created_at) AT TIME ZONE z.zone, 'DD HH24:MI') FROM workflow.outbox o WHERE o.contact_key = z.id::text), 'none');
  END LOOP;
END $$;
SELECT workflow.tick((SELECT min(early) FROM zero));
SELECT bag_eq('SELECT pg_temp.zero(true)', $$ VALUES ('Pacific/Kiritimati 10 09:00'), ('Asia/Tokyo 10 09:00'), ('Asia/Jakarta 10 09:00'), ('America/New_York 10 09:00') $$,
  'scenario 2, semantics 14: day 0 at 09:00, the event at 08:59: today at 09:00 in each zone');
SELECT bag_eq('SELECT pg_temp.zero(false)', $$ VALUES ('Pacific/Kiritimati 11 09:01'), ('Asia/Tokyo 11 09:01'), ('Asia/Jakarta 11 09:01'), ('America/New_York 11 09:01') $$,
  'scenario 2, semantics 14: the event at 09:01: at once, for it is late by less than the grace');
SELECT pg_temp.publish('day zero tomorrow', '{"if_past": "next_day"}', '[{"type": "wait", "for": "0 days", "at": "09:00"}, {"type": "send", "channel": "email", "body": "x"}]');
DO $$
DECLARE
  z record;
BEGIN
  FOR z IN SELECT zero.id, zero.late + interval '1 day' AS at FROM zero ORDER BY 2 LOOP
    PERFORM pg_temp.run_to(z.at), workflow.emit('t.day_zero_tomorrow', z.id::text, at => z.at), workflow.tick(z.at);
  END LOOP;
  PERFORM pg_temp.run_to('2025-06-14 00:00Z');
END $$;
SELECT bag_eq($$ SELECT z.zone || ' ' || pg_temp.sent('day zero tomorrow', z.zone, z.id::text) FROM zero z $$, $$ SELECT z.zone || ' Fri 06-13 09:00' FROM zero z $$, 'scenario 2: or the next day in each zone, by if_past');

-- Monday to Friday at 05:00.
SELECT pg_temp.publish('early birds', '{"send_window": [{"days": ["mon","tue","wed","thu","fri"], "from": "05:00", "to": "06:00"}]}',
  '[{"id": "w", "type": "wait", "until_time": "05:00"}, {"id": "s", "type": "send", "channel": "email", "body": "x"}, {"id": "short", "type": "wait", "for": "1 minute"}, {"type": "goto", "step": "w"}]');
SELECT workflow.emit('t.early_birds', '1', at => '2025-06-15 12:00+07');
SELECT workflow.tick('2025-06-15 12:00+07');
SELECT pg_temp.run_to('2025-06-22 23:59+07');
SELECT is(pg_temp.sent('early birds', 'Asia/Jakarta'), 'Mon 06-16 05:00, Tue 06-17 05:00, Wed 06-18 05:00, Thu 06-19 05:00, Fri 06-20 05:00',
  'scenario 3, B02: Monday to Friday at 05:00 in Asia/Jakarta, for a week');
SELECT is(pg_temp.sent('early birds'), 'Sun 06-15 22:00, Mon 06-16 22:00, Tue 06-17 22:00, Wed 06-18 22:00, Thu 06-19 22:00', 'scenario 3: which is the evening before in UTC');
SELECT pg_temp.run_to('2025-06-23 06:00+07');
SELECT is(pg_temp.sent('early birds', 'Asia/Jakarta') LIKE '%Mon 06-23 05:00', true, 'scenario 3, semantics 15: what the weekend held goes out on Monday, once');
SELECT workflow.unenroll('early birds', '1');
SELECT workflow.tick('2025-06-29 12:00+07');
SELECT pg_temp.publish_schedule('cron early birds', '0 5 * * mon-fri', 'Asia/Jakarta', 1);
SELECT pg_temp.watch('2025-07-07 04:59+07', '{0,6,12,18,20,21,22,23}');
SELECT is(pg_temp.sent('cron early birds', 'Asia/Jakarta'), 'Mon 06-30 05:00, Tue 07-01 05:00, Wed 07-02 05:00, Thu 07-03 05:00, Fri 07-04 05:00', 'scenario 3, D13: by a schedule the same');
SELECT pg_temp.watch('2025-07-07 05:00+07', '{}');
SELECT is(pg_temp.sent('cron early birds', 'Asia/Jakarta') LIKE '%Fri 07-04 05:00, Mon 07-07 05:00', true, 'scenario 3: and then on Monday again');
SELECT workflow.archive('cron early birds');

-- The change of autumn.
SELECT workflow.tick('2025-10-18 12:00+02');
SELECT workflow.resume('cron mondays'), workflow.resume('cron half past two');
SELECT workflow.emit('t.mondays', '5', at => '2025-10-18 12:00+02');
SELECT workflow.tick('2025-10-18 12:00+02');
SELECT pg_temp.watch('2025-10-24 12:00+02', '{0,1,2,6,7,8,9}');
SELECT workflow.emit('t.half_past_two', '5', at => '2025-10-24 12:00+02');
SELECT workflow.tick('2025-10-24 12:00+02');
SELECT pg_temp.watch('2025-10-27 12:00+01', '{0,1,2,6,7,8,9}');
SELECT is(pg_temp.sent('half past two', 'UTC', '5'), 'Sat 03-29 01:30, Sun 03-30 01:00, Mon 03-31 00:30, Sat 10-25 00:30, Sun 10-26 00:30, Mon 10-27 01:30',
  'scenario 4, semantics 13: where the hour is repeated, at its first occurrence, once');
SELECT is((SELECT string_agg(to_char(o.created_at AT TIME ZONE 'UTC', 'Dy MM-DD HH24:MI'), ', ' ORDER BY o.created_at) FROM workflow.outbox o WHERE o.workflow = 'cron half past two' AND o.created_at > '2025-10-01'),
  'Sun 10-19 00:30, Mon 10-20 00:30, Tue 10-21 00:30, Wed 10-22 00:30, Thu 10-23 00:30, Fri 10-24 00:30, Sat 10-25 00:30, Sun 10-26 00:30, Mon 10-27 01:30', 'scenario 4: and so it does by a schedule');
SELECT workflow.unenroll('half past two', '5');
SELECT pg_temp.watch('2025-11-03 23:00+01', '{0,1,2,6,7,8,9}');
SELECT is(pg_temp.sent('mondays', 'UTC', '5'), 'Mon 03-24 08:00, Mon 03-31 07:00, Mon 04-07 07:00, Mon 10-20 07:00, Mon 10-27 08:00, Mon 11-03 08:00',
  'scenario 4, semantics 13: Monday 09:00 over the change of autumn');
SELECT is(pg_temp.sent('cron mondays', 'Europe/Paris', '5'), 'Mon 03-24 09:00, Mon 03-31 09:00, Mon 04-07 09:00, Mon 10-20 09:00, Mon 10-27 09:00, Mon 11-03 09:00', 'scenario 4: and by a schedule, over both');
SELECT workflow.unenroll('mondays', '5');
SELECT workflow.archive('cron mondays'), workflow.archive('cron half past two');

-- One zone in a hundred is no zone.
INSERT INTO clock_contacts (id, zone) SELECT n, CASE n WHEN 1100 THEN 'Mars/Olympus' WHEN 1200 THEN '' WHEN 1300 THEN NULL WHEN 1400 THEN 'Asia/Tokio' WHEN 1500 THEN E'\n' WHEN 1600 THEN '+25:99'
  WHEN 1700 THEN repeat('Asia/', 1000) WHEN 1800 THEN '../etc/passwd' WHEN 1900 THEN '東京' WHEN 2000 THEN 'NULL' ELSE 'Asia/Tokyo' END FROM generate_series(1001, 2000) n;
SELECT workflow.set_account('', '{"timezone": "Asia/Jakarta"}');
SELECT pg_temp.publish('zones', '{}', '[{"type": "wait", "until_time": "09:00"}, {"type": "send", "channel": "email", "body": "x"}]');
SELECT workflow.tick('2028-01-10 00:00+09');
SELECT workflow.emit('t.zones', n::text, at => '2028-01-10 00:00+09') FROM generate_series(1001, 2000) n;
SELECT results_eq($$ SELECT errors FROM workflow.tick('2028-01-10 00:00+09') $$, 'VALUES (0)', 'scenario 20, semantics 12: a zone that is none is no error');
SELECT results_eq($$ SELECT to_char(w.due AT TIME ZONE 'UTC', 'HH24:MI'), count(*) FROM workflow.waiting w WHERE w.workflow = 'zones' GROUP BY 1 ORDER BY 1 $$,
  $$ VALUES ('00:00', 990::bigint), ('02:00', 10) $$, 'scenario 20, semantics 12: one in a hundred falls back to the account''s');
SELECT pg_temp.run_to('2028-01-10 09:00+09');
SELECT is((SELECT count(*) FROM workflow.outbox o WHERE o.workflow = 'zones'), 990::bigint, 'scenario 20, semantics 12: and holds up nobody else');
SELECT pg_temp.run_to('2028-01-10 12:00+09');
SELECT is((SELECT count(DISTINCT o.contact_key) FROM workflow.outbox o WHERE o.workflow = 'zones'), 1000::bigint, 'scenario 20: everybody is written to');
SELECT is((SELECT s.unknown_zones FROM workflow.status s), 10::bigint, 'scenario 20, semantics 12: and it is counted');

-- A birthday on 29 February.
INSERT INTO clock_contacts (id, zone, born) VALUES (6, 'Asia/Tokyo', '2028-02-29'), (7, 'Asia/Tokyo', '2000-02-29');
SELECT workflow.create_workflow('birthday', '{"triggers": [{"on": "date", "field": "contact.born", "every": "year", "at": "09:00", "filter": {"field": "contact.id", "operator": "=", "value": 7}}],
  "settings": {"timezone": "contact"}, "steps": [{"type": "send", "channel": "email", "body": "x"}]}');
SELECT workflow.publish('birthday');
SELECT pg_temp.publish('leap', '{}', '[{"type": "wait", "until_date": {"field": "contact.born", "offset": "1 year"}, "at": "09:00"}, {"type": "send", "channel": "email", "body": "1"},
  {"type": "wait", "until_date": {"field": "contact.born", "offset": "2 years"}, "at": "09:00"}, {"type": "send", "channel": "email", "body": "2"},
  {"type": "wait", "until_date": {"field": "contact.born", "offset": "3 years"}, "at": "09:00"}, {"type": "send", "channel": "email", "body": "3"},
  {"type": "wait", "until_date": {"field": "contact.born", "offset": "4 years"}, "at": "09:00"}, {"type": "send", "channel": "email", "body": "4"}]');
SELECT workflow.tick('2028-03-01 12:00+09');
SELECT workflow.emit('t.leap', '6', at => '2028-03-01 12:00+09');
SELECT workflow.tick('2028-03-01 12:00+09');
-- Each day of four years at nine in Tokyo, and about the end of February by half hours.
DO $$
DECLARE
  day timestamptz;
BEGIN
  FOR day IN SELECT d FROM generate_series('2028-03-02 09:00+09'::timestamptz, '2032-03-01 09:00+09', '1 day') d LOOP
    PERFORM pg_temp.watch(day, CASE WHEN to_char(day, 'MMDD') BETWEEN '0227' AND '0301' THEN ARRAY(SELECT generate_series(0, 23)) ELSE '{}' END);
  END LOOP;
END $$;
SELECT pg_temp.run_to('2032-03-01 12:00+09');
SELECT is((SELECT string_agg(to_char(o.created_at AT TIME ZONE 'Asia/Tokyo', 'YYYY-MM-DD HH24:MI'), ', ' ORDER BY o.id) FROM workflow.outbox o WHERE o.workflow = 'leap'),
  '2029-02-28 09:00, 2030-02-28 09:00, 2031-02-28 09:00, 2032-02-29 09:00', 'scenario 5, semantics 13: 29 February over four years');

SELECT is((SELECT string_agg(to_char(o.created_at AT TIME ZONE 'Asia/Tokyo', 'YYYY-MM-DD HH24:MI'), ', ' ORDER BY o.id) FROM workflow.outbox o WHERE o.workflow = 'birthday'),
  '2029-02-28 09:00, 2030-02-28 09:00, 2031-02-28 09:00, 2032-02-29 09:00', 'scenario 5, C36, semantics 13: by the date of birth the same, each year once');
SELECT is((SELECT count(*) FROM workflow.refusals r WHERE r.workflow = 'birthday'), 0::bigint, 'scenario 5: on no other day was anybody so much as looked at');
SELECT workflow.archive('birthday');

-- Month's ends stay anchored; hours are absolute.
SELECT pg_temp.publish('months', '{}', '[{"type": "wait", "until_date": {"field": "contact.born", "offset": "1 month"}}, {"type": "send", "channel": "email", "body": "1"},
  {"type": "wait", "until_date": {"field": "contact.born", "offset": "2 months"}}, {"type": "send", "channel": "email", "body": "2"}]');
UPDATE clock_contacts SET born = '2033-01-31' WHERE id = 6;
SELECT workflow.tick('2033-02-01 12:00+09');
SELECT workflow.emit('t.months', '6', at => '2033-02-01 12:00+09');
SELECT workflow.tick('2033-02-01 12:00+09');
SELECT pg_temp.run_to('2033-04-02 12:00+09');
SELECT is(pg_temp.sent('months', 'Asia/Tokyo', '6'), 'Mon 02-28 00:00, Thu 03-31 00:00', 'semantics 13: a month''s end is clamped and stays anchored');
SELECT pg_temp.publish('hours', '{}', '[{"type": "wait", "for": "24 hours"}, {"type": "send", "channel": "email", "body": "1"}]');
SELECT pg_temp.publish('days', '{}', '[{"type": "wait", "for": "1 day"}, {"type": "send", "channel": "email", "body": "1"}]');
SELECT workflow.tick('2034-03-25 12:00+01');
SELECT workflow.emit('t.hours', '5', at => '2034-03-25 12:00+01'), workflow.emit('t.days', '5', at => '2034-03-25 12:00+01');
SELECT workflow.tick('2034-03-25 12:00+01');
SELECT pg_temp.run_to('2034-03-27 12:00+02');
SELECT is(pg_temp.sent('hours', 'Europe/Paris', '5'), 'Sun 03-26 13:00', 'semantics 13: hours are absolute');
SELECT is(pg_temp.sent('days', 'Europe/Paris', '5'), 'Sun 03-26 12:00', 'semantics 13: days are the calendar''s');

-- The zone changes while somebody waits for a clock time.
SELECT pg_temp.publish('moving', '{}', '[{"type": "wait", "for": "1 day", "at": "09:00"}, {"type": "send", "channel": "email", "body": "1"}]');
SELECT workflow.emit('t.moving', '1', at => '2034-06-01 12:00+07');
SELECT workflow.tick('2034-06-01 12:00+07');
UPDATE clock_contacts SET zone = 'America/New_York' WHERE id = 1;
SELECT pg_temp.run_to('2034-06-03 00:00Z');
SELECT is(pg_temp.sent('moving', 'America/New_York', '1'), 'Fri 06-02 09:00', 'semantics 12: who moves to another zone meanwhile is written to at the hour of that zone');

SELECT * FROM finish();
ROLLBACK;
