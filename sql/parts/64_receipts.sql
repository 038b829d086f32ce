-- What comes back of messages: receipts of providers, and replies. Each is written down beside the message and told to the log as an event, so that
-- triggers, goals and responses see it.

CREATE FUNCTION workflow.judge_receipt(kind text, data jsonb, OUT event text, OUT scope text, OUT by_address boolean, OUT machine boolean)
LANGUAGE c IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'workflow_judge_receipt';
COMMENT ON FUNCTION workflow.judge_receipt(text, jsonb) IS
'What a receipt means: the event it makes, NULL for a kind that is none; the scope of the suppression that follows from it, NULL for none, and whether that is of the '
'address or of the contact; whether a machine did it.';

CREATE FUNCTION workflow.contacts_at(channel text, address text, account text) RETURNS jsonb
LANGUAGE c STABLE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'workflow_contacts_at';
COMMENT ON FUNCTION workflow.contacts_at(text, text, text) IS
'The contacts of attached tables that have this address for the channel: [{"account", "contact"}], at most 20; of one account, or of all where it is NULL. Reads as '
'the roles that attached the tables; an address as it is written is looked for first, then without regard to case.';

CREATE FUNCTION workflow.insert_receipt(message bigint, kind text, at timestamptz, machine boolean, receipt_id text, data jsonb) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  day bigint := insert_receipt.message >> 40;  -- as message_id.h has it
  child name := 'receipt_' || to_char(date '2020-01-01' + day::integer, 'YYYYMMDD');
  written bigint;
BEGIN
  IF to_regclass('workflow.' || child) IS NULL THEN
    PERFORM workflow.ensure_child('receipt', child, 'message', (day << 40)::text, ((day + 1) << 40)::text);
  END IF;
  EXECUTE format('INSERT INTO workflow.%I (message, kind, at, machine, receipt_id, data) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING', child)
    USING insert_receipt.message, insert_receipt.kind, insert_receipt.at, insert_receipt.machine, insert_receipt.receipt_id, insert_receipt.data;
  GET DIAGNOSTICS written = ROW_COUNT;
  RETURN written > 0;
END $$;
COMMENT ON FUNCTION workflow.insert_receipt(bigint, text, timestamptz, boolean, text, jsonb) IS
'Writes a receipt into the table of its message''s day, which is made where it is missing; false where the provider''s id was there already.';

-- The number as a literal: only then does the planner leave out the other days' tables.
CREATE FUNCTION workflow.find_message(id bigint) RETURNS workflow.message
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  found workflow.message;
BEGIN
  EXECUTE format('SELECT m.* FROM workflow.message m WHERE m.id = %s', find_message.id) INTO found;
  RETURN found;
END $$;
COMMENT ON FUNCTION workflow.find_message(bigint) IS 'The message of this number; all NULL where there is none.';

CREATE FUNCTION workflow.take_receipt(m workflow.message, kind text, at timestamptz, data jsonb, receipt_id text) RETURNS uuid
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  judged record;
  declared boolean := take_receipt.at IS NOT NULL AND take_receipt.at <> now();
  happened timestamptz := CASE WHEN declared THEN take_receipt.at ELSE workflow.now_at() END;
  address text := lower(m.recipient->>'address' COLLATE "C");
  -- Since it was written the contact may have got another key, or been merged into another.
  contact text := coalesce((SELECT e.contact_key FROM workflow.enrollment e WHERE e.id = m.enrollment), m.contact_key);
  id uuid := workflow.event_uuid(m.account, 'receipt' || chr(31) || m.id || chr(31) || take_receipt.kind || chr(31) || take_receipt.receipt_id);
BEGIN
  SELECT * INTO judged FROM workflow.judge_receipt(take_receipt.kind, take_receipt.data);
  IF judged.event IS NULL THEN
    RAISE EXCEPTION '"%" is no kind of receipt', take_receipt.kind USING ERRCODE = 'invalid_parameter_value',
      HINT = 'Kinds are delivered, opened, clicked, replied, bounced, complained, unsubscribed.';
  ELSIF NOT isfinite(happened) THEN
    RAISE EXCEPTION '"at" must be finite' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF NOT workflow.insert_receipt(m.id, take_receipt.kind, happened, judged.machine, take_receipt.receipt_id, take_receipt.data) THEN
    RETURN NULL;
  END IF;
  -- What somebody of the staff does with a notice is nothing that the contact did.
  IF coalesce((m.recipient->>'staff')::boolean, false) THEN
    RETURN NULL;
  END IF;
  IF judged.scope IS NOT NULL THEN
    INSERT INTO workflow.suppression (account, contact_key, address, channel, scope, reason, message, at)
    SELECT m.account, CASE WHEN s.by_address THEN '' ELSE contact END, CASE WHEN s.by_address THEN address ELSE '' END,
           CASE WHEN s.by_address THEN '' ELSE m.channel END, judged.scope,
           CASE take_receipt.kind WHEN 'bounced' THEN 'bounce' WHEN 'complained' THEN 'complaint' ELSE 'unsubscribe' END, m.id, happened
      FROM (SELECT judged.by_address AND coalesce(address, '') <> '' AS by_address) s
    ON CONFLICT DO NOTHING;
  END IF;
  PERFORM workflow.append_event('e', judged.event, contact, m.account, id, happened, declared, jsonb_build_object('data',
    take_receipt.data || jsonb_build_object('message', m.id, 'enrollment', workflow.enrollment_uuid(m.enrollment), 'workflow', m.workflow, 'step', m.step,
                                            'channel', m.channel, 'automatic', judged.machine)));
  RETURN id;
END $$;
COMMENT ON FUNCTION workflow.take_receipt(workflow.message, text, timestamptz, jsonb, text) IS
'Takes a receipt for a message: writes it down, suppresses what it says must not be written to, appends the event. Returns its id; NULL for a repeated receipt.';

CREATE FUNCTION workflow.receipt(id bigint, kind text, at timestamptz = now(), data jsonb = '{}', receipt_id text = NULL) RETURNS uuid
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  m workflow.message;
BEGIN
  PERFORM workflow.require_argument('id', receipt.id IS NOT NULL);
  PERFORM workflow.require_argument('kind', receipt.kind IS NOT NULL);
  PERFORM workflow.require_object('data', receipt.data);
  m := workflow.find_message(receipt.id);
  IF m.id IS NULL THEN
    RAISE EXCEPTION 'there is no message %', receipt.id USING ERRCODE = 'no_data_found', HINT = 'Messages are kept for as long as pg_workflow.retention_messages says.';
  END IF;
  RETURN workflow.take_receipt(m, receipt.kind, receipt.at, coalesce(receipt.data, '{}'), receipt.receipt_id);
END $$;
COMMENT ON FUNCTION workflow.receipt(bigint, text, timestamptz, jsonb, text) IS
'Says what became of a message: kind delivered, opened, clicked, replied, bounced, complained or unsubscribed. at: when. data: an object, event.data of the event '
'message.<kind> that this appends; "machine": true says that no person opened or clicked, "soft": true that a bounce is not for good. receipt_id: the provider''s id; '
'a repeated one has no effect. A bounce for good and a complaint stop everything to the address, an unsubscription stops marketing and informational messages of the '
'channel. Returns the event''s id, or NULL where there is none: a repeated receipt, a notice to staff. Raises P0002 for a message that is not there, 22023, 22004.';

-- The newest of a contact's messages on a channel; a notice to staff is none. One that was handed out comes before those that were not, and what
-- ended without ever being handed out (it was suppressed, cancelled, has expired or no address) is answered by nobody.
CREATE FUNCTION workflow.latest_message(account text, contact text, channel text, since timestamptz) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT m.id FROM workflow.enrollment e JOIN workflow.message m ON m.enrollment = e.id
   WHERE e.account = latest_message.account AND e.contact_key = latest_message.contact AND m.channel = latest_message.channel
     AND m.created_at >= latest_message.since AND NOT coalesce((m.recipient->>'staff')::boolean, false)
     AND NOT EXISTS (SELECT FROM workflow.outcome o WHERE o.message = m.id AND o.seq = 0)
   ORDER BY EXISTS (SELECT FROM workflow.lease l WHERE l.message = m.id AND l.token IS NOT NULL) DESC, m.created_at DESC, m.id DESC LIMIT 1
$$;
COMMENT ON FUNCTION workflow.latest_message(text, text, text, timestamptz) IS
'The number of the last message to a contact on a channel since then, if any was handed out the last of those; NULL where there is none.';

CREATE FUNCTION workflow.reply(channel text, address text, at timestamptz = now(), data jsonb = '{}', message bigint = NULL, account text = NULL) RETURNS uuid
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  content jsonb := coalesce(reply.data, '{}');
  present timestamptz := CASE WHEN reply.at IS NOT NULL AND reply.at <> now() THEN reply.at ELSE workflow.now_at() END;
  m workflow.message;
  c record;
  id uuid;
BEGIN
  PERFORM workflow.require_argument('channel', coalesce(reply.channel, '') <> '');
  PERFORM workflow.require_object('data', content);
  content := content || jsonb_build_object('address', reply.address);
  IF reply.message IS NOT NULL THEN
    RETURN workflow.receipt(reply.message, 'replied', reply.at, content, content->>'id');
  END IF;
  PERFORM workflow.require_argument('address', coalesce(reply.address, '') <> '');
  -- Of several contacts with this address, the one who was written to last.
  SELECT x.account, x.contact, x.latest INTO c
    FROM (SELECT j->>'account' AS account, j->>'contact' AS contact,
                 workflow.latest_message(j->>'account', j->>'contact', reply.channel, present - interval '7 days') AS latest
            FROM jsonb_array_elements(workflow.contacts_at(reply.channel, reply.address, reply.account)) j) x
   ORDER BY x.latest DESC NULLS LAST, x.account, x.contact LIMIT 1;
  IF c.latest IS NOT NULL THEN
    RETURN workflow.take_receipt(workflow.find_message(c.latest), 'replied', reply.at, content, content->>'id');
  ELSIF c.contact IS NULL THEN
    RETURN NULL;
  END IF;
  id := workflow.event_uuid(c.account, 'reply' || chr(31) || reply.channel || chr(31) || (content->>'id'));
  PERFORM workflow.append_event('e', 'message.replied', c.contact, c.account, id, present, reply.at <> now(), jsonb_build_object('data',
    content || jsonb_build_object('channel', reply.channel, 'automatic', (SELECT j.machine FROM workflow.judge_receipt('replied', content) j))));
  RETURN id;
END $$;
COMMENT ON FUNCTION workflow.reply(text, text, timestamptz, jsonb, bigint, text) IS
'Says that somebody wrote to us: the event message.replied, with data as event.data. message: the one that was answered; without it, the last one on the channel to '
'whoever has this address, within 7 days; without one, it is a reply to nothing of ours. data: "id", the provider''s, makes a repeated call do nothing; "auto": true is an '
'automatic reply, nobody''s response. account: whose contacts to look among; NULL: all. Returns the event''s id; NULL where nobody has the address, or for a repeated '
'call. Raises P0002 for a message that is not there, 22023, 22004.';

-- A row of the CRM that is a reply. The ids of such rows are kept where those of events are, of no workflow: a row that is found again answers nothing.
CREATE FUNCTION workflow.take_reply(account text, contact text, channel text, at timestamptz, data jsonb, event uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  m workflow.message;
  latest bigint;
BEGIN
  INSERT INTO workflow.entry_event (event, workflow, account, enrollment) VALUES (take_reply.event, 0, take_reply.account, 0) ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  latest := workflow.latest_message(take_reply.account, take_reply.contact, take_reply.channel, take_reply.at - interval '7 days');
  IF latest IS NULL THEN
    RETURN take_reply.data;
  END IF;
  m := workflow.find_message(latest);
  PERFORM workflow.insert_receipt(m.id, 'replied', take_reply.at, coalesce((take_reply.data->>'automatic')::boolean, false), take_reply.event::text, take_reply.data);
  RETURN take_reply.data || jsonb_build_object('message', m.id, 'enrollment', workflow.enrollment_uuid(m.enrollment), 'workflow', m.workflow, 'step', m.step);
END $$;
COMMENT ON FUNCTION workflow.take_reply(text, text, text, timestamptz, jsonb, uuid) IS
'Takes a row of the CRM that is a reply of the contact: a receipt of the last message on that channel within 7 days. Returns what event.data of message.replied are; '
'NULL where this event was taken before.';

-- What became of the messages of these enrollments, as conditions ask for it: of each step, the message of its last visit.
CREATE FUNCTION workflow.message_facts(enrollments bigint[], since bigint,
  OUT enrollment bigint, OUT step text, OUT outcome text, OUT sent_at timestamptz, OUT receipts json) RETURNS SETOF record
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN QUERY EXECUTE format($sql$
    SELECT m.enrollment, m.step, o.state, CASE WHEN o.state = 'sent' THEN o.at END,
           (SELECT json_object_agg(r.kind, r.at) FROM (SELECT CASE WHEN t.machine THEN 'machine_' ELSE '' END || t.kind AS kind, min(t.at) AS at
                                                         FROM workflow.receipt t WHERE t.message = m.id AND t.message >= %1$s GROUP BY 1) r)
      FROM (SELECT DISTINCT ON (n.enrollment, n.step) n.id, n.enrollment, n.step FROM workflow.message n
             WHERE n.enrollment = ANY ($1) AND n.id >= %1$s ORDER BY n.enrollment, n.step, n.id DESC) m
      LEFT JOIN LATERAL (SELECT x.state, x.at FROM workflow.outcome x WHERE x.message = m.id AND x.message >= %1$s
                            AND NOT EXISTS (SELECT FROM workflow.lease l WHERE l.message = m.id AND l.message >= %1$s AND l.seq > x.seq)
                          ORDER BY x.seq DESC LIMIT 1) o ON true
  $sql$, message_facts.since) USING message_facts.enrollments;
END $$;
COMMENT ON FUNCTION workflow.message_facts(bigint[], bigint) IS
'Of each enrollment and step the newest message: its outcome, when it was sent, and the first receipt of each kind, those of machines under "machine_<kind>". since: no '
'message has a lower number; the tables of earlier days are left out.';

CREATE FUNCTION workflow.claimed_messages(enrollments bigint[], since bigint, OUT enrollment bigint, OUT step text, OUT message bigint, OUT channel text)
RETURNS SETOF record
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN QUERY EXECUTE format($sql$
    SELECT m.enrollment, m.step, m.id, m.channel FROM workflow.message m
      CROSS JOIN LATERAL (SELECT l.seq, l.token, l.visible_at FROM workflow.lease l WHERE l.message = m.id AND l.message >= %1$s ORDER BY l.seq DESC LIMIT 1) l
     WHERE m.enrollment = ANY ($1) AND m.id >= %1$s AND l.token IS NOT NULL AND l.visible_at > workflow.now_at()
       AND NOT EXISTS (SELECT FROM workflow.outcome o WHERE o.message = m.id AND o.message >= %1$s AND o.seq = l.seq) ORDER BY m.id
  $sql$, claimed_messages.since) USING claimed_messages.enrollments;
END $$;
COMMENT ON FUNCTION workflow.claimed_messages(bigint[], bigint) IS
'The messages of these enrollments that a sender holds. since: no message has a lower number; the tables of earlier days are left out.';
