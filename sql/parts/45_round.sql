-- One round in the calling session.
CREATE FUNCTION workflow.tick(as_of timestamptz = NULL, max_steps integer = NULL,
  OUT busy boolean, OUT events integer, OUT steps integer, OUT messages integer, OUT errors integer)
LANGUAGE c VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'workflow_tick';
COMMENT ON FUNCTION workflow.tick(timestamptz, integer) IS
'Does one round in this session and transaction, which it treats as committed: reads new events and due timers, lets enrollments go on, writes messages. '
'as_of: the time to take as now; only where pg_workflow.virtual_clock is on (55000 otherwise). max_steps: at most so many events, and so many timers (default pg_workflow.batch_size). '
'busy: another round was running for longer than lock_timeout (1 s where it is 0), or the database is halted; nothing was done. '
'Raises 25001 above READ COMMITTED and 25006 on a standby.';
REVOKE ALL ON FUNCTION workflow.tick(timestamptz, integer) FROM PUBLIC;
