-- A pause and what comes after it (semantics 11): each way to resume by each kind of wait; that resuming writes nothing for those who wait; archive.
BEGIN;
SELECT plan(16);
SET LOCAL client_min_messages = error;
SET LOCAL TimeZone = 'UTC';
CREATE TABLE pause_contacts (id int PRIMARY KEY, day date);
SELECT FROM workflow.attach('pause_contacts', '{"entity": "contact"}');
INSERT INTO pause_contacts SELECT n, '2031-01-08' FROM generate_series(1, 300) n;
CREATE FUNCTION pg_temp.publish(name text, wait text, settings jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM workflow.create_workflow(name, jsonb_build_object('triggers', '[{"on": "manual"}]'::jsonb, 'settings', settings,
    'steps', jsonb_build_array(wait::jsonb || '{"id": "w", "type": "wait"}', '{"id": "x", "type": "send", "channel": "push", "to": "a", "body": "x"}'::jsonb,
      '{"id": "v", "type": "wait", "for": "1 day"}'::jsonb, '{"id": "y", "type": "send", "channel": "push", "to": "a", "body": "y"}'::jsonb)));
  PERFORM workflow.publish(name);
END $$;
CREATE FUNCTION pg_temp.hours(at timestamptz, until timestamptz) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  WHILE at <= until LOOP
    PERFORM workflow.tick(at);
    at := at + interval '3 hours';
  END LOOP;
END $$;
CREATE FUNCTION pg_temp.sent(name text) RETURNS text LANGUAGE sql AS $$
  SELECT coalesce(string_agg(o.body || to_char(o.created_at, ' DD HH24:MI'), ', ' ORDER BY o.id), 'nothing') ||
         coalesce((SELECT ' (' || e.reason || ')' FROM workflow.enrollments e WHERE e.workflow = sent.name AND e.reason = 'condition'), '')
    FROM workflow.outbox o WHERE o.workflow = sent.name $$;

-- Waits that end on 8 January at nine, in a pause from the 7th to the 10th at noon; beside them what they do by "if_past".
CREATE TEMP TABLE way AS SELECT m.mode, k.kind, k.wait, p.past, concat_ws(' ', m.mode, k.kind, p.past) AS name
  FROM unnest('{freeze,catch_up,restart_delay,drop_overdue}'::text[]) m(mode),
       (VALUES ('date', '{"until_date": "contact.day", "at": "09:00"}'), ('clock', '{"for": "2 days", "at": "09:00"}'), ('days', '{"for": "2 days"}')) k(kind, wait),
       (VALUES (NULL), ('continue'), ('next_day'), ('skip'), ('exit')) p(past)
 WHERE kind = 'date' OR past IS NULL;
SELECT pg_temp.publish(name, wait, jsonb_strip_nulls(jsonb_build_object('on_resume', mode, 'if_past', past)))
  FROM way;
SELECT workflow.enroll(name, '1') FROM way;
SELECT workflow.tick('2031-01-06 09:00Z');
SELECT pg_temp.hours('2031-01-06 12:00Z', '2031-01-07 12:00Z');
SELECT workflow.pause(name) FROM way;
SELECT pg_temp.hours('2031-01-07 12:00Z', '2031-01-10 09:00Z');
SELECT is((SELECT count(*) FROM workflow.outbox), 0::bigint, 'semantics 11: paused, nobody acts');
SELECT workflow.tick('2031-01-10 12:00Z');
SELECT workflow.resume(name) FROM way;
SELECT pg_temp.hours('2031-01-10 12:00Z', '2031-01-18 12:00Z');
CREATE FUNCTION pg_temp.by_mode(kind text, past text = NULL) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(w.mode || ' ' || pg_temp.sent(w.name), '; ' ORDER BY w.mode) FROM way w WHERE w.kind = by_mode.kind AND w.past IS NOT DISTINCT FROM by_mode.past $$;
-- What is passed over ends at the wait v, which is over by now as well, by more than the grace of a day: so nobody gets anything.
SELECT is(pg_temp.by_mode('days'), 'catch_up x 10 12:00, y 11 12:00; drop_overdue nothing; freeze x 11 09:00, y 12 09:00; restart_delay x 12 12:00, y 13 12:00',
  'semantics 11: a duration, by each way to resume');
SELECT is(pg_temp.by_mode('clock'), 'catch_up x 10 12:00, y 11 12:00; drop_overdue nothing; freeze x 11 09:00, y 12 09:00; restart_delay x 12 09:00, y 13 09:00',
  'semantics 11: days up to a clock time keep it');
SELECT is(pg_temp.by_mode('date'), 'catch_up x 10 12:00, y 11 12:00; drop_overdue nothing; freeze nothing; restart_delay nothing', 'semantics 11: a date obeys if_past: by default later than a day is passed over');
SELECT is(pg_temp.by_mode('date', 'continue'), 'catch_up x 10 12:00, y 11 12:00; drop_overdue y 10 12:00; freeze x 10 12:00, y 11 12:00; restart_delay x 10 12:00, y 11 12:00', 'semantics 11: continue');
SELECT is(pg_temp.by_mode('date', 'next_day'), 'catch_up x 10 12:00, y 11 12:00; drop_overdue y 10 12:00; freeze x 11 09:00, y 12 09:00; restart_delay x 11 09:00, y 12 09:00', 'semantics 11: next_day');
SELECT is(pg_temp.by_mode('date', 'skip'), 'catch_up x 10 12:00, y 11 12:00; drop_overdue nothing; freeze nothing; restart_delay nothing', 'semantics 11: skip');
SELECT is(pg_temp.by_mode('date', 'exit'), 'catch_up x 10 12:00, y 11 12:00; drop_overdue nothing (condition); freeze nothing (condition); restart_delay nothing (condition)', 'semantics 11: exit');

-- Resuming is a line for the workflow; who waits is not touched before the timer fires.
SELECT pg_temp.publish('many', '{"for": "5 days"}', '{}');
SELECT workflow.enroll('many', n::text) FROM generate_series(1, 300) n;
SELECT workflow.tick('2031-02-01 09:00Z'), workflow.pause('many'), workflow.tick('2031-02-03 09:00Z');
CREATE FUNCTION pg_temp.rows_of() RETURNS text LANGUAGE sql AS $$
  SELECT md5(string_agg(s.tableoid::text || s.ctid || s.xmin || s.cmin || s.xmax, ',' ORDER BY s.tableoid, s.ctid)) FROM workflow.state s $$;
CREATE TEMP TABLE before AS SELECT pg_temp.rows_of() AS rows, (SELECT count(*) FROM workflow.history) AS told, (SELECT count(*) FROM workflow.timer) AS timers;
SELECT workflow.resume('many'), workflow.tick('2031-02-03 09:00Z'), workflow.tick('2031-02-03 12:00Z');
SELECT results_eq('SELECT rows, told, timers FROM before', 'SELECT pg_temp.rows_of(), (SELECT count(*) FROM workflow.history), (SELECT count(*) FROM workflow.timer)',
  'semantics 11: resuming writes nothing per enrollment');
SELECT workflow.tick('2031-02-06 09:00Z');
SELECT is((SELECT count(*) FROM workflow.outbox o WHERE o.workflow = 'many'), 0::bigint, 'semantics 11: it is applied when the timer fires:');
SELECT workflow.tick('2031-02-08 08:59Z');
SELECT is((SELECT count(*) FROM workflow.outbox o WHERE o.workflow = 'many'), 0::bigint, 'not a minute too early');
SELECT workflow.tick('2031-02-08 09:00Z');
SELECT is((SELECT count(*) FROM workflow.outbox o WHERE o.workflow = 'many'), 300::bigint, 'two days later than it would have been');

-- archive
SELECT pg_temp.publish(w, '{"for": "2 days"}', '{}') FROM unnest('{drains,forced}'::text[]) w;
SELECT workflow.enroll(w, '1') FROM unnest('{drains,forced}'::text[]) w;
SELECT workflow.tick('2031-03-01 09:00Z'), workflow.archive('drains'), workflow.archive('forced', force => true);
SELECT workflow.enroll(w, '2') FROM unnest('{drains,forced}'::text[]) w;
SELECT pg_temp.hours('2031-03-01 12:00Z', '2031-03-05 09:00Z');
SELECT is(pg_temp.sent('drains'), 'x 03 09:00, y 04 09:00', 'semantics 11: archived, live ones drain');
SELECT is((SELECT string_agg(e.workflow || ' ' || e.contact_key || ' ' || e.reason, ', ' ORDER BY e.workflow) FROM workflow.enrollments e WHERE e.workflow IN ('drains', 'forced')),
  'drains 1 completed, forced 1 archived', 'semantics 11: or end by force; nobody enters');
SELECT is(pg_temp.sent('forced'), 'nothing', 'and they get nothing');
SELECT is((SELECT array_agg(r.reason) FROM workflow.refusals r WHERE r.workflow IN ('drains', 'forced')), '{archived,archived}', 'semantics 5: with the reason');

SELECT * FROM finish();
ROLLBACK;
