-- Stopping and starting everything, taking over a copy, and the housekeeping that the worker does once a minute.

CREATE FUNCTION workflow.halt() RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM workflow.ensure_event_log();
  UPDATE workflow.installation i SET halted_at = clock_timestamp() WHERE i.halted_at IS NULL;
  PERFORM workflow.note_audit('halt');
END $$;
COMMENT ON FUNCTION workflow.halt() IS
'Rounds and claims of this database rest until resume_all(); changes are captured all the same, and what a sender holds may be acknowledged.';

CREATE FUNCTION workflow.resume_all() RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF workflow.is_copy() THEN
    RAISE EXCEPTION 'this database is a copy of another one' USING ERRCODE = 'WF010',
      DETAIL = 'Its messages would be sent twice.', HINT = 'Call workflow.adopt() if this is the one that is to go on.';
  END IF;
  UPDATE workflow.installation i SET halted_at = NULL WHERE i.halted_at IS NOT NULL;
  PERFORM workflow.note_audit('resume_all');
  PERFORM workflow.wake();
END $$;
COMMENT ON FUNCTION workflow.resume_all() IS 'Ends halt(). Raises WF010 where this is a copy that has not been adopted.';

-- The advisory lock that makes a round the only writer, "pg_workf": the same number as in the round.
CREATE FUNCTION workflow.round_lock() RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT 8099547421424642918 $$;
COMMENT ON FUNCTION workflow.round_lock() IS 'The key of the advisory lock that a round holds.';

-- A snapshot that sees all but what `running` names, as text: its numbers must be in order and without repeats.
CREATE FUNCTION workflow.snapshot_without(seen pg_snapshot, running xid8[]) RETURNS pg_snapshot
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT (coalesce(min(x.id), max_id) || ':' || max_id || ':' || coalesce(string_agg(x.id::text, ',' ORDER BY x.id), ''))::pg_snapshot
    FROM (SELECT pg_snapshot_xmax(seen)::text::numeric) m(max_id)
    LEFT JOIN (SELECT i::text::numeric FROM pg_snapshot_xip(seen) i UNION SELECT i::text::numeric FROM unnest(running) i) x(id) ON x.id < m.max_id
   GROUP BY max_id
$$;
COMMENT ON FUNCTION workflow.snapshot_without(pg_snapshot, xid8[]) IS 'The snapshot, with these transactions among those it does not see.';

-- In a restored database the transaction numbers in the event log and the ledger are another cluster's. Those of unread events are replaced by numbers
-- from before any transaction of this cluster, one for each, because the id of an event that may come often is made from it; the new ledger row
-- names them as not yet seen.
CREATE FUNCTION workflow.adopt() RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  last workflow.round;
  own xid8 := pg_current_xact_id();
  seen pg_snapshot;
  physical boolean;
  filter text;
  ring regclass;
  old xid8[] := '{}';
  present xid8[];
  stamps xid8[];
  rows bigint;
  events bigint := 0;
  leases bigint;
BEGIN
  PERFORM workflow.require_read_committed('adopt');
  PERFORM pg_advisory_xact_lock(workflow.round_lock());
  PERFORM workflow.ensure_event_log();
  seen := pg_current_snapshot();
  last := workflow.newest_round();
  -- Copied file by file, rows still are of the transaction that they name; restored, only those are that were captured here since.
  physical := coalesce((SELECT i.system_identifier = workflow.system_identifier() FROM workflow.installation i), false)
           OR coalesce((SELECT r.xmin = r.xid::xid FROM workflow.round r WHERE r.id = last.id), false);
  filter := '(' || workflow.unread_filter(last) || CASE WHEN physical THEN ')' ELSE ' OR e.xmin = e.xid::xid)' END;
  FOR ring IN SELECT workflow.event_tables() LOOP
    EXECUTE format('DELETE FROM %s e WHERE NOT %s', ring, filter);
    EXECUTE format('SELECT array_agg(DISTINCT e.xid) FROM %s e', ring) INTO present;
    old := old || coalesce(present, '{}');
  END LOOP;
  old := ARRAY(SELECT DISTINCT x FROM unnest(old) x ORDER BY x);
  stamps := ARRAY(SELECT least(2 + n, pg_snapshot_xmin(seen)::text::bigint - 1)::text::xid8 FROM generate_series(1, cardinality(old)) n);
  FOR ring IN SELECT workflow.event_tables() LOOP
    EXECUTE format('UPDATE %s e SET xid = u.stamp FROM unnest($1, $2) u(xid, stamp) WHERE e.xid = u.xid', ring) USING old, stamps;
    GET DIAGNOSTICS rows = ROW_COUNT;
    events := events + rows;
  END LOOP;
  PERFORM workflow.restore_timers();
  DELETE FROM workflow.round;
  INSERT INTO workflow.round (from_snapshot, snapshot, last_event, complete, xid, as_of)
  SELECT s, s, 0, true, own, last.as_of FROM workflow.snapshot_without(seen, stamps || own) s;
  leases := workflow.forget_leases();
  UPDATE workflow.installation i SET halted_at = NULL, system_identifier = workflow.system_identifier(),
         database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database());
  PERFORM workflow.wake();
  PERFORM workflow.note_audit('adopt', detail => jsonb_build_object('events', events, 'leases', leases));
  RETURN jsonb_build_object('events', events, 'leases', leases);
END $$;
COMMENT ON FUNCTION workflow.adopt() IS
'Makes a restored or copied database one that acts: events not yet read count as new, what senders of the original hold is claimable again (they may send it as '
'well: stop the original first), a halt ends. Returns how many events and leases. Raises 25001 above READ COMMITTED, 25006 on a standby.';

-- Versions that nobody lives on any more need not be listened for. Under the round's lock: no round enrolls into one meanwhile.
CREATE FUNCTION workflow.retire_versions() RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH idle AS (
    SELECT v.id FROM workflow.version v JOIN workflow.workflow w ON w.id = v.workflow
     WHERE v.listened AND (v.number IS DISTINCT FROM w.published OR w.status = 'archived')
       AND NOT EXISTS (SELECT FROM workflow.state s WHERE s.version = v.id AND s.phase <> 'ended')
       -- goals count for a while after the end
       AND (v.definition->'goals' IS NULL
            OR NOT EXISTS (SELECT FROM workflow.state s, jsonb_path_query(v.definition, '$.goals[*].count_after_exit') g
                            WHERE s.version = v.id AND s.ended_at > workflow.now_at() - (g #>> '{}')::interval))
       FOR NO KEY UPDATE OF v SKIP LOCKED),
  retired AS (UPDATE workflow.version v SET listened = false FROM idle WHERE v.id = idle.id RETURNING v.id)
  SELECT count(*) FROM retired
$$;
COMMENT ON FUNCTION workflow.retire_versions() IS 'Lets capture forget replaced and archived versions without live enrollments; returns how many.';

-- What tick() read of its own transaction must be known until a snapshot of the ledger sees that transaction.
CREATE FUNCTION workflow.prune_rounds() RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH kept AS (SELECT r.id FROM workflow.round r ORDER BY r.id DESC OFFSET 999 LIMIT 1),
  newest AS (SELECT CASE WHEN r.complete THEN r.snapshot ELSE r.from_snapshot END AS base FROM workflow.round r ORDER BY r.id DESC LIMIT 1),
  pruned AS (DELETE FROM workflow.round r USING kept, newest
              WHERE r.id < kept.id AND r.at < clock_timestamp() - interval '1 hour'
                AND (r.own_event IS NULL OR pg_visible_in_snapshot(r.xid, newest.base)) RETURNING r.id)
  SELECT count(*) FROM pruned
$$;
COMMENT ON FUNCTION workflow.prune_rounds() IS 'Deletes rows of the ledger that are older than an hour and not among the newest thousand; returns how many.';

CREATE FUNCTION workflow.maintain() RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  retired bigint;
  pruned bigint;
  tables record;
  kept record;
BEGIN
  PERFORM workflow.require_read_committed('maintain');
  -- In a copy the transaction numbers mean nothing, so what was read cannot be told.
  IF workflow.is_copy() OR NOT pg_try_advisory_xact_lock(workflow.round_lock()) THEN
    RETURN '{"busy": true}';
  END IF;
  PERFORM workflow.sum_up_tallies();
  PERFORM workflow.keep_marks();
  SELECT * INTO kept FROM workflow.apply_retention();
  retired := workflow.retire_versions();
  pruned := workflow.prune_rounds();
  DELETE FROM workflow.emptied m WHERE m.at < clock_timestamp() - interval '1 hour';
  SELECT * INTO tables FROM workflow.empty_tables();  -- the last, for their locks stay until the end
  RETURN jsonb_build_object('busy', false, 'versions_retired', retired, 'rounds_pruned', pruned,
                            'event_tables_emptied', tables.events, 'timer_tables_emptied', tables.timers, 'tables_busy', tables.busy,
                            'retention_dropped', kept.dropped, 'retention_busy', kept.busy, 'states_removed', kept.states);
END $$;
COMMENT ON FUNCTION workflow.maintain() IS
'Housekeeping, which the worker does once a minute: forgets versions nobody lives on, old rows of the ledger, events and timers that were read. '
'Waits for nothing. Returns what it did; tables_busy: which others use; busy: a round is running, or the database is a copy, and nothing was done. Raises 25001 above READ COMMITTED, 25006 on a standby.';
