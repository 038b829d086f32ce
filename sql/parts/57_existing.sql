-- Letting in who is there already. The caller's session counts; rounds let in, at the pace that was asked for.

CREATE FUNCTION workflow.existing_rows(workflow integer, filter jsonb, import text, account text, OUT source integer, OUT of_account text, OUT entries bigint) RETURNS SETOF record
LANGUAGE c STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'workflow_existing_rows';
COMMENT ON FUNCTION workflow.existing_rows(integer, jsonb, text, text) IS
'How many rows of each table enroll_existing() would let into a workflow now; of one whose rows are read for one account at a time, of each account. Raises WF001 with every error of the filter, WF006, 22023, 42501 as enroll_existing().';

CREATE FUNCTION workflow.flush_imports() RETURNS void
LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'workflow_flush_imports';
COMMENT ON FUNCTION workflow.flush_imports() IS 'Writes down what this transaction has imported under a tag so far; it is written before commit in any case.';

CREATE FUNCTION workflow.enroll_existing(name text, filter jsonb = NULL, import text = NULL, dry_run boolean = true, per_minute integer = 1000,
                                         account text = NULL) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
DECLARE
  w workflow.workflow := workflow.find_workflow(enroll_existing.name, enroll_existing.account, false);
  own text := coalesce(workflow.own_account(enroll_existing.account), '');
  total bigint := 0;
  follows bigint;
  of_source record;
BEGIN
  PERFORM workflow.require_argument('dry_run', enroll_existing.dry_run IS NOT NULL);
  PERFORM workflow.require_argument('per_minute', enroll_existing.per_minute IS NOT NULL);
  PERFORM workflow.flush_imports();
  IF w.published IS NULL THEN
    RAISE EXCEPTION 'workflow "%" is not published', w.name USING ERRCODE = 'WF007', HINT = 'Call workflow.publish() first.';
  ELSIF w.status = 'archived' THEN
    RAISE EXCEPTION 'workflow "%" is archived', w.name USING ERRCODE = 'WF007';
  ELSIF enroll_existing.per_minute NOT BETWEEN 1 AND 1000000 THEN
    RAISE EXCEPTION '"per_minute" must be from 1 to 1000000, not %', enroll_existing.per_minute USING ERRCODE = 'invalid_parameter_value';
  ELSIF NOT EXISTS (SELECT FROM workflow.imported i WHERE i.tag = enroll_existing.import) AND enroll_existing.import IS NOT NULL THEN
    RAISE EXCEPTION 'nothing was imported as "%"', enroll_existing.import USING ERRCODE = 'invalid_parameter_value',
      HINT = coalesce('Did you mean "' || workflow.nearest(enroll_existing.import, (SELECT array_agg(t.import) FROM workflow.imports t)) || '"?',
                      'An import begins with SET pg_workflow.capture = ''tag:NAME''; the view workflow.imports lists those that are remembered.');
  END IF;
  FOR of_source IN SELECT r.source, r.of_account, r.entries FROM workflow.existing_rows(w.id, enroll_existing.filter, enroll_existing.import, own) r LOOP
    total := total + of_source.entries;
    CONTINUE WHEN enroll_existing.dry_run OR of_source.entries = 0;
    INSERT INTO workflow.intake AS i (workflow, source, filter, import, account, per_minute, follows, started_at)
    VALUES (w.id, of_source.source, enroll_existing.filter, enroll_existing.import, of_source.of_account, enroll_existing.per_minute, follows, workflow.now_at())
    RETURNING i.id INTO follows;
  END LOOP;
  IF NOT enroll_existing.dry_run THEN
    PERFORM workflow.ensure_event_log();
    PERFORM workflow.note_audit('enroll_existing', own, w.name, jsonb_build_object('count', total, 'import', enroll_existing.import,
                                'filter', enroll_existing.filter IS NOT NULL, 'per_minute', enroll_existing.per_minute));
    PERFORM workflow.wake();
  END IF;
  RETURN total;
END $$;
COMMENT ON FUNCTION workflow.enroll_existing(text, jsonb, text, boolean, integer, text) IS
'Enrolls who is there already: the rows of what the workflow is entered by (contacts, orders, …) for which filter is true; without one, those for which the filter of a '
'trigger is, and whose insertion as they are would make its event. import: only what was written under pg_workflow.capture = ''tag:NAME''. Returns how many would enter now, by '
're-entry and all other rules of entering. With dry_run, the default, that is all; else rounds let them in, at most per_minute a minute, while the workflow is not '
'paused; see the view intakes. account: only contacts of this one. Raises WF002, WF003, WF007 where nothing is published or the workflow is archived, WF001 with every error of the '
'filter, WF006 where no table is attached, 22023 where no trigger says who is meant, for an import that is not known or a wrong per_minute, 42501 for a filter with sql by who '
'may not act as the owner.';

CREATE FUNCTION workflow.stop_enrolling(name text, account text = NULL) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  w workflow.workflow := workflow.find_workflow(stop_enrolling.name, stop_enrolling.account, false);
  own text := coalesce(workflow.own_account(stop_enrolling.account), '');
  stopped bigint;
BEGIN
  PERFORM workflow.require_read_committed('stop_enrolling');
  PERFORM pg_advisory_xact_lock(workflow.round_lock());
  UPDATE workflow.intake i SET finished_at = workflow.now_at(), detail = 'stopped', looked = coalesce(p.looked, 0), entered = coalesce(p.entered, 0)
    FROM workflow.intake o LEFT JOIN LATERAL (SELECT n.looked, n.entered FROM workflow.intake_progress n WHERE n.intake = o.id ORDER BY n.number DESC LIMIT 1) p ON true
   WHERE i.id = o.id AND o.workflow = w.id AND o.trigger IS NULL AND o.finished_at IS NULL AND (own = '' OR o.account = own);
  GET DIAGNOSTICS stopped = ROW_COUNT;
  PERFORM workflow.note_audit('stop_enrolling', own, w.name, jsonb_build_object('stopped', stopped));
  RETURN stopped;
END $$;
COMMENT ON FUNCTION workflow.stop_enrolling(text, text) IS
'Ends what enroll_existing() has begun for a workflow and rounds have not finished; who has entered stays. Returns how many tables'' worth. Raises WF002, WF003, 25001, 25006.';

CREATE VIEW workflow.imports AS
SELECT i.tag AS import, s.name AS source, count(DISTINCT i.row_key) AS rows, min(i.at) AS first_at, max(i.at) AS last_at
  FROM workflow.imported i LEFT JOIN workflow.source s ON s.id = i.source GROUP BY 1, 2;
COMMENT ON VIEW workflow.imports IS 'What was written under pg_workflow.capture = ''tag:NAME'' and is remembered for enroll_existing(…, import => NAME): by tag and table.';

CREATE VIEW workflow.intakes AS
SELECT i.id, i.account, w.name AS workflow, s.name AS source, i.trigger, i.import, i.filter, i.per_minute, i.started_at, i.started_by,
       CASE WHEN i.finished_at IS NOT NULL THEN 'finished'
            WHEN w.status = 'paused' THEN 'paused'
            WHEN EXISTS (SELECT FROM workflow.intake f WHERE f.id = i.follows AND f.finished_at IS NULL) THEN 'waiting' ELSE 'running' END AS state,
       coalesce(i.looked, p.looked, 0) AS looked, coalesce(i.entered, p.entered, 0) AS entered, i.finished_at, i.detail
  FROM workflow.intake i
  LEFT JOIN workflow.workflow w ON w.id = i.workflow LEFT JOIN workflow.source s ON s.id = i.source
  LEFT JOIN LATERAL (SELECT n.looked, n.entered FROM workflow.intake_progress n WHERE n.intake = i.id ORDER BY n.number DESC LIMIT 1) p ON true;
COMMENT ON VIEW workflow.intakes IS
'Rows that are there and are let in, one row for each table and occasion: by enroll_existing(), or by a date or schedule (trigger). state: running, paused, waiting (for the table '
'before it), finished; looked: at how many rows so far; entered: how many of them are in; detail: why it ended early.';
