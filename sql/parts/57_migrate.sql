-- Live enrollments go to another version of their workflow, by the ids of their steps.

CREATE FUNCTION workflow.plan_migration(from_version integer, to_version integer, mapping jsonb, OUT enrollment bigint, OUT from_step text, OUT to_step text,
                                        OUT problem text) RETURNS SETOF record
LANGUAGE c STABLE STRICT SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'workflow_plan_migration';
COMMENT ON FUNCTION workflow.plan_migration(integer, integer, jsonb) IS
'What a round would do with each live enrollment of a version (both by workflow.version.id): the step it stands at, the step it would stand at, or why it stays.';

CREATE FUNCTION workflow.version_of(w workflow.workflow, number integer, argument text) RETURNS workflow.version
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v workflow.version;
BEGIN
  PERFORM workflow.require_argument(argument, number IS NOT NULL);
  SELECT o.* INTO v FROM workflow.version o WHERE o.workflow = w.id AND o.number = version_of.number;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'workflow "%" has no version %', w.name, number USING ERRCODE = 'WF002', HINT = 'The view workflow.versions lists those it has.';
  ELSIF v.published_at IS NULL THEN
    RAISE EXCEPTION 'version % of workflow "%" is a draft', number, w.name USING ERRCODE = 'WF007', HINT = 'Call workflow.publish() first.';
  END IF;
  RETURN v;
END $$;
COMMENT ON FUNCTION workflow.version_of(workflow.workflow, integer, text) IS 'A published version by its number. Raises WF002 where there is none, WF007 for a draft.';

CREATE FUNCTION workflow.migrate(name text, from_version integer, to_version integer, mapping jsonb = NULL, dry_run boolean = true, account text = NULL,
                                 OUT from_step text, OUT to_step text, OUT enrollments bigint, OUT problem text, OUT contacts text[]) RETURNS SETOF record
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  w workflow.workflow := workflow.find_workflow(migrate.name, migrate.account, true);
  old workflow.version := workflow.version_of(w, migrate.from_version, 'from_version');
  new workflow.version := workflow.version_of(w, migrate.to_version, 'to_version');
  steps jsonb := coalesce(nullif(migrate.mapping, 'null'), '{}');
BEGIN
  IF old.id = new.id THEN
    RAISE EXCEPTION 'version % is the one they are on', new.number USING ERRCODE = 'invalid_parameter_value';
  END IF;
  RETURN QUERY
    SELECT p.from_step, p.to_step, count(*), p.problem,
           CASE WHEN p.problem IS NOT NULL THEN (array_agg(e.contact_key ORDER BY e.id))[:20] END
      FROM workflow.plan_migration(old.id, new.id, steps) p LEFT JOIN workflow.enrollment e ON e.id = p.enrollment
     GROUP BY p.from_step, p.to_step, p.problem ORDER BY p.problem NULLS FIRST, p.from_step, p.to_step;
  IF coalesce(migrate.dry_run, true) THEN
    RETURN;
  END IF;
  UPDATE workflow.version v SET listened = true WHERE v.id = new.id AND NOT v.listened;
  PERFORM workflow.append_event('o', 'migrate', NULL, w.account, gen_random_uuid(), now(), false,
                                jsonb_build_object('from', old.id, 'to', new.id, 'mapping', steps));
  PERFORM workflow.note_audit('migrate', w.account, w.name, jsonb_build_object('from_version', old.number, 'to_version', new.number, 'mapping', steps));
END $$;
COMMENT ON FUNCTION workflow.migrate(text, integer, integer, jsonb, boolean, text) IS
'Moves live enrollments of one published version to another by the ids of their steps; mapping: {"old step": "new step"} for steps that have another id. What was '
'waited counts: of a wait that was 3 days and is 5 now, 4 remain after the first; one whose end has passed goes on at once. Returns, for each step, how '
'many go where (problem NULL) or stay, and why, with the first 20 of these contacts. dry_run (the default) only shows it; else the next rounds do it. Raises WF002, '
'WF003, WF007 for a draft, 22023 where mapping is no object or names steps that are not there, or both versions are the same.';
