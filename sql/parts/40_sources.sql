-- Attaching and detaching tables, and looking after them.

-- No SET search_path: the caller's is stored with the source, and the queries of its binding are tried under it.
CREATE FUNCTION workflow.attach(source regclass, binding jsonb, dry_run boolean DEFAULT false, OUT binding jsonb, OUT findings jsonb)
LANGUAGE c AS 'MODULE_PATHNAME', 'wf_attach';
COMMENT ON FUNCTION workflow.attach(regclass, jsonb, boolean) IS
'Attaches a table (or, for look-up, a view) as the binding describes it; attaching again replaces. Returns the binding completed and the findings: an array of {severity: warning or info, path, message, hint, count}. With dry_run, counts what the binding would find in the rows that are there, and changes nothing. For the owner of the table; the queries of the binding run as the role that attached. Waits for its lock up to lock_timeout (1 s where that is 0). Errors: WF004 invalid binding (DETAIL: every problem, one a line), 55P03 not locked in time (DETAIL: by whom), 42501 not the owner.';
REVOKE ALL ON FUNCTION workflow.attach(regclass, jsonb, boolean) FROM PUBLIC;

CREATE FUNCTION workflow.detach(source regclass) RETURNS void
LANGUAGE c STRICT SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'wf_detach';
COMMENT ON FUNCTION workflow.detach(regclass) IS
'Takes our triggers off the table and forgets it; its schema is then as it was. For the owner of the table; a table that was dropped is named by its number. Waits for its lock up to lock_timeout (1 s where that is 0). Errors: WF006 not attached, 55P03 not locked in time (DETAIL: by whom), 42501 not the owner.';
REVOKE ALL ON FUNCTION workflow.detach(regclass) FROM PUBLIC;

CREATE FUNCTION workflow.uninstall() RETURNS void
LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'wf_uninstall';
COMMENT ON FUNCTION workflow.uninstall() IS
'Detaches every table and drops the event log, in one transaction; DROP EXTENSION then depends on nothing. For the owner of the extension. Waits for each lock up to lock_timeout (1 s where that is 0). Errors: 55P03 not locked in time (DETAIL: by whom), 42501 not the owner.';
REVOKE ALL ON FUNCTION workflow.uninstall() FROM PUBLIC;

CREATE FUNCTION workflow.reconcile(source regclass, since timestamptz) RETURNS bigint
LANGUAGE c STRICT SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'wf_reconcile';
COMMENT ON FUNCTION workflow.reconcile(regclass, timestamptz) IS
'Finds what was missed while changes of the table were not captured: appends the events that come once for each row whose time is not before since (every row, where its events tell no time); what has come before is passed over by the next round. Forgets the faults of the source since then. Returns how many rows brought events. Reads the rows with the caller''s rights, who must own the table. Errors: WF006 not attached or attached for look-up, 55000 the source cannot be read, 42501 not the owner.';
REVOKE ALL ON FUNCTION workflow.reconcile(regclass, timestamptz) FROM PUBLIC;

CREATE FUNCTION workflow.doctor() RETURNS TABLE (name text, state text, detail text, repair text)
LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'wf_doctor';
COMMENT ON FUNCTION workflow.doctor() IS
'Looks at everything that could be wrong: library, worker, version, event log, each source and its triggers, workflows that do not compile, missing templates, changes that were not captured, events without a contact. One row for each, with its state (ok, warning, error) and, where it is not ok, what repairs it. Changes nothing.';
REVOKE ALL ON FUNCTION workflow.doctor() FROM PUBLIC;

CREATE VIEW workflow.sources AS
SELECT s.name, s.relation, s.entity, coalesce((s.binding->>'lookup')::boolean, false) AS lookup, s.owner, s.search_path, s.attached_at,
       s.binding
FROM workflow.source s;
COMMENT ON VIEW workflow.sources IS 'The attached tables, one row each, with the completed binding.';
REVOKE ALL ON workflow.sources FROM PUBLIC;
