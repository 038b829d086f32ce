-- The life of a workflow: versions are written, one of them is published, the workflow is paused, resumed, archived.
-- Functions run with the extension's rights, so the owner they record is who logged in (session_user), whatever role is set.

CREATE FUNCTION workflow.validate(definition jsonb, OUT severity text, OUT path text, OUT message text, OUT hint text) RETURNS SETOF record
LANGUAGE c STABLE STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'workflow_validate';
COMMENT ON FUNCTION workflow.validate(jsonb) IS
'Every problem of a definition, one a row: severity (error, warning), path (a JSON Pointer), a sentence, a hint or NULL. No row: it may be published. '
'A template that is not stored yet is a warning here and an error of publish().';

CREATE FUNCTION workflow.check_definition(definition jsonb, publishing boolean, owner name = session_user, account text = '') RETURNS void
LANGUAGE c STABLE STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'workflow_check_definition';
COMMENT ON FUNCTION workflow.check_definition(jsonb, boolean, name, text) IS
'Raises WF001 with all errors of a definition, one a line of the detail, their hints in the hint; its warnings come as warnings. owner: by whose rights what '
'the server decides is tried. account: whose templates count, beside those of everybody.';

CREATE FUNCTION workflow.callers_search_path() RETURNS text
LANGUAGE c STABLE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'workflow_callers_search_path';
COMMENT ON FUNCTION workflow.callers_search_path() IS 'The search_path that was in force where the function that calls this one, which has its own, was called.';

CREATE FUNCTION workflow.schema(which text = 'definition') RETURNS jsonb
LANGUAGE c IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'workflow_schema';
COMMENT ON FUNCTION workflow.schema(text) IS
'The JSON Schema (draft 2020-12) of a document: definition or binding. Raises 22023 for another name.';

CREATE FUNCTION workflow.add_version(workflow integer, definition jsonb) RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  number integer;
BEGIN
  INSERT INTO workflow.version AS v (workflow, number, definition, owner)
  SELECT add_version.workflow, coalesce(max(o.number), 0) + 1, add_version.definition, session_user
    FROM workflow.version o WHERE o.workflow = add_version.workflow
  RETURNING v.number INTO number;
  RETURN number;
END $$;
COMMENT ON FUNCTION workflow.add_version(integer, jsonb) IS 'Stores a definition under the next number. The caller holds the workflow''s row.';

CREATE FUNCTION workflow.create_workflow(name text, definition jsonb, account text = NULL) RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  own text := coalesce(workflow.own_account(create_workflow.account), '');
  created integer;
BEGIN
  PERFORM workflow.require_argument('name', coalesce(create_workflow.name, '') ~ '\S');
  PERFORM workflow.require_argument('definition', create_workflow.definition IS NOT NULL);
  IF NOT EXISTS (SELECT FROM workflow.workflow w WHERE w.name = create_workflow.name AND w.account = own) THEN
    PERFORM workflow.check_definition(create_workflow.definition, false, account => own);
    INSERT INTO workflow.workflow AS w (account, name, owner)
    VALUES (own, create_workflow.name, session_user)
    ON CONFLICT (account, name) DO NOTHING RETURNING w.id INTO created;
  END IF;
  IF created IS NULL THEN
    RAISE EXCEPTION 'there is a workflow "%" already', create_workflow.name
      USING ERRCODE = 'WF007', HINT = 'workflow.save_draft() stores a new version of it.';
  END IF;
  PERFORM workflow.note_audit('create_workflow', own, create_workflow.name, '{"version": 1}');
  RETURN workflow.add_version(created, create_workflow.definition);
END $$;
COMMENT ON FUNCTION workflow.create_workflow(text, jsonb, text) IS
'Stores a new workflow with its first version, a draft, and returns the version''s number, 1. account: whose it is; by default it serves every account. '
'Raises WF001 with every error of the definition, WF007 where the name is taken; then nothing is stored.';

CREATE FUNCTION workflow.save_draft(name text, definition jsonb, account text = NULL) RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  w workflow.workflow := workflow.find_workflow(save_draft.name, save_draft.account, true);
  number integer;
BEGIN
  PERFORM workflow.require_argument('definition', save_draft.definition IS NOT NULL);
  IF w.status = 'archived' THEN
    RAISE EXCEPTION 'workflow "%" is archived', w.name USING ERRCODE = 'WF007', HINT = 'Create another workflow.';
  END IF;
  PERFORM workflow.check_definition(save_draft.definition, false, account => w.account);
  number := workflow.add_version(w.id, save_draft.definition);
  PERFORM workflow.note_audit('save_draft', w.account, w.name, jsonb_build_object('version', number));
  RETURN number;
END $$;
COMMENT ON FUNCTION workflow.save_draft(text, jsonb, text) IS
'Stores a new version and returns its number; nothing acts by it before publish(). Versions are never changed: every draft has a number of its own. '
'Raises WF001 with every error of the definition, WF002 for an unknown workflow, WF003 where several accounts have the name, WF007 for an archived one.';

CREATE FUNCTION workflow.publish(name text, comment text = NULL, account text = NULL) RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  w workflow.workflow := workflow.find_workflow(publish.name, publish.account, true);
  v workflow.version;
BEGIN
  IF NOT pg_has_role(session_user, w.owner, 'MEMBER') THEN
    RAISE EXCEPTION 'only a member of role "%", which owns workflow "%", may publish it', w.owner, w.name USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF w.status = 'archived' THEN
    RAISE EXCEPTION 'workflow "%" is archived', w.name USING ERRCODE = 'WF007', HINT = 'Create another workflow.';
  END IF;
  SELECT o.* INTO v FROM workflow.version o WHERE o.workflow = w.id ORDER BY o.number DESC LIMIT 1;
  IF v.published_at IS NOT NULL THEN
    RAISE EXCEPTION 'version % of workflow "%" is published already', v.number, w.name
      USING ERRCODE = 'WF007', HINT = 'workflow.save_draft() stores a new version.';
  END IF;
  PERFORM workflow.check_definition(v.definition, true, v.owner, w.account);
  UPDATE workflow.version o SET published_at = now(), listened = true, comment = publish.comment, search_path = workflow.callers_search_path()
   WHERE o.id = v.id;
  UPDATE workflow.workflow o SET published = v.number, status = CASE w.status WHEN 'paused' THEN 'paused' ELSE 'published' END WHERE o.id = w.id;
  INSERT INTO workflow.look (workflow, trigger, upto) VALUES (w.id, '', workflow.now_at()) ON CONFLICT DO NOTHING;
  PERFORM workflow.note_audit('publish', w.account, w.name, jsonb_build_object('version', v.number));
  RAISE NOTICE 'version % of workflow "%" is published; contacts that are already there are not enrolled', v.number, w.name
    USING HINT = format('workflow.enroll_existing(%L) says how many of them would enter, and with dry_run => false enrolls them.', w.name);
  IF w.status = 'paused' THEN
    RAISE NOTICE 'workflow "%" is still paused', w.name;
  END IF;
  RETURN v.number;
END $$;
COMMENT ON FUNCTION workflow.publish(text, text, text) IS
'Publishes the newest version and returns its number: from now on events enroll by it. Enrollments stay on the version they entered with; a paused workflow '
'stays paused. Enrolls nobody who is already there. Raises WF001 with every error of the definition (a missing template is one), WF002, WF003, WF007 where '
'the newest version is published already or the workflow is archived, 42501 where the login role is no member of the owner.';

CREATE FUNCTION workflow.pause(name text, account text = NULL) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  w workflow.workflow := workflow.find_workflow(pause.name, pause.account, true);
BEGIN
  IF w.status <> 'published' THEN
    RAISE EXCEPTION 'workflow "%" is not published but %', w.name, CASE w.status WHEN 'draft' THEN 'a draft' ELSE w.status END USING ERRCODE = 'WF007';
  END IF;
  UPDATE workflow.workflow o SET status = 'paused', paused_at = workflow.now_at() WHERE o.id = w.id;
  PERFORM workflow.note_audit('pause', w.account, w.name);
END $$;
COMMENT ON FUNCTION workflow.pause(text, text) IS
'Nobody enters, nobody goes on, and no message of the workflow is claimed until resume(). Raises WF002, WF003, WF007 where it is not published.';

-- Of the round: waits for nobody, so a row that somebody is changing is left alone.
CREATE FUNCTION workflow.suspend(workflow integer, why text, at timestamptz) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  w workflow.workflow;
BEGIN
  SELECT o.* INTO w FROM workflow.workflow o WHERE o.id = suspend.workflow AND o.status = 'published' FOR NO KEY UPDATE SKIP LOCKED;
  IF w.id IS NULL THEN
    RETURN false;
  END IF;
  UPDATE workflow.workflow o SET status = 'paused', paused_at = suspend.at, suspended = suspend.why WHERE o.id = w.id;
  DELETE FROM workflow.failing f WHERE f.workflow = w.id;
  PERFORM workflow.note_audit('suspend', w.account, w.name, jsonb_build_object('why', suspend.why));
  INSERT INTO workflow.error (at, sqlstate, message) VALUES (suspend.at, 'WF010', format('workflow "%s" is suspended: %s', w.name, suspend.why));
  RAISE WARNING 'workflow "%" is suspended: %', w.name, suspend.why
    USING HINT = 'workflow.errors says what failed; workflow.resume() lets it go on.';
  RETURN true;
END $$;
COMMENT ON FUNCTION workflow.suspend(integer, text, timestamptz) IS
'Of the round: pauses a published workflow that goes on failing and leaves a notice: in the server''s log, errors, audit, and doctor() until resume(). '
'False: somebody holds its row, or it is not published.';

-- Waits are shifted by the recorded pause when their timers fire; the round that reads the event puts back the timers it had set aside.
CREATE FUNCTION workflow.end_pause(w workflow.workflow, mode text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
  INSERT INTO workflow.pause (workflow, paused_at, resumed_at, mode)
  VALUES (w.id, w.paused_at, greatest(workflow.now_at(), w.paused_at), end_pause.mode)
  ON CONFLICT (workflow, paused_at) DO UPDATE SET resumed_at = excluded.resumed_at, mode = excluded.mode;
  PERFORM workflow.append_event('p', 'resume', NULL, w.account, NULL, now(), false, jsonb_build_object('workflow', w.id));
END $$;
COMMENT ON FUNCTION workflow.end_pause(workflow.workflow, text) IS 'Records how long a workflow was paused and lets the next round put its timers back.';

CREATE FUNCTION workflow.resume(name text, mode text = NULL, account text = NULL) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  w workflow.workflow := workflow.find_workflow(resume.name, resume.account, true);
BEGIN
  IF resume.mode NOT IN ('freeze', 'catch_up', 'restart_delay', 'drop_overdue') THEN
    RAISE EXCEPTION 'there is no way to resume by "%"', resume.mode
      USING ERRCODE = 'invalid_parameter_value', HINT = 'The ways are freeze, catch_up, restart_delay, drop_overdue; by default the setting on_resume decides.';
  END IF;
  IF w.status <> 'paused' THEN
    RAISE EXCEPTION 'workflow "%" is not paused but %', w.name, CASE w.status WHEN 'draft' THEN 'a draft' ELSE w.status END USING ERRCODE = 'WF007';
  END IF;
  PERFORM workflow.end_pause(w, resume.mode);
  INSERT INTO workflow.look (workflow, trigger, upto) VALUES (w.id, '', workflow.now_at()) ON CONFLICT DO NOTHING;
  UPDATE workflow.workflow o SET status = 'published', paused_at = NULL, suspended = NULL WHERE o.id = w.id;
  PERFORM workflow.note_audit('resume', w.account, w.name, jsonb_build_object('mode', resume.mode));
END $$;
COMMENT ON FUNCTION workflow.resume(text, text, text) IS
'Ends a pause. mode, in place of the setting on_resume: freeze (waits by a duration are shifted by the pause), catch_up (what fell due goes on at once), '
'restart_delay (durations count again from now), drop_overdue (what fell due is left out, up to the next wait); waits for a date or a clock time obey if_past. '
'Also of a workflow that has been suspended after failures. Raises WF002, WF003, WF007 where the workflow is not paused, 22023 for another mode.';

CREATE FUNCTION workflow.archive(name text, force boolean = false, account text = NULL) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  w workflow.workflow := workflow.find_workflow(archive.name, archive.account, true);
BEGIN
  -- An archived one may be archived once more, by force.
  IF w.status = 'archived' AND NOT coalesce(force, false) THEN
    RAISE EXCEPTION 'workflow "%" is archived already', w.name USING ERRCODE = 'WF007';
  END IF;
  IF w.status = 'paused' THEN
    PERFORM workflow.end_pause(w, NULL);
  END IF;
  UPDATE workflow.workflow o SET status = 'archived', paused_at = NULL, suspended = NULL WHERE o.id = w.id;
  PERFORM workflow.note_audit('archive', w.account, w.name, jsonb_build_object('force', archive.force));
  IF force THEN
    PERFORM workflow.append_event('p', 'archive', NULL, w.account, NULL, now(), false, jsonb_build_object('workflow', w.id));
  END IF;
END $$;
COMMENT ON FUNCTION workflow.archive(text, boolean, text) IS
'Nobody enters any more; who is inside goes on to the end (a pause ends), or with force is ended by the next round with the reason archived. '
'Raises WF002, WF003, WF007 where it is archived already and force is not given.';
