-- Consent and suppression when a message is written, retry, merging, forgetting, the audit.
BEGIN;
SELECT plan(57);
SET LOCAL client_min_messages = error;

CREATE TABLE people_contacts (id int PRIMARY KEY, org text, email text, mobile text, opted_out boolean NOT NULL DEFAULT false,
  newsletter boolean NOT NULL DEFAULT true, points int NOT NULL DEFAULT 0);
CREATE TABLE people_blocked (address text PRIMARY KEY);
CREATE TABLE people_orders (id int PRIMARY KEY, contact int, quiet boolean NOT NULL DEFAULT false, total int);
SELECT FROM workflow.attach('people_contacts', '{"entity": "contact", "account": "org", "fields": {"phone": "mobile"}, "consent": [
  {"channel": "email", "allowed_when": {"field": "opted_out", "operator": "=", "value": false}},
  {"channel": "email", "category": "marketing", "allowed_when": {"field": "newsletter", "operator": "=", "value": true}},
  {"channel": "email", "category": "transactional", "allowed_when": {"sql": "SELECT NOT EXISTS (SELECT FROM people_blocked b WHERE b.address = row.email)"}}]}');
SELECT FROM workflow.attach('people_orders', '{"entity": "order", "contact": "contact",
  "consent": {"category": "informational", "allowed_when": {"field": "quiet", "operator": "=", "value": false}}}');
CREATE FUNCTION pg_temp.publish(name text, steps text, settings text = '{}', triggers text = '[{"on": "manual"}]') RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM workflow.create_workflow(name, jsonb_build_object('triggers', triggers::jsonb, 'settings', settings::jsonb, 'steps', steps::jsonb));
  PERFORM workflow.publish(name);
END $$;
CREATE FUNCTION pg_temp.states(workflow text, contact text) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(o.step || ' ' || o.state, ', ' ORDER BY o.id) FROM workflow.outbox o WHERE o.workflow = states.workflow AND o.contact_key = contact
$$;
CREATE FUNCTION pg_temp.reason(workflow text, contact text) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(e.state || coalesce(' ' || e.reason, ''), ', ' ORDER BY e.entered_at, e.enrollment) FROM workflow.enrollments e
   WHERE e.workflow = reason.workflow AND e.contact_key = contact
$$;
INSERT INTO people_contacts (id, email, mobile, opted_out, newsletter) VALUES
  (1, 'Ann@x.test', '+1', false, true), (2, 'bob@x.test', '+2', true, true), (3, 'cy@x.test', '+3', false, false), (4, 'dee@x.test', '+4', false, true),
  (5, 'eve@x.test', '+5', false, true), (6, 'fay@x.test', '+6', false, true), (7, 'gus@x.test', '+7', false, true), (8, 'hal@x.test', '+8', false, true);
INSERT INTO people_blocked VALUES ('eve@x.test');

-- attach 9: declared consent, by category
SELECT pg_temp.publish(c, '[{"id": "mail", "type": "send", "channel": "email", "subject": "s", "body": "b"},
  {"id": "text", "type": "send", "channel": "sms", "body": "b"}]', jsonb_build_object('category', c, 'exit_on_unsubscribe', false)::text)
  FROM unnest('{marketing,informational,transactional}'::text[]) c;
SELECT workflow.enroll(w, c) FROM unnest('{marketing,informational,transactional}'::text[]) w, unnest('{1,2,3,5}'::text[]) c;
SELECT FROM workflow.tick('2031-01-06 09:00Z');
SELECT is((SELECT string_agg(left(w, 1) || c || ' ' || pg_temp.states(w, c), '; ' ORDER BY c, w) FROM unnest('{marketing,informational,transactional}'::text[]) w, unnest('{1,2,3,5}'::text[]) c),
  'i1 mail ready, text ready; m1 mail ready, text ready; t1 mail ready, text ready; '
  'i2 mail suppressed, text ready; m2 mail suppressed, text ready; t2 mail ready, text ready; '
  'i3 mail ready, text ready; m3 mail suppressed, text ready; t3 mail ready, text ready; '
  'i5 mail suppressed, text ready; m5 mail suppressed, text ready; t5 mail suppressed, text ready', 'attach 9: opt-out of a channel, a level, a block list, by channel and category');
SELECT is((SELECT o.reason FROM workflow.outbox o WHERE o.workflow = 'marketing' AND o.contact_key = '2' AND o.step = 'mail'), 'no consent in public.people_contacts', 'the reason says who said so');
SELECT is((SELECT o.subject FROM workflow.outbox o WHERE o.workflow = 'marketing' AND o.contact_key = '2' AND o.step = 'mail'), NULL, 'what nobody reads has no words');
SELECT is(pg_temp.reason('marketing', '2'), 'ended completed', 'semantics 22: the enrollment goes on');

-- attach 9: an order that must stay quiet
SELECT pg_temp.publish('order', '[{"id": "mail", "type": "send", "channel": "email", "body": "b"}]', '{"category": "informational", "exit_on_unsubscribe": false}', '[{"on": "order.created"}]');
INSERT INTO people_orders VALUES (1, 1, false, 5), (2, 1, true, 5);
SELECT FROM workflow.tick('2031-01-06 09:00Z');
SELECT results_eq($$ SELECT e.entry_key, o.state FROM workflow.outbox o JOIN workflow.enrollments e USING (enrollment) WHERE o.workflow = 'order' ORDER BY 1 $$,
  $$ VALUES ('1', 'ready'), ('2', 'suppressed') $$, 'attach 9: consent told by the row of the event');

-- semantics 22: exit_on_unsubscribe, by default for marketing
SELECT pg_temp.publish('leaving', '[{"id": "a", "type": "send", "channel": "email", "body": "b"}, {"id": "b", "type": "send", "channel": "sms", "body": "b"}]');
SELECT workflow.suppress(contact => '4', channel => 'email');
SELECT workflow.suppress(address => 'FAY@x.test', reason => 'bounce');
SELECT workflow.enroll('leaving', c) FROM unnest('{1,4,6}'::text[]) c;
SELECT FROM workflow.tick('2031-01-06 09:00Z');
SELECT is(pg_temp.states('leaving', '1'), 'a ready, b ready', 'who has said nothing gets both');
SELECT is(pg_temp.states('leaving', '4'), 'a suppressed', 'semantics 22: an opt-out stops the message');
SELECT is(pg_temp.reason('leaving', '4'), 'ended unsubscribed', 'semantics 22, 23: and ends the enrollment with unsubscribed');
SELECT is(pg_temp.states('leaving', '6'), 'a suppressed, b ready', 'semantics 22: an address that does not work stops what goes there, whatever its case');
SELECT is((SELECT array_agg(h.what ORDER BY h.id) FROM workflow.history h WHERE h.workflow = 'leaving' AND h.contact_key = '4'), '{entered,suppressed,ended}', 'and the history says so');
SELECT is(workflow.unsuppress(contact => '4', channel => 'sms'), 0::bigint, 'another channel is another suppression');
SELECT is(workflow.unsuppress(contact => '4'), 1::bigint, 'unsuppress takes it back');
SELECT is_empty($$ SELECT FROM workflow.suppressions WHERE contact_key = '4' $$, 'it is gone');
SELECT throws_ok($$ SELECT workflow.suppress() $$, '22004', NULL, 'suppress needs a whom');
SELECT throws_ok($$ SELECT workflow.suppress('a@x.test', '1') $$, '22004', NULL, 'one of the two');
SELECT workflow.suppress(contact => '7', account => 'other');
SELECT workflow.enroll('leaving', '7');
SELECT FROM workflow.tick('2031-01-06 09:00Z');
SELECT is(pg_temp.states('leaving', '7'), 'a ready, b ready', 'attach 12: the suppressions of an account are its own');

-- semantics 21, 22: looked at once more when it is claimed
INSERT INTO people_contacts (id, email) SELECT n, 'c' || n || '@x.test' FROM generate_series(21, 26) n;
SELECT pg_temp.publish('claimed', '[{"id": "a", "type": "send", "channel": "email", "body": "b"}]');
SELECT pg_temp.publish('elsewhere', '[{"id": "a", "type": "send", "channel": "email", "to": "other@x.test", "body": "b"}]', '{"category": "transactional"}');
SELECT workflow.enroll('claimed', c) FROM unnest('{21,22,23,24}'::text[]) c;
SELECT workflow.suppress(address => 'other@x.test'), workflow.enroll('elsewhere', '25');
INSERT INTO people_orders VALUES (3, 26, false, 5);
SELECT FROM workflow.tick('2031-01-06 09:00Z');
UPDATE people_contacts SET opted_out = true WHERE id = 21;
UPDATE people_orders SET quiet = true WHERE id = 3;
SELECT workflow.suppress(contact => '22');
SELECT workflow.suppress(address => 'C23@x.test', channel => 'sms', reason => 'unsubscribe');
SAVEPOINT claimed;
SELECT is((SELECT array_agg(c.contact_key ORDER BY c.contact_key) FROM workflow.claim('email', 100) c WHERE c.contact_key ~ '^2.'), '{23,24}', 'semantics 21: who has withdrawn since the message was written gets none');
SELECT results_eq($$ SELECT contact_key, state, reason FROM workflow.outbox WHERE contact_key ~ '^2.' AND state <> 'leased' ORDER BY 1 $$,
  $$ VALUES ('21', 'suppressed', 'no consent in public.people_contacts'), ('22', 'suppressed', 'the contact has opted out: unsubscribe'),
            ('25', 'suppressed', 'the address is suppressed: block'), ('26', 'suppressed', 'no consent in public.people_orders') $$,
  'semantics 22: by a column, a contact, an address of the step''s own, the row of the event; each says why');
ROLLBACK TO claimed;

-- A send held by its window is decided when the window opens.
SELECT pg_temp.publish('held', '[{"id": "a", "type": "send", "channel": "email", "body": "b"}]', '{"send_window": [{"days": ["mon"], "from": "10:00", "to": "11:00"}]}');
SELECT workflow.enroll('held', '8');
SELECT FROM workflow.tick('2031-01-06 09:00Z');
SELECT is(pg_temp.reason('held', '8'), 'window', 'held');
UPDATE people_contacts SET opted_out = true WHERE id = 8;
SELECT FROM workflow.tick('2031-01-06 10:00Z');
SELECT is(pg_temp.reason('held', '8'), 'ended unsubscribed', 'semantics 15, 21: looked at when the message is written');

-- semantics 29: retry
CREATE FUNCTION people_fails() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;
CREATE TRIGGER people_fails BEFORE UPDATE OF points ON people_contacts FOR EACH ROW EXECUTE FUNCTION people_fails();
SELECT pg_temp.publish('failing', '[{"id": "first", "type": "send", "channel": "sms", "body": "b"}, {"id": "points", "type": "set", "values": {"contact.points": {"add": 1}}},
  {"id": "last", "type": "send", "channel": "sms", "body": "b"}]', '{"on_error": {"retry": 0}}');
SELECT workflow.enroll('failing', '1', '{"secret": "input"}');
SELECT FROM workflow.tick('2031-01-06 10:00Z');
SELECT FROM workflow.tick('2031-01-06 10:00Z');
SELECT is(pg_temp.reason('failing', '1'), 'ended error', 'it has failed');
SELECT is((SELECT count(*) FROM workflow.errors WHERE workflow = 'failing' AND step = 'points'), 1::bigint, 'semantics 29: errors shows where');
SELECT is((SELECT input - 'event_id' - 'at' FROM workflow.errors WHERE workflow = 'failing' AND step = 'points'), '{"event": "manual", "entry_key": "1", "row": null, "data": {"secret": "input"}}',
  'semantics 29: with which input: what enrolled it, under which key, with which data');
SELECT throws_ok($$ SELECT workflow.retry(enrollment) FROM workflow.enrollments WHERE workflow = 'leaving' AND contact_key = '4' $$, 'WF007', NULL, 'only what has failed is retried');
SELECT throws_ok($$ SELECT workflow.retry(gen_random_uuid()) $$, 'P0002', NULL, 'and what is there');
DROP TRIGGER people_fails ON people_contacts;
SELECT ok(workflow.retry(enrollment) IS NOT NULL, 'retry') FROM workflow.enrollments WHERE workflow = 'failing';
SELECT FROM workflow.tick('2031-01-06 10:05Z');
SELECT is(pg_temp.reason('failing', '1'), 'ended completed', 'semantics 29: it went on at the failing step');
SELECT is(pg_temp.states('failing', '1'), 'first ready, last ready', 'and sent nothing twice');
SELECT is((SELECT points FROM people_contacts WHERE id = 1), 1, 'the step was done once');

-- stuck: empty where all is well, and not where something is overdue or an orphan
SELECT is_empty($$ SELECT * FROM workflow.stuck $$, 'semantics 29: nothing is stuck');
SELECT pg_temp.publish('waiting', '[{"id": "w", "type": "wait", "for": "1 day"}, {"id": "a", "type": "send", "channel": "email", "body": "b"}]', '{"reentry": "after_exit"}');
SELECT workflow.enroll('waiting', c) FROM unnest('{1,3,5,6}'::text[]) c;
SELECT FROM workflow.tick('2031-01-06 10:05Z');
SAVEPOINT healthy;
DELETE FROM workflow.timer t USING workflow.enrollment e WHERE e.id = t.enrollment AND e.contact_key = '1';
UPDATE workflow.version SET listened = false WHERE id = (SELECT version FROM workflow.enrollment WHERE contact_key = '3' ORDER BY id DESC LIMIT 1);
SELECT results_eq($$ SELECT what, count(*) FROM workflow.stuck GROUP BY 1 ORDER BY 1 $$, $$ VALUES ('orphaned', 4::bigint) $$, 'semantics 29: a version that nobody runs');
UPDATE workflow.version SET listened = true;
SELECT results_eq($$ SELECT what, contact_key FROM workflow.stuck $$, $$ VALUES ('no_timer', '1') $$, 'a timer that is missing');
ROLLBACK TO healthy;
SELECT FROM workflow.claim('sms', 1, '1 minute');
SELECT FROM workflow.tick('2031-01-06 10:30Z');
SELECT results_eq($$ SELECT what, step FROM workflow.stuck $$, $$ VALUES ('expired_lease', 'text') $$, 'semantics 29: a sender that never came back');
SELECT workflow.pause(m.workflow) FROM workflow.stuck s JOIN workflow.message m ON m.id = s.message;
SELECT is_empty('SELECT * FROM workflow.stuck', 'semantics 29: while its workflow is paused nobody can claim it');
ROLLBACK TO healthy;
SELECT workflow.claim('sms', 1, '1 minute');
SELECT FROM workflow.tick('2031-01-06 10:30Z');
SELECT workflow.halt();
SELECT is_empty('SELECT * FROM workflow.stuck', 'semantics 29: nor while all is halted');
ROLLBACK TO healthy;
-- No round has taken place for a while after they fell due.
CREATE FUNCTION pg_temp.time_goes_on(until timestamptz) RETURNS void LANGUAGE sql AS $$
  INSERT INTO workflow.round (from_snapshot, snapshot, last_event, complete, xid, as_of, read_due, read_enrollment, read_number)
  SELECT r.from_snapshot, r.snapshot, r.last_event, r.complete, r.xid, until, r.read_due, r.read_enrollment, r.read_number FROM workflow.newest_round() r
$$;
SELECT pg_temp.time_goes_on('2031-01-07 10:09Z');
SELECT is_empty('SELECT * FROM workflow.stuck', 'semantics 29: four minutes late is not stuck');
SELECT pg_temp.time_goes_on('2031-01-07 10:11Z');
SELECT results_eq($$ SELECT DISTINCT what, step, since FROM workflow.stuck $$, $$ VALUES ('overdue', 'w', '2031-01-07 10:05Z'::timestamptz) $$, 'semantics 29: six minutes late is');
SELECT workflow.pause('waiting');
SELECT is_empty('SELECT * FROM workflow.stuck', 'semantics 29: but in a workflow that is paused nothing is');
UPDATE workflow.state SET phase = 'ready', due = NULL WHERE enrollment = (SELECT max(id) FROM workflow.enrollment);
SELECT results_eq($$ SELECT what, count(*) FROM workflow.stuck GROUP BY 1 $$, $$ VALUES ('not_started', 1::bigint) $$, 'semantics 29: who never took a step');
ROLLBACK TO healthy;

-- merge_contacts
SELECT workflow.enroll('waiting', '2');
SELECT FROM workflow.tick('2031-01-06 10:06Z');
SELECT workflow.suppress(contact => '2', channel => 'push');
SELECT ok(workflow.merge_contacts('2', '3') IS NOT NULL, 'merge');
SELECT workflow.merge_contacts('6', '7');
SELECT throws_ok($$ SELECT workflow.merge_contacts('2', '2') $$, '22023', NULL, 'not into itself');
SELECT FROM workflow.tick('2031-01-06 10:07Z');
SELECT is(pg_temp.reason('waiting', '2'), 'ended merged', 'semantics 32: of two live ones that of the contact who stays goes on');
SELECT is(pg_temp.reason('waiting', '3'), 'waiting', 'which is there');
SELECT is(pg_temp.reason('waiting', '7'), 'waiting', 'semantics 32: who had none takes over the other''s');
SELECT is((SELECT entry_key FROM workflow.enrollments WHERE workflow = 'waiting' AND contact_key = '7'), '7', 'under its own key');
SELECT is(pg_temp.reason('leaving', '6'), 'ended completed', 'what both have been through stays where it was');
SELECT ok(EXISTS (SELECT FROM workflow.suppressions WHERE contact_key = '3' AND channel = 'push'), 'suppressions hold for the one who stays');
SELECT FROM workflow.tick('2031-01-07 11:00Z');
SELECT is(pg_temp.reason('waiting', '7'), 'ended completed', 'and it goes on');

-- forget
SELECT workflow.enroll('waiting', '5', '{"secret": "x"}');
SELECT FROM workflow.tick('2031-01-07 11:00Z');
SELECT is((workflow.forget('5'))->>'messages', '7', 'forget shows its counts first');
SELECT ok((workflow.forget('5', dry_run => false)->>'history')::int > 0, 'forget');
SELECT is_empty($$ SELECT FROM workflow.history WHERE contact_key = '5' UNION ALL SELECT FROM workflow.errors WHERE contact_key = '5' UNION ALL SELECT FROM workflow.refusals WHERE contact_key = '5'
  UNION ALL SELECT FROM workflow.outbox WHERE contact_key = '5' AND (recipient <> '{}' OR body IS NOT NULL OR state = 'ready')
  UNION ALL SELECT FROM workflow.enrollments WHERE contact_key = '5' AND data IS NOT NULL $$, 'semantics 32: nothing of the person is left');
SELECT FROM workflow.tick('2031-01-07 11:00Z');
SELECT is((SELECT count(*) FROM workflow.enrollments WHERE contact_key = '5' AND state <> 'ended'), 0::bigint, 'and nothing of it lives');

-- audit
SELECT workflow.cancel_messages('{"workflow": "waiting"}', dry_run => false);
SELECT is_empty($$ SELECT detail FROM workflow.audit WHERE detail::text LIKE '%secret%' $$, 'the audit has no contents');
SELECT is_empty($$ SELECT unnest('{attach,create_workflow,publish,enroll,suppress,unsuppress,retry,merge_contacts,forget,cancel_messages}'::text[]) EXCEPT SELECT action FROM workflow.audit $$,
  'semantics 32: every manual action is in the audit');
SELECT results_eq($$ SELECT DISTINCT who = session_user, at <= clock_timestamp() FROM workflow.audit $$, 'VALUES (true, true)', 'who and when');
SELECT throws_ok($$ DELETE FROM workflow.audit_entry $$, '42501', NULL, 'semantics 32: nobody takes a line out of it');
SELECT throws_ok($$ UPDATE workflow.audit_entry SET who = 'somebody' $$, '42501', NULL, 'nor changes one');

SELECT * FROM finish();
ROLLBACK;
