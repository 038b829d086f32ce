-- How well it goes: a workflow's figures by version and step, the outbox's by channel, and which workflow has to do with which.

CREATE FUNCTION workflow.long_definition(definition jsonb) RETURNS jsonb
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'workflow_long_definition';
COMMENT ON FUNCTION workflow.long_definition(jsonb) IS 'A definition written out: the short form of an automated action becomes triggers and steps, each step with its id.';

-- Each stay of an enrollment at a step: from its first line there to the first line elsewhere.
CREATE FUNCTION workflow.stays(ids bigint[], OUT enrollment bigint, OUT step text, OUT began timestamptz, OUT over timestamptz, OUT ended text) RETURNS SETOF record
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH lines AS (
    SELECT t.enrollment, t.id, t.at, t.step, t.what, t.detail, lag(t.step) OVER (PARTITION BY t.enrollment ORDER BY t.id) IS DISTINCT FROM t.step AS fresh
      FROM workflow.trace_line t WHERE t.enrollment = ANY (ids) AND t.step <> ''),
  numbered AS (SELECT l.*, count(*) FILTER (WHERE l.fresh) OVER (PARTITION BY l.enrollment ORDER BY l.id) AS stay FROM lines l),
  stays AS (
    SELECT n.enrollment, n.stay, n.step, min(n.at) AS began, max(n.at) FILTER (WHERE n.what = 'ended') AS ended_at,
           max(split_part(n.detail, ':', 1)) FILTER (WHERE n.what = 'ended') AS ended
      FROM numbered n GROUP BY 1, 2, 3)
  SELECT s.enrollment, s.step, s.began, coalesce(s.ended_at, lead(s.began) OVER (PARTITION BY s.enrollment ORDER BY s.stay)), s.ended FROM stays s
$$;
COMMENT ON FUNCTION workflow.stays(bigint[]) IS
'The stays of enrollments at their steps, by the history: over is NULL where it is there still; ended is the reason where it ended there.';

CREATE FUNCTION workflow.report_messages(ids bigint[], OUT version integer, OUT step text, OUT messages jsonb) RETURNS SETOF record
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH written AS (
    SELECT m.id, m.version, m.step,
           (SELECT o.state FROM workflow.outcome o WHERE o.message = m.id
               AND NOT EXISTS (SELECT FROM workflow.lease l WHERE l.message = m.id AND l.seq > o.seq) ORDER BY o.seq DESC LIMIT 1) AS state
      FROM workflow.message m WHERE m.enrollment = ANY (ids)),
  told AS (
    SELECT w.version, w.step, 'written' AS word, w.id FROM written w
    UNION ALL SELECT w.version, w.step, coalesce(w.state, 'open'), w.id FROM written w
    UNION ALL SELECT w.version, w.step, r.kind, w.id FROM written w JOIN workflow.receipt r ON r.message = w.id AND NOT r.machine)
  SELECT c.version, c.step, jsonb_object_agg(c.word, c.count)
    FROM (SELECT t.version, t.step, t.word, count(DISTINCT t.id) AS count FROM told t GROUP BY GROUPING SETS ((1, 2, 3), (1, 3))) c GROUP BY 1, 2
$$;
COMMENT ON FUNCTION workflow.report_messages(bigint[]) IS
'The messages of enrollments by version and step (NULL: of all steps): how many were written, how many have each outcome (open: none yet), of how many each receipt of a person came.';

CREATE FUNCTION workflow.report_ways(ids bigint[], OUT version integer, OUT step text, OUT ways jsonb) RETURNS SETOF record
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH taken AS (
    SELECT DISTINCT e.version, t.step, t.detail AS way, t.enrollment
      FROM workflow.trace_line t JOIN workflow.enrollment e ON e.id = t.enrollment WHERE t.enrollment = ANY (ids) AND t.what IN ('branch', 'split')),
  counted AS (SELECT c.version, c.step, c.way, count(*) AS count FROM taken c GROUP BY 1, 2, 3),
  reached AS (
    SELECT o.version, o.step, o.way, r.goal, count(*) AS count
      FROM taken o JOIN workflow.goal_reached r ON r.enrollment = o.enrollment AND r.counted GROUP BY 1, 2, 3, 4),
  shared AS (
    SELECT c.*, sum(c.count) OVER (PARTITION BY c.version, c.step) AS total,
           (SELECT jsonb_object_agg(g.goal, jsonb_build_object('reached', g.count, 'rate', round(g.count::numeric / c.count, 4)))
              FROM reached g WHERE (g.version, g.step, g.way) = (c.version, c.step, c.way)) AS goals
      FROM counted c)
  SELECT x.version, x.step, jsonb_object_agg(x.way, jsonb_build_object('count', x.count, 'share', round(x.count / x.total, 4), 'goals', coalesce(x.goals, '{}')))
    FROM shared x GROUP BY 1, 2
$$;
COMMENT ON FUNCTION workflow.report_ways(bigint[]) IS
'Of each branch and split the ways that were taken: by how many enrollments, their share, and how many of them reached each goal.';

CREATE FUNCTION workflow.report_goals(workflow integer, since timestamptz, until timestamptz, account text, OUT version integer, OUT goals jsonb) RETURNS SETOF record
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT g.version, jsonb_object_agg(g.goal || CASE WHEN g.holdout THEN ' (control group)' ELSE '' END,
           jsonb_build_object('entries', g.entries, 'reached', g.reached, 'rate', g.rate, 'contacts', g.contacts, 'contacts_reached', g.contacts_reached,
                              'contact_rate', g.contact_rate, 'late', g.late))
    FROM workflow.workflow w, workflow.goals(w.name, report_goals.since, report_goals.until, w.account) g
   WHERE w.id = report_goals.workflow AND (report_goals.account IS NULL OR w.account = report_goals.account OR w.account = '') GROUP BY 1
$$;
COMMENT ON FUNCTION workflow.report_goals(integer, timestamptz, timestamptz, text) IS 'The goals of a workflow with their rates, one document a version.';

CREATE FUNCTION workflow.report(name text, since timestamptz = NULL, until timestamptz = NULL, account text = NULL, OUT version integer, OUT step text, OUT type text,
  OUT reached bigint, OUT in_now bigint, OUT done bigint, OUT ended_here bigint, OUT median_time interval, OUT p90_time interval, OUT messages jsonb,
  OUT branches jsonb, OUT goals jsonb, OUT reasons jsonb, OUT errors bigint) RETURNS SETOF record
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  w workflow.workflow := workflow.find_workflow(report.name, report.account, false);
  own text := workflow.own_account(report.account);
  ids bigint[];
BEGIN
  ids := ARRAY(SELECT e.id FROM workflow.enrollment e
                WHERE e.workflow = w.id AND (own IS NULL OR e.account = own OR w.account = own)
                  AND e.entered_at >= coalesce(report.since, '-infinity') AND e.entered_at < coalesce(report.until, 'infinity'));
  RETURN QUERY
  WITH entered AS (
    SELECT e.id, e.entered_at, v.number AS version, s.phase, s.step, s.ended_at, nullif(s.reason, '') AS reason
      FROM workflow.enrollment e JOIN workflow.version v ON v.id = e.version LEFT JOIN workflow.state s ON s.enrollment = e.id WHERE e.id = ANY (ids)),
  stays AS MATERIALIZED (
    SELECT e.version, y.step, y.enrollment, y.over - y.began AS stay, y.over IS NULL AS there, y.ended
      FROM workflow.stays(ids) y JOIN entered e ON e.id = y.enrollment),
  failed AS (SELECT e.version, x.step, count(*) AS errors FROM workflow.error x JOIN entered e ON e.id = x.enrollment GROUP BY GROUPING SETS ((1, 2), (1))),
  written AS MATERIALIZED (SELECT m.* FROM workflow.report_messages(ids) m),
  ways AS (SELECT o.number AS version, y.step, y.ways FROM workflow.report_ways(ids) y JOIN workflow.version o ON o.id = y.version),
  steps AS (
    SELECT v.number AS version, d.step->>'id' AS step, d.step->>'type' AS type, d.place
      FROM workflow.version v CROSS JOIN LATERAL jsonb_path_query(workflow.long_definition(v.definition)->'steps', 'strict $.** ? (@.type != "" && @.id != "")')
           WITH ORDINALITY d(step, place)
     WHERE v.workflow = w.id AND v.number IN (SELECT e.version FROM entered e)),
  by_step AS (
    SELECT y.version, y.step, count(DISTINCT y.enrollment) AS reached, count(DISTINCT y.enrollment) FILTER (WHERE NOT y.there AND coalesce(y.ended, 'completed') IN ('completed', 'stopped')) AS done,
           count(DISTINCT y.enrollment) FILTER (WHERE y.ended NOT IN ('completed', 'stopped')) AS ended_here,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY y.stay) AS median_time, percentile_cont(0.9) WITHIN GROUP (ORDER BY y.stay) AS p90_time
      FROM stays y GROUP BY 1, 2),
  by_version AS (
    SELECT e.version, count(*) AS reached, count(*) FILTER (WHERE e.phase <> 'ended') AS in_now, count(*) FILTER (WHERE e.reason IN ('completed', 'stopped')) AS done,
           count(*) FILTER (WHERE e.reason NOT IN ('completed', 'stopped')) AS ended_here,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY e.ended_at - e.entered_at) AS median_time,
           percentile_cont(0.9) WITHIN GROUP (ORDER BY e.ended_at - e.entered_at) AS p90_time
      FROM entered e GROUP BY 1),
  ends AS (SELECT c.version, jsonb_object_agg(c.reason, c.count) AS reasons
             FROM (SELECT e.version, e.reason, count(*) FROM entered e WHERE e.reason IS NOT NULL GROUP BY 1, 2) c GROUP BY 1)
  SELECT x.version, x.step, x.type, x.reached, x.in_now, x.done, x.ended_here, x.median_time, x.p90_time, x.messages, x.ways, x.goals, x.reasons, x.errors
    FROM (SELECT b.version, NULL::text AS step, 'workflow' AS type, b.reached, b.in_now, b.done, b.ended_here, b.median_time, b.p90_time,
                 (SELECT m.messages FROM written m WHERE m.version = b.version AND m.step IS NULL) AS messages, NULL::jsonb AS ways,
                 (SELECT g.goals FROM workflow.report_goals(w.id, report.since, report.until, own) g WHERE g.version = b.version) AS goals, n.reasons,
                 coalesce((SELECT f.errors FROM failed f WHERE f.version = b.version AND f.step IS NULL), 0) AS errors, 0::bigint AS place
            FROM by_version b LEFT JOIN ends n USING (version)
          UNION ALL
          SELECT s.version, s.step, s.type, coalesce(b.reached, 0),
                 (SELECT count(*) FROM entered e WHERE e.version = s.version AND e.step = s.step AND e.phase <> 'ended'), coalesce(b.done, 0), coalesce(b.ended_here, 0),
                 b.median_time, b.p90_time, (SELECT m.messages FROM written m WHERE m.version = s.version AND m.step = s.step), y.ways, NULL, NULL,
                 coalesce((SELECT f.errors FROM failed f WHERE f.version = s.version AND f.step = s.step), 0), s.place
            FROM steps s LEFT JOIN by_step b USING (version, step) LEFT JOIN ways y USING (version, step)) x
   ORDER BY x.version, x.place;
END $$;
COMMENT ON FUNCTION workflow.report(text, timestamptz, timestamptz, text) IS
'How a workflow goes, of those who entered from since on and before until (default: ever): a row for each version (step NULL) and each of its steps in their order. '
'reached: enrollments that came there; in_now: that are there; done: that went on (of a version: completed or stopped); ended_here: that ended there otherwise. median_time, p90_time: '
'of a stay, the bottlenecks; of a version from entry to end. messages: {written, sent, opened, …}; branches: each way of a branch or split with count, share and the goals '
'its enrollments reached; goals: of a version, with rates by entry and by contact; reasons: why they ended; errors: failures. By the history, as far as it is kept. Raises WF002, WF003.';

CREATE VIEW workflow.affects AS
WITH current AS (
  SELECT w.id, w.account, w.name, v.number, workflow.long_definition(v.definition) AS definition
    FROM workflow.workflow w JOIN workflow.version v ON v.workflow = w.id AND v.number = w.published WHERE w.status IN ('published', 'paused')),
acts AS (
  SELECT c.id, c.account, c.name, c.number, s.body->>'id' AS step, s.body->>'type' AS type, s.body
    FROM current c CROSS JOIN LATERAL jsonb_path_query(coalesce(c.definition->'steps', '[]'), 'strict $.** ? (@.type != "" && @.id != "")') s(body)),
hears AS (
  SELECT c.id, c.account, c.name, 'enrolls' AS how, t.part->>'on' AS event, t.part->'filter' AS filter
    FROM current c CROSS JOIN LATERAL jsonb_path_query(c.definition, 'lax $.triggers[*]') t(part)
  UNION ALL
  SELECT c.id, c.account, c.name, 'reaches a goal', g.part->>'on', g.part->'filter'
    FROM current c CROSS JOIN LATERAL jsonb_path_query(c.definition, 'lax $.goals[*]') g(part) WHERE g.part ? 'on'
  UNION ALL
  SELECT c.id, c.account, c.name, 'ends', coalesce(x.part->>'on', x.part #>> '{}'), x.part->'filter'
    FROM current c CROSS JOIN LATERAL jsonb_path_query(c.definition, 'lax $.settings.exit[*]') x(part)
   WHERE jsonb_typeof(x.part) = 'string' OR x.part ? 'on'
  UNION ALL
  SELECT a.id, a.account, a.name, 'wakes', coalesce(a.body->'until_event'->>'on', a.body->>'until_event'), a.body->'until_event'->'filter'
    FROM acts a WHERE a.body ? 'until_event'),
-- What workflows do that others may hear: by which event, whose step it is, and the words by which a filter may name it.
makes AS (
  SELECT a.id, a.account, a.name, a.number, a.step, a.body->>'event' AS event, NULL::text AS entity, NULL::text AS named_by, NULL::jsonb AS words
    FROM acts a WHERE a.type = 'emit'
  UNION ALL
  SELECT c.id, c.account, c.name, c.number, NULL, e.event, NULL, 'event.data.workflow', jsonb_build_array(c.name)
    FROM current c CROSS JOIN (VALUES ('workflow.completed'), ('workflow.exited')) e(event)
  UNION ALL
  SELECT a.id, a.account, a.name, a.number, a.step, e.event, NULL, 'event.data.campaign', jsonb_build_array(a.body->'campaign')
    FROM acts a CROSS JOIN LATERAL (VALUES (CASE a.type WHEN 'subscribe' THEN 'contact.subscribed' ELSE 'contact.unsubscribed' END),
                                           (CASE WHEN a.body ? 'campaign' THEN CASE a.type WHEN 'subscribe' THEN 'campaign.subscribed' ELSE 'campaign.exited' END END)) e(event)
   WHERE a.type IN ('subscribe', 'unsubscribe') AND e.event IS NOT NULL
  UNION ALL
  SELECT a.id, a.account, a.name, a.number, a.step, coalesce(a.body->>'entity', 'contact') || e.event, NULL, 'event.tag', e.words
    FROM acts a CROSS JOIN LATERAL (VALUES ('.tag_added', a.body->'add'), ('.tag_removed', a.body->'remove')) e(event, words)
   WHERE a.type = 'tag' AND e.words IS NOT NULL
  UNION ALL
  SELECT a.id, a.account, a.name, a.number, a.step, coalesce(a.body->>'into', a.body->>'entity') || '.created', NULL, NULL, NULL
    FROM acts a WHERE a.type IN ('create', 'copy')
  UNION ALL
  SELECT DISTINCT a.id, a.account, a.name, a.number, a.step, NULL, split_part(k.key, '.', 1), NULL, NULL::jsonb
    FROM acts a CROSS JOIN LATERAL jsonb_object_keys(CASE WHEN jsonb_typeof(a.body->'values') = 'object' THEN a.body->'values' ELSE a.body - '{id,type,if}'::text[] END) k(key)
   WHERE a.type = 'set'
  UNION ALL
  SELECT a.id, a.account, a.name, a.number, a.step, NULL, coalesce(a.body->>'entity', 'contact'), NULL, NULL FROM acts a WHERE a.type = 'assign')
SELECT a.account, a.name AS workflow, a.number AS version, a.step, CASE a.type WHEN 'enroll' THEN 'enrolls' ELSE 'ends' END AS how,
       a.body->>'workflow' AS affected, NULL::text AS event
  FROM acts a WHERE a.type IN ('enroll', 'unenroll')
UNION
SELECT c.account, c.name, c.number, NULL, 'ends', o.name, NULL
  FROM current c JOIN current o ON o.id <> c.id AND o.definition->'settings'->>'exclusive_group' = c.definition->'settings'->>'exclusive_group'
   AND (o.account = c.account OR '' IN (o.account, c.account))
UNION
-- A filter that names another workflow is not about this one.
SELECT m.account, m.name, m.number, m.step, h.how, h.name, h.event
  FROM makes m JOIN hears h ON h.event = m.event AND (h.account = m.account OR '' IN (h.account, m.account))
 WHERE NOT (m.event LIKE 'workflow.%' AND m.step IS NULL AND h.id = m.id)
   AND NOT coalesce(h.filter::text LIKE '%' || to_jsonb(m.named_by)::text || '%'
                    AND NOT EXISTS (SELECT FROM jsonb_array_elements(m.words) w(word) WHERE h.filter::text LIKE '%' || w.word::text || '%'), false)
UNION
-- A change of a row may make any event of it but its beginning and end.
SELECT m.account, m.name, m.number, m.step, 'may ' || CASE h.how WHEN 'enrolls' THEN 'enroll' WHEN 'ends' THEN 'end' WHEN 'wakes' THEN 'wake' ELSE h.how END, h.name, h.event
  FROM makes m JOIN hears h ON split_part(h.event, '.', 1) = m.entity AND (h.account = m.account OR '' IN (h.account, m.account))
 WHERE split_part(h.event, '.', 2) <> ALL ('{created,deleted,tag_added,tag_removed,subscribed,unsubscribed}'::text[]) AND NOT (h.id = m.id AND h.how <> 'enrolls')
UNION
SELECT c.account, c.name, c.number, NULL, 'asks about', regexp_replace(f.field #>> '{}', '^workflow\.(.*)\.active$', '\1'), NULL
  FROM current c CROSS JOIN LATERAL jsonb_path_query(c.definition, 'strict $.**.field ? (@ like_regex "^workflow[.].*[.]active$")') f(field);
COMMENT ON VIEW workflow.affects IS
'Which published workflow has to do with which: step how affected: enrolls, ends (also by an exclusive group), wakes (a wait), reaches a goal, by which event; may enroll, may end: '
'by a change of a row that an event may come of; asks about: whether a contact is in it. By the definitions alone: of filters it is looked only whether they name another workflow, tag or campaign.';
