-- Triggers by dates and schedules (definition: triggers; C36, C37, D13): whose day has come enters, in the zone of the workflow, once.
BEGIN;
SELECT plan(46);
SET LOCAL client_min_messages = error;
CREATE SCHEMA dates;
SET LOCAL search_path = dates, public;
CREATE TABLE contacts (id int PRIMARY KEY, name text, born date, tz text, stage text, since timestamptz, custom jsonb, gone boolean NOT NULL DEFAULT false);
CREATE TABLE orders (id int PRIMARY KEY, contact_id int, eta date, starts timestamptz);
SELECT FROM workflow.attach('contacts', '{"entity": "contact", "zone": ["tz", "account"], "live": {"field": "gone", "operator": "=", "value": false}}');
SELECT FROM workflow.attach('orders', '{"entity": "order", "contact": ["contact_id"]}');
SELECT workflow.set_account('', '{"timezone": "Europe/Paris"}');
INSERT INTO contacts (id, born, tz, stage) VALUES (1, '1990-05-13', NULL, 'lead'), (2, '1985-05-13', 'Asia/Tokyo', 'lead'), (3, '2000-02-29', 'America/New_York', 'lead'),
  (4, NULL, NULL, 'lead'), (5, '1970-05-13', NULL, 'cold'), (6, '1999-12-31', NULL, 'lead');
CREATE FUNCTION pg_temp.tick(at timestamptz) RETURNS integer LANGUAGE sql AS $$ SELECT errors FROM workflow.tick(at) $$;
CREATE FUNCTION pg_temp.publish(name text, triggers jsonb, settings jsonb = '{}', steps jsonb = '[{"type": "send", "channel": "push", "body": "x"}]') RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
  PERFORM workflow.create_workflow(name, jsonb_build_object('triggers', triggers, 'settings', settings, 'steps', steps));
  RETURN workflow.publish(name);
END $$;
-- "who at when" of each entry, by when the event was.
CREATE FUNCTION pg_temp.came(name text) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(format('%s %s', entry_key, to_char(event_at AT TIME ZONE 'UTC', 'YY-MM-DD HH24:MI')), ', ' ORDER BY event_at, entry_key) FROM workflow.enrollments WHERE workflow = name $$;
SELECT pg_temp.tick('2026-01-01 00:00Z');
SELECT pg_temp.publish('birthday', '[{"on": "date", "field": "contact.born", "every": "year", "offset": "-3 days", "at": "09:00", "filter": {"field": "contact.stage", "operator": "=", "value": "lead"}}]');
SELECT pg_temp.publish('local', '[{"on": "date", "field": "contact.born", "every": "year", "at": "09:00"}]', '{"timezone": "contact"}');
SELECT pg_temp.publish('monthly', '[{"on": "date", "field": "contact.born", "every": "month", "at": "08:00", "filter": {"field": "contact.id", "operator": "=", "value": 6}}]');
SELECT pg_temp.tick('2026-01-01 00:00Z');
SELECT is(pg_temp.came('birthday'), NULL, 'nobody''s day has come');

-- C36: three days before, at nine in Paris
SELECT pg_temp.tick('2026-05-10 06:59Z');
SELECT is(pg_temp.came('birthday'), NULL, 'C36: not before its time');
SELECT pg_temp.tick('2026-05-10 07:00Z');
SELECT is(pg_temp.came('birthday'), '1 26-05-10 07:00, 2 26-05-10 07:00', 'C36: those whose birthday is in three days, by the filter, at nine');
SELECT is((SELECT array_agg(DISTINCT event_name) FROM workflow.enrollments WHERE workflow = 'birthday'), '{date}', 'the event is called date');
SELECT pg_temp.tick('2026-05-10 07:00Z'), pg_temp.tick('2026-05-10 12:00Z'), pg_temp.tick('2026-05-11 07:00Z');
SELECT is(pg_temp.came('birthday'), '1 26-05-10 07:00, 2 26-05-10 07:00', 'once');
SELECT is((SELECT count(*) FROM workflow.refusals WHERE workflow = 'birthday'), 0::bigint, 'and nobody was turned away for being there');

-- Zones of contacts
SELECT pg_temp.tick('2026-05-12 23:59Z');
SELECT pg_temp.tick('2026-05-13 00:00Z');
SELECT is(pg_temp.came('local'), '2 26-05-13 00:00', 'B03: nine in Tokyo is midnight in Greenwich');
SELECT pg_temp.tick('2026-05-13 07:00Z');
SELECT is(pg_temp.came('local'), '2 26-05-13 00:00, 1 26-05-13 07:00, 5 26-05-13 07:00' COLLATE "C", 'B03: who has no zone goes by the account''s');
SELECT is(workflow.enroll_existing('local', '{"field": "contact.id", "operator": "<", "value": 3}'), 2::bigint, 'enroll_existing enters such a workflow by a filter');

-- The record changes
SELECT pg_temp.publish('follow', '[{"on": "date", "field": "contact.born", "every": "year", "at": "10:00"}]');
UPDATE contacts SET born = '1991-06-20' WHERE id = 1;
UPDATE contacts SET born = NULL WHERE id = 2;
UPDATE contacts SET born = '1970-06-20', gone = true WHERE id = 5;
UPDATE contacts SET born = '1970-06-21' WHERE id = 4;
INSERT INTO contacts (id, born) VALUES (7, '1980-06-20'), (8, '1980-06-20');
DELETE FROM contacts WHERE id = 8;
SELECT pg_temp.tick('2026-06-19 12:00Z');
UPDATE contacts SET born = '1970-06-20' WHERE id = 4;
SELECT pg_temp.tick('2026-06-20 08:00Z');
SELECT is(pg_temp.came('follow'), '1 26-06-20 08:00, 4 26-06-20 08:00, 7 26-06-20 08:00', 'semantics 16: the record as it is then: changed, inserted; NULL, not live and deleted do not come');
INSERT INTO contacts (id, born) VALUES (9, '1980-06-20');
SELECT pg_temp.tick('2026-06-20 09:00Z');
SELECT is(pg_temp.came('follow'), '1 26-06-20 08:00, 4 26-06-20 08:00, 7 26-06-20 08:00', 'who comes after the hour waits for the next year');
SELECT pg_temp.tick('2027-06-20 08:00Z');
SELECT is(pg_temp.came('follow'), '1 26-06-20 08:00, 4 26-06-20 08:00, 7 26-06-20 08:00, 1 27-06-20 08:00, 4 27-06-20 08:00, 7 27-06-20 08:00, 9 27-06-20 08:00',
          'settings: a recurring date enters again after exit');

-- 29 February and ends of months
SELECT pg_temp.tick('2028-02-28 14:00Z');
SELECT is((SELECT count(*) FROM workflow.enrollments WHERE workflow = 'local' AND entry_key = '3'), 0::bigint, 'in a leap year the 28th is not the day');
SELECT pg_temp.tick('2028-02-29 14:00Z');
SELECT is((SELECT to_char(event_at AT TIME ZONE 'America/New_York', 'MM-DD HH24:MI') FROM workflow.enrollments WHERE workflow = 'local' AND entry_key = '3'), '02-29 09:00', 'but the 29th');
SELECT pg_temp.tick('2029-02-28 14:00Z');
SELECT is((SELECT to_char(max(event_at) AT TIME ZONE 'America/New_York', 'MM-DD HH24:MI') FROM workflow.enrollments WHERE workflow = 'local' AND entry_key = '3'), '02-28 09:00',
          'semantics 13: in other years it falls on 28 February');
SELECT pg_temp.tick(d) FROM unnest('{2029-03-31 06:00Z,2029-04-30 06:00Z,2029-05-30 06:00Z,2029-05-31 06:00Z}'::timestamptz[]) d;
SELECT is((SELECT string_agg(to_char(event_at AT TIME ZONE 'UTC', 'MM-DD'), ' ' ORDER BY event_at) FROM workflow.enrollments WHERE workflow = 'monthly' AND event_at > '2029-03-01'),
          '03-31 04-30 05-31', 'semantics 13: a month''s end stays one');

-- Missed times
SELECT pg_temp.publish('missed', '[{"on": "date", "field": "contact.born", "every": "week", "at": "09:00", "filter": {"field": "contact.id", "operator": "=", "value": 7}}]');
SELECT pg_temp.tick('2029-06-01 00:00Z');
SELECT pg_temp.tick('2029-06-20 06:00Z');
SELECT is(pg_temp.came('missed'), NULL, 'nobody looked for weeks: what was missed longer than a day ago is skipped');
SELECT pg_temp.tick('2029-06-23 06:00Z');
SELECT is(pg_temp.came('missed'), '7 29-06-22 07:00', 'what was missed within the grace is made up for');

-- Other fields
SELECT pg_temp.publish('eta', '[{"on": "date", "field": "order.eta", "offset": "-1 day", "at": "18:00"}]');
SELECT pg_temp.publish('starts', '[{"on": "date", "field": "order.starts", "offset": "-2 hours"}]');
SELECT pg_temp.publish('custom', '[{"on": "date", "field": "contact.custom.anniversary", "every": "year", "at": "09:00"}]');
INSERT INTO orders VALUES (1, 7, '2029-07-02', '2029-07-02 14:30Z'), (2, 7, '2029-07-03', '2029-07-02 14:31Z'), (3, 7, NULL, NULL), (4, 999, '2029-07-02', NULL);
UPDATE contacts SET custom = '{"anniversary": "2001-07-01"}' WHERE id IN (6, 7);
UPDATE contacts SET custom = '{"anniversary": "soon"}' WHERE id = 4;
SELECT pg_temp.tick('2029-06-30 00:00Z'), pg_temp.tick('2029-07-01 16:00Z');
SELECT is(pg_temp.came('eta'), '1 29-07-01 16:00', 'of an order: the day before, at six in the evening; by the order');
SELECT is((SELECT string_agg(entry_key, ',' ORDER BY entry_key) FROM workflow.enrollments WHERE workflow = 'custom'), '6,7', 'a date inside of json');
SELECT pg_temp.tick('2029-07-02 12:29Z');
SELECT is(pg_temp.came('starts'), NULL, 'A44: two hours before, to the minute');
SELECT pg_temp.tick('2029-07-02 12:30Z');
SELECT is(pg_temp.came('starts'), '1 29-07-02 12:30', 'A44: of a time it is the time');
UPDATE orders SET starts = '2029-07-02 14:40Z' WHERE id = 2;
SELECT pg_temp.tick('2029-07-02 12:35Z'), pg_temp.tick('2029-07-02 12:45Z');
SELECT is(pg_temp.came('starts'), '1 29-07-02 12:30, 2 29-07-02 12:40', 'and follows the record');

-- D13: schedules
SELECT pg_temp.publish('mondays', '[{"on": "schedule", "cron": "0 9 * * mon", "filter": {"combinator": "and", "rules": [{"field": "contact.stage", "operator": "=", "value": "lead"},
  {"field": "contact.name", "operator": "<", "value": "M"}]}}]');
UPDATE contacts SET name = CASE WHEN id < 5 THEN 'Ann' ELSE 'Zoe' END;
SELECT pg_temp.tick('2029-07-08 12:00Z'), pg_temp.tick('2029-07-09 06:59Z');
SELECT is(pg_temp.came('mondays'), NULL, 'D13: before its time');
SELECT pg_temp.tick('2029-07-09 07:00Z');
SELECT is(pg_temp.came('mondays'), '1 29-07-09 07:00, 2 29-07-09 07:00, 3 29-07-09 07:00, 4 29-07-09 07:00', 'D13: all contacts that match, deferred parts included, on Monday at nine');
SELECT pg_temp.tick('2029-07-09 07:00Z'), pg_temp.tick('2029-07-10 07:00Z');
SELECT is((SELECT count(*) FROM workflow.enrollments WHERE workflow = 'mondays'), 4::bigint, 'once');
SELECT pg_temp.tick('2029-07-16 07:30Z');
SELECT is((SELECT count(*) FROM workflow.enrollments WHERE workflow = 'mondays'), 8::bigint, 'and again next Monday, though somewhat late');
SELECT is((SELECT max(event_at) FROM workflow.enrollments WHERE workflow = 'mondays'), '2029-07-16 07:00Z', 'the event is of the time it was due');
SELECT workflow.pause('mondays'), pg_temp.tick('2029-07-23 07:00Z'), workflow.resume('mondays'), pg_temp.tick('2029-07-23 08:00Z');
SELECT is((SELECT count(*) FROM workflow.enrollments WHERE workflow = 'mondays'), 8::bigint, 'semantics 11: what fell due in a pause is not made up for');
SELECT pg_temp.tick('2029-07-30 07:00Z');
SELECT is((SELECT count(*) FROM workflow.enrollments WHERE workflow = 'mondays'), 12::bigint, 'what falls due later is');
SELECT workflow.save_draft('mondays', '{"triggers": [{"on": "schedule", "cron": "0 9 * * tue"}], "steps": [{"type": "stop"}]}');
SELECT workflow.publish('mondays');
SELECT pg_temp.tick('2029-07-31 06:00Z');
SELECT is((SELECT count(*) FROM workflow.enrollments WHERE workflow = 'mondays'), 12::bigint, 'another schedule begins when it is published');
SELECT pg_temp.tick('2029-07-31 07:00Z');
SELECT is((SELECT count(*) FROM workflow.enrollments WHERE workflow = 'mondays' AND event_at = '2029-07-31 07:00Z'), 7::bigint, 'without a filter it is for all');

-- Schedules in the zones of contacts; a table larger than one round takes
SELECT pg_temp.tick('2029-08-01 20:00Z');
SELECT pg_temp.publish('each', '[{"on": "schedule", "cron": "0 9 * * *", "filter": {"field": "contact.id", "operator": "in", "value": [2, 3, 7]}}]', '{"timezone": "contact"}');
SELECT pg_temp.tick('2029-08-01 20:00Z');
SELECT pg_temp.tick(timestamptz '2029-08-01 20:00Z' + n * interval '1 hour') FROM generate_series(1, 20) n;
SELECT is(pg_temp.came('each'), '2 29-08-02 00:00, 7 29-08-02 07:00, 3 29-08-02 13:00', 'B03: at nine of each');
INSERT INTO contacts (id, stage) SELECT n, 'bulk' FROM generate_series(10001, 35000) n;
SELECT pg_temp.tick('2029-08-02 20:00Z');
SELECT pg_temp.publish('bulk', '[{"on": "schedule", "cron": "30 10 * * *", "filter": {"field": "contact.stage", "operator": "=", "value": "bulk"}}]', '{"reentry": "never"}', '[{"type": "stop"}]');
SELECT count(*) FROM (SELECT workflow.tick('2029-08-03 08:30Z') FROM generate_series(1, 24)) x;
SELECT cmp_ok((SELECT count(*) FROM workflow.enrollments WHERE workflow = 'bulk'), '<', 25000::bigint, 'a large table is taken in pieces');
SELECT is((SELECT state FROM workflow.intakes WHERE workflow = 'bulk'), 'running', 'and the view says so');
SELECT count(*) FROM (SELECT workflow.tick('2029-08-03 08:31Z') FROM generate_series(1, 10)) x;
SELECT is((SELECT count(*) FROM workflow.enrollments WHERE workflow = 'bulk'), 25000::bigint, 'to the end');
SELECT is((SELECT ARRAY[state, entered::text] FROM workflow.intakes WHERE workflow = 'bulk'), '{finished,25000}', 'and it is finished');
SELECT is((SELECT count(*) FROM workflow.refusals WHERE workflow = 'bulk'), 0::bigint, 'each was offered once');

-- Spring and autumn
SELECT workflow.archive(name) FROM unnest('{mondays,bulk,each,missed,starts,eta,custom,monthly,follow,local,birthday}'::text[]) name;
DELETE FROM contacts WHERE id > 10000;
SELECT pg_temp.publish('night', '[{"on": "schedule", "cron": "30 2 * * *", "filter": {"field": "contact.id", "operator": "=", "value": 7}}]');
SELECT pg_temp.tick('2030-03-30 12:00Z'), pg_temp.tick('2030-03-31 00:59Z');
SELECT is(pg_temp.came('night'), '7 30-03-30 01:30', 'made up for within a day');
SELECT pg_temp.tick('2030-03-31 01:00Z'), pg_temp.tick('2030-03-31 02:00Z');
SELECT is(pg_temp.came('night'), '7 30-03-30 01:30, 7 30-03-31 01:00', 'semantics 13: a time that spring skips is right after the gap, once');
SELECT pg_temp.tick('2030-10-26 12:00Z'), pg_temp.tick('2030-10-27 00:30Z'), pg_temp.tick('2030-10-27 01:30Z');
SELECT is((SELECT string_agg(to_char(event_at AT TIME ZONE 'UTC', 'MM-DD HH24:MI'), ', ' ORDER BY event_at) FROM workflow.enrollments WHERE workflow = 'night' AND event_at > '2030-10-26 12:00Z'),
          '10-27 00:30', 'semantics 13: one that autumn repeats comes once');

SELECT pg_temp.publish('own night', '[{"on": "date", "field": "contact.born", "every": "week", "at": "02:30", "filter": {"field": "contact.id", "operator": "=", "value": 7}}]', '{"timezone": "contact"}');
SELECT pg_temp.publish('own cron', '[{"on": "schedule", "cron": "45 2 * * sun", "filter": {"field": "contact.id", "operator": "=", "value": 7}}]', '{"timezone": "contact"}');
UPDATE contacts SET born = '2031-03-30', tz = 'Europe/Paris' WHERE id = 7;
SELECT pg_temp.tick('2031-03-30 00:30Z'), pg_temp.tick('2031-03-30 00:59:59Z');
SELECT is(pg_temp.came('own night') || ';' || coalesce(pg_temp.came('own cron'), ''), NULL, 'before the gap');
SELECT pg_temp.tick('2031-03-30 01:00Z');
SELECT is(pg_temp.came('own night') || '; ' || pg_temp.came('own cron'), '7 31-03-30 01:00; 7 31-03-30 01:00', 'semantics 13: in the contact''s own zone right after the gap as well');
SELECT pg_temp.tick('2031-03-30 02:00Z'), pg_temp.tick('2031-04-01 00:00Z');
SELECT is(pg_temp.came('own night') || '; ' || pg_temp.came('own cron'), '7 31-03-30 01:00; 7 31-03-30 01:00', 'and once');

-- Mistakes
SELECT is((SELECT message FROM workflow.validate('{"triggers": [{"on": "schedule", "cron": "61 * * * *"}], "steps": [{"type": "stop"}]}')), '"61" is no minute of a schedule', 'a wrong schedule');
SELECT is((SELECT message FROM workflow.validate('{"triggers": [{"on": "date", "field": "contact.stage"}], "steps": [{"type": "stop"}]}')), '"contact.stage" is no date but of type text', 'no date');
SELECT * FROM finish();
ROLLBACK;
