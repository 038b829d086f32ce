-- Figures for monitoring. Cheap: they add up small tables and ask indexes for their ends, they do not count what waits.

CREATE FUNCTION workflow.sum_up_tallies() RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
  -- By the hour what is older than two hours, by the day what is older than two days.
  WITH present(at) AS (SELECT workflow.now_at()),
  over AS (
    DELETE FROM workflow.tally t USING present p
     WHERE t.at < p.at - interval '2 hours' AND t.at <> date_trunc(CASE WHEN t.at < p.at - interval '2 days' THEN 'day' ELSE 'hour' END, t.at)
    RETURNING date_trunc(CASE WHEN t.at < p.at - interval '2 days' THEN 'day' ELSE 'hour' END, t.at) AS start, t.*)
  INSERT INTO workflow.tally (at, version, entered, ended, steps, messages)
  SELECT o.start, o.version, sum(o.entered), sum(o.ended), sum(o.steps), sum(o.messages) FROM over o GROUP BY 1, 2
$$;
COMMENT ON FUNCTION workflow.sum_up_tallies() IS 'Sums up what rounds counted: by the hour after two hours, by the day after two days. Called by maintain().';

CREATE VIEW workflow.stat_worker AS
SELECT a.pid, a.backend_start AS started_at, workflow.halted() AS halted, n.at AS last_round_at, n.as_of AS virtual_now,
       workflow.now_at() - n.read_due AS timer_lag, w.rounds, w.events, w.steps, w.messages, w.errors,
       round(w.took_us / 1000.0 / nullif(w.rounds, 0), 3) AS round_ms, round(w.longest_us / 1000.0, 3) AS longest_round_ms,
       round(100 * w.took_us / 60e6, 2) AS busy_percent, b.bytes AS timer_bytes, l.bytes AS event_log_bytes,
       c.state_rows, c.state_bytes, c.history_bytes
  FROM (SELECT 1) one
  LEFT JOIN LATERAL (SELECT s.pid, s.backend_start FROM pg_stat_activity s
                      WHERE s.backend_type = 'pg_workflow worker' AND s.datname = current_database() LIMIT 1) a ON true
  LEFT JOIN LATERAL (SELECT r.at, r.as_of, r.read_due FROM workflow.round r ORDER BY r.id DESC LIMIT 1) n ON true
  CROSS JOIN LATERAL (SELECT count(*) AS rounds, coalesce(sum(r.events), 0) AS events, coalesce(sum(r.steps), 0) AS steps, coalesce(sum(r.messages), 0) AS messages,
                             coalesce(sum(r.errors), 0) AS errors, coalesce(sum(r.took_us), 0) AS took_us, coalesce(max(r.took_us), 0) AS longest_us
                        FROM workflow.round r WHERE r.at > clock_timestamp() - interval '1 minute') w
  CROSS JOIN LATERAL (SELECT sum(pg_total_relation_size(t)) AS bytes FROM workflow.timer_tables() t) b
  CROSS JOIN LATERAL (SELECT coalesce(sum(pg_total_relation_size(e)), 0) AS bytes FROM workflow.event_tables() e) l
  CROSS JOIN LATERAL (SELECT (SELECT p.reltuples::bigint FROM pg_class p WHERE p.oid = 'workflow.state'::regclass) AS state_rows,
                             pg_total_relation_size('workflow.state') AS state_bytes,
                             (SELECT coalesce(sum(pg_total_relation_size(i.inhrelid)), 0) FROM pg_inherits i WHERE i.inhparent = 'workflow.trace'::regclass) AS history_bytes) c;
COMMENT ON VIEW workflow.stat_worker IS
'The worker and its rounds, one row. pid: NULL where none runs. rounds, events, steps, messages, errors, round_ms, longest_round_ms, busy_percent: of the last minute. '
'timer_lag: between now and the last timer read, large also where nothing is due. Sizes in bytes; state_rows as the planner has it.';

CREATE VIEW workflow.stat_workflow AS
SELECT w.account, w.name AS workflow, v.number AS version, w.status, s.entered, s.ended, s.entered - s.ended AS live, s.steps, s.messages,
       s.entered_hour, s.steps_hour, s.messages_hour, s.last_at
  FROM workflow.workflow w JOIN workflow.version v ON v.workflow = w.id
  JOIN LATERAL (SELECT sum(t.entered) AS entered, sum(t.ended) AS ended, sum(t.steps) AS steps, sum(t.messages) AS messages,
                       coalesce(sum(t.entered) FILTER (WHERE t.at > h.hour), 0) AS entered_hour, coalesce(sum(t.steps) FILTER (WHERE t.at > h.hour), 0) AS steps_hour,
                       coalesce(sum(t.messages) FILTER (WHERE t.at > h.hour), 0) AS messages_hour, max(t.at) AS last_at
                  FROM workflow.tally t, LATERAL (SELECT workflow.now_at() - interval '1 hour' AS hour) h WHERE t.version = v.id) s ON s.entered IS NOT NULL;
COMMENT ON VIEW workflow.stat_workflow IS
'Every version that anybody has entered: entered, ended, live, steps taken and messages written since it was published; those with _hour in the last hour.';
