-- Access by job. A level is a set of functions and views; grant_access() gives them to a role by GRANT, and remembers, so that a later version can
-- give what it adds. A role may be bound to accounts: views show it their rows only, and of the functions it gets those that look at the account.

CREATE FUNCTION workflow.access_list(OUT level text, OUT bindable boolean, OUT name text) RETURNS SETOF record
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT l.level, l.bindable, unnest(l.names) FROM (VALUES
    ('viewer', true, '{workflows,versions,enrollments,waiting,outbox,refusals,errors,history,stuck,stat_workflow,templates,tasks,subscriptions,suppressions,intakes,
                       schema,render}'::text[]),
    ('viewer', false, '{validate,sources,imports,recipes,affects,status,stat_worker,stat_outbox,doctor,result,unread_events,
                        explain,explain_filter,matches,filter_to_sql,describe,diagram,diff,report,goals,preview}'),
    ('operator', true, '{enroll,unenroll,emit,pause,resume,archive,retry,suppress,unsuppress,approve,reject,complete_task}'),
    ('operator', false, '{enroll_existing,stop_enrolling,cancel_messages,revive,migrate,simulate,halt,resume_all,reconcile}'),
    ('author', true, '{create_workflow,save_draft,publish,put_template,create_automated_action,pause,resume,archive}'),
    ('author', false, '{create_from_recipe,drop_workflow,migrate,simulate,filter_to_sql,matching_rows}'),
    ('sender', false, '{claim,ack,nack,extend,receipt,reply,wait_for_message,message_waits}'),
    ('admin', false, '{attach,detach,uninstall,adopt,tick,maintain,ensure_event_log,set_account,set_cap,set_throttle,set_webhook_secret,forget,
                       merge_contacts,grant_access,revoke_access,audit,accesses}')) l(level, bindable, names)
$$;
COMMENT ON FUNCTION workflow.access_list() IS
'Which functions and views each level is made of, beside those of the levels in it (see access_levels). bindable: also for a role that is bound to an account.';

CREATE FUNCTION workflow.access_levels(level text) RETURNS text[]
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE access_levels.level WHEN 'viewer' THEN '{viewer}' WHEN 'operator' THEN '{viewer,operator}' WHEN 'author' THEN '{viewer,author}'
         WHEN 'sender' THEN '{sender}' WHEN 'admin' THEN '{viewer,operator,author,sender,admin}' END::text[]
$$;
COMMENT ON FUNCTION workflow.access_levels(text) IS 'The levels that a level holds, itself included; NULL for a word that is no level.';

-- A view's functions run as who looks, and so do those that they call.
CREATE FUNCTION workflow.access_objects(level text, bound boolean) RETURNS TABLE (kind text, object text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  WITH listed AS (
    SELECT DISTINCT l.name FROM workflow.access_list() l
     WHERE l.level = ANY (workflow.access_levels(access_objects.level)) AND (l.bindable OR NOT access_objects.bound)),
  views AS (
    SELECT c.oid FROM listed l JOIN pg_class c ON c.relname = l.name AND c.relnamespace = 'workflow'::regnamespace AND c.relkind = 'v'),
  functions AS (
    SELECT p.oid FROM listed l JOIN pg_proc p ON p.proname = l.name AND p.pronamespace = 'workflow'::regnamespace
    UNION
    SELECT p.oid FROM views v JOIN pg_rewrite w ON w.ev_class = v.oid
      JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid AND d.refclassid = 'pg_proc'::regclass
      JOIN pg_proc p ON p.oid = d.refobjid AND p.pronamespace = 'workflow'::regnamespace
    UNION
    SELECT p.oid FROM pg_proc p WHERE p.pronamespace = 'workflow'::regnamespace
       AND p.proname IN ('virtual_now', 'render_at', 'enrollment_uuid', 'account_limit'))
  SELECT 'TABLE', v.oid::regclass::text FROM views v UNION ALL SELECT 'ROUTINE', f.oid::regprocedure::text FROM functions f
$$;
COMMENT ON FUNCTION workflow.access_objects(text, boolean) IS 'What a level comes to in this version: kind and name of each view and function, as GRANT takes them.';

CREATE FUNCTION workflow.give_access(role name) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  given record;
BEGIN
  FOR given IN SELECT o.kind, o.object FROM workflow.access a, workflow.access_objects(a.level, a.account IS NOT NULL) o
                WHERE a.role = give_access.role GROUP BY 1, 2 LOOP
    EXECUTE format('GRANT %s ON %s %s TO %I', CASE given.kind WHEN 'TABLE' THEN 'SELECT' ELSE 'EXECUTE' END, given.kind, given.object, give_access.role);
  END LOOP;
  IF FOUND THEN
    EXECUTE format('GRANT USAGE ON SCHEMA workflow TO %I', give_access.role);
  END IF;
END $$;
COMMENT ON FUNCTION workflow.give_access(name) IS 'Grants a role what its levels come to in this version.';

CREATE FUNCTION workflow.renew_access() RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT workflow.give_access(a.role) FROM (SELECT DISTINCT n.role FROM workflow.access n JOIN pg_roles r ON r.rolname = n.role) a
$$;
COMMENT ON FUNCTION workflow.renew_access() IS 'Grants every role with a level what this version has added to it. Update scripts call it.';

CREATE FUNCTION workflow.require_role(role name) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM workflow.require_argument('role', require_role.role IS NOT NULL);
  IF NOT EXISTS (SELECT FROM pg_roles r WHERE r.rolname = require_role.role) THEN
    RAISE EXCEPTION 'role "%" does not exist', require_role.role USING ERRCODE = 'undefined_object';
  END IF;
END $$;
COMMENT ON FUNCTION workflow.require_role(name) IS 'Raises 22004 without a role, 42704 for one that does not exist.';

CREATE FUNCTION workflow.grant_access(role name, level text, account text = NULL) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM workflow.require_role(grant_access.role);
  PERFORM workflow.require_argument('level', grant_access.level IS NOT NULL);
  IF workflow.access_levels(grant_access.level) IS NULL THEN
    RAISE EXCEPTION '"%" is no level of access', grant_access.level
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Levels are viewer, operator, author, sender, admin.';
  ELSIF grant_access.account IS NOT NULL AND grant_access.level IN ('sender', 'admin') THEN
    RAISE EXCEPTION 'level "%" is for all accounts', grant_access.level
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Leave the account out, or give viewer, operator or author for one account.';
  END IF;
  INSERT INTO workflow.access (role, level, account) VALUES (grant_access.role, grant_access.level, grant_access.account) ON CONFLICT DO NOTHING;
  PERFORM workflow.give_access(grant_access.role);
  PERFORM workflow.note_audit('grant_access', grant_access.account, grant_access.role, jsonb_build_object('level', grant_access.level));
END $$;
COMMENT ON FUNCTION workflow.grant_access(name, text, text) IS
'Gives a role what a job needs: viewer (looks), operator (viewer; acts on contacts and on running workflows), author (viewer; writes and publishes), sender '
'(claims, reports), admin (everything). account: binds the role to one account, again for each further one; NULL: all accounts. A binding holds only while the '
'role has no level without one. Raises 42704 for a role that does not exist, 22023 for another level, or for sender or admin with an account.';

CREATE FUNCTION workflow.revoke_access(role name, level text = NULL, account text = NULL) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  object record;
BEGIN
  PERFORM workflow.require_role(revoke_access.role);
  DELETE FROM workflow.access a WHERE a.role = revoke_access.role AND a.level = coalesce(revoke_access.level, a.level)
     AND a.account IS NOT DISTINCT FROM coalesce(revoke_access.account, a.account);
  EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA workflow FROM %I', revoke_access.role);
  EXECUTE format('REVOKE ALL ON ALL ROUTINES IN SCHEMA workflow FROM %I', revoke_access.role);
  EXECUTE format('REVOKE ALL ON SCHEMA workflow FROM %I', revoke_access.role);
  PERFORM workflow.give_access(revoke_access.role);
  PERFORM workflow.note_audit('revoke_access', revoke_access.account, revoke_access.role, jsonb_build_object('level', revoke_access.level));
END $$;
COMMENT ON FUNCTION workflow.revoke_access(name, text, text) IS
'Takes levels back: one, those for one account, or without arguments all. What was granted to the role by hand in this schema goes too. Raises 42704.';

CREATE VIEW workflow.accesses AS
SELECT a.role, a.level, a.account, a.granted_by, a.granted_at FROM workflow.access a;
COMMENT ON VIEW workflow.accesses IS 'Who has which level of access; account NULL: for all accounts.';

