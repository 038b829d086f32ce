-- The ledger, the event log, halting and taking over a copy.
BEGIN;
SELECT plan(27);
SET LOCAL client_min_messages = error;
SELECT workflow.ensure_event_log();

CREATE FUNCTION pg_temp.put(id bigint, xid text) RETURNS void LANGUAGE sql AS $$
  INSERT INTO workflow.event_0 (id, xid, kind, op, depth, timed, backfill, at, event, row_key, account, name, body)
  VALUES (id, xid::xid8, 'e', ' ', 0, false, false, now(), md5(id::text)::uuid, 'c1', '', 'cart.abandoned', '{"data": {}}')
$$;
CREATE FUNCTION pg_temp.ledger(from_snapshot text, snapshot text, last_event bigint, complete boolean) RETURNS void LANGUAGE sql AS $$
  INSERT INTO workflow.round (from_snapshot, snapshot, last_event, complete, xid)
  VALUES (from_snapshot::pg_snapshot, snapshot::pg_snapshot, last_event, complete, pg_snapshot_xmax(snapshot::pg_snapshot))
$$;
CREATE FUNCTION pg_temp.unread() RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
  ids bigint[];
BEGIN
  EXECUTE 'SELECT array_agg(e.id ORDER BY e.id) FROM workflow.event_0 e WHERE ' || workflow.unread_filter(workflow.newest_round()) INTO ids;
  RETURN ids;
END $$;

-- What is read, by the difference of snapshots. The numbers are larger than any of this cluster.
SELECT pg_temp.put(1, '9000000010'), pg_temp.put(2, '9000000012'), pg_temp.put(3, '9000000020'), pg_temp.put(4, '9000000030');
SELECT is(pg_temp.unread(), '{1,2,3,4}', 'without a ledger all is unread');
SELECT pg_temp.ledger('3:3:', '9000000012:9000000020:9000000012', 0, true);
SELECT is(pg_temp.unread(), '{2,3,4}', 'what a complete round''s snapshot sees is read; what was in progress then, or began later, is not, whatever its id');
SELECT pg_temp.ledger('9000000012:9000000020:9000000012', '9000000025:9000000025:', 2, false);
SELECT is(pg_temp.unread(), '{3,4}', 'of an incomplete one, what it sees up to the last event');
INSERT INTO workflow.round (from_snapshot, snapshot, last_event, complete, xid, own_event)
VALUES ('3:3:', '9000000012:9000000020:9000000012', 0, true, '9000000030', 4);
SELECT is(pg_temp.unread(), '{2,3}', 'what tick read of its own transaction is read');

-- semantics 33: a restored database. Its rows are not of the transactions that they name.
DELETE FROM workflow.round;
SELECT pg_temp.ledger('3:3:', '9000000012:9000000020:9000000012', 0, true);
UPDATE workflow.round SET as_of = '2031-01-01';
SELECT pg_temp.put(5, '9000000030');
UPDATE workflow.installation SET system_identifier = system_identifier + 1;
SELECT is(workflow.is_copy(), true, 'semantics 33: another cluster''s identifier makes it a copy');
SELECT is((SELECT s.halted AND s.is_copy FROM workflow.status s), true, 'semantics 33: which is halted');
SELECT is((SELECT busy FROM workflow.tick('2031-01-02')), true, 'semantics 33: no round acts');
SELECT is(workflow.maintain()->>'busy', 'true', 'nor is anything tidied up: what was read cannot be told');
SELECT workflow.make_child('outcome', 'outcome_20200101', 'message', '0', '100'), workflow.make_child('lease', 'lease_20200101', 'message', '0', '100'),
       workflow.make_child('message', 'message_20200101', 'id', '0', '100');
INSERT INTO workflow.message_20200101 (id, account, contact_key, channel, rank, kind, category, recipient, mark_as_read, workflow, workflow_id, version, step,
                                       enrollment, idempotency_key, due_at, created_at)
SELECT n, '', 'c', 'email', 2, 'message', 'marketing', '{}', false, 'w', 0, 1, 's', 1, 'key-' || n, '2020-01-01', now() FROM generate_series(1, 3) n;
INSERT INTO workflow.lease_20200101 (message, visible_at, at, seq, attempt, rank, token, channel)
SELECT n, '2099-01-01', now(), 1, 1, 2, gen_random_uuid(), 'email' FROM generate_series(1, 2) n;
INSERT INTO workflow.outcome_20200101 (message, at, seq, state) VALUES (2, now(), 1, 'sent');
-- Captured here since the restore, with a number that the old ledger would take for read.
SELECT workflow.emit('cart.abandoned', 'c2', event_id => 'here');
SELECT is(workflow.adopt(), '{"events": 5, "leases": 1}', 'semantics 33: adopt tells what it took over');
SELECT is(workflow.is_copy() OR workflow.halted(), false, 'it is no copy any more');
SELECT is((SELECT array_agg(e.id ORDER BY e.id) FROM workflow.event_0 e WHERE e.row_key = 'c1'), '{2,3,4,5}', 'what was read is gone');
SELECT is(pg_temp.unread(), (SELECT array_agg(e.id ORDER BY e.id) FROM workflow.event_0 e), 'what was not is unread, with what was captured here');
SELECT is((SELECT count(DISTINCT e.xid) FROM workflow.event_0 e WHERE e.id IN (2, 3, 4)), 3::bigint, 'events of several transactions are of several still');
SELECT is((SELECT count(DISTINCT e.xid) FROM workflow.event_0 e WHERE e.id IN (4, 5)), 1::bigint, 'events of one are of one');
SELECT is((SELECT bool_and(e.xid < pg_current_xact_id()) FROM workflow.event_0 e WHERE e.id <= 5), true, 'and none is of the future');
SELECT is(workflow.virtual_now(), '2031-01-01'::timestamptz, 'the virtual clock goes on');
SELECT results_eq($$ SELECT o.id, o.state, o.attempt, o.lease_until FROM workflow.outbox o ORDER BY 1 $$,
                  $$ VALUES (1::bigint, 'ready', 1, NULL::timestamptz), (2, 'sent', 1, NULL), (3, 'ready', 0, NULL) $$, 'semantics 33: leases are forgotten');
SELECT results_eq($$ SELECT busy, events FROM workflow.tick('2031-01-02') $$, 'VALUES (false, 5)', 'the next round reads them all');
SELECT is((SELECT unread_events FROM workflow.status), 0::bigint, 'and none is left');
SELECT results_eq($$ SELECT events FROM workflow.tick('2031-01-03') $$, 'VALUES (0)', 'none is read twice');
SELECT is(workflow.now_at(), '2031-01-03'::timestamptz, 'functions of senders take the last as_of as now');

-- halt
SELECT workflow.halt();
SELECT is((SELECT busy FROM workflow.tick('2031-01-04')), true, 'semantics 11: halted, no round acts');
SELECT workflow.resume_all();
SELECT is((SELECT busy FROM workflow.tick('2031-01-04')), false, 'semantics 11: until resume_all');

-- The ledger is pruned
INSERT INTO workflow.round (at, from_snapshot, snapshot, last_event, complete, xid, own_event)
SELECT now() - interval '2 hours', '3:3:', '3:3:', 0, true, '9000000099', CASE WHEN n = 7 THEN 1 END FROM generate_series(1, 1200) n;
INSERT INTO workflow.round (from_snapshot, snapshot, last_event, complete, xid) VALUES ('3:3:', pg_current_snapshot(), 0, true, pg_current_xact_id());
SELECT is((workflow.maintain()->>'rounds_pruned')::int, 200, 'all but a thousand go, where they are older than an hour');
SELECT is((SELECT count(*) FROM workflow.round WHERE own_event = 1 AND xid = '9000000099'), 1::bigint,
          'but not what a transaction read of itself, before the ledger has seen that transaction');
SELECT is((workflow.maintain()->>'rounds_pruned')::int, 0, 'the newest stay');
SELECT is(workflow.snapshot_without('10:20:12,15', '{3,11,12,30}')::text, '3:20:3,11,12,15', 'a snapshot made blind');

SELECT * FROM finish();
ROLLBACK;
