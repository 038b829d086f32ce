-- People: whom not to write to, whose data goes, two who are one; and enrollments that need a hand.

CREATE FUNCTION workflow.suppression_scope(by_address boolean, reason text) RETURNS text
LANGUAGE c IMMUTABLE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'workflow_suppression_scope';
COMMENT ON FUNCTION workflow.suppression_scope(boolean, text) IS
'How far a suppression with this reason goes: all (bounce, complaint, block; any other reason of an address), channel (unsubscribe; any other reason of a contact), marketing.';

CREATE FUNCTION workflow.suppress(address text = NULL, contact text = NULL, channel text = NULL, reason text = NULL, account text = NULL) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  own text := coalesce(workflow.own_account(suppress.account), '');
  by_address boolean := coalesce(suppress.address, '') <> '';
BEGIN
  IF by_address = (coalesce(suppress.contact, '') <> '') THEN
    RAISE EXCEPTION 'either "address" or "contact" must be given' USING ERRCODE = 'null_value_not_allowed';
  END IF;
  INSERT INTO workflow.suppression (account, contact_key, address, channel, scope, reason, at)
  VALUES (own, coalesce(suppress.contact, ''), lower(coalesce(suppress.address, '') COLLATE "C"), coalesce(suppress.channel, ''),
          workflow.suppression_scope(by_address, suppress.reason),
          coalesce(suppress.reason, CASE WHEN by_address THEN 'block' ELSE 'unsubscribe' END), workflow.now_at())
  ON CONFLICT DO NOTHING;
  PERFORM workflow.note_audit('suppress', own, suppress.contact,
                              jsonb_build_object('channel', suppress.channel, 'by', CASE WHEN by_address THEN 'address' ELSE 'contact' END));
END $$;
COMMENT ON FUNCTION workflow.suppress(text, text, text, text, text) IS
'Stops messages to an address or to a contact (its key); channel: only there, NULL on every channel. How far it goes is told by the reason: bounce, complaint, block stop '
'everything; unsubscribe stops marketing and informational messages; marketing stops marketing. Without a reason an address is blocked and a contact has unsubscribed. '
'account: whose messages; NULL: those of every account. Messages that nobody has claimed yet are stopped too. Notices to staff are never stopped. Raises 22004.';

CREATE FUNCTION workflow.unsuppress(address text = NULL, contact text = NULL, channel text = NULL, account text = NULL) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  own text := coalesce(workflow.own_account(unsuppress.account), '');
  removed bigint;
BEGIN
  IF coalesce(unsuppress.address, '') = '' AND coalesce(unsuppress.contact, '') = '' THEN
    RAISE EXCEPTION 'either "address" or "contact" must be given' USING ERRCODE = 'null_value_not_allowed';
  END IF;
  DELETE FROM workflow.suppression s
   WHERE s.account = own AND (s.channel = unsuppress.channel OR unsuppress.channel IS NULL)
     AND ((s.address <> '' AND s.address = lower(unsuppress.address COLLATE "C")) OR (s.contact_key <> '' AND s.contact_key = unsuppress.contact));
  GET DIAGNOSTICS removed = ROW_COUNT;
  PERFORM workflow.note_audit('unsuppress', own, unsuppress.contact, jsonb_build_object('channel', unsuppress.channel, 'removed', removed));
  RETURN removed;
END $$;
COMMENT ON FUNCTION workflow.unsuppress(text, text, text, text) IS
'Takes back what suppress() or a receipt has stopped, for the address, the contact, or both; channel NULL: whatever the channel. Returns how many suppressions went. '
'What was stopped meanwhile stays stopped. Raises 22004.';

CREATE VIEW workflow.suppressions AS
SELECT s.account, nullif(s.contact_key, '') AS contact_key, nullif(s.address, '') AS address, nullif(s.channel, '') AS channel, s.scope, s.reason,
       s.message, s.at
  FROM workflow.suppression s;
COMMENT ON VIEW workflow.suppressions IS
'Whom not to write to: account '''' stands for every account, channel NULL for every channel. scope: all, channel (marketing and informational), marketing. message: whose receipt said so.';

CREATE FUNCTION workflow.retry(enrollment uuid) RETURNS uuid
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  number bigint := ('x' || right(retry.enrollment::text, 12))::bit(48)::bigint;
  failed record;
  id uuid := gen_random_uuid();
BEGIN
  PERFORM workflow.require_argument('enrollment', retry.enrollment IS NOT NULL);
  SELECT e.account, e.contact_key, s.phase, s.reason, s.version INTO failed
    FROM workflow.enrollment e JOIN workflow.state s ON s.enrollment = e.id
   WHERE e.id = number AND workflow.enrollment_uuid(e.id) = retry.enrollment AND workflow.may_reach(e.account);
  IF NOT FOUND THEN
    RAISE EXCEPTION 'there is no enrollment %', retry.enrollment USING ERRCODE = 'no_data_found';
  ELSIF NOT (failed.phase = 'retry' OR (failed.phase = 'ended' AND failed.reason = 'error')) THEN
    RAISE EXCEPTION 'enrollment % has not failed', retry.enrollment USING ERRCODE = 'WF007',
      DETAIL = format('It is %s.', CASE failed.phase WHEN 'ended' THEN 'ended: ' || failed.reason ELSE failed.phase END);
  END IF;
  UPDATE workflow.version v SET listened = true WHERE v.id = failed.version AND NOT v.listened;
  PERFORM workflow.append_event('o', 'retry', failed.contact_key, failed.account, id, now(), false, jsonb_build_object('enrollment', number));
  PERFORM workflow.note_audit('retry', failed.account, failed.contact_key, jsonb_build_object('enrollment', retry.enrollment));
  RETURN id;
END $$;
COMMENT ON FUNCTION workflow.retry(uuid) IS
'Lets an enrollment that failed go on at the step that failed, with its tries counted anew, in the next round; returns the event''s id. One that ended with an error '
'lives again, unless the contact has entered once more meanwhile. Raises P0002 where there is none, WF007 where it has not failed.';

CREATE FUNCTION workflow.merge_contacts(contact text, into_contact text, account text = NULL) RETURNS uuid
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  own text;
  id uuid := gen_random_uuid();
BEGIN
  PERFORM workflow.require_argument('contact', coalesce(merge_contacts.contact, '') <> '');
  PERFORM workflow.require_argument('into_contact', coalesce(merge_contacts.into_contact, '') <> '');
  IF merge_contacts.contact = merge_contacts.into_contact THEN
    RAISE EXCEPTION 'contact "%" cannot be merged into itself', merge_contacts.contact USING ERRCODE = 'invalid_parameter_value';
  END IF;
  own := workflow.account_of_contact(merge_contacts.contact, merge_contacts.account);
  PERFORM workflow.append_event('o', 'merge', merge_contacts.contact, own, id, now(), false, jsonb_build_object('into', merge_contacts.into_contact));
  PERFORM workflow.note_audit('merge_contacts', own, merge_contacts.contact, jsonb_build_object('into', merge_contacts.into_contact));
  RETURN id;
END $$;
COMMENT ON FUNCTION workflow.merge_contacts(text, text, text) IS
'Two contacts turned out to be one: in the next round the enrollments of contact become those of into_contact. Where both have one in the same workflow, with the '
'same entry key, that of into_contact stays and a live one of the other ends with the reason merged. Suppressions of the contact hold for into_contact as well. '
'Returns the event''s id. Raises 22004, 22023, and WF003 where several accounts have the contact.';

CREATE FUNCTION workflow.account_of_contact(contact text, account text) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  own text := workflow.own_account(account_of_contact.account);
  accounts text[];
BEGIN
  IF own IS NOT NULL THEN
    RETURN own;
  END IF;
  accounts := ARRAY(
    WITH RECURSIVE known(account) AS (
      (SELECT e.account FROM workflow.enrollment e ORDER BY e.account LIMIT 1)
      UNION ALL
      SELECT (SELECT e.account FROM workflow.enrollment e WHERE e.account > k.account ORDER BY e.account LIMIT 1) FROM known k WHERE k.account IS NOT NULL)
    SELECT k.account FROM known k
     WHERE EXISTS (SELECT FROM workflow.enrollment e WHERE e.account = k.account AND e.contact_key = account_of_contact.contact));
  IF cardinality(accounts) > 1 THEN
    RAISE EXCEPTION 'several accounts have a contact "%"', account_of_contact.contact USING ERRCODE = 'WF003',
      DETAIL = format('Accounts: %s.', (SELECT string_agg(quote_literal(a), ', ' ORDER BY a) FROM unnest(accounts[:20]) a)), HINT = 'Name one: account => …';
  END IF;
  RETURN coalesce(accounts[1], '');
END $$;
COMMENT ON FUNCTION workflow.account_of_contact(text, text) IS
'The account in which a contact has been in workflows, where the caller names none; '''' where it never was. Raises WF003 where there are several.';

CREATE FUNCTION workflow.keys_of_person(account text, contact text, OUT key text, OUT until timestamptz) RETURNS SETOF record
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH RECURSIVE person(key, until) AS (
    SELECT keys_of_person.contact, 'infinity'::timestamptz
    UNION
    SELECT m.contact_key, least(m.at, p.until) FROM person p JOIN workflow.merged m ON m.account = keys_of_person.account AND m.into_key = p.key
     WHERE m.contact_key <> keys_of_person.contact)
  SELECT p.key, max(p.until) FROM person p GROUP BY 1
$$;
COMMENT ON FUNCTION workflow.keys_of_person(text, text) IS
'The key of a contact, and those of contacts that were merged into it; of each, what has come until then is of this person.';

-- Holds the round lock to the end of its transaction: no round writes what is being removed.
CREATE FUNCTION workflow.forget(contact text, dry_run boolean = true, account text = NULL) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  own text;
  enrollments bigint[];
  messages bigint[];
  removed jsonb;
BEGIN
  PERFORM workflow.require_argument('contact', coalesce(forget.contact, '') <> '');
  PERFORM workflow.require_read_committed('forget');
  own := workflow.account_of_contact(forget.contact, forget.account);
  IF NOT forget.dry_run THEN
    PERFORM pg_advisory_xact_lock(workflow.round_lock());
  END IF;
  enrollments := ARRAY(SELECT e.id FROM workflow.keys_of_person(own, forget.contact) k
    JOIN workflow.enrollment e ON e.account = own AND e.contact_key = k.key AND e.entered_at <= k.until ORDER BY e.id);
  messages := ARRAY(SELECT m.id FROM workflow.message m WHERE m.enrollment = ANY (enrollments) ORDER BY m.id);
  removed := workflow.count_of_person(own, forget.contact, enrollments, messages);
  IF forget.dry_run THEN
    RETURN removed;
  END IF;
  PERFORM workflow.append_event('u', '', forget.contact, own, gen_random_uuid(), now(), false, '{}');
  PERFORM workflow.forget_messages(messages);
  DELETE FROM workflow.step_result t WHERE t.enrollment = ANY (enrollments);
  DELETE FROM workflow.task t WHERE t.enrollment = ANY (enrollments);
  DELETE FROM workflow.trace t WHERE t.enrollment = ANY (enrollments);
  DELETE FROM workflow.error x WHERE x.enrollment = ANY (enrollments);
  DELETE FROM workflow.error x USING workflow.keys_of_person(own, forget.contact) k
   WHERE x.input->>'row_key' = k.key AND coalesce(x.input->>'account', '') = own AND x.at <= k.until;
  DELETE FROM workflow.refusal f USING workflow.keys_of_person(own, forget.contact) k WHERE f.account = own AND f.contact_key = k.key AND f.at <= k.until;
  DELETE FROM workflow.contacted c WHERE c.account = own AND c.contact_key = forget.contact;
  DELETE FROM workflow.parked p USING workflow.keys_of_person(own, forget.contact) k
   WHERE p.event->>'row_key' = k.key AND coalesce(p.event->>'account', '') = own AND p.parked_at <= k.until;
  DELETE FROM workflow.settling s WHERE s.row_key = forget.contact
     AND (s.source = 0 OR EXISTS (SELECT FROM workflow.source c WHERE c.id = s.source AND c.entity = 'contact'));
  DELETE FROM workflow.imported i USING workflow.source s WHERE s.id = i.source AND s.entity = 'contact' AND i.row_key = forget.contact;
  UPDATE workflow.enrollment e SET data = NULL WHERE e.id = ANY (enrollments) AND e.data IS NOT NULL;
  DELETE FROM workflow.merged m USING workflow.keys_of_person(own, forget.contact) k WHERE m.account = own AND m.into_key = k.key;
  PERFORM workflow.note_audit('forget', own, forget.contact, removed);
  RETURN removed;
END $$;
COMMENT ON FUNCTION workflow.forget(text, boolean, text) IS
'Removes what is kept of a person, and of those who were merged into it until then: history, tasks, results of steps, errors, refusals, events without a contact, receipts; contents and addresses of messages; data of enrollments. Those that '
'live end with the reason removed in the next round, and what nobody has claimed is cancelled. That the contact was there, and its suppressions, stay: else it could '
'enter and be written to again. Returns how many rows of each. With dry_run, the default, only counts. Raises 22004, WF003 where several accounts have the contact, '
'25001, 25006.';

CREATE FUNCTION workflow.count_of_person(account text, contact text, enrollments bigint[], messages bigint[]) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT jsonb_build_object(
    'enrollments', coalesce(cardinality(enrollments), 0), 'messages', coalesce(cardinality(messages), 0),
    'receipts', (SELECT count(*) FROM workflow.receipt r WHERE r.message = ANY (messages)),
    'results', (SELECT count(*) FROM workflow.step_result t WHERE t.enrollment = ANY (enrollments)),
    'tasks', (SELECT count(*) FROM workflow.task t WHERE t.enrollment = ANY (enrollments)),
    'history', (SELECT count(*) FROM workflow.trace_line t WHERE t.enrollment = ANY (enrollments)),
    'errors', (SELECT count(*) FROM workflow.error x WHERE x.enrollment = ANY (enrollments)),
    'refusals', (SELECT count(*) FROM workflow.keys_of_person(count_of_person.account, count_of_person.contact) k
      JOIN workflow.refusal f ON f.account = count_of_person.account AND f.contact_key = k.key AND f.at <= k.until),
    'parked', (SELECT count(*) FROM workflow.keys_of_person(count_of_person.account, count_of_person.contact) k
      JOIN workflow.parked p ON p.event->>'row_key' = k.key AND coalesce(p.event->>'account', '') = count_of_person.account AND p.parked_at <= k.until))
$$;
COMMENT ON FUNCTION workflow.count_of_person(text, text, bigint[], bigint[]) IS 'How much is kept of a person: what forget() shows and then removes.';

CREATE FUNCTION workflow.forget_messages(ids bigint[]) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  DELETE FROM workflow.receipt r WHERE r.message = ANY (ids);
  PERFORM workflow.cancel_unclaimed(ids, 'the contact was forgotten');
  UPDATE workflow.lease l SET reason = NULL WHERE l.message = ANY (ids) AND l.reason IS NOT NULL;
  UPDATE workflow.outcome o SET reason = NULL WHERE o.message = ANY (ids) AND o.reason IS NOT NULL AND o.state <> 'cancelled';
  UPDATE workflow.message m SET recipient = '{}', subject = NULL, body = NULL, data = NULL, headers = NULL WHERE m.id = ANY (ids);
END $$;
COMMENT ON FUNCTION workflow.forget_messages(bigint[]) IS 'Empties messages of their contents and addresses, cancels those that nobody has claimed, and removes their receipts.';

CREATE VIEW workflow.stuck AS
WITH present(at) AS (SELECT workflow.now_at()),
live AS (
  SELECT s.enrollment, s.phase, s.step, s.due, s.timer, s.version, e.id, e.account, e.contact_key, e.workflow
    FROM workflow.state s LEFT JOIN workflow.enrollment e ON e.id = s.enrollment WHERE s.phase <> 'ended')
SELECT CASE WHEN l.id IS NULL OR v.id IS NULL OR NOT v.listened THEN 'orphaned'
            WHEN l.due IS NOT NULL AND NOT EXISTS (SELECT FROM workflow.timer t WHERE t.due = l.due AND t.enrollment = l.enrollment AND t.number = l.timer)
             AND NOT EXISTS (SELECT FROM workflow.held h WHERE h.workflow = l.workflow AND h.enrollment = l.enrollment AND h.number = l.timer) THEN 'no_timer'
            WHEN l.phase = 'ready' THEN 'not_started'
            ELSE 'overdue' END AS what,
       l.account, l.contact_key, workflow.enrollment_uuid(l.enrollment) AS enrollment, w.name AS workflow, v.number AS version, nullif(l.step, '') AS step,
       NULL::bigint AS message, l.due AS since
  FROM live l CROSS JOIN present p
  LEFT JOIN workflow.version v ON v.id = l.version LEFT JOIN workflow.workflow w ON w.id = l.workflow
 WHERE l.id IS NULL OR v.id IS NULL OR NOT v.listened
    OR (l.due IS NULL AND l.phase = 'ready')
    OR (l.due < p.at - interval '5 minutes' AND w.status <> 'paused' AND NOT (SELECT workflow.halted()))
    OR (l.due IS NOT NULL AND NOT EXISTS (SELECT FROM workflow.timer t WHERE t.due = l.due AND t.enrollment = l.enrollment AND t.number = l.timer)
        AND NOT EXISTS (SELECT FROM workflow.held h WHERE h.workflow = l.workflow AND h.enrollment = l.enrollment AND h.number = l.timer))
UNION ALL
SELECT 'expired_lease', m.account, m.contact_key, workflow.enrollment_uuid(m.enrollment), m.workflow, m.version, m.step, m.id, x.visible_at
  FROM workflow.lease x JOIN workflow.message m ON m.id = x.message LEFT JOIN workflow.workflow w ON w.id = m.workflow_id
 WHERE x.token IS NOT NULL AND x.visible_at < (SELECT p.at FROM present p) - interval '5 minutes'
   AND NOT EXISTS (SELECT FROM workflow.outcome o WHERE o.message = x.message AND o.seq >= x.seq)
   AND NOT EXISTS (SELECT FROM workflow.lease n WHERE n.message = x.message AND n.seq > x.seq)
   AND w.status IS DISTINCT FROM 'paused' AND NOT (SELECT workflow.halted());
COMMENT ON VIEW workflow.stuck IS
'What does not go on and should; empty in a healthy system. what: overdue (due five minutes ago or more, and neither paused nor halted), no_timer, not_started, orphaned '
'(its identity or version is not there), expired_lease (a sender took a message, never said what became of it, and nobody has claimed it since, though claims do not rest).';
