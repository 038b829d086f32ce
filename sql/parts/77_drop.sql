-- A workflow that is not wanted any more, with all that is kept of it.

CREATE FUNCTION workflow.drop_workflow(name text, dry_run boolean = true, account text = NULL) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  w workflow.workflow := workflow.find_workflow(drop_workflow.name, drop_workflow.account, true);
  ids bigint[];
  removed jsonb;
BEGIN
  PERFORM workflow.require_argument('dry_run', drop_workflow.dry_run IS NOT NULL);
  IF NOT drop_workflow.dry_run THEN
    PERFORM workflow.require_read_committed('drop_workflow');
    PERFORM pg_advisory_xact_lock(workflow.round_lock());  -- no round writes what is being removed
  END IF;
  ids := ARRAY(SELECT e.id FROM workflow.enrollment e WHERE e.workflow = w.id);
  removed := jsonb_build_object(
    'status', w.status, 'versions', (SELECT count(*) FROM workflow.version v WHERE v.workflow = w.id), 'enrollments', cardinality(ids),
    'live', (SELECT count(*) FROM workflow.state s WHERE s.enrollment = ANY (ids) AND s.phase <> 'ended'),
    'messages', (SELECT count(*) FROM workflow.message m WHERE m.enrollment = ANY (ids)));
  IF drop_workflow.dry_run THEN
    RETURN removed;
  END IF;
  IF w.status NOT IN ('draft', 'archived') OR (removed->>'live')::bigint > 0 THEN
    RAISE EXCEPTION 'workflow "%" is still in use', w.name USING ERRCODE = 'WF007',
      DETAIL = format('It is %s, and %s enrollments are live.', w.status, removed->>'live'),
      HINT = 'End it with workflow.archive(name, force => true), and let a round end who is in it.';
  END IF;
  PERFORM workflow.cancel_unclaimed(ARRAY(SELECT m.id FROM workflow.message m WHERE m.enrollment = ANY (ids)), 'its workflow was dropped');
  DELETE FROM workflow.goal_reached g WHERE g.enrollment = ANY (ids);
  DELETE FROM workflow.step_result t WHERE t.enrollment = ANY (ids);
  DELETE FROM workflow.task t WHERE t.workflow = w.id;
  DELETE FROM workflow.trace t WHERE t.enrollment = ANY (ids);
  DELETE FROM workflow.error x WHERE x.enrollment = ANY (ids);
  DELETE FROM workflow.refusal f WHERE f.workflow = w.id;
  DELETE FROM workflow.held h WHERE h.workflow = w.id;
  DELETE FROM workflow.entry_event y WHERE y.workflow = w.id;
  DELETE FROM workflow.state s WHERE s.enrollment = ANY (ids);
  DELETE FROM workflow.enrollment e WHERE e.workflow = w.id;
  DELETE FROM workflow.assign_turn a WHERE a.workflow = w.id;
  DELETE FROM workflow.webhook_secret x WHERE x.workflow = w.id;
  DELETE FROM workflow.tally t WHERE t.version IN (SELECT v.id FROM workflow.version v WHERE v.workflow = w.id);
  DELETE FROM workflow.workflow o WHERE o.id = w.id;  -- and with it versions and pauses
  PERFORM workflow.note_audit('drop_workflow', w.account, w.name, removed);
  RETURN removed;
END $$;
COMMENT ON FUNCTION workflow.drop_workflow(text, boolean, text) IS
'Removes a draft, or an archived workflow in which nobody is any more: its versions, enrollments, history, refusals, tasks. Its messages stay until they leave by age; those that nobody '
'has claimed are cancelled. With dry_run, the default, only counts: status, versions, enrollments, live, messages. A workflow of that name made later is another one. '
'Raises WF002, WF003, WF007 where it is published or somebody is live in it, 22004, 25001, 25006.';
