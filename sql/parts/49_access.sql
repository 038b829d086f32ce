-- Who calls, what of which account they may see, and the audit. Most functions below call one of these.

-- SECURITY DEFINER hides the role that was set from current_user, but not from the setting.
CREATE FUNCTION workflow.caller() RETURNS name
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE current_setting('role') WHEN 'none' THEN session_user ELSE current_setting('role')::name END
$$;
COMMENT ON FUNCTION workflow.caller() IS 'The role in whose name the session acts: that of SET ROLE, else who logged in.';

CREATE FUNCTION workflow.account_limit(role name) RETURNS text[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN r.rolsuper OR count(a.role) = 0 OR bool_or(a.account IS NULL) THEN NULL ELSE array_agg(DISTINCT a.account) END
    FROM pg_roles r
    LEFT JOIN (workflow.access a JOIN pg_roles g ON g.rolname = a.role) ON pg_has_role(r.oid, g.oid, 'USAGE')
   WHERE r.rolname = account_limit.role
   GROUP BY r.rolsuper
$$;
COMMENT ON FUNCTION workflow.account_limit(name) IS
'The accounts that a role is bound to by grant_access(), its own and those of roles whose rights it has; NULL: it is bound to none and sees all.';

CREATE FUNCTION workflow.own_account(account text) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  accounts text[] := workflow.account_limit(workflow.caller());
BEGIN
  IF accounts IS NULL OR own_account.account = ANY (accounts) THEN
    RETURN own_account.account;
  ELSIF own_account.account IS NOT NULL THEN
    RAISE EXCEPTION 'role "%" has no access to account "%"', workflow.caller(), own_account.account USING ERRCODE = 'insufficient_privilege';
  ELSIF cardinality(accounts) > 1 THEN
    RAISE EXCEPTION 'role "%" has access to several accounts', workflow.caller() USING ERRCODE = 'WF003', HINT = 'Name one: account => …';
  END IF;
  RETURN accounts[1];
END $$;
COMMENT ON FUNCTION workflow.own_account(text) IS
'The account that a caller means: the one named, or where none is and the caller is bound to one, that one. Raises 42501 for an account that the caller has no '
'access to, WF003 where it is bound to several and names none.';

CREATE FUNCTION workflow.may_reach(account text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT x.accounts IS NULL OR coalesce(may_reach.account = ANY (x.accounts), false) FROM (SELECT workflow.account_limit(workflow.caller())) x(accounts)
$$;
COMMENT ON FUNCTION workflow.may_reach(text) IS 'Whether the caller may act on what belongs to this account. What it may not reach is to it as if it were not there.';

-- Nobody may change what is written down, but by dropping a month's table.
CREATE FUNCTION workflow.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION 'the audit is only appended to' USING ERRCODE = 'insufficient_privilege';
END $$;
COMMENT ON FUNCTION workflow.refuse_change() IS 'Trigger: raises 42501.';

-- Two sessions may find a child missing at the same moment: the later one waits for the other and finds it there.
CREATE FUNCTION workflow.ensure_child(parent name, child name, key_column name, low text, high text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET client_min_messages = warning AS $$
BEGIN
  RETURN workflow.make_child(ensure_child.parent, ensure_child.child, ensure_child.key_column, ensure_child.low, ensure_child.high);
EXCEPTION WHEN duplicate_table OR unique_violation THEN
  RETURN false;
END $$;
COMMENT ON FUNCTION workflow.ensure_child(name, name, name, text, text) IS
'make_child() for several sessions at once: whether this one has made it. False: it is there, or another session has made it meanwhile.';

CREATE FUNCTION workflow.note_audit(action text, account text = NULL, object text = NULL, detail jsonb = NULL) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
DECLARE
  present timestamptz := clock_timestamp();
  month timestamptz := date_trunc('month', present);
  child name := 'audit_entry_' || to_char(month, 'YYYYMM');
BEGIN
  IF to_regclass('workflow.' || child) IS NULL
     AND workflow.ensure_child('audit_entry', child, 'at', month::text, (month + interval '1 month')::text) THEN
    EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON workflow.%I FOR EACH ROW EXECUTE FUNCTION workflow.refuse_change()', child);
    EXECUTE format('CREATE TRIGGER keep_all BEFORE TRUNCATE ON workflow.%I EXECUTE FUNCTION workflow.refuse_change()', child);
  END IF;
  EXECUTE format('INSERT INTO workflow.%I (at, who, role, action, account, object, detail) VALUES ($1, $2, $3, $4, $5, $6, $7)', child)
    USING present, session_user, workflow.caller(), note_audit.action, note_audit.account, note_audit.object, jsonb_strip_nulls(note_audit.detail);
END $$;
COMMENT ON FUNCTION workflow.note_audit(text, text, text, jsonb) IS
'Writes a line of the audit: what was done, to the object of this name or key, with numbers and ids in detail, by whom and when. Called by every function that '
'changes a definition, a state, a template, a right, or acts on a contact by hand.';
