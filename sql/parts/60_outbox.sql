-- The outbox: senders claim messages under a lease, and say what became of each.
-- Every function here reaches its rows by an index whatever the statistics say: a sender's session keeps its plans for days, and one
-- that was made while the tables were empty would read them from end to end later.

CREATE TYPE workflow.claimed AS (
  id bigint, token uuid, lease_until timestamptz, attempt integer, channel text, kind text, category text, account text, contact_key text,
  recipient jsonb, sender jsonb, template text, locale text, subject text, body text, data jsonb, headers jsonb, mark_as_read boolean,
  workflow text, version integer, step text, enrollment uuid, idempotency_key text, due_at timestamptz, expires_at timestamptz,
  created_at timestamptz);
COMMENT ON TYPE workflow.claimed IS 'A message as claim() gives it to a sender. Columns are only ever added.';

CREATE FUNCTION workflow.attempts_max() RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT 10 $$;
COMMENT ON FUNCTION workflow.attempts_max() IS 'How often a message is handed out at most; after that it is dead.';

CREATE FUNCTION workflow.backoff(attempt integer, randomness double precision) RETURNS interval
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT least(interval '30 seconds' * power(2, least(attempt, 20) - 1), interval '1 hour') * (0.5 + randomness / 2)
$$;
COMMENT ON FUNCTION workflow.backoff(integer, double precision) IS
'How long a message waits after so many attempts: 30 seconds, doubled each time, at most an hour; randomness (0 to 1) takes off up to a half.';

CREATE FUNCTION workflow.require_sender(what text, span_name text, span interval) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM workflow.require_read_committed(what);
  IF span <= interval '0' THEN
    RAISE EXCEPTION '"%" must be longer than nothing', span_name USING ERRCODE = 'invalid_parameter_value';
  END IF;
END $$;
COMMENT ON FUNCTION workflow.require_sender(text, text, interval) IS 'What every function of a sender asks for: 25006, 25001, or 22023 for a span that is none.';

CREATE FUNCTION workflow.ack(token uuid, ids bigint[] = NULL) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off AS $$
DECLARE
  done bigint;
BEGIN
  PERFORM workflow.require_sender('ack', NULL, NULL);
  UPDATE workflow.delivery d SET state = 'sent', token = NULL, outcome_at = workflow.now_at(), reason = NULL
   WHERE d.token = ack.token AND d.state = 'leased' AND (ack.ids IS NULL OR d.message = ANY (ack.ids));
  GET DIAGNOSTICS done = ROW_COUNT;
  IF done = 0 THEN
    RAISE EXCEPTION 'the lease of token % was lost', ack.token USING ERRCODE = 'WF005',
      DETAIL = 'It ran out and another sender took the messages, or they have their outcome already.';
  END IF;
  RETURN done;
END $$;
COMMENT ON FUNCTION workflow.ack(uuid, bigint[]) IS
'Says that messages were sent: all under the token, or those of ids; returns how many. A lease that ran out and was not taken by another sender still '
'counts. Raises WF005 where none is held under the token (lost, or acknowledged before), 25001 above READ COMMITTED, 25006 on a standby.';

CREATE FUNCTION workflow.nack(token uuid, id bigint, reason text, retry_after interval = NULL, permanent boolean = false) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off AS $$
DECLARE
  present timestamptz := workflow.now_at();
  outcome text;
BEGIN
  PERFORM workflow.require_sender('nack', 'retry_after', nack.retry_after);
  UPDATE workflow.delivery d
     SET state = n.state, token = NULL, reason = nack.reason, outcome_at = CASE WHEN n.state <> 'ready' THEN present END,
         visible_at = CASE WHEN n.state = 'ready' THEN present + coalesce(nack.retry_after, workflow.backoff(d.attempt, random())) ELSE d.visible_at END
    FROM (SELECT o.message, CASE WHEN nack.permanent THEN 'failed' WHEN o.attempt >= workflow.attempts_max() THEN 'dead' ELSE 'ready' END AS state
            FROM workflow.delivery o WHERE o.message = nack.id) n
   WHERE d.message = n.message AND d.token = nack.token AND d.state = 'leased'
  RETURNING d.state INTO outcome;
  IF outcome IS NULL THEN
    RAISE EXCEPTION 'the lease of token % on message % was lost', nack.token, nack.id USING ERRCODE = 'WF005',
      DETAIL = 'It ran out and another sender took the message, or it has its outcome already.';
  END IF;
  RETURN outcome;
END $$;
COMMENT ON FUNCTION workflow.nack(uuid, bigint, text, interval, boolean) IS
'Says that a message was not sent, and why; returns its state: ready (claimable again after retry_after, by default after 30 seconds, doubled with each attempt '
'up to an hour, less up to a half at random), failed where permanent, dead after the tenth attempt. Raises WF005, 22023, 25001, 25006.';

CREATE FUNCTION workflow.extend(token uuid, by_interval interval) RETURNS timestamptz
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off AS $$
DECLARE
  present timestamptz := workflow.now_at();
  until timestamptz;
BEGIN
  PERFORM workflow.require_sender('extend', 'by_interval', extend.by_interval);
  PERFORM workflow.require_argument('by_interval', extend.by_interval IS NOT NULL);
  WITH extended AS (
    UPDATE workflow.delivery d SET visible_at = greatest(d.visible_at, present) + extend.by_interval
     WHERE d.token = extend.token AND d.state = 'leased' RETURNING d.visible_at)
  SELECT min(e.visible_at) INTO until FROM extended e;
  IF until IS NULL THEN
    RAISE EXCEPTION 'the lease of token % was lost', extend.token USING ERRCODE = 'WF005',
      DETAIL = 'It ran out and another sender took the messages, or they have their outcome already.';
  END IF;
  RETURN until;
END $$;
COMMENT ON FUNCTION workflow.extend(uuid, interval) IS
'Holds all messages of the token for so much longer than their lease, or than now where it ran out; returns the new end. Raises WF005, 22023, 25001, 25006.';

CREATE FUNCTION workflow.claim(channel text, qty integer = 10, lease interval = '1 minute', ack_token uuid = NULL) RETURNS SETOF workflow.claimed
LANGUAGE plpgsql VOLATILE SECURITY DEFINER ROWS 10 SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off SET enable_hashjoin = off SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan SET jit = off AS $$
DECLARE
  present timestamptz;
  own uuid := gen_random_uuid();
  paused integer[];
  ids bigint[];
  got integer := 0;
  fresh integer;
  dropped integer := 0;
BEGIN
  PERFORM workflow.require_sender('claim', 'lease', claim.lease);
  PERFORM workflow.require_argument('channel', claim.channel IS NOT NULL);
  PERFORM workflow.require_argument('lease', claim.lease IS NOT NULL);
  IF claim.qty IS NULL OR claim.qty NOT BETWEEN 1 AND 10000 THEN
    RAISE EXCEPTION '"qty" must be from 1 to 10000' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  -- A message that a sender has seen survives a crash, and so does the round that wrote it, whose commit did not wait for the disk.
  IF current_setting('synchronous_commit') NOT IN ('on', 'remote_apply') THEN
    PERFORM set_config('synchronous_commit', 'on', true);
  END IF;
  IF claim.ack_token IS NOT NULL THEN
    PERFORM workflow.ack(claim.ack_token);
  END IF;
  IF workflow.halted() THEN
    RETURN;
  END IF;
  present := workflow.now_at();
  paused := (SELECT array_agg(w.id) FROM workflow.workflow w WHERE w.status = 'paused');
  LOOP
    ids := (SELECT array_agg(c.message)
      FROM (SELECT d.message FROM workflow.delivery d
             WHERE d.channel = claim.channel AND d.state IN ('ready', 'leased') AND d.visible_at <= present
               AND (paused IS NULL OR (SELECT m.workflow_id FROM workflow.message m WHERE m.id = d.message) <> ALL (paused))
             ORDER BY d.rank, d.due_at, d.message LIMIT claim.qty - got FOR UPDATE SKIP LOCKED) c);
    EXIT WHEN ids IS NULL;
    WITH verdict AS (
      SELECT m.id, CASE WHEN m.expires_at <= present THEN 'expired'
                        WHEN s.phase = 'ended' AND s.reason NOT IN ('completed', 'stopped', 'error') THEN 'cancelled'
                        WHEN d.attempt >= workflow.attempts_max() THEN 'dead'
                        ELSE 'leased' END AS state, s.reason
        FROM unnest(ids) u(id) JOIN workflow.message m ON m.id = u.id JOIN workflow.delivery d ON d.message = u.id
        LEFT JOIN workflow.state s ON s.enrollment = m.enrollment),
    changed AS (
      UPDATE workflow.delivery d
         SET state = v.state,
             token = CASE WHEN v.state = 'leased' THEN own END,
             visible_at = CASE WHEN v.state = 'leased' THEN present + claim.lease ELSE d.visible_at END,
             attempt = d.attempt + CASE WHEN v.state = 'leased' THEN 1 ELSE 0 END,
             outcome_at = CASE WHEN v.state <> 'leased' THEN present END,
             reason = CASE v.state WHEN 'expired' THEN 'nobody claimed it in time' WHEN 'cancelled' THEN 'the enrollment ended: ' || v.reason
                                   WHEN 'dead' THEN coalesce(d.reason, 'no sender has said what became of it') END
        FROM verdict v WHERE d.message = v.id RETURNING d.state)
    SELECT count(*) FILTER (WHERE c.state = 'leased') INTO fresh FROM changed c;
    got := got + fresh;
    dropped := dropped + cardinality(ids) - fresh;
    -- After many that may not go out any more, what is found is enough: the next claim goes on.
    EXIT WHEN got = claim.qty OR fresh = cardinality(ids) OR dropped >= 10000;
  END LOOP;
  IF got = 0 THEN
    RETURN;
  END IF;
  RETURN QUERY
    SELECT m.id, d.token, d.visible_at, d.attempt, m.channel, m.kind, m.category, m.account, m.contact_key, m.recipient, m.sender, m.template,
           m.locale, m.subject, m.body, m.data, workflow.signed_headers(m.headers, m.body, m.account, m.workflow_id, present), m.mark_as_read,
           m.workflow, m.version, m.step, workflow.enrollment_uuid(m.enrollment), m.idempotency_key, m.due_at, m.expires_at, m.created_at
      FROM workflow.delivery d JOIN workflow.message m ON m.id = d.message
     WHERE d.token = own AND d.state = 'leased' ORDER BY d.rank, d.due_at, d.message;
END $$;
COMMENT ON FUNCTION workflow.claim(text, integer, interval, uuid) IS
'Hands out up to qty (1 to 10000) due messages of a channel under a lease: transactional before informational before marketing, then by due time. They are hidden '
'from other senders until the lease ends; ack(), nack() and extend() need the token, which all of one call share. ack_token: first acknowledges what an earlier '
'call handed out. What may not go out any more gets its outcome here and is not returned: expired, cancelled with an enrollment that ended early, dead. Messages '
'of a paused workflow wait; while the database is halted nothing is returned. Waits for nobody; commits synchronously. '
'Raises WF005 where the lease of ack_token was lost, 22023 and 22004 for wrong arguments, 25001 above READ COMMITTED, 25006 on a standby.';
