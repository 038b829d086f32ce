-- The launcher looks at this database as soon as CREATE EXTENSION has committed.
CREATE FUNCTION workflow.wake_launcher() RETURNS void
LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'workflow_wake_launcher';
COMMENT ON FUNCTION workflow.wake_launcher() IS 'Makes the launcher look at the databases once more when this transaction commits. Does nothing where the library is not preloaded.';
REVOKE ALL ON FUNCTION workflow.wake_launcher() FROM PUBLIC;
SELECT workflow.wake_launcher();
