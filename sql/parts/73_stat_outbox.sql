-- The outbox at a glance. Nothing here counts what waits: marks say from where on something may be open, and rates are read off the ends of tables.

CREATE FUNCTION workflow.mark_from(numbers bigint[], rank integer) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  place integer := 1;
BEGIN
  FOR r IN 1 .. mark_from.rank LOOP  -- of each rank the number of spans, then from and to of each
    place := place + 1 + 2 * coalesce(numbers[place], 0)::integer;
  END LOOP;
  RETURN numbers[place + 1];
END $$;
COMMENT ON FUNCTION workflow.mark_from(bigint[], integer) IS 'Where the first span of a rank begins, in the numbers that workflow.mark keeps; NULL where there are none.';

-- Limits and numbers as literals: only then are tables of earlier days left out, and is the index read from there.
CREATE FUNCTION workflow.outbox_front(channel text, OUT oldest bigint, OUT oldest_due_at timestamptz) RETURNS SETOF record
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  marks workflow.mark;
  first bigint;
  found record;
BEGIN
  SELECT m.* INTO marks FROM workflow.mark m WHERE m.channel = outbox_front.channel ORDER BY m.id DESC LIMIT 1;
  FOR rank IN 0 .. 2 LOOP
    first := coalesce(marks.first_day, 0)::bigint << 40;
    EXECUTE format($sql$
      SELECT m.id, m.due_at FROM workflow.message m WHERE m.channel = %L AND m.rank = %s AND m.id >= %s
         AND NOT EXISTS (SELECT FROM workflow.outcome o WHERE o.message = m.id AND o.message >= %4$s)
         AND NOT EXISTS (SELECT FROM workflow.lease l WHERE l.message = m.id AND l.message >= %4$s) ORDER BY m.id LIMIT 1
    $sql$, outbox_front.channel, rank, greatest(first, workflow.mark_from(marks.fresh, rank)), first) INTO found;
    oldest := found.id;
    oldest_due_at := found.due_at;
    IF oldest IS NOT NULL THEN
      RETURN NEXT;
    END IF;
    EXECUTE format($sql$
      SELECT u.message, l.visible_at FROM workflow.lease l CROSS JOIN LATERAL unnest(l.message || l.followers) AS u(message)
         CROSS JOIN LATERAL (SELECT n.seq, n.at, n.visible_at FROM workflow.lease n WHERE n.message = u.message AND n.message >= %3$s ORDER BY n.seq DESC LIMIT 1) n
       WHERE l.channel = %1$L AND l.rank = %2$s AND NOT l.led AND l.message >= %3$s AND l.visible_at >= %4$L AND n.visible_at = l.visible_at AND n.at = l.at
         AND NOT EXISTS (SELECT FROM workflow.outcome o WHERE o.message = u.message AND o.message >= %3$s AND o.seq >= n.seq) ORDER BY l.visible_at LIMIT 1
    $sql$, outbox_front.channel, rank, first,
      coalesce('2000-01-01 00:00Z'::timestamptz + greatest(workflow.mark_from(marks.due, rank), 0) * interval '1 microsecond', '-infinity')) INTO found;
    oldest := found.message;
    oldest_due_at := found.visible_at;
    IF oldest IS NOT NULL THEN
      RETURN NEXT;
    END IF;
  END LOOP;
END $$;
COMMENT ON FUNCTION workflow.outbox_front(text) IS
'The first messages of a channel that are open: of each rank the oldest that nobody has held, and the one whose lease or pause ends first, with the time from which it may be claimed.';

CREATE FUNCTION workflow.message_waits(channel text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT NOT workflow.halted() AND EXISTS (
    SELECT FROM workflow.outbox_front(message_waits.channel) f, LATERAL (SELECT (workflow.find_message(f.oldest)).workflow_id) m
      LEFT JOIN workflow.workflow w ON w.id = m.workflow_id
     WHERE f.oldest_due_at <= workflow.now_at() AND w.status IS DISTINCT FROM 'paused')
    AND NOT EXISTS (
    SELECT FROM workflow.throttle t WHERE t.channel = message_waits.channel AND t.account = ''
       AND t.max <= (SELECT sum(u.count) FROM workflow.throttle_use u WHERE u.throttle = t.id AND u.at > workflow.now_at() - t.per))
$$;
COMMENT ON FUNCTION workflow.message_waits(text) IS 'Whether claim() would probably find something on the channel: not where a throttle of all accounts is used up. What waits behind a paused workflow''s message is overlooked until it is claimed past.';

CREATE PROCEDURE workflow.wait_for_message(channel text, timeout interval = '30 seconds')
LANGUAGE c AS 'MODULE_PATHNAME', 'workflow_wait_for_message';
COMMENT ON PROCEDURE workflow.wait_for_message(text, interval) IS
'Returns as soon as there is probably something to claim on the channel, or after the timeout; then call claim(). Waits outside of any transaction, so it holds no snapshot and no lock. '
'Raises 25001 inside a transaction block, 22004, 22023 for a timeout below zero or beyond a day.';

CREATE FUNCTION workflow.tail_rate(child regclass, of_outcomes boolean, OUT channel text, OUT word text, OUT per_second numeric) RETURNS SETOF record
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  piece CONSTANT bigint := 128;
  size bigint := pg_relation_size(child) / current_setting('block_size')::bigint;
BEGIN
  RETURN QUERY EXECUTE format($sql$
    WITH tail AS MATERIALIZED (SELECT x.* FROM ONLY %s x WHERE x.ctid >= $1 AND x.at > $2 - interval '1 minute' AND x.at <= $2),
    span AS (SELECT CASE WHEN $3 THEN greatest(extract(epoch FROM $2 - min(t.at)), 1) ELSE 60 END AS seconds FROM tail t)
    SELECT %s, round(count(*) / min(s.seconds), 3) FROM %s CROSS JOIN span s GROUP BY 1, 2
  $sql$, child, CASE WHEN of_outcomes THEN 'm.channel, t.state' ELSE $q$t.channel, CASE WHEN t.token IS NULL THEN 'returned' ELSE 'claimed' END$q$ END,
    CASE WHEN of_outcomes THEN 'tail t JOIN workflow.message m ON m.id = t.message' ELSE 'tail t' END)
    USING format('(%s,0)', greatest(size - piece, 0))::tid, workflow.now_at(), size > piece;
END $$;
COMMENT ON FUNCTION workflow.tail_rate(regclass, boolean) IS
'What the last minute appended to a day''s table of leases or outcomes, per second, by channel; read off its last blocks, which may reach back less far.';

CREATE VIEW workflow.stat_outbox AS
WITH RECURSIVE channels(channel) AS (
  (SELECT m.channel FROM workflow.message m ORDER BY m.channel LIMIT 1)
  UNION ALL
  SELECT (SELECT m.channel FROM workflow.message m WHERE m.channel > c.channel ORDER BY m.channel LIMIT 1) FROM channels c WHERE c.channel IS NOT NULL),
children AS (
  SELECT i.inhrelid::regclass AS child, p.relname AS parent, row_number() OVER (PARTITION BY p.oid ORDER BY c.relname DESC) AS newest,
         pg_total_relation_size(c.oid) AS bytes
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class p ON p.oid = i.inhparent
   WHERE p.oid IN ('workflow.message'::regclass, 'workflow.lease'::regclass, 'workflow.outcome'::regclass)),
rates AS MATERIALIZED (
  SELECT r.channel, sum(r.per_second) FILTER (WHERE r.word = 'claimed') AS claimed, sum(r.per_second) FILTER (WHERE r.word = 'sent') AS sent,
         sum(r.per_second) FILTER (WHERE r.word IN ('failed', 'dead', 'expired', 'cancelled', 'suppressed', 'no_address')) AS lost
    FROM children d CROSS JOIN LATERAL workflow.tail_rate(d.child, d.parent = 'outcome') r WHERE d.newest <= 2 AND d.parent <> 'message' GROUP BY 1)
SELECT c.channel, f.oldest, f.oldest_due_at, greatest(workflow.now_at() - f.oldest_due_at, interval '0') AS lag, coalesce(r.claimed, 0) AS claimed_per_second,
       coalesce(r.sent, 0) AS sent_per_second, coalesce(r.lost, 0) AS lost_per_second, s.message_bytes, s.lease_bytes, s.outcome_bytes, s.days
  FROM channels c
  LEFT JOIN LATERAL (SELECT o.oldest, o.oldest_due_at FROM workflow.outbox_front(c.channel) o ORDER BY o.oldest_due_at LIMIT 1) f ON true
  LEFT JOIN rates r ON r.channel = c.channel
  CROSS JOIN (SELECT coalesce(sum(d.bytes) FILTER (WHERE d.parent = 'message'), 0) AS message_bytes, coalesce(sum(d.bytes) FILTER (WHERE d.parent = 'lease'), 0) AS lease_bytes,
                     coalesce(sum(d.bytes) FILTER (WHERE d.parent = 'outcome'), 0) AS outcome_bytes, count(*) FILTER (WHERE d.parent = 'message') AS days FROM children d) s
 WHERE c.channel IS NOT NULL;
COMMENT ON VIEW workflow.stat_outbox IS
'The outbox, a row a channel: oldest (the message that has been open for longest), oldest_due_at (since when it might be claimed), lag (how long that is), what senders did per second of the '
'last minute (claimed, sent, lost: ended otherwise). Sizes in bytes and days are those of all channels. Cheap: nothing that waits is counted.';
