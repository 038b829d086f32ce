-- What leaves, and when. History, refusals and messages lie in children by month and by day, which are dropped whole; the states of enrollments
-- that ended leave by what their history says, so nothing that stays is looked at. Who has entered what, by which event, stays while the row
-- that led to it is there: else an old event could enroll once more.

-- How far the states of a month of history have been removed.
CREATE TABLE workflow.removed (
  child  name PRIMARY KEY,
  block  bigint NOT NULL
);
SELECT pg_extension_config_dump('workflow.removed', '');

CREATE FUNCTION workflow.retention(kind text) RETURNS interval
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT nullif(coalesce(current_setting('pg_workflow.retention_' || kind, true), 'forever'), 'forever')::interval
$$;
COMMENT ON FUNCTION workflow.retention(text) IS 'How long rows of a kind stay: the setting pg_workflow.retention_<kind>; NULL: for ever.';

CREATE FUNCTION workflow.expired_children(parent text, before timestamptz, OUT child name) RETURNS SETOF name
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
  SELECT c.relname
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid,
         LATERAL (SELECT substring(c.relname FROM '[0-9]+$') AS digits) d
   WHERE i.inhparent = format('workflow.%I', parent)::regclass
     AND CASE length(d.digits) WHEN 8 THEN to_timestamp(d.digits, 'YYYYMMDD') + interval '1 day'
                               WHEN 6 THEN to_timestamp(d.digits, 'YYYYMM') + interval '1 month' END <= before
   ORDER BY 1
$$;
COMMENT ON FUNCTION workflow.expired_children(text, timestamptz) IS 'The children by day or month of one of our tables that hold nothing from `before` or later.';

CREATE FUNCTION workflow.drop_child(child name) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET client_min_messages = warning AS $$
BEGIN
  EXECUTE format('LOCK TABLE workflow.%I IN ACCESS EXCLUSIVE MODE NOWAIT', child);
  EXECUTE format('DROP TABLE workflow.%I', child);
  RETURN true;
EXCEPTION WHEN lock_not_available OR object_in_use OR undefined_table THEN
  RETURN false;
END $$;
COMMENT ON FUNCTION workflow.drop_child(name) IS 'Drops a child of one of our tables; false where somebody reads it: the next time, then. Waits for nobody.';

-- A piece of a month of history: the states of those who ended in it. Where the row itself was deleted, who had entered by it goes too.
CREATE FUNCTION workflow.remove_states(child name, from_block bigint, blocks bigint) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  removed bigint;
BEGIN
  EXECUTE format($sql$
    WITH ended AS (SELECT DISTINCT t.enrollment FROM workflow.%I t WHERE t.ctid >= $1 AND t.ctid < $2
                     AND (t.what = 'ended' OR EXISTS (SELECT FROM generate_series(2, cardinality(t.more), 4) n WHERE t.more[n] = 'ended'))),
    gone AS (DELETE FROM workflow.state s USING ended e WHERE s.enrollment = e.enrollment AND s.phase = 'ended' RETURNING s.enrollment, s.reason),
    forgotten AS (DELETE FROM workflow.enrollment n USING gone g WHERE n.id = g.enrollment AND g.reason = 'record_deleted' RETURNING n.event, n.workflow),
    events AS (DELETE FROM workflow.entry_event y USING forgotten f WHERE y.event = f.event AND y.workflow = f.workflow)
    SELECT count(*) FROM gone
  $sql$, child) INTO removed USING format('(%s,0)', from_block)::tid, format('(%s,0)', from_block + blocks)::tid;
  RETURN removed;
END $$;
COMMENT ON FUNCTION workflow.remove_states(name, bigint, bigint) IS 'Removes the states of enrollments whose end is told in these blocks of a month of history; returns how many.';

CREATE FUNCTION workflow.apply_retention(OUT dropped integer, OUT busy integer, OUT states bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  piece CONSTANT bigint := 1000;  -- blocks of history that one call looks through
  today timestamptz := clock_timestamp();
  present timestamptz := least(today, workflow.now_at());
  parent text;
  name_of name;
  size bigint;
  at_block bigint;
BEGIN
  dropped := 0;
  busy := 0;
  states := 0;
  FOREACH parent IN ARRAY '{message,lease,outcome,receipt}'::text[] LOOP  -- by the real clock
    CONTINUE WHEN to_regclass('workflow.' || parent) IS NULL;
    FOR name_of IN SELECT workflow.expired_children(parent, today - workflow.retention('messages')) LOOP
      IF workflow.drop_child(name_of) THEN dropped := dropped + 1; ELSE busy := busy + 1; END IF;
    END LOOP;
  END LOOP;
  FOR name_of IN SELECT workflow.expired_children('refusal', present - workflow.retention('refusals')) LOOP
    IF workflow.drop_child(name_of) THEN dropped := dropped + 1; ELSE busy := busy + 1; END IF;
  END LOOP;
  FOR name_of IN SELECT workflow.expired_children('audit_entry', today - workflow.retention('audit')) LOOP
    IF workflow.drop_child(name_of) THEN dropped := dropped + 1; ELSE busy := busy + 1; END IF;
  END LOOP;
  -- Rows lie in the order of time, and the index over blocks says where.
  DELETE FROM workflow.imported i WHERE i.ctid = ANY (ARRAY(
    SELECT o.ctid FROM workflow.imported o WHERE o.at < today - workflow.retention('imports') LIMIT 10000));
  DELETE FROM workflow.intake i WHERE i.finished_at < present - workflow.retention('refusals');
  DELETE FROM workflow.settling s WHERE s.due < present - interval '7 days';  -- whose trigger is gone
  DELETE FROM workflow.look l WHERE EXISTS (SELECT FROM workflow.look n WHERE n.workflow = l.workflow AND n.trigger = l.trigger AND n.upto > l.upto);
  FOR name_of IN SELECT workflow.expired_children('contacted', present - interval '370 days') LOOP  -- no cap looks further back than a year
    IF workflow.drop_child(name_of) THEN dropped := dropped + 1; ELSE busy := busy + 1; END IF;
  END LOOP;
  DELETE FROM workflow.throttle_use u WHERE u.at < present - interval '31 days'
      OR u.at < present - coalesce((SELECT make_interval(secs => 2 * extract(epoch FROM t.per)::float8) FROM workflow.throttle t WHERE t.id = u.throttle), interval '1 hour');
  DELETE FROM workflow.error x WHERE x.ctid = ANY (ARRAY(
    SELECT e.ctid FROM workflow.error e WHERE e.at < present - workflow.retention('errors') ORDER BY e.at LIMIT 10000));
  -- States go before the history that tells of their end; a piece a call, for the round lock is held meanwhile.
  FOR name_of IN SELECT workflow.expired_children('trace', present - least(workflow.retention('states'), workflow.retention('history'))) LOOP
    size := pg_relation_size(format('workflow.%I', name_of)::regclass) / current_setting('block_size')::bigint;
    at_block := coalesce((SELECT r.block FROM workflow.removed r WHERE r.child = name_of), 0);
    IF at_block < size THEN
      states := states + workflow.remove_states(name_of, at_block, piece);
      INSERT INTO workflow.removed AS r (child, block) VALUES (name_of, at_block + piece) ON CONFLICT ON CONSTRAINT removed_pkey DO UPDATE SET block = excluded.block;
      EXIT;
    END IF;
    IF name_of IN (SELECT workflow.expired_children('trace', present - workflow.retention('history'))) THEN
      IF workflow.drop_child(name_of) THEN
        dropped := dropped + 1;
        DELETE FROM workflow.removed r WHERE r.child = name_of;
      ELSE
        busy := busy + 1;
      END IF;
    END IF;
  END LOOP;
END $$;
COMMENT ON FUNCTION workflow.apply_retention() IS
'One piece of what retention calls for; maintain() calls it. dropped, busy: tables of a day or month that went, or that somebody reads; states: of ended enrollments.';
