-- Goals: who has reached them.

CREATE VIEW workflow.goals_reached AS
SELECT g.at, workflow.enrollment_uuid(g.enrollment) AS enrollment, e.account, e.contact_key, w.name AS workflow, v.number AS version, g.goal,
       g.counted, g.event
  FROM workflow.goal_reached g
  LEFT JOIN workflow.enrollment e ON e.id = g.enrollment
  LEFT JOIN workflow.workflow w ON w.id = e.workflow LEFT JOIN workflow.version v ON v.id = e.version;
COMMENT ON VIEW workflow.goals_reached IS
'Each goal that an enrollment has reached, once; counted: in time, by count_within and count_after_exit; event: by which, NULL where by a condition.';

CREATE FUNCTION workflow.goals(name text, since timestamptz = NULL, until timestamptz = NULL, account text = NULL, OUT version integer, OUT goal text,
                               OUT holdout boolean, OUT entries bigint, OUT reached bigint, OUT rate numeric, OUT contacts bigint,
                               OUT contacts_reached bigint, OUT contact_rate numeric, OUT late bigint)
RETURNS SETOF record
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  w workflow.workflow := workflow.find_workflow(goals.name, goals.account, false);
BEGIN
  RETURN QUERY
  WITH entered AS (
    SELECT e.id, e.version, e.account, e.contact_key, coalesce(s.memo::json->>'holdout', '') <> '' AS holdout
      FROM workflow.enrollment e JOIN workflow.state s ON s.enrollment = e.id
     WHERE e.workflow = w.id AND (goals.account IS NULL OR e.account = goals.account OR w.account = goals.account)
       AND e.entered_at >= coalesce(goals.since, '-infinity') AND e.entered_at < coalesce(goals.until, 'infinity')),
  wanted AS (
    SELECT v.id, v.number, g.value->>'id' AS goal, g.ordinality AS place
      FROM workflow.version v CROSS JOIN LATERAL jsonb_array_elements(v.definition->'goals') WITH ORDINALITY g
     WHERE v.workflow = w.id AND jsonb_typeof(v.definition->'goals') = 'array')
  SELECT d.number, d.goal, n.holdout, count(*), count(*) FILTER (WHERE r.counted),
         round(count(*) FILTER (WHERE r.counted)::numeric / count(*), 4),
         count(DISTINCT (n.account, n.contact_key)), count(DISTINCT (n.account, n.contact_key)) FILTER (WHERE r.counted),
         round(count(DISTINCT (n.account, n.contact_key)) FILTER (WHERE r.counted)::numeric / count(DISTINCT (n.account, n.contact_key)), 4),
         count(*) FILTER (WHERE NOT r.counted)
    FROM wanted d JOIN entered n ON n.version = d.id LEFT JOIN workflow.goal_reached r ON r.enrollment = n.id AND r.goal = d.goal
   GROUP BY d.number, d.place, d.goal, n.holdout
   ORDER BY d.number, d.place, n.holdout;
END $$;
COMMENT ON FUNCTION workflow.goals(text, timestamptz, timestamptz, text) IS
'How often each goal of a workflow was reached by those who entered from since on and before until (default: ever): one row for each version, goal and '
'holdout (true: the control group of a split). entries and reached count entries, contacts and contacts_reached each contact once; rate and contact_rate are '
'from 0 to 1. late: reached after count_within, in neither. Raises WF002, and WF003 where several accounts have a workflow of that name.';
