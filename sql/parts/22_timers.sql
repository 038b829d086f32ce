-- Timers lie in buckets by the time they are due: tables that are only inserted into and dropped whole when all in them has been read. How far
-- reading has come is in the ledger (workflow.round). Buckets are made by rounds, outside the extension's membership, so that pg_dump treats
-- them like any table.

CREATE FUNCTION workflow.make_timer_bucket(name text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET client_min_messages = warning AS $$
BEGIN
  IF name !~ '^timer_[hdm][0-9]{6,10}$' THEN
    RAISE EXCEPTION '"%" is no name of a timer bucket', name USING ERRCODE = 'invalid_parameter_value';
  END IF;
  EXECUTE format('CREATE TABLE IF NOT EXISTS workflow.%I () INHERITS (workflow.timer) WITH (autovacuum_enabled = off)', name);
  EXECUTE format('CREATE INDEX IF NOT EXISTS %1$I ON workflow.%2$I (due, enrollment, number)', name || '_due', name);
END $$;
COMMENT ON FUNCTION workflow.make_timer_bucket(text) IS 'Makes the bucket of this name where it is missing. Called by rounds. Raises 22023 for another name.';

-- A bucket goes when a round that every open snapshot sees has read beyond its end: a dump that began earlier would else find neither the
-- timer nor what became of it. Nothing is copied forward, and nobody is waited for.
CREATE FUNCTION workflow.drop_timer_buckets(OUT dropped integer, OUT busy integer)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET client_min_messages = warning AS $$
DECLARE
  settled workflow.round := workflow.settled_round();
  read_to timestamptz;
  bucket name;
BEGIN
  dropped := 0;
  busy := 0;
  -- A clock that was put back may have lowered the cursor since.
  read_to := least(settled.read_due, (SELECT r.read_due FROM workflow.round r ORDER BY r.id DESC LIMIT 1));
  IF read_to IS NULL THEN
    RETURN;
  END IF;
  -- The parent itself holds what adopt() has put back.
  IF EXISTS (SELECT FROM ONLY workflow.timer) AND NOT EXISTS (SELECT FROM ONLY workflow.timer t WHERE t.due > read_to) THEN
    BEGIN
      LOCK TABLE ONLY workflow.timer IN ACCESS EXCLUSIVE MODE NOWAIT;
      TRUNCATE ONLY workflow.timer;
    EXCEPTION WHEN lock_not_available OR object_in_use THEN
      busy := busy + 1;
    END;
  END IF;
  FOR bucket IN SELECT b.name FROM workflow.timer_buckets() b WHERE b.ends_at <= read_to LOOP
    BEGIN
      EXECUTE format('LOCK TABLE workflow.%I IN ACCESS EXCLUSIVE MODE NOWAIT', bucket);
      EXECUTE format('DROP TABLE workflow.%I', bucket);
      dropped := dropped + 1;
    EXCEPTION WHEN lock_not_available OR object_in_use THEN
      busy := busy + 1;
    END;
  END LOOP;
END $$;
COMMENT ON FUNCTION workflow.drop_timer_buckets() IS 'Drops the buckets of timers that are read to their end. Waits for nothing: busy counts those that others use.';

CREATE FUNCTION workflow.timer_buckets(OUT name name, OUT starts_at timestamptz, OUT ends_at timestamptz) RETURNS SETOF record
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
  SELECT b.relname, b.starts_at, b.starts_at + b.width
    FROM (SELECT c.relname,
                 to_timestamp(substr(c.relname, 8), CASE substr(c.relname, 7, 1) WHEN 'h' THEN 'YYYYMMDDHH24' WHEN 'd' THEN 'YYYYMMDD' ELSE 'YYYYMM' END) AS starts_at,
                 CASE substr(c.relname, 7, 1) WHEN 'h' THEN interval '1 hour' WHEN 'd' THEN interval '1 day' ELSE interval '1 month' END AS width
            FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
           WHERE i.inhparent = 'workflow.timer'::regclass) b
$$;
COMMENT ON FUNCTION workflow.timer_buckets() IS 'The buckets of timers there are, with the span of due times that each is for.';

-- Timers as the states have them: where tables of timers were lost, or dropped while a dump was read.
CREATE FUNCTION workflow.restore_timers() RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  INSERT INTO workflow.timer (due, enrollment, number)
  SELECT s.due, s.enrollment, s.timer FROM workflow.state s
   WHERE s.phase <> 'ended' AND s.due IS NOT NULL
     AND NOT EXISTS (SELECT FROM workflow.timer t WHERE t.due = s.due AND t.enrollment = s.enrollment AND t.number = s.timer)
     AND NOT EXISTS (SELECT FROM workflow.held h WHERE h.enrollment = s.enrollment AND h.number = s.timer)
$$;
COMMENT ON FUNCTION workflow.restore_timers() IS 'Puts back timers that the states of enrollments call for and that are missing. Called by adopt().';
