-- What several of the functions below stand on. None of these is meant for callers.

CREATE FUNCTION workflow.system_identifier() RETURNS bigint
LANGUAGE c STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'workflow_system_identifier';
COMMENT ON FUNCTION workflow.system_identifier() IS 'The identifier of this cluster, as pg_control_system() has it, without reading a file.';

CREATE FUNCTION workflow.nearest(wrong text, known text[]) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'workflow_nearest';
COMMENT ON FUNCTION workflow.nearest(text, text[]) IS 'The known name that a misspelt one probably means; NULL where none is near.';

CREATE FUNCTION workflow.is_zone(name text) RETURNS boolean
LANGUAGE c STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'workflow_is_zone';
COMMENT ON FUNCTION workflow.is_zone(text) IS 'Whether a round would know this time zone.';

CREATE FUNCTION workflow.wake() RETURNS void
LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'workflow_wake';
COMMENT ON FUNCTION workflow.wake() IS 'Lets the worker of this database look for work when the transaction commits.';

CREATE FUNCTION workflow.enrollment_uuid(id bigint) RETURNS uuid
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$ SELECT ('00000000-0000-8000-8000-' || lpad(to_hex(id), 12, '0'))::uuid $$;
COMMENT ON FUNCTION workflow.enrollment_uuid(bigint) IS 'The name by which callers know the enrollment of this number.';

-- The clock of a database whose time is virtual stands still between ticks, for senders as well.
CREATE FUNCTION workflow.virtual_now() RETURNS timestamptz
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT coalesce(current_setting('pg_workflow.virtual_clock', true), 'off')::boolean THEN
    RETURN NULL;
  END IF;
  RETURN (SELECT r.as_of FROM workflow.round r WHERE r.as_of IS NOT NULL ORDER BY r.id DESC LIMIT 1);
END $$;
COMMENT ON FUNCTION workflow.virtual_now() IS
'The as_of of the last tick where pg_workflow.virtual_clock is on; NULL where it is off or no tick had one.';

CREATE FUNCTION workflow.now_at() RETURNS timestamptz
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$ SELECT coalesce(workflow.virtual_now(), clock_timestamp()) $$;
COMMENT ON FUNCTION workflow.now_at() IS 'What the functions of senders and operators take as now: the virtual clock, else the wall clock.';

CREATE FUNCTION workflow.is_copy() RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM workflow.installation i
                  WHERE i.system_identifier <> workflow.system_identifier()
                     OR i.database <> (SELECT d.oid FROM pg_database d WHERE d.datname = current_database()))
$$;
COMMENT ON FUNCTION workflow.is_copy() IS 'Whether this database was restored or copied from another one and not adopted since.';

CREATE FUNCTION workflow.halted() RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  -- An event log without an installation is a restore under way: pg_dump loads the one before the other.
  SELECT workflow.is_copy() OR EXISTS (SELECT FROM workflow.installation i WHERE i.halted_at IS NOT NULL)
      OR (NOT EXISTS (SELECT FROM workflow.installation i) AND to_regclass('workflow.event_0') IS NOT NULL)
$$;
COMMENT ON FUNCTION workflow.halted() IS 'Whether rounds and claims rest: by halt(), or because this is a copy that adopt() has not taken over.';

CREATE FUNCTION workflow.require_argument(name text, given boolean) RETURNS void
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT given THEN
    RAISE EXCEPTION '"%" must not be null or empty', name USING ERRCODE = 'null_value_not_allowed';
  END IF;
END $$;
COMMENT ON FUNCTION workflow.require_argument(text, boolean) IS 'Raises 22004 where an argument that is needed was not given.';

-- Snapshots of a transaction above READ COMMITTED are as old as the transaction: what others did since would be overlooked, or overwritten.
CREATE FUNCTION workflow.require_read_committed(what text) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF pg_is_in_recovery() THEN
    RAISE EXCEPTION '% cannot run during recovery', what
      USING ERRCODE = 'read_only_sql_transaction', HINT = 'Call it on the primary server.';
  END IF;
  IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
    RAISE EXCEPTION '% cannot run above READ COMMITTED', what
      USING ERRCODE = 'active_sql_transaction', DETAIL = 'It must see what has committed since its transaction began.';
  END IF;
END $$;
COMMENT ON FUNCTION workflow.require_read_committed(text) IS 'Raises 25006 on a standby and 25001 above READ COMMITTED.';

-- The workflow that a caller names. For a change the account must be its own and its row is locked; otherwise an account also reaches the
-- workflows that serve every account, its own first.
CREATE FUNCTION workflow.find_workflow(name text, account text, for_change boolean) RETURNS workflow.workflow
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  found workflow.workflow;
  accounts text[];
  near text;
BEGIN
  PERFORM workflow.require_argument('name', coalesce(find_workflow.name, '') <> '');
  account := workflow.own_account(find_workflow.account);
  IF find_workflow.account IS NULL THEN
    SELECT array_agg(w.account ORDER BY w.account) INTO accounts FROM workflow.workflow w WHERE w.name = find_workflow.name;
    IF cardinality(accounts) > 1 THEN
      RAISE EXCEPTION 'several accounts have a workflow "%"', find_workflow.name
        USING ERRCODE = 'WF003', DETAIL = format('Accounts: %s.', (SELECT string_agg(quote_literal(a), ', ' ORDER BY a) FROM unnest(accounts[:20]) a)),
              HINT = 'Name one: account => …';
    END IF;
  END IF;
  SELECT w.* INTO found FROM workflow.workflow w
   WHERE w.name = find_workflow.name
     AND (w.account = coalesce(find_workflow.account, accounts[1]) OR (w.account = '' AND NOT for_change))
   ORDER BY w.account = '' LIMIT 1;
  IF found.id IS NOT NULL AND for_change THEN
    SELECT w.* INTO found FROM workflow.workflow w WHERE w.id = found.id FOR NO KEY UPDATE;
  END IF;
  IF found.id IS NOT NULL THEN
    RETURN found;
  END IF;
  near := workflow.nearest(find_workflow.name, (SELECT array_agg(w.name ORDER BY w.name) FROM workflow.workflow w
             WHERE w.account = coalesce(find_workflow.account, w.account) OR (w.account = '' AND NOT for_change)));
  RAISE EXCEPTION USING ERRCODE = 'WF002',
    MESSAGE = CASE WHEN find_workflow.account IS NULL THEN format('there is no workflow "%s"', find_workflow.name)
                   ELSE format('account "%s" has no workflow "%s"', find_workflow.account, find_workflow.name) END,
    HINT = coalesce(format('Did you mean "%s"?', near),
                    (SELECT format('Account %L has one.', w.account) FROM workflow.workflow w
                      WHERE w.name = find_workflow.name AND workflow.may_reach(w.account) ORDER BY w.account LIMIT 1),
                    'workflow.create_workflow() makes one; the view workflow.workflows lists those there are.');
END $$;
COMMENT ON FUNCTION workflow.find_workflow(text, text, boolean) IS
'The workflow of this name. Without an account the name must be unique over all accounts. Raises WF002 where there is none, WF003 where there are several, 42501 for an account that the caller has no access to.';
