-- Giving back the space of events and timers that were read. A table of theirs is emptied when a round that every open snapshot sees has read all in it: a
-- dump that began earlier would else find neither what was there nor what became of it. Nothing is copied forward, and nobody is waited for.
-- Each emptying changes some rows of pg_class, which all sessions read and which a held snapshot keeps: so a table is emptied when its turn is over, and before
-- only where that gives back much, and not often.

CREATE TABLE workflow.emptied (
  at  timestamptz NOT NULL  -- before the turn of a table was over; for an hour
);
COMMENT ON TABLE workflow.emptied IS 'When tables of events or timers were emptied though their turn was not over, within the last hour.';

CREATE FUNCTION workflow.settled_round() RETURNS workflow.round
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT r FROM workflow.round r
   WHERE age(r.xid::xid) > coalesce((SELECT max(age(a.backend_xmin)) FROM pg_stat_activity a
                                      WHERE a.backend_xmin IS NOT NULL AND a.pid <> pg_backend_pid() AND a.backend_type NOT LIKE 'autovacuum%'
                                        AND (a.datname = current_database() OR a.datname IS NULL)), -1)
   ORDER BY r.id DESC LIMIT 1
$$;
COMMENT ON FUNCTION workflow.settled_round() IS 'The newest row of the ledger that every open snapshot of the database sees; NULL where there is none.';

CREATE FUNCTION workflow.may_empty_early(ring regclass) RETURNS boolean
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT pg_total_relation_size(ring) >= 8 * 1024 * 1024
     AND (SELECT count(*) < 50 FROM workflow.emptied m WHERE m.at > clock_timestamp() - interval '1 hour')
$$;
COMMENT ON FUNCTION workflow.may_empty_early(regclass) IS 'Whether a table whose turn is not over is large enough to be emptied now, and that was not done fifty times within the hour.';

-- The lock is asked for and never waited for, so nobody comes to wait behind us.
CREATE FUNCTION workflow.truncate_unused(ring regclass, early boolean, unread text = NULL) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  found boolean := false;
BEGIN
  EXECUTE format('LOCK TABLE ONLY %s IN ACCESS EXCLUSIVE MODE NOWAIT', ring);
  IF unread IS NOT NULL THEN  -- whoever wrote before the lock has ended and is seen by this statement's snapshot
    EXECUTE unread INTO found;
  END IF;
  IF found THEN
    RAISE lock_not_available;  -- rolls back, which gives up the lock
  END IF;
  EXECUTE format('TRUNCATE ONLY %s', ring);
  IF early THEN
    INSERT INTO workflow.emptied (at) VALUES (clock_timestamp());
  END IF;
  RETURN true;
EXCEPTION WHEN lock_not_available OR object_in_use THEN
  RETURN false;
END $$;
COMMENT ON FUNCTION workflow.truncate_unused(regclass, boolean, text) IS
'Truncates a table that nobody uses; false where somebody does, or where the query `unread` still finds something under the lock.';

-- Rounds alone insert timers, and the caller holds their lock. The turn of a table of timers is over when the last in it was due a while ago.
CREATE FUNCTION workflow.empty_timer_tables(among text[] = NULL, OUT emptied integer, OUT busy text[])
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  settled workflow.round := workflow.settled_round();
  newest workflow.round := workflow.newest_round();
  read_to workflow.round;
  last workflow.timer;  -- of a table
  over timestamptz := workflow.now_at() - interval '15 minutes';
  ring regclass;
  early boolean;
BEGIN
  emptied := 0;
  busy := '{}';
  IF settled.read_due IS NULL OR newest.read_due IS NULL THEN
    RETURN;
  END IF;
  -- A clock that was put back may have lowered the cursor since.
  read_to := CASE WHEN (settled.read_due, settled.read_enrollment, settled.read_number) < (newest.read_due, newest.read_enrollment, newest.read_number)
                  THEN settled ELSE newest END;
  FOR ring IN SELECT t FROM workflow.timer_tables() t WHERE among IS NULL OR t::text = ANY (among) LOOP
    CONTINUE WHEN pg_relation_size(ring) = 0;
    EXECUTE format('SELECT t.* FROM ONLY %s t ORDER BY t.due DESC, t.enrollment DESC, t.number DESC LIMIT 1', ring) INTO last;
    CONTINUE WHEN (last.due, last.enrollment, last.number) > (read_to.read_due, read_to.read_enrollment, read_to.read_number);
    early := coalesce(last.due > over, false);
    CONTINUE WHEN early AND NOT workflow.may_empty_early(ring);
    IF workflow.truncate_unused(ring, early) THEN
      emptied := emptied + 1;
    ELSE
      busy := busy || ring::text;
    END IF;
  END LOOP;
END $$;
COMMENT ON FUNCTION workflow.empty_timer_tables(text[]) IS
'Truncates tables of timers (`among` these) that are read to their end, once their turn is over or where they are large. Waits for nothing: busy names those that others use.';

-- Which table transactions that begin now write events to; the same reckoning as in the C++ append.cpp.
CREATE FUNCTION workflow.event_table_in_turn() RETURNS name
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT ('event_' || floor(extract(epoch FROM now() - timestamptz '2000-01-01 00:00Z') / 600)::bigint % 3)::name
$$;
COMMENT ON FUNCTION workflow.event_table_in_turn() IS 'The table of the event log that is written to at present; each has ten minutes.';

-- The planner does not know that what is unread is next to nothing.
CREATE FUNCTION workflow.empty_event_tables(among text[] = NULL, OUT emptied integer, OUT busy text[])
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
  settled workflow.round := workflow.settled_round();
  unread text;
  ring regclass;
  early boolean;
  found boolean;
BEGIN
  emptied := 0;
  busy := '{}';
  IF settled.id IS NULL THEN
    RETURN;
  END IF;
  FOR ring IN SELECT t FROM workflow.event_tables() t WHERE among IS NULL OR t::text = ANY (among) LOOP
    CONTINUE WHEN pg_relation_size(ring) = 0;
    early := ring::text = 'workflow.' || workflow.event_table_in_turn();
    CONTINUE WHEN early AND NOT workflow.may_empty_early(ring);
    unread := format('SELECT EXISTS (SELECT FROM %s e WHERE %s)', ring, workflow.unread_filter(settled));
    EXECUTE unread INTO found;
    CONTINUE WHEN found;
    IF workflow.truncate_unused(ring, early, unread) THEN
      emptied := emptied + 1;
    ELSE
      busy := busy || ring::text;
    END IF;
  END LOOP;
END $$;
COMMENT ON FUNCTION workflow.empty_event_tables(text[]) IS
'Truncates tables of the event log (`among` these) in which all is read, once their turn is over or where they are large. Waits for nothing: busy names those that others use.';

CREATE FUNCTION workflow.empty_tables(among text[] = NULL, OUT timers integer, OUT events integer, OUT busy text[])
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  of_timers record;
  of_events record;
BEGIN
  SELECT * INTO of_timers FROM workflow.empty_timer_tables(among);
  SELECT * INTO of_events FROM workflow.empty_event_tables(among);
  timers := of_timers.emptied;
  events := of_events.emptied;
  busy := of_timers.busy || of_events.busy;
END $$;
COMMENT ON FUNCTION workflow.empty_tables(text[]) IS 'Both of them, under the round''s lock.';

-- What was in use when maintain() came by: tried again much sooner than it comes back, so that the space is there soon after a long reader has gone.
CREATE FUNCTION workflow.empty_again(tables text[]) RETURNS text[]
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM workflow.require_read_committed('empty_again');
  IF workflow.is_copy() OR NOT pg_try_advisory_xact_lock(workflow.round_lock()) THEN
    RETURN tables;
  END IF;
  RETURN (SELECT t.busy FROM workflow.empty_tables(tables) t);
END $$;
COMMENT ON FUNCTION workflow.empty_again(text[]) IS
'Empties the tables that maintain() named as busy, where nobody uses them any more; returns those that still are. The worker calls it every ten seconds. Waits for nothing.';
