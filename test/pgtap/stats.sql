-- Figures for monitoring: cheap to read, and they agree with what is there.
BEGIN;
SELECT plan(14);
SET LOCAL client_min_messages = error;
SET LOCAL pg_workflow.virtual_clock = on;
CREATE SCHEMA stats;
CREATE TABLE stats.contacts (id bigint PRIMARY KEY, email text, created_at timestamptz NOT NULL DEFAULT '2026-01-10 10:00+00');
SELECT workflow.attach('stats.contacts', '{"entity": "contact"}');
SELECT workflow.create_workflow('stats', '{"triggers": [{"on": "contact.created"}], "settings": {"category": "transactional"},
  "steps": [{"type": "send", "channel": "stats", "body": "one"}, {"type": "wait", "for": "3 hours"}, {"type": "send", "channel": "stats", "body": "two"}]}');
SELECT workflow.publish('stats');
SELECT is_empty($$ SELECT FROM workflow.stat_workflow WHERE workflow = 'stats' $$, 'nobody has entered');
INSERT INTO stats.contacts SELECT n, 'c' || n || '@example.test' FROM generate_series(1, 5) n;
SELECT * FROM workflow.tick('2026-01-10 10:00+00');
CREATE FUNCTION pg_temp.stats() RETURNS text LANGUAGE sql AS $$
  SELECT format('%s entered, %s ended, %s live, %s steps, %s messages; %s %s %s', entered, ended, live, steps, messages, entered_hour, steps_hour, messages_hour)
    FROM workflow.stat_workflow WHERE workflow = 'stats' $$;
SELECT is(pg_temp.stats(), '5 entered, 0 ended, 5 live, 10 steps, 5 messages; 5 10 5', 'who entered, what was done, all of it in the last hour');
DELETE FROM stats.contacts WHERE id = 5;
SELECT * FROM workflow.tick('2026-01-10 11:30+00');
SELECT is(pg_temp.stats(), '5 entered, 1 ended, 4 live, 10 steps, 5 messages; 0 0 0', 'an end lowers live');
SELECT * FROM workflow.tick('2026-01-10 13:00+00');
SELECT is(pg_temp.stats(), '5 entered, 5 ended, 0 live, 14 steps, 9 messages; 0 4 4', 'until all are through');
SELECT is((SELECT live FROM workflow.stat_workflow WHERE workflow = 'stats'), (SELECT count(*) FROM workflow.enrollments WHERE workflow = 'stats' AND state <> 'ended')::numeric, 'it agrees with the states');
SELECT is((SELECT messages FROM workflow.stat_workflow WHERE workflow = 'stats'), (SELECT count(*) FROM workflow.outbox WHERE workflow = 'stats')::numeric, 'and with the outbox');
SELECT is((SELECT count(*) FROM workflow.tally), 3::bigint, 'a row a round in which anything happened');
SELECT * FROM workflow.tick('2026-01-20 13:00+00');
SELECT workflow.maintain();
SELECT is((SELECT count(*) FROM workflow.tally), 1::bigint, 'old ones are summed up by the day');
SELECT is(pg_temp.stats(), '5 entered, 5 ended, 0 live, 14 steps, 9 messages; 0 0 0', 'and nothing is lost by it');
SELECT workflow.maintain();
SELECT is((SELECT count(*) FROM workflow.tally), 1::bigint, 'once');

SELECT is((SELECT count(*) FROM workflow.stat_worker), 1::bigint, 'the worker''s figures are one row');
SELECT is((SELECT messages FROM workflow.stat_worker), 9::bigint, 'rounds of the last minute');
SELECT is((SELECT round_ms > 0 AND longest_round_ms >= round_ms AND busy_percent > 0 FROM workflow.stat_worker), true, 'with how long they took');
SELECT is((SELECT timer_bytes > 0 AND event_log_bytes > 0 FROM workflow.stat_worker), true, 'and what they take on disk');
SELECT * FROM finish();
ROLLBACK;
