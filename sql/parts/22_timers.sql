-- Timers lie in a ring of tables by the time they are due: inserted into, read forward, and truncated when all in them has been read. How far
-- reading has come is in the ledger (workflow.round). The tables are made by rounds, outside the extension's membership, so that pg_dump treats
-- them like any table, and are used again: none is dropped while a dump is listing it.

CREATE FUNCTION workflow.make_timer_table(name text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET client_min_messages = warning AS $$
BEGIN
  IF name !~ '^timer_[hdm][0-9]{2}$' THEN
    RAISE EXCEPTION '"%" is no name of a table of timers', name USING ERRCODE = 'invalid_parameter_value';
  END IF;
  EXECUTE format('CREATE TABLE IF NOT EXISTS workflow.%I () INHERITS (workflow.timer) WITH (autovacuum_enabled = off)', name);
  EXECUTE format('CREATE INDEX IF NOT EXISTS %I ON workflow.%I (due, enrollment, number)', name || '_due', name);
END $$;
COMMENT ON FUNCTION workflow.make_timer_table(text) IS 'Makes the table of timers of this name where it is missing. Called by rounds. Raises 22023 for another name.';

CREATE FUNCTION workflow.timer_tables() RETURNS SETOF regclass
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT 'workflow.timer'::regclass UNION ALL SELECT i.inhrelid::regclass FROM pg_inherits i WHERE i.inhparent = 'workflow.timer'::regclass
$$;
COMMENT ON FUNCTION workflow.timer_tables() IS 'The tables of timers there are.';

-- Timers as the states have them: where tables of timers were lost, or dropped while a dump was read.
CREATE FUNCTION workflow.restore_timers() RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  restored bigint;
BEGIN
  INSERT INTO workflow.timer (due, enrollment, number)
  SELECT s.due, s.enrollment, s.timer FROM workflow.state s
   WHERE s.phase <> 'ended' AND s.due IS NOT NULL
     AND NOT EXISTS (SELECT FROM workflow.timer t WHERE t.due = s.due AND t.enrollment = s.enrollment AND t.number = s.timer)
     AND NOT EXISTS (SELECT FROM workflow.held h WHERE h.enrollment = s.enrollment AND h.number = s.timer);
  GET DIAGNOSTICS restored = ROW_COUNT;
  PERFORM workflow.note_audit('restore_timers', detail => jsonb_build_object('timers', restored));
  RETURN restored;
END $$;
COMMENT ON FUNCTION workflow.restore_timers() IS 'Puts back timers that the states of enrollments call for and that are missing; returns how many. For superusers; adopt() calls it.';
