-- Every backend keeps what these tables say. A change to a row, also by a restore or by logical replication, makes all copies stale.

-- What capture has to know of each source, made from the definitions by a round, so that a new connection need not compile them; and every change since
-- then. A cache: it counts only while no change is there that it has not seen, so it is neither dumped nor ever repaired by hand. Short rows stay in
-- the table itself, for a connection reads them before its first row is captured.
CREATE TABLE workflow.capture_need (
  kind   "char" NOT NULL,  -- h: what the needs were made from; n: needs of a source or a part of it; c: a definition has changed
  form   integer NOT NULL, -- of the body: the library answers another one by compiling
  xid    xid8,             -- of c
  source text,
  part   text,
  body   bytea
) WITH (toast_tuple_target = 8160, vacuum_truncate = off, toast.vacuum_truncate = off);
ALTER TABLE workflow.capture_need ALTER COLUMN body SET STORAGE MAIN;
REVOKE ALL ON workflow.capture_need FROM PUBLIC;

CREATE FUNCTION workflow.invalidate_registry() RETURNS trigger
LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'wf_invalidate_registry';
COMMENT ON FUNCTION workflow.invalidate_registry() IS 'Trigger: makes every session read the sources, workflows and versions anew after the transaction commits.';
REVOKE ALL ON FUNCTION workflow.invalidate_registry() FROM PUBLIC;

-- Logical replication fires row triggers only, and of those only the ones that are ENABLE ALWAYS.
DO $$
DECLARE
  t text;
BEGIN
  FOREACH t IN ARRAY '{source,workflow,version,template,account,cap}'::text[] LOOP
    EXECUTE format('CREATE TRIGGER invalidate AFTER INSERT OR UPDATE OR DELETE ON workflow.%I
                      FOR EACH ROW EXECUTE FUNCTION workflow.invalidate_registry()', t);
    EXECUTE format('CREATE TRIGGER invalidate_all AFTER TRUNCATE ON workflow.%I
                      FOR EACH STATEMENT EXECUTE FUNCTION workflow.invalidate_registry()', t);
    EXECUTE format('ALTER TABLE workflow.%I ENABLE ALWAYS TRIGGER invalidate, ENABLE ALWAYS TRIGGER invalidate_all', t);
  END LOOP;
END $$;
