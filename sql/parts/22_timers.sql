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

-- A table is emptied when a round that every open snapshot sees has read all in it: a dump that began earlier would else find neither the timer nor
-- what became of it. Nothing is copied forward, and nobody is waited for.
CREATE FUNCTION workflow.empty_timer_tables(OUT emptied integer, OUT busy integer)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  settled workflow.round := workflow.settled_round();
  read_to timestamptz;
  ring regclass;
  found boolean;
BEGIN
  emptied := 0;
  busy := 0;
  -- A clock that was put back may have lowered the cursor since.
  read_to := least(settled.read_due, (SELECT r.read_due FROM workflow.round r ORDER BY r.id DESC LIMIT 1));
  IF read_to IS NULL THEN
    RETURN;
  END IF;
  FOR ring IN SELECT workflow.timer_tables() LOOP
    CONTINUE WHEN pg_relation_size(ring) = 0;
    EXECUTE format('SELECT EXISTS (SELECT FROM ONLY %s t WHERE t.due >= $1)', ring) INTO found USING read_to;
    CONTINUE WHEN found;
    BEGIN  -- rounds alone insert, and the caller holds their lock
      EXECUTE format('LOCK TABLE ONLY %s IN ACCESS EXCLUSIVE MODE NOWAIT', ring);
      EXECUTE format('TRUNCATE ONLY %s', ring);
      emptied := emptied + 1;
    EXCEPTION WHEN lock_not_available OR object_in_use THEN
      busy := busy + 1;
    END;
  END LOOP;
END $$;
COMMENT ON FUNCTION workflow.empty_timer_tables() IS 'Truncates tables of timers that are read to their end. Waits for nothing: busy counts those that others use.';

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
