-- Every backend keeps what these tables say. A change to a row, also by a restore or by logical replication, makes all copies stale.

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
