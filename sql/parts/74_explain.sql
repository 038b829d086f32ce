-- Why something happened to a contact, or did not; and what would happen. Nothing here changes anything.

CREATE FUNCTION workflow.happening_sentence(what text, detail text) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'workflow_happening_sentence';
COMMENT ON FUNCTION workflow.happening_sentence(text, text) IS 'What a line of the history means: its word and its detail as a sentence.';

CREATE FUNCTION workflow.refusal_sentence(reason text) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'workflow_refusal_sentence';
COMMENT ON FUNCTION workflow.refusal_sentence(text) IS 'A reason of workflow.refusals as a sentence.';

CREATE FUNCTION workflow.rehearse(definition jsonb, workflow integer, name text, version integer, owner text, search_path text, owning_account text,
  contact text, account text, events jsonb, until timestamptz, kind text, OUT at timestamptz, OUT step text, OUT effect text, OUT detail text, OUT why text)
RETURNS SETOF record
LANGUAGE c VOLATILE STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'workflow_rehearse';
COMMENT ON FUNCTION workflow.rehearse(jsonb, integer, text, integer, text, text, text, text, text, jsonb, timestamptz, text) IS
'Plays a definition for a contact, as kind steps: from its entering on; triggers: what each trigger would do now. owner, search_path: as whom, and how, the server '
'decides what it is asked. Runs in a read-only subtransaction that is rolled back.';

-- A name, or a name and a version: welcome@3.
CREATE FUNCTION workflow.version_to_play(name text, account text) RETURNS workflow.version
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  parts text[] := regexp_match(version_to_play.name, '^(.*)@([0-9]{1,9})$');
BEGIN
  IF parts IS NULL OR EXISTS (SELECT FROM workflow.workflow w WHERE w.name = version_to_play.name AND workflow.may_reach(w.account)) THEN
    RETURN workflow.find_version(version_to_play.name, NULL, version_to_play.account);
  END IF;
  RETURN workflow.find_version(parts[1], parts[2]::integer, version_to_play.account);
END $$;
COMMENT ON FUNCTION workflow.version_to_play(text, text) IS
'The version that simulate() means by a name: the published one, else the newest; of name@3 the third. Raises WF002, WF003.';

CREATE FUNCTION workflow.simulate(name_or_definition text, contact text, events jsonb = '[]', until interval = '90 days', account text = NULL,
  OUT at timestamptz, OUT step text, OUT effect text, OUT detail text, OUT why text) RETURNS SETOF record
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v workflow.version;
  w workflow.workflow;
  own text := workflow.own_account(simulate.account);
BEGIN
  PERFORM workflow.require_argument('name_or_definition', coalesce(simulate.name_or_definition, '') ~ '\S');
  PERFORM workflow.require_argument('contact', coalesce(simulate.contact, '') <> '');
  PERFORM workflow.require_argument('until', simulate.until IS NOT NULL);
  IF simulate.name_or_definition ~ '^\s*\{' THEN
    PERFORM workflow.check_definition(simulate.name_or_definition::jsonb, false, account => coalesce(own, ''));
    RETURN QUERY SELECT r.* FROM workflow.rehearse(simulate.name_or_definition::jsonb, 0, 'simulated', 1, session_user, workflow.callers_search_path(),
      coalesce(own, ''), simulate.contact, coalesce(own, ''), coalesce(simulate.events, '[]'), workflow.now_at() + simulate.until, 'steps') r;
    RETURN;
  END IF;
  v := workflow.version_to_play(simulate.name_or_definition, simulate.account);
  SELECT o.* INTO w FROM workflow.workflow o WHERE o.id = v.workflow;
  IF v.published_at IS NULL THEN
    PERFORM workflow.check_definition(v.definition, false, v.owner, w.account);
  END IF;
  RETURN QUERY SELECT r.* FROM workflow.rehearse(v.definition, w.id, w.name, v.number, v.owner,
    CASE WHEN v.published_at IS NULL THEN workflow.callers_search_path() ELSE v.search_path END, w.account, simulate.contact, coalesce(own, w.account),
    coalesce(simulate.events, '[]'), workflow.now_at() + simulate.until, 'steps') r;
END $$;
COMMENT ON FUNCTION workflow.simulate(text, text, jsonb, interval, text) IS
'What a workflow would do with a contact from now on, jumping over waits, for as long as until: one row for each thing that happens, with its time, the step, what '
'it is (as in workflow.history; also refused, failed, ignored, open; not_played: what it leaves out at this point), the message or the change itself, and why. name_or_definition: a workflow (its published '
'version, else its newest; name@3 for another), or a definition. contact: the key of a real contact. events: what happens meanwhile, '
'[{"event": "order.paid", "after": "2 days", "data": {}, "order": {"total": 10}}]; without one that a trigger names, the first trigger''s event comes at once. '
'Decides by the contact''s real rows, with what events and steps would make of them. Writes nothing, sends nothing, calls nothing. '
'Raises WF001 for a definition with errors, WF002, WF003, 22023 for wrong events, 22004.';

CREATE FUNCTION workflow.simulate(name_or_definition jsonb, contact text, events jsonb = '[]', until interval = '90 days', account text = NULL,
  OUT at timestamptz, OUT step text, OUT effect text, OUT detail text, OUT why text) RETURNS SETOF record
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  own text := workflow.own_account(simulate.account);
BEGIN
  PERFORM workflow.require_argument('name_or_definition', simulate.name_or_definition IS NOT NULL);
  PERFORM workflow.require_argument('contact', coalesce(simulate.contact, '') <> '');
  PERFORM workflow.require_argument('until', simulate.until IS NOT NULL);
  PERFORM workflow.check_definition(simulate.name_or_definition, false, account => coalesce(own, ''));
  RETURN QUERY SELECT r.* FROM workflow.rehearse(simulate.name_or_definition, 0, 'simulated', 1, session_user, workflow.callers_search_path(),
    coalesce(own, ''), simulate.contact, coalesce(own, ''), coalesce(simulate.events, '[]'), workflow.now_at() + simulate.until, 'steps') r;
END $$;
COMMENT ON FUNCTION workflow.simulate(jsonb, text, jsonb, interval, text) IS 'The same for a definition that is no workflow yet.';

CREATE FUNCTION workflow.enrollments_of(workflow integer, contact text, account text) RETURNS bigint[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  accounts text[];
BEGIN
  -- The account leads the key: each is looked up by itself.
  accounts := ARRAY(
    WITH RECURSIVE known(account) AS (
      (SELECT e.account FROM workflow.enrollment e ORDER BY e.account LIMIT 1)
      UNION ALL
      SELECT (SELECT e.account FROM workflow.enrollment e WHERE e.account > k.account ORDER BY e.account LIMIT 1) FROM known k WHERE k.account IS NOT NULL)
    SELECT k.account FROM known k
     WHERE (enrollments_of.account IS NULL OR k.account = enrollments_of.account) AND workflow.may_reach(k.account)
       AND EXISTS (SELECT FROM workflow.enrollment e
                    WHERE e.account = k.account AND e.contact_key = enrollments_of.contact AND e.workflow = enrollments_of.workflow));
  IF cardinality(accounts) > 1 THEN
    RAISE EXCEPTION 'several accounts have a contact "%"', enrollments_of.contact USING ERRCODE = 'WF003',
      DETAIL = format('Accounts: %s.', (SELECT string_agg(quote_literal(a), ', ' ORDER BY a) FROM unnest(accounts[:20]) a)), HINT = 'Name one: account => …';
  END IF;
  RETURN ARRAY(SELECT e.id FROM workflow.enrollment e
                WHERE e.account = accounts[1] AND e.contact_key = enrollments_of.contact AND e.workflow = enrollments_of.workflow ORDER BY e.entry_number, e.id);
END $$;
COMMENT ON FUNCTION workflow.enrollments_of(integer, text, text) IS 'The enrollments that a contact has had in a workflow. Raises WF003 where the contacts of several accounts have the key.';

-- Each kind of thing that is written down, with the place it has among others of the same instant.
CREATE FUNCTION workflow.explain_past(ids bigint[], OUT at timestamptz, OUT place numeric, OUT what text, OUT why text) RETURNS SETOF record
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT e.entered_at, 0, 'entered',
         format('let in by %s%s at %s, by version %s%s%s', e.event_name, CASE WHEN s.entity <> 'contact' THEN format(' of %s %s', s.entity, e.entry_row) END,
                workflow.iso(e.event_at), v.number, CASE WHEN e.entry_number > 1 THEN format(', for the %s. time', e.entry_number) END,
                CASE WHEN e.backfill THEN ', among those who were there before' END)
    FROM workflow.enrollment e LEFT JOIN workflow.version v ON v.id = e.version LEFT JOIN workflow.source s ON s.id = e.entry_source
   WHERE e.id = ANY (ids)
  UNION ALL
  SELECT t.at, t.id, coalesce(nullif(t.step, '') || ': ', '') || t.what || CASE WHEN t.what IN ('branch', 'split') THEN ' ' || t.detail ELSE '' END,
         nullif(concat_ws(': ', nullif(workflow.happening_sentence(t.what, t.detail), ''), t.seen), '')
    FROM workflow.trace_line t WHERE t.enrollment = ANY (ids) AND t.what <> 'entered'
  UNION ALL
  SELECT l.at, 'infinity'::numeric - 1, format('%s: message %s', m.step, CASE WHEN l.token IS NULL THEN 'returned' ELSE 'handed out' END),
         concat_ws(': ', format('%s message %s, attempt %s', m.channel, m.id, l.attempt), l.reason)
    FROM workflow.message m JOIN workflow.lease l ON l.message = m.id WHERE m.enrollment = ANY (ids) AND l.attempt > 0
  UNION ALL
  SELECT o.at, 'infinity'::numeric, format('%s: message %s', m.step, o.state), concat_ws(': ', format('%s message %s', m.channel, m.id), o.reason)
    FROM workflow.message m JOIN workflow.outcome o ON o.message = m.id WHERE m.enrollment = ANY (ids)
  UNION ALL
  SELECT r.at, 'infinity'::numeric, format('%s: message %s', m.step, r.kind), format('%s message %s%s', m.channel, m.id, CASE WHEN r.machine THEN ', by a machine' END)
    FROM workflow.message m JOIN workflow.receipt r ON r.message = m.id WHERE m.enrollment = ANY (ids)
  UNION ALL
  SELECT x.at, -1, coalesce(nullif(x.step, '') || ': ', '') || 'error', format('%s (SQLSTATE %s)', x.message, x.sqlstate)
    FROM workflow.error x WHERE x.enrollment = ANY (ids)
$$;
COMMENT ON FUNCTION workflow.explain_past(bigint[]) IS 'What is written down of enrollments, as lines with their places among those of the same instant.';

CREATE FUNCTION workflow.iso(at timestamptz) RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$ SELECT to_char(at, 'YYYY-MM-DD"T"HH24:MI:SS"Z"') $$;
COMMENT ON FUNCTION workflow.iso(timestamptz) IS 'A time in UTC, as the history writes it.';

CREATE FUNCTION workflow.explain_present(ids bigint[], OUT what text, OUT why text) RETURNS SETOF record
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT format('now: %s%s', CASE s.phase WHEN 'ready' THEN 'about to take ' WHEN 'window' THEN 'held at ' WHEN 'retry' THEN 'to try again ' WHEN 'approval' THEN 'asking at '
                                          ELSE 'waiting at ' END, s.step),
         concat_ws('; ',
           CASE WHEN s.due IS NOT NULL THEN format('%s %s', CASE s.phase WHEN 'window' THEN 'the send window opens' WHEN 'retry' THEN 'the next try is'
                                                                         WHEN 'approval' THEN 'it times out' ELSE 'until' END, workflow.iso(s.due))
                WHEN s.phase = 'approval' THEN 'until somebody answers' WHEN s.phase = 'ready' THEN 'the next round takes it' ELSE 'until what it waits for comes' END,
           CASE WHEN s.attempts > 0 THEN format('%s tries have failed', s.attempts) END,
           CASE WHEN w.status = 'paused' THEN format('the workflow is paused since %s', workflow.iso(w.paused_at)) END,
           CASE WHEN workflow.halted() THEN 'the database is halted' END,
           CASE WHEN s.due < workflow.now_at() - interval '1 minute' AND w.status <> 'paused' THEN 'that is past: the worker is behind or down' END)
    FROM workflow.state s JOIN workflow.enrollment e ON e.id = s.enrollment JOIN workflow.workflow w ON w.id = e.workflow
   WHERE s.enrollment = ANY (ids) AND s.phase <> 'ended' ORDER BY s.enrollment
$$;
COMMENT ON FUNCTION workflow.explain_present(bigint[]) IS 'Where live enrollments stand, and until when.';

CREATE FUNCTION workflow.explain_refusals(workflow integer, contact text, account text, OUT at timestamptz, OUT what text, OUT why text) RETURNS SETOF record
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT f.at, 'refused: ' || f.reason,
         concat_ws(': ', format('%s%s', f.event_name, CASE WHEN s.entity <> 'contact' THEN format(' of %s %s', s.entity, f.row_key) END),
                   workflow.refusal_sentence(f.reason), f.detail)
    FROM workflow.refusal f LEFT JOIN workflow.source s ON s.id = f.source
   WHERE f.workflow = explain_refusals.workflow AND f.contact_key = explain_refusals.contact
     AND (explain_refusals.account IS NULL OR f.account = explain_refusals.account) AND workflow.may_reach(f.account)
  UNION ALL
  -- An event that was sent to a contact whom nobody knew.
  SELECT p.parked_at, 'refused: ' || p.reason,
         format('%s: %s (again %s)', coalesce(nullif(p.event->>'name', ''), 'an event'), workflow.refusal_sentence(p.reason), workflow.iso(p.retry_at))
    FROM workflow.parked p
   WHERE p.event->>'kind' IN ('e', 'n') AND p.row_key = explain_refusals.contact
     AND (explain_refusals.account IS NULL OR p.event->>'account' = explain_refusals.account) AND workflow.may_reach(p.event->>'account')
$$;
COMMENT ON FUNCTION workflow.explain_refusals(integer, text, text) IS 'Why events of a contact did not enroll it in a workflow, as far as it was written down.';

-- Whether the workflow is open at all; then each trigger, asked about the rows as they are now.
CREATE FUNCTION workflow.explain_entering(w workflow.workflow, contact text, account text, OUT what text, OUT why text) RETURNS SETOF record
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v workflow.version;
BEGIN
  v := workflow.find_version(w.name, NULL, w.account);
  IF w.status = 'published' THEN
    what := 'now: published';
    why := format('version %s enrolls by its triggers since %s; who was there before was not enrolled by publishing', v.number, workflow.iso(v.published_at));
  ELSE
    what := 'now: ' || CASE w.status WHEN 'draft' THEN 'not_published' ELSE w.status END;
    why := workflow.refusal_sentence(CASE w.status WHEN 'draft' THEN 'not_published' ELSE w.status END) || ', so nobody enters; if it were open:';
  END IF;
  RETURN NEXT;
  BEGIN
    RETURN QUERY SELECT CASE r.effect WHEN 'rule' THEN 'rule: ' || r.detail ELSE 'trigger: ' || coalesce(r.detail, r.effect) END, r.why
      FROM workflow.rehearse(v.definition, w.id, w.name, v.number, v.owner, v.search_path, w.account, contact, coalesce(account, w.account), '[]',
                             workflow.now_at(), 'triggers') r;
  EXCEPTION WHEN OTHERS THEN  -- a version that does not compile any more, a table that cannot be read: what happened is told all the same
    what := 'trigger: cannot be asked';
    why := sqlerrm;
    RETURN NEXT;
  END;
END $$;
COMMENT ON FUNCTION workflow.explain_entering(workflow.workflow, text, text) IS 'Whether a contact would enter a workflow now: by each of its triggers, with every rule of its filter.';

CREATE FUNCTION workflow.explain(name text, contact text, account text = NULL, OUT at timestamptz, OUT what text, OUT why text) RETURNS SETOF record
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  w workflow.workflow := workflow.find_workflow(explain.name, explain.account, false);
  own text := workflow.own_account(explain.account);
  ids bigint[];
BEGIN
  PERFORM workflow.require_argument('contact', coalesce(explain.contact, '') <> '');
  ids := workflow.enrollments_of(w.id, explain.contact, own);
  RETURN QUERY SELECT x.at, x.what, x.why
    FROM (SELECT p.at, p.place, p.what, p.why FROM workflow.explain_past(ids) p
          UNION ALL SELECT f.at, 'infinity'::numeric, f.what, f.why FROM workflow.explain_refusals(w.id, explain.contact, own) f) x
   ORDER BY x.at, x.place;
  RETURN QUERY SELECT workflow.now_at(), p.what, p.why FROM workflow.explain_present(ids) p;
  IF NOT FOUND THEN
    RETURN QUERY SELECT workflow.now_at(), p.what, p.why
      FROM workflow.explain_entering(w, explain.contact, coalesce(own, (SELECT e.account FROM workflow.enrollment e WHERE e.id = ids[1]))) p;
  END IF;
END $$;
COMMENT ON FUNCTION workflow.explain(text, text, text) IS
'Everything that happened to a contact in a workflow, in order, each with its reason: entered (by which event), steps, waits (until when), branches (with the '
'rules and the values they saw), messages and what became of them, errors, events that were refused. The last lines say how it stands: where it waits; or, '
'where it is not in, what each trigger would say now, rule by rule. Raises WF002, WF003 where it must be told whose workflow or contact is meant, 22004.';
