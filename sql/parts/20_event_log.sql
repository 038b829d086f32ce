-- The event log: a small ring of insert-only tables. They are made on first use, outside the extension's membership, so that pg_dump treats
-- them like any table and so that capture meets a missing one as a fault it must survive.

-- The log is written in the transactions of others, so what an index of it costs there counts, not what it costs to read. One of block ranges costs an
-- entry a block; the server has no such operator class for xid8.
CREATE OPERATOR FAMILY workflow.xid8_minmax_ops USING brin;
CREATE OPERATOR CLASS workflow.xid8_minmax_ops FOR TYPE xid8 USING brin FAMILY workflow.xid8_minmax_ops AS
  OPERATOR 1 < (xid8, xid8), OPERATOR 2 <= (xid8, xid8), OPERATOR 3 = (xid8, xid8), OPERATOR 4 >= (xid8, xid8), OPERATOR 5 > (xid8, xid8),
  FUNCTION 1 brin_minmax_opcinfo(internal), FUNCTION 2 brin_minmax_add_value(internal, internal, internal, internal),
  FUNCTION 3 brin_minmax_consistent(internal, internal, internal), FUNCTION 4 brin_minmax_union(internal, internal, internal);

CREATE FUNCTION workflow.ensure_event_log() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  made integer := 0;
BEGIN
  FOR i IN 0..2 LOOP
    IF to_regclass('workflow.event_' || i) IS NULL THEN
      EXECUTE format($ddl$
        CREATE TABLE workflow.event_%1$s (
          id       bigint NOT NULL,
          xid      xid8 NOT NULL,       -- the top-level transaction that wrote it
          kind     "char" NOT NULL,     -- r row changed, t source truncated, e emitted, n enroll, u unenroll, p pause or resume, a answer, o an operator's wish
          op       "char" NOT NULL,     -- of a row: I, U, D
          depth    smallint NOT NULL,   -- of the chain of workflows that led to it
          timed    boolean NOT NULL,    -- at was declared (a column, an argument), not taken from the transaction's start
          backfill boolean NOT NULL,
          source   integer,
          at       timestamptz NOT NULL,
          event    uuid,                -- of e, n, u: the id that the caller got
          row_key  text,                -- of a row its key, else the contact's
          account  text,
          name     text,                -- e: the event's name; n and u: the workflow's
          body     json NOT NULL        -- see the C++ header event_log.h
        ) USING heap$ddl$, i);
      EXECUTE format('CREATE INDEX event_%1$s_xid ON workflow.event_%1$s USING brin (xid workflow.xid8_minmax_ops) WITH (pages_per_range = 16)', i);
      made := made + 1;
    END IF;
  END LOOP;
  INSERT INTO workflow.installation (system_identifier, database)
  SELECT s.system_identifier, d.oid FROM pg_control_system() s, pg_database d WHERE d.datname = current_database()
  ON CONFLICT DO NOTHING;
  IF made > 0 THEN
    PERFORM workflow.note_audit('ensure_event_log', detail => jsonb_build_object('tables', made));
  END IF;
END $$;
COMMENT ON FUNCTION workflow.ensure_event_log() IS 'Makes the tables of the event log where they are missing. Called by attach, emit and enroll; a repair after doctor() reports one missing.';
REVOKE ALL ON FUNCTION workflow.ensure_event_log() FROM PUBLIC;
