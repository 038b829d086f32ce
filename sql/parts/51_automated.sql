-- The short form of a workflow.

CREATE FUNCTION workflow.create_automated_action(action jsonb, account text = NULL) RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  own text := coalesce(workflow.own_account(create_automated_action.account), '');
  whole jsonb := CASE WHEN create_automated_action.action ? 'automated_action' THEN create_automated_action.action
                      ELSE jsonb_build_object('automated_action', create_automated_action.action) END;
  own_name text := CASE WHEN jsonb_typeof(whole->'automated_action'->'name') = 'string' THEN whole->'automated_action'->>'name' END;
  newest jsonb;
BEGIN
  PERFORM workflow.require_argument('action', create_automated_action.action IS NOT NULL);
  IF coalesce(own_name, '') !~ '\S' THEN  -- what else is wrong is told with it
    PERFORM workflow.check_definition(whole, true, account => own);
    PERFORM workflow.require_argument('name', false);
  END IF;
  SELECT v.definition INTO newest FROM workflow.workflow w JOIN workflow.version v ON v.workflow = w.id
   WHERE w.account = own AND w.name = own_name ORDER BY v.number DESC LIMIT 1;
  IF newest IS NULL THEN
    PERFORM workflow.create_workflow(own_name, whole, own);
  ELSIF newest ? 'automated_action' THEN
    PERFORM workflow.save_draft(own_name, whole, own);
  ELSE
    RAISE EXCEPTION 'workflow "%" is no automated action', own_name
      USING ERRCODE = 'WF007', HINT = 'Choose another name, or store a new version of it by workflow.save_draft().';
  END IF;
  RETURN workflow.publish(own_name, account => own);
END $$;
COMMENT ON FUNCTION workflow.create_automated_action(jsonb, text) IS
'Stores an automated action (the short form, with or without {"automated_action": …} around it) as a workflow of its name, publishes it and returns the version. '
'Where there is an automated action of that name, this becomes its next version. account: whose it is; by default it serves every account. '
'Raises WF001 with every error (a missing template is one), WF007 where a workflow of that name is no automated action or is archived, 42501, 22004.';
