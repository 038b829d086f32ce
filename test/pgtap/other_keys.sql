-- A contact whose key changes, or who is merged into another, is the same person: what it has said, and what it was sent, holds under the new key (semantics 20, 21, 22, 32; attach 4).
BEGIN;
SELECT * FROM no_plan();
SET LOCAL client_min_messages = error;
SET LOCAL TimeZone = 'UTC';
CREATE TABLE keyed_contacts (id int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED, email text, phone text);
SELECT FROM workflow.attach('keyed_contacts', '{"entity": "contact"}');
INSERT INTO keyed_contacts SELECT n, 'c' || n || '@x.test', '+' || n FROM generate_series(1, 20) n;
CREATE FUNCTION pg_temp.publish(name text, rest text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM workflow.create_workflow(name, '{"triggers": [{"on": "manual"}]}' || rest::jsonb);
  PERFORM workflow.publish(name);
END $$;
CREATE FUNCTION pg_temp.tick(at timestamptz) RETURNS void LANGUAGE plpgsql AS $$ BEGIN FOR i IN 1 .. 4 LOOP PERFORM workflow.tick(at); END LOOP; END $$;
SELECT pg_temp.publish('news', '{"settings": {"exit_on_unsubscribe": false, "reentry": "every_event", "stop_on_response": "enrollment"}, "steps": [
  {"id": "mail", "type": "send", "channel": "email", "body": "x"}, {"id": "sms", "type": "send", "channel": "sms", "body": "x"}, {"type": "wait", "for": "9 days"}]}');
SELECT pg_temp.publish('capped', '{"settings": {"reentry": "every_event", "frequency_cap": [{"channel": "push", "max": 1, "per": "1 day", "on_cap": "skip"}]}, "steps": [{"id": "push", "type": "send", "channel": "push", "body": "x"}, {"id": "t", "type": "task", "title": "x"}]}');
CREATE FUNCTION pg_temp.stopped(contact text) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(o.step, ',' ORDER BY o.id) FROM workflow.outbox o JOIN workflow.enrollments e USING (enrollment) WHERE o.workflow = 'news' AND e.contact_key = contact AND o.state = 'suppressed' $$;

-- Merged
SELECT workflow.enroll('news', n::text) FROM generate_series(1, 3) n;
SELECT pg_temp.tick('2031-01-06 09:00Z');
SELECT workflow.merge_contacts('1', '11'), workflow.merge_contacts('2', '12'), workflow.merge_contacts('3', '13');
SELECT pg_temp.tick('2031-01-06 09:10Z');
SELECT workflow.suppress(contact => '11', channel => 'email');
SELECT bag_eq($$ SELECT c.contact_key FROM workflow.claim('email', 10) c $$, $$ VALUES ('2'), ('3') $$, 'semantics 21: who has withdrawn under the new key gets no message that was written under the old one');
SELECT workflow.receipt((SELECT id FROM workflow.outbox WHERE contact_key = '2' AND channel = 'email'), 'unsubscribed');
SELECT results_eq($$ SELECT contact_key, channel FROM workflow.suppressions WHERE message IS NOT NULL $$, $$ VALUES ('12', 'email') $$, 'semantics 22: an unsubscription by a message of before is that of who the contact is now');
SELECT workflow.receipt((SELECT id FROM workflow.outbox WHERE contact_key = '3' AND channel = 'email'), 'replied');
SELECT pg_temp.tick('2031-01-06 09:20Z');
SELECT is((SELECT reason FROM workflow.enrollments WHERE contact_key = '13'), 'response', 'semantics 20: and so is an answer');
SELECT is((SELECT string_agg(DISTINCT state, ',') FROM workflow.enrollments WHERE contact_key IN ('11', '12')), 'waiting', 'the others go on');

-- Other keys, one that of another
SELECT workflow.suppress(contact => '5', channel => 'sms'), workflow.suppress(contact => '6', channel => 'email');
INSERT INTO workflow.subscription (account, contact_key, contact_source, campaign, channel, subscribed, at)
SELECT '', '7', s.id, '', 'email', false, now() FROM workflow.source s;
SELECT workflow.enroll('capped', '8');
SELECT workflow.enroll('capped', '8', event_id => 'x'), workflow.enroll('capped', '8', event_id => 'x');
SELECT pg_temp.tick('2031-01-07 09:00Z');
SELECT is((SELECT count(*) FROM workflow.outbox WHERE channel = 'push'), 1::bigint, 'the cap holds');
UPDATE keyed_contacts SET id = 100 + id WHERE id = 6;
UPDATE keyed_contacts SET id = 6 WHERE id = 5;
UPDATE keyed_contacts SET id = 100 + id WHERE id IN (7, 8);
SELECT pg_temp.tick('2031-01-07 10:00Z');
SELECT workflow.enroll('news', c) FROM unnest('{6,106,107}'::text[]) c;
SELECT workflow.enroll('capped', '108');
SELECT pg_temp.tick('2031-01-07 11:00Z');
SELECT is(pg_temp.stopped('6') || '; ' || pg_temp.stopped('106') || '; ' || pg_temp.stopped('107'), 'sms; mail; mail', 'attach 4, semantics 22: what a contact has said goes with it, and is not that of who has its key now');
SELECT is((SELECT count(*) FROM workflow.outbox WHERE channel = 'push'), 1::bigint, 'attach 4: caps count what it was sent under the other key');
SELECT is((SELECT string_agg(DISTINCT contact_key, ',') FROM workflow.tasks), '108', 'attach 4: its tasks are its own');
SELECT is((SELECT string_agg(DISTINCT contact_key, ',') FROM workflow.refusals WHERE reason = 'duplicate_event'), '108', 'attach 4: so are its refusals');
SELECT is((SELECT count(*) FROM workflow.suppressions WHERE contact_key ~ chr(1)), 0::bigint, 'no key is on the way any more');
SELECT is_empty('SELECT * FROM workflow.errors', 'nothing failed');
SELECT * FROM finish();
ROLLBACK;
