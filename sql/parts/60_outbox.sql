-- The outbox: senders claim messages under a lease, and say what became of each. The functions are in src/pg/outbox; the rules they ask for are in
-- src/core/delivery.

CREATE TYPE workflow.claimed AS (
  id bigint, token uuid, lease_until timestamptz, attempt integer, channel text, kind text, category text, account text, contact_key text,
  recipient jsonb, sender jsonb, template text, locale text, subject text, body text, data jsonb, headers jsonb, mark_as_read boolean,
  workflow text, version integer, step text, enrollment uuid, idempotency_key text, due_at timestamptz, expires_at timestamptz,
  created_at timestamptz);
COMMENT ON TYPE workflow.claimed IS 'A message as claim() gives it to a sender. Columns are only ever added.';

CREATE FUNCTION workflow.ack(token uuid, ids bigint[] = NULL) RETURNS bigint
LANGUAGE c VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'workflow_ack';
COMMENT ON FUNCTION workflow.ack(uuid, bigint[]) IS
'Says that messages were sent: all under the token, or those of ids; returns how many. A lease that ran out and was not taken by another sender still '
'counts. Raises WF005 where none is held under the token (lost, or acknowledged before), 25001 above READ COMMITTED, 25006 on a standby.';

CREATE FUNCTION workflow.nack(token uuid, id bigint, reason text, retry_after interval = NULL, permanent boolean = false) RETURNS text
LANGUAGE c VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'workflow_nack';
COMMENT ON FUNCTION workflow.nack(uuid, bigint, text, interval, boolean) IS
'Says that a message was not sent, and why; returns its state: ready (claimable again after retry_after, by default after 30 seconds, doubled with each attempt '
'up to an hour, less up to a half at random), failed where permanent, dead after the tenth attempt. Raises WF005, 22023, 25001, 25006.';

CREATE FUNCTION workflow.extend(token uuid, by_interval interval) RETURNS timestamptz
LANGUAGE c VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'workflow_extend';
COMMENT ON FUNCTION workflow.extend(uuid, interval) IS
'Holds all messages of the token for so much longer than their lease, or than now where it ran out; returns the new end. Raises WF005, 22023, 25001, 25006.';

CREATE FUNCTION workflow.claim(channel text, qty integer = 10, lease interval = '1 minute', ack_token uuid = NULL) RETURNS SETOF workflow.claimed
LANGUAGE c VOLATILE SECURITY DEFINER ROWS 10 SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'workflow_claim';
COMMENT ON FUNCTION workflow.claim(text, integer, interval, uuid) IS
'Hands out up to qty (1 to 10000) messages of a channel under a lease: transactional before informational before marketing; of each, those whose lease ran out or '
'whose pause is over before those that nobody has held, then in the order in which they were written, which within a round is that of their due times. They are hidden '
'from other senders until the lease ends; ack(), nack() and extend() need the token, which all of one call share. ack_token: first acknowledges what an earlier '
'call handed out. What may not go out any more gets its outcome here and is not returned: expired, cancelled with an enrollment that ended early, suppressed (the contact has withdrawn since), dead. Messages '
'of a paused workflow wait; while the database is halted nothing is returned. Waits for nobody; commits synchronously. '
'Raises WF005 where the lease of ack_token was lost, 22023 and 22004 for wrong arguments, 25001 above READ COMMITTED, 25006 on a standby.';

CREATE FUNCTION workflow.revive(message bigint) RETURNS void
LANGUAGE c VOLATILE STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'workflow_revive';
COMMENT ON FUNCTION workflow.revive(bigint) IS
'Returns a dead message to the queue; its attempts count anew. Raises WF007 where the message is not dead or not there, 25001, 25006, and 0A000 when the '
'transaction is prepared.';

-- Under the lock of the rows, so that a claim has them or this has.
CREATE FUNCTION workflow.cancel_unclaimed(messages bigint[], reason text) RETURNS bigint
LANGUAGE c VOLATILE STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'workflow_cancel_unclaimed';
COMMENT ON FUNCTION workflow.cancel_unclaimed(bigint[], text) IS 'Gives those of the messages that nobody holds the outcome cancelled; returns how many. What a sender has locked is passed over.';

CREATE FUNCTION workflow.cancel_messages(filter jsonb, dry_run boolean = true) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  wrong text;
  found bigint[];
  cancelled bigint;
BEGIN
  PERFORM workflow.require_read_committed('cancel_messages');
  PERFORM workflow.require_argument('filter', jsonb_typeof(filter) = 'object' AND filter <> '{}');
  wrong := (SELECT k FROM jsonb_each(filter) e(k, v) WHERE k <> ALL ('{channel,workflow,step,account,contact,enrollment}'::text[])
                                                       OR jsonb_typeof(v) <> 'string' ORDER BY k LIMIT 1);
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION '"%" cannot be filtered by', wrong USING ERRCODE = 'invalid_parameter_value',
      HINT = 'The keys are channel, workflow, step, account, contact, enrollment; each value is a string.';
  END IF;
  found := (SELECT array_agg(o.id) FROM workflow.outbox o
             WHERE o.state = 'ready' AND (filter->>'channel' IS NULL OR o.channel = filter->>'channel')
               AND (filter->>'workflow' IS NULL OR o.workflow = filter->>'workflow') AND (filter->>'step' IS NULL OR o.step = filter->>'step')
               AND (filter->>'account' IS NULL OR o.account = filter->>'account') AND (filter->>'contact' IS NULL OR o.contact_key = filter->>'contact')
               AND (filter->>'enrollment' IS NULL OR o.enrollment = (filter->>'enrollment')::uuid));
  IF dry_run THEN
    RETURN coalesce(cardinality(found), 0);
  END IF;
  cancelled := coalesce(workflow.cancel_unclaimed(found, 'cancelled by ' || session_user), 0);
  PERFORM workflow.note_audit('cancel_messages', filter->>'account', filter->>'contact', filter || jsonb_build_object('cancelled', cancelled));
  RETURN cancelled;
END $$;
COMMENT ON FUNCTION workflow.cancel_messages(jsonb, boolean) IS
'Cancels messages that nobody holds: all that match every key of filter (channel, workflow, step, account, contact, enrollment; strings). Returns how many; '
'by default it only counts: dry_run => false cancels. What a sender holds cannot be recalled. Raises 22023 for another key, 22004 without one, 25001, 25006.';

-- For adopt(), to which no claim comes.
CREATE FUNCTION workflow.forget_leases() RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  child regclass;
  rows bigint;
  leases bigint := 0;
BEGIN
  FOR child IN SELECT i.inhrelid FROM pg_inherits i WHERE i.inhparent = 'workflow.lease'::regclass ORDER BY 1 LOOP
    EXECUTE format('INSERT INTO %s (message, visible_at, at, seq, attempt, rank, channel, reason)
                    SELECT l.message, $1, $1, l.seq + 1, l.attempt, l.rank, l.channel, l.reason
                      FROM (SELECT DISTINCT ON (n.message) n.* FROM %s n ORDER BY n.message, n.seq DESC) l
                     WHERE l.token IS NOT NULL AND NOT EXISTS (SELECT FROM workflow.outcome o WHERE o.message = l.message AND o.seq >= l.seq)', child, child)
      USING workflow.now_at();
    GET DIAGNOSTICS rows = ROW_COUNT;
    leases := leases + rows;
  END LOOP;
  RETURN leases;
END $$;
COMMENT ON FUNCTION workflow.forget_leases() IS 'Returns to the queue what senders hold; how many. Their tokens are lost.';

CREATE FUNCTION workflow.keep_marks() RETURNS bigint
LANGUAGE c VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'workflow_keep_marks';
COMMENT ON FUNCTION workflow.keep_marks() IS 'Writes down how far claims have come, for the first one after a restart; of how many channels. maintain() calls it.';
