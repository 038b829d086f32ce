-- semantics 22, 27: which withdrawal stops which kind of message, each before the message is written and between writing and claiming; what receipts do.
BEGIN;
SELECT * FROM no_plan();
SET LOCAL client_min_messages = error;
SET LOCAL TimeZone = 'UTC';
CREATE TABLE stop_contacts (id int PRIMARY KEY, email text, phone text, owner text, mail_ok boolean DEFAULT true);
SELECT FROM workflow.attach('stop_contacts', '{"entity": "contact", "consent": [{"channel": "email", "allowed_when": {"field": "mail_ok", "operator": "=", "value": true}}]}');
CREATE FUNCTION pg_temp.publish(name text, rest text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM workflow.create_workflow(name, '{"triggers": [{"on": "manual"}]}' || rest::jsonb);
  PERFORM workflow.publish(name);
END $$;
-- What goes out is the same for each category: one to the contact, a reminder to it, one to a member of staff by three ways, and a request.
SELECT pg_temp.publish(c, format('{"settings": {"category": "%s", "exit_on_unsubscribe": false}, "steps": [
  {"id": "mail", "type": "send", "channel": "email", "body": "x"}, {"id": "sms", "type": "send", "channel": "sms", "body": "x"},
  {"id": "remind", "type": "send", "channel": "email", "kind": "reminder", "body": "x"},
  {"id": "notice", "type": "notify", "channel": "email", "to": "boss@acme.test", "body": "x"}, {"id": "owner", "type": "send", "channel": "email", "to": "owner", "body": "x"},
  {"id": "hook", "type": "webhook", "url": "https://x.test"}]}', c)) FROM unnest('{marketing,informational,transactional}'::text[]) c;
CREATE TEMP TABLE cases (n int, what text, act text, stopped text[]);
-- stopped: marketing, informational, transactional; each with the steps that do not go out.
INSERT INTO cases VALUES
  (1, 'nothing', 'SELECT 1', '{"","",""}'),
  (2, 'a bounce of the address', $$ SELECT workflow.suppress('c%s@x.test', reason => 'bounce') $$, '{"mail remind","mail remind","mail remind"}'),
  (3, 'a complaint', $$ SELECT workflow.suppress('C%s@X.test', reason => 'complaint') $$, '{"mail remind","mail remind","mail remind"}'),
  (4, 'a block list', $$ SELECT workflow.suppress('c%s@x.test') $$, '{"mail remind","mail remind","mail remind"}'),
  (5, 'a blocked contact', $$ SELECT workflow.suppress(contact => '%s', reason => 'block') $$, '{"mail remind sms","mail remind sms","mail remind sms"}'),
  (6, 'an opt-out of the channel', $$ SELECT workflow.suppress(contact => '%s', channel => 'email') $$, '{"mail remind","mail remind",""}'),
  (7, 'an opt-out of every channel', $$ SELECT workflow.suppress(contact => '%s') $$, '{"mail remind sms","mail remind sms",""}'),
  (8, 'a marketing opt-out', $$ SELECT workflow.suppress(contact => '%s', reason => 'marketing') $$, '{"mail remind sms","",""}'),
  (9, 'a marketing opt-out of a channel', $$ SELECT workflow.suppress(contact => '%s', channel => 'sms', reason => 'marketing') $$, '{"sms","",""}'),
  (10, 'a column of the CRM', $$ UPDATE stop_contacts SET mail_ok = false WHERE id = %s $$, '{"mail remind","mail remind",""}'),
  (11, 'a suppression of another account', $$ SELECT workflow.suppress('c%s@x.test', account => 'other') $$, '{"","",""}');
INSERT INTO stop_contacts SELECT v.id, 'c' || v.id || '@x.test', '+' || v.id, 'boss@acme.test' FROM cases, LATERAL (VALUES (cases.n), (100 + cases.n)) v(id);
CREATE FUNCTION pg_temp.act(statement text, contact int) RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE replace(statement, '%s', contact::text); END $$;
CREATE FUNCTION pg_temp.stopped(contact int) RETURNS text[] LANGUAGE sql AS $$
  SELECT array_agg(coalesce((SELECT string_agg(o.step, ' ' ORDER BY o.step) FROM workflow.outbox o WHERE o.workflow = c AND o.contact_key = contact::text AND o.state = 'suppressed'), '') ORDER BY n)
    FROM unnest('{marketing,informational,transactional}'::text[]) WITH ORDINALITY u(c, n) $$;
SELECT workflow.tick('2031-01-06 09:00Z');
-- Contacts below 100 withdraw first; the others when their messages are written already.
SELECT pg_temp.act(c.act, c.n) FROM (SELECT * FROM cases ORDER BY n) c;
SELECT workflow.enroll(w, v.id::text) FROM unnest('{marketing,informational,transactional}'::text[]) w, cases, LATERAL (VALUES (cases.n), (100 + cases.n)) v(id);
SELECT workflow.tick('2031-01-06 10:00Z') FROM generate_series(1, 6);
SELECT is((SELECT count(*) FROM workflow.outbox), 396::bigint, 'semantics 22: a stopped message is written all the same');
SELECT is(pg_temp.stopped(c.n), c.stopped, 'semantics 22: when the message is written: ' || c.what) FROM cases c ORDER BY c.n;
SELECT is((SELECT array_agg(DISTINCT pg_temp.stopped(100 + c.n)) FROM cases c), '{{"","",""}}', 'the others are ready');
SELECT pg_temp.act(c.act, 100 + c.n) FROM (SELECT * FROM cases ORDER BY n) c;
CREATE TEMP TABLE got AS SELECT c.id FROM unnest('{email,sms,webhook}'::text[]) ch, workflow.claim(ch, 1000, '1 hour') c;
SELECT is(pg_temp.stopped(100 + c.n), c.stopped, 'semantics 21, 22: when it is claimed: ' || c.what) FROM cases c ORDER BY c.n;
SELECT is_empty($$ SELECT o.id FROM workflow.outbox o WHERE (o.state = 'suppressed') = EXISTS (SELECT FROM got g WHERE g.id = o.id) $$, 'semantics 21: what failed has its outcome and is not returned; all else is');
SELECT is((SELECT count(*) FROM workflow.enrollments WHERE reason = 'completed'), 66::bigint, 'semantics 22: entering and going on are another matter');

-- exit_on_unsubscribe is about what the contact itself has said.
SELECT pg_temp.publish('leaves', '{"settings": {"exit_on_unsubscribe": true, "category": "informational"}, "steps": [{"id": "a", "type": "send", "channel": "email", "body": "x"}, {"id": "w", "type": "wait", "for": "1 day"}]}');
SELECT workflow.enroll('leaves', n::text) FROM cases;
SELECT workflow.tick('2031-01-06 11:00Z');
SELECT is((SELECT string_agg(coalesce(e.reason, e.state), ' ' ORDER BY e.contact_key::int) FROM workflow.enrollments e WHERE e.workflow = 'leaves'),
  'waiting waiting unsubscribed waiting waiting unsubscribed unsubscribed waiting waiting unsubscribed waiting', 'semantics 22: exit_on_unsubscribe ends it where the contact has withdrawn, not where an address does not work or an operator blocked it');

-- semantics 27: every kind of receipt is an event, and known of the message
INSERT INTO stop_contacts VALUES (50, 'c50@x.test');
SELECT pg_temp.publish('back', '{"settings": {"category": "transactional"}, "steps": [{"id": "hello", "type": "send", "channel": "email", "body": "x"}, {"id": "w", "type": "wait", "for": "1 day"},
  {"id": "all", "type": "send", "channel": "push", "body": "{{ message.hello.delivered_at }} {{ message.hello.opened_at }} {{ message.hello.clicked_at }} {{ message.hello.replied_at }} {{ message.hello.bounced_at }}"}]}');
SELECT workflow.create_workflow('on ' || k, format('{"triggers": [{"on": "message.%s"}], "settings": {"reentry": "every_event"}, "steps": [{"type": "send", "channel": "push", "body": "{{ event.name }} {{ event.data.automatic }}"}]}', k)::jsonb)
  FROM unnest('{delivered,opened,clicked,replied,bounced}'::text[]) k;
SELECT workflow.publish('on ' || k) FROM unnest('{delivered,opened,clicked,replied,bounced}'::text[]) k;
SELECT workflow.enroll('back', '50');
SELECT workflow.tick('2031-01-07 09:00Z');
SELECT workflow.receipt(o.id, k, ('2031-01-07 09:0' || n || 'Z')::timestamptz, receipt_id => r) FROM workflow.outbox o, unnest('{delivered,opened,clicked,replied,bounced}'::text[]) WITH ORDINALITY u(k, n), unnest('{p1,p1,p2}'::text[]) r
 WHERE o.workflow = 'back' AND k <> 'bounced' ORDER BY n;
SELECT workflow.receipt(o.id, 'clicked', '2031-01-07 08:59Z', data => '{"machine": true}', receipt_id => 'm') FROM workflow.outbox o WHERE o.workflow = 'back';
SELECT workflow.receipt(o.id, 'bounced', '2031-01-07 09:05Z', data => '{"soft": true}', receipt_id => 'p1') FROM workflow.outbox o WHERE o.workflow = 'back';
SELECT workflow.tick('2031-01-07 09:10Z') FROM generate_series(1, 3);
SELECT results_eq($$ SELECT body, count(*) FROM workflow.outbox WHERE workflow LIKE 'on %' GROUP BY 1 ORDER BY 1 $$,
  $$ VALUES ('message.bounced false', 1::bigint), ('message.clicked false', 2), ('message.clicked true', 1), ('message.delivered false', 2), ('message.opened false', 2), ('message.replied false', 2) $$,
  'semantics 27: each is an event, once by the id of the provider, which is of its kind');
SELECT workflow.tick('2031-01-08 09:10Z');
SELECT is((SELECT body FROM workflow.outbox WHERE workflow = 'back' AND step = 'all'), '2031-01-07T09:01:00Z 2031-01-07T09:02:00Z 2031-01-07T09:03:00Z 2031-01-07T09:04:00Z 2031-01-07T09:05:00Z',
  'semantics 27: and known of the message; a machine''s click is none');
SELECT * FROM finish();
ROLLBACK;
