-- What callers tell the extension: each call appends an event; the next round reads it. Nothing else is written here.

CREATE FUNCTION workflow.try_append_event(kind "char", name text, contact text, account text, event uuid, at timestamptz, timed boolean, body jsonb)
RETURNS boolean
LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'workflow_append_event';
COMMENT ON FUNCTION workflow.try_append_event("char", text, text, text, uuid, timestamptz, boolean, jsonb) IS
'Appends a row to the event log and wakes the worker at commit; false where no table of the log is there.';

CREATE FUNCTION workflow.append_event(kind "char", name text, contact text, account text, event uuid, at timestamptz, timed boolean, body jsonb)
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF workflow.try_append_event(kind, name, contact, account, event, at, timed, body) THEN
    RETURN;
  END IF;
  PERFORM workflow.ensure_event_log();
  IF NOT workflow.try_append_event(kind, name, contact, account, event, at, timed, body) THEN
    RAISE EXCEPTION 'no table of the event log can be written to'
      USING ERRCODE = 'object_in_use', DETAIL = 'They are locked by another transaction, or changed.', HINT = 'See workflow.doctor().';
  END IF;
END $$;
COMMENT ON FUNCTION workflow.append_event("char", text, text, text, uuid, timestamptz, boolean, jsonb) IS
'Appends an event, making the event log where it is missing. kind: e emitted, n enroll, u unenroll, p pause or resume, o an operator''s wish for enrollments. timed: at was declared by the caller.';

CREATE FUNCTION workflow.event_uuid(account text, event_id text) RETURNS uuid
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF event_id = '' THEN
    RAISE EXCEPTION '"event_id" must not be empty' USING ERRCODE = 'invalid_parameter_value', HINT = 'Leave it out where every call is an event of its own.';
  END IF;
  RETURN CASE WHEN event_id IS NULL THEN gen_random_uuid() ELSE md5(account || chr(31) || event_id)::uuid END;
END $$;
COMMENT ON FUNCTION workflow.event_uuid(text, text) IS 'The id of a caller''s event: the same for the same account and event_id, a new one where event_id is NULL.';

CREATE FUNCTION workflow.require_object(name text, value jsonb) RETURNS void
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF jsonb_typeof(value) <> 'object' THEN
    RAISE EXCEPTION '"%" must be an object, not %', name, jsonb_typeof(value) USING ERRCODE = 'invalid_parameter_value';
  END IF;
END $$;
COMMENT ON FUNCTION workflow.require_object(text, jsonb) IS 'Raises 22023 where a document is no object.';

CREATE FUNCTION workflow.emit(event text, contact text, data jsonb = '{}', event_id text = NULL, at timestamptz = now(), account text = NULL)
RETURNS uuid
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  own text := coalesce(workflow.own_account(emit.account), '');
  id uuid;
BEGIN
  PERFORM workflow.require_argument('event', emit.event IS NOT NULL);
  PERFORM workflow.require_argument('contact', coalesce(emit.contact, '') <> '');
  PERFORM workflow.require_object('data', emit.data);
  IF octet_length(emit.event) > 127 OR emit.event !~ '^[^[:space:][:cntrl:]".]+(\.[^[:space:][:cntrl:]".]+)+$' THEN
    RAISE EXCEPTION '"%" is no event name', emit.event
      USING ERRCODE = 'invalid_parameter_value', HINT = 'An event is named like "cart.abandoned".';
  END IF;
  IF EXISTS (SELECT FROM workflow.source s WHERE s.binding->'events' ? emit.event) THEN
    RAISE WARNING 'rows of an attached table make "%" as well', emit.event USING HINT = 'Whoever listens cannot tell the two apart.';
  END IF;
  IF NOT isfinite(emit.at) THEN
    RAISE EXCEPTION '"at" must be finite' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  id := workflow.event_uuid(own, emit.event_id);
  PERFORM workflow.append_event('e', emit.event, emit.contact, own, id, coalesce(emit.at, now()),
                                coalesce(emit.at <> now(), false), jsonb_build_object('data', coalesce(emit.data, '{}')));
  RETURN id;
END $$;
COMMENT ON FUNCTION workflow.emit(text, text, jsonb, text, timestamptz, text) IS
'Says that something happened to a contact, and returns the event''s id, for workflow.result(). event: dotted words. contact: the key in the attached contact '
'table. data: an object, event.data of conditions and templates. event_id: the caller''s own id; an event enters a workflow once, so a repeated call has the same '
'id and no effect. at: when it happened. account: whose workflows hear it besides those of every account. Whether the contact exists is seen when the next '
'round reads it. Raises 22023 for a name that is no event name, 22004 for a missing argument.';

CREATE FUNCTION workflow.enroll(name text, contact text, data jsonb = '{}', event_id text = NULL, account text = NULL) RETURNS uuid
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  w workflow.workflow := workflow.find_workflow(enroll.name, enroll.account, false);
  own text := coalesce(workflow.own_account(enroll.account), w.account);
  id uuid;
BEGIN
  PERFORM workflow.require_argument('contact', coalesce(enroll.contact, '') <> '');
  PERFORM workflow.require_object('data', enroll.data);
  IF w.published IS NULL THEN
    RAISE EXCEPTION 'workflow "%" is not published', w.name USING ERRCODE = 'WF007', HINT = 'Call workflow.publish() first.';
  END IF;
  id := workflow.event_uuid(own, enroll.event_id);
  PERFORM workflow.append_event('n', w.name, enroll.contact, own, id, now(), false,
                                jsonb_build_object('workflow', w.id, 'data', coalesce(enroll.data, '{}')));
  PERFORM workflow.note_audit('enroll', own, enroll.contact, jsonb_build_object('workflow', w.name, 'event', id));
  RETURN id;
END $$;
COMMENT ON FUNCTION workflow.enroll(text, text, jsonb, text, text) IS
'Enrolls a contact by hand, past the triggers and their filters, and returns the event''s id, for workflow.result(). contact: the key in the attached contact '
'table. data: an object, enrollment.data of conditions and templates. event_id: the caller''s own id; a repeated call has the same id and no effect. The next '
'round decides, by re-entry and the state of contact and workflow. Raises WF002, WF003, WF007 where nothing is published.';

-- Enrollments whose row or contact names an account carry that one. The accounts are few, so the index is asked once for each.
CREATE FUNCTION workflow.accounts_of(workflow integer, contact text) RETURNS text[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH RECURSIVE known(account) AS (
    (SELECT e.account FROM workflow.enrollment e ORDER BY e.account LIMIT 1)
    UNION ALL
    SELECT (SELECT e.account FROM workflow.enrollment e WHERE e.account > k.account ORDER BY e.account LIMIT 1) FROM known k WHERE k.account IS NOT NULL)
  SELECT array_agg(k.account) FROM known k
   WHERE EXISTS (SELECT FROM workflow.enrollment e
                  WHERE e.account = k.account AND e.contact_key = accounts_of.contact AND e.workflow = accounts_of.workflow)
$$;
COMMENT ON FUNCTION workflow.accounts_of(integer, text) IS 'The accounts in which this contact has ever been in this workflow; NULL where there is none.';

CREATE FUNCTION workflow.unenroll(name text, contact text, comment text = NULL, account text = NULL) RETURNS uuid
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  w workflow.workflow := workflow.find_workflow(unenroll.name, unenroll.account, false);
  accounts text[];
  id uuid := gen_random_uuid();
BEGIN
  PERFORM workflow.require_argument('contact', coalesce(unenroll.contact, '') <> '');
  account := workflow.own_account(unenroll.account);
  accounts := CASE WHEN unenroll.account IS NULL AND w.account = '' THEN workflow.accounts_of(w.id, unenroll.contact) END;
  IF cardinality(accounts) > 1 THEN
    RAISE EXCEPTION 'several accounts have a contact "%" in workflow "%"', unenroll.contact, w.name
      USING ERRCODE = 'WF003', DETAIL = format('Accounts: %s.', (SELECT string_agg(quote_literal(a), ', ' ORDER BY a) FROM unnest(accounts[:20]) a)),
            HINT = 'Name one: account => …';
  END IF;
  PERFORM workflow.append_event('u', w.name, unenroll.contact, coalesce(unenroll.account, accounts[1], w.account), id, now(), false,
                                jsonb_build_object('workflow', w.id, 'comment', unenroll.comment));
  PERFORM workflow.note_audit('unenroll', coalesce(unenroll.account, accounts[1], w.account), unenroll.contact,
                              jsonb_build_object('workflow', w.name, 'event', id));
  RETURN id;
END $$;
COMMENT ON FUNCTION workflow.unenroll(text, text, text, text) IS
'Ends what a contact has live in a workflow with the reason removed, in the next round; returns the event''s id. comment goes to the history. '
'Raises WF002, and WF003 where the name, or the contact''s key, is found in several accounts.';

-- Which rows of the event log the round of this ledger row has left unread, as a condition on "e". The first comparison is for the index, which
-- tells blocks that may hold such rows.
CREATE FUNCTION workflow.unread_filter(ledger workflow.round) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  base pg_snapshot := CASE WHEN ledger.complete THEN ledger.snapshot ELSE ledger.from_snapshot END;
  filter text;
BEGIN
  IF ledger.id IS NULL THEN
    RETURN 'true';
  END IF;
  filter := format('e.xid >= %L::xid8 AND NOT pg_visible_in_snapshot(e.xid, %L)', pg_snapshot_xmin(base), base);
  IF NOT ledger.complete THEN
    filter := filter || format(' AND NOT (e.id <= %s AND pg_visible_in_snapshot(e.xid, %L))', ledger.last_event, ledger.snapshot);
  END IF;
  -- What tick() has read of its own transaction.
  RETURN filter || ' AND NOT EXISTS (SELECT FROM workflow.round own WHERE own.xid = e.xid AND own.own_event >= e.id)';
END $$;
COMMENT ON FUNCTION workflow.unread_filter(workflow.round) IS 'The SQL condition on e (a row of the event log) that it was not read up to this row of the ledger; all is unread where that is NULL.';

CREATE FUNCTION workflow.newest_round() RETURNS workflow.round
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$ SELECT r FROM workflow.round r ORDER BY r.id DESC LIMIT 1 $$;
COMMENT ON FUNCTION workflow.newest_round() IS 'The row of the ledger that counts.';

CREATE FUNCTION workflow.event_tables() RETURNS SETOF regclass
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT c.oid::regclass FROM pg_class c
   WHERE c.relnamespace = 'workflow'::regnamespace AND c.relname IN ('event_0', 'event_1', 'event_2') AND c.relkind = 'r' ORDER BY c.relname
$$;
COMMENT ON FUNCTION workflow.event_tables() IS 'The tables of the event log that are there.';

-- The planner does not know that what is unread is next to nothing.
CREATE FUNCTION workflow.unread_events(event uuid = NULL) RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
  filter text := workflow.unread_filter(workflow.newest_round());
  ring regclass;
  here bigint;
  total bigint := 0;
BEGIN
  FOR ring IN SELECT workflow.event_tables() LOOP
    EXECUTE format('SELECT count(*) FROM %s e WHERE ($1 IS NULL OR e.event = $1) AND %s', ring, filter) INTO here USING unread_events.event;
    total := total + here;
  END LOOP;
  RETURN total;
END $$;
COMMENT ON FUNCTION workflow.unread_events(uuid) IS 'How many committed events no round has read yet; with an argument, how many of that id.';

CREATE FUNCTION workflow.result(event uuid) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  enrollments jsonb;
  refusals jsonb;
BEGIN
  PERFORM workflow.require_argument('event', result.event IS NOT NULL);
  SELECT coalesce(jsonb_agg(jsonb_build_object('enrollment', workflow.enrollment_uuid(e.id), 'workflow', w.name, 'version', v.number,
                                               'state', s.phase, 'reason', nullif(s.reason, '')) ORDER BY e.id), '[]')
    INTO enrollments
    FROM workflow.entry_event y JOIN workflow.enrollment e ON e.id = y.enrollment LEFT JOIN workflow.state s ON s.enrollment = e.id
    LEFT JOIN workflow.workflow w ON w.id = e.workflow LEFT JOIN workflow.version v ON v.id = e.version
   WHERE y.event = result.event;
  SELECT coalesce(jsonb_agg(jsonb_build_object('workflow', w.name, 'reason', f.reason, 'detail', f.detail) ORDER BY f.at, w.name), '[]')
    INTO refusals
    FROM workflow.refusal f LEFT JOIN workflow.workflow w ON w.id = f.workflow
   WHERE f.event = result.event;
  RETURN jsonb_build_object('event', result.event, 'enrollments', enrollments, 'enrollment', enrollments->0->'enrollment', 'refusals', refusals,
                            'pending', workflow.unread_events(result.event) > 0 OR EXISTS (SELECT FROM workflow.settling s WHERE s.event->>'event' = result.event::text));
END $$;
COMMENT ON FUNCTION workflow.result(uuid) IS
'What became of an event that emit() or enroll() returned: {"event", "enrollments": [{"enrollment", "workflow", "version", "state", "reason"}], "enrollment": '
'the first or null, "refusals": [{"workflow", "reason", "detail"}], "pending": true while no round has read it}. A repeated event shows its enrollment and the refusal duplicate_event.';
