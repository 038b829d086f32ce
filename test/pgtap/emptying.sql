-- Tables of events and timers give their space back when their turn is over, or where that is much (P6, P10).
BEGIN;
SELECT plan(18);
SET LOCAL client_min_messages = error;
SET LOCAL pg_workflow.virtual_clock = on;
SELECT workflow.ensure_event_log();

CREATE FUNCTION pg_temp.sizes() RETURNS text LANGUAGE sql AS $$
  SELECT coalesce(string_agg(t::text, ' ' ORDER BY t::text), '')
    FROM (SELECT workflow.event_tables() UNION ALL SELECT workflow.timer_tables()) x(t) WHERE pg_relation_size(t) > 0 $$;
CREATE FUNCTION pg_temp.fill(ring text, first bigint, rows bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('INSERT INTO workflow.%I (id, xid, kind, op, depth, timed, backfill, at, event, row_key, account, name, body)
    SELECT n, ''3'', ''e'', '' '', 0, false, false, now(), md5(n::text)::uuid, ''c1'', '''', ''cart.abandoned'', ''{"data": {}}'' FROM generate_series($1, $1 + $2 - 1) n', ring)
    USING first, rows;
END $$;

-- Events. The ledger says that all of them were read.
INSERT INTO workflow.round (from_snapshot, snapshot, last_event, complete, xid, as_of) VALUES ('3:3:', '4:4:', 0, true, '4', '2031-01-01');
SELECT pg_temp.fill('event_0', 1, 10), pg_temp.fill('event_1', 11, 10), pg_temp.fill('event_2', 21, 10);
SELECT is((workflow.maintain()->>'event_tables_emptied')::int, 2, 'tables of the log whose turn is over are emptied, however small');
SELECT is(pg_temp.sizes(), 'workflow.' || workflow.event_table_in_turn(), 'P10: the one that is written to is not');
SELECT pg_temp.fill(workflow.event_table_in_turn(), 100, 90000);
SELECT is((workflow.maintain()->>'event_tables_emptied')::int, 1, 'unless it is large');
SELECT is(pg_temp.sizes(), '', 'which gives its space back');
SELECT is((SELECT count(*) FROM workflow.emptied), 1::bigint, 'and is noted');
SELECT pg_temp.fill(workflow.event_table_in_turn(), 100000, 90000);
INSERT INTO workflow.emptied SELECT clock_timestamp() - interval '50 minutes' FROM generate_series(1, 49);
SELECT is((workflow.maintain()->>'event_tables_emptied')::int, 0, 'P10: not more than fifty times an hour');
UPDATE workflow.emptied SET at = at - interval '11 minutes';
SELECT is((workflow.maintain()->>'event_tables_emptied')::int, 1, 'which are soon over');
SELECT is((SELECT count(*) FROM workflow.emptied), 2::bigint, 'and forgotten');
SELECT pg_temp.fill('event_0', 200000, 1), pg_temp.fill('event_1', 200001, 1), pg_temp.fill('event_2', 200002, 1);
UPDATE workflow.event_0 SET xid = '5';
UPDATE workflow.event_1 SET xid = '5';
UPDATE workflow.event_2 SET xid = '5';
SELECT is((workflow.maintain()->>'event_tables_emptied')::int, 0, 'what is not read stays');
TRUNCATE workflow.event_0, workflow.event_1, workflow.event_2;

-- Timers
CREATE SCHEMA space;
CREATE TABLE space.contacts (id bigint PRIMARY KEY, created_at timestamptz NOT NULL);
SELECT workflow.attach('space.contacts', '{"entity": "contact"}');
SELECT workflow.create_workflow('twice', '{"triggers": [{"on": "contact.created"}], "steps": [
  {"type": "wait", "for": "1 hour"}, {"type": "wait", "for": "3 hours"}, {"type": "send", "channel": "email", "body": "hello"}]}');
SELECT workflow.publish('twice');
CREATE FUNCTION pg_temp.timers() RETURNS text LANGUAGE sql AS $$
  SELECT coalesce(string_agg(t::text, ' ' ORDER BY t::text), '') FROM workflow.timer_tables() t WHERE pg_relation_size(t) > 0 $$;
INSERT INTO space.contacts VALUES (1, '2031-01-06 00:00Z');
SELECT workflow.tick('2031-01-06 00:00Z');
SELECT is(pg_temp.timers(), 'workflow.timer_h25', 'a timer lies in the table of its hour');
SELECT is((workflow.maintain()->>'timer_tables_emptied')::int, 0, 'where it stays till it is read');
SELECT workflow.tick('2031-01-06 01:10Z');
SELECT is((workflow.maintain()->>'timer_tables_emptied')::int, 0, 'P10: and a while longer, for more may come to the same hour');
SELECT workflow.tick('2031-01-06 01:16Z');
SELECT is((workflow.maintain()->>'timer_tables_emptied')::int, 1, 'after a quarter of an hour the table is emptied');
SELECT is(pg_temp.timers(), 'workflow.timer_h28', 'the next hour''s is not');
-- a large one
INSERT INTO space.contacts SELECT n, '2031-01-06 03:00Z' FROM generate_series(2, 5) n;
DO $$
BEGIN
  EXECUTE format('INSERT INTO workflow.timer_h28 (due, enrollment, number) SELECT ''2031-01-06 04:01Z'', -n, 1 FROM generate_series(1, 100000) n');
END $$;
SELECT is((workflow.maintain()->>'timer_tables_emptied')::int, 0, 'a large one stays till it is read, too');
SELECT workflow.tick('2031-01-06 04:12Z');
SELECT workflow.tick('2031-01-06 04:12Z') FROM generate_series(1, 120);
SELECT is((SELECT read_due FROM workflow.newest_round()), '2031-01-06 04:10Z'::timestamptz, 'all is read');
SELECT is((workflow.maintain()->>'timer_tables_emptied')::int, 1, 'and then gives its space back at once');
SELECT is(workflow.empty_again('{workflow.timer_h28,workflow.gone}'), '{}', 'P6: what was busy and is no more there needs no other try');
SELECT * FROM finish();
ROLLBACK;
