-- What comes back of messages: receipts, replies, the events they make, and the fields message.* of conditions and texts.
BEGIN;
SELECT plan(36);
SET LOCAL client_min_messages = error;

CREATE TABLE receipts_contacts (id int PRIMARY KEY, org text, email text, mobile text);
SELECT FROM workflow.attach('receipts_contacts', '{"entity": "contact", "account": "org", "fields": {"phone": "mobile"}}');
CREATE FUNCTION pg_temp.publish(name text, steps text, settings text = '{}', triggers text = '[{"on": "manual"}]') RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM workflow.create_workflow(name, jsonb_build_object('triggers', triggers::jsonb, 'settings', settings::jsonb, 'steps', steps::jsonb));
  PERFORM workflow.publish(name);
END $$;
CREATE FUNCTION pg_temp.sent(workflow text, contact text = '1', step text = NULL) RETURNS bigint LANGUAGE sql AS $$
  SELECT o.id FROM workflow.outbox o WHERE o.workflow = sent.workflow AND o.contact_key = contact AND o.step = coalesce(sent.step, o.step) ORDER BY o.id DESC LIMIT 1
$$;
INSERT INTO receipts_contacts VALUES (1, 'acme', 'Ann@x.test', '+1'), (2, 'acme', 'bob@x.test', '+2'), (3, 'beta', 'ann@x.test', '+3'), (4, 'beta', 'dee@x.test', '+4');

-- Fields of messages
SELECT pg_temp.publish('hello', '[{"id": "hello", "type": "send", "channel": "email", "body": "b"}, {"id": "w", "type": "wait", "for": "1 day"},
  {"id": "read", "type": "if", "if": {"field": "message.hello.opened_at", "operator": "notNull"}, "then": [{"id": "thanks", "type": "send", "channel": "email",
    "body": "{{ message.hello.outcome }} {{ message.hello.opened_at }}"}],
   "else": [{"id": "again", "type": "send", "channel": "email", "body": "b", "if": {"field": "message.hello.outcome", "operator": "!=", "value": "cancelled"}}]},
  {"id": "scan", "type": "send", "channel": "sms", "body": "b", "if": {"field": "message.hello.machine_opened_at", "operator": "notNull"}}]');
SELECT workflow.enroll('hello', c) FROM unnest('{1,2,4}'::text[]) c;
SELECT FROM workflow.tick('2031-01-06 09:00Z');
SELECT FROM workflow.claim('email', 10) c, workflow.ack(c.token, ARRAY[c.id]);
SELECT ok(workflow.receipt(pg_temp.sent('hello'), 'delivered', receipt_id => 'd1') IS NOT NULL, 'semantics 27: a receipt is an event');
SELECT ok(workflow.receipt(pg_temp.sent('hello'), 'opened', '2031-01-06 10:00Z', receipt_id => 'o1') IS NOT NULL, 'opened');
SELECT is(workflow.receipt(pg_temp.sent('hello'), 'opened', '2031-01-06 11:00Z', receipt_id => 'o1'), NULL, 'semantics 27: the provider''s id comes once');
SELECT ok(workflow.receipt(pg_temp.sent('hello'), 'clicked', '2031-01-06 11:00Z', receipt_id => 'o1') IS NOT NULL, 'for each kind');
SELECT ok(workflow.receipt(pg_temp.sent('hello', '2'), 'opened', '2031-01-06 10:00Z', '{"machine": true}') IS NOT NULL, 'a machine opens');
SELECT is((SELECT count(*) FROM workflow.receipt), 4::bigint, 'four are kept');
SELECT throws_ok($$ SELECT workflow.receipt(-1, 'opened') $$, 'P0002', NULL, 'a message that is not there');
SELECT throws_ok($$ SELECT workflow.receipt(pg_temp.sent('hello'), 'seen') $$, '22023', '"seen" is no kind of receipt', 'a kind that is none');
SELECT throws_ok($$ SELECT workflow.receipt(pg_temp.sent('hello'), 'opened', data => '[]') $$, '22023', NULL, 'data that is no object');
SELECT FROM workflow.tick('2031-01-07 09:00Z');
SELECT is((SELECT body FROM workflow.outbox WHERE id = pg_temp.sent('hello', '1', 'thanks')), 'sent 2031-01-06T10:00:00Z', 'definition: message.<step> in conditions and texts');
SELECT is(pg_temp.sent('hello', '1', 'scan'), NULL, 'no machine opened it');
SELECT ok(pg_temp.sent('hello', '2', 'again') IS NOT NULL AND pg_temp.sent('hello', '2', 'thanks') IS NULL, 'semantics 27: a machine''s open is no open');
SELECT ok(pg_temp.sent('hello', '2', 'scan') IS NOT NULL, 'semantics 27: but for a condition that asks for it');
SELECT ok(pg_temp.sent('hello', '4', 'again') IS NOT NULL, 'nothing came back');
SELECT results_eq($$ SELECT v.path, v.message FROM workflow.validate('{"triggers": [{"on": "contact.created", "filter": {"field": "message.a.opened_at", "operator": "notNull"}}],
    "steps": [{"id": "a", "type": "send", "channel": "email", "body": "{{ message.b.opened_at }}"}, {"id": "c", "type": "if", "if": {"field": "message.a.openedat", "operator": "notNull"}, "then": []}]}') v
    WHERE v.severity = 'error' ORDER BY 1 $$,
  $$ VALUES ('/steps/0/body', 'no step "b" sends a message'), ('/steps/1/if/field', '"message.a.openedat" is not known'),
            ('/triggers/0/filter/field', '"message" is known only in steps') $$, 'what of messages may be named, and where');

-- Events of receipts enroll
SELECT pg_temp.publish('opened', '[{"id": "a", "type": "send", "channel": "push", "body": "{{ event.data.step }} {{ event.data.channel }} {{ event.data.automatic }}"}]',
  '{"reentry": "every_event"}', '[{"on": "message.opened"}, {"on": "message.replied"}]');
SELECT workflow.receipt(pg_temp.sent('hello', '4', 'hello'), 'opened');
SELECT FROM workflow.tick('2031-01-07 09:00Z');
SELECT is((SELECT body FROM workflow.outbox WHERE id = pg_temp.sent('opened', '4')), 'hello email false', 'definition: message.opened is a trigger, with what it is about');

-- A bounce for good, a soft one, a complaint, an unsubscription
SELECT workflow.receipt(pg_temp.sent('hello', '2', 'hello'), 'bounced', data => '{"soft": true}');
SELECT is_empty('SELECT FROM workflow.suppressions', 'a soft bounce suppresses nothing');
SELECT workflow.receipt(pg_temp.sent('hello', '2', 'hello'), 'bounced');
SELECT results_eq('SELECT account, contact_key, address, channel, scope, reason FROM workflow.suppressions',
  $$ VALUES ('acme', NULL, 'bob@x.test', NULL, 'all', 'bounce') $$, 'semantics 22, 26: a bounce for good suppresses the address');
SELECT workflow.receipt(pg_temp.sent('hello', '4', 'hello'), 'unsubscribed');
SELECT results_eq($$ SELECT account, contact_key, address, channel, scope FROM workflow.suppressions WHERE reason = 'unsubscribe' $$,
  $$ VALUES ('beta', '4', NULL, 'email', 'channel') $$, 'semantics 22: an unsubscription is the contact''s, on the channel');
SELECT workflow.receipt(pg_temp.sent('hello', '1', 'hello'), 'complained');
SELECT results_eq($$ SELECT account, address, scope FROM workflow.suppressions WHERE reason = 'complaint' $$, $$ VALUES ('acme', 'ann@x.test', 'all') $$, 'a complaint is of the address');
SELECT pg_temp.publish('after', '[{"id": "a", "type": "send", "channel": "email", "body": "b"}]', '{"category": "transactional"}');
SELECT workflow.enroll('after', c) FROM unnest('{1,2,3,4}'::text[]) c;
SELECT FROM workflow.tick('2031-01-07 10:00Z');
SELECT results_eq($$ SELECT contact_key, state FROM workflow.outbox WHERE workflow = 'after' ORDER BY 1 $$,
  $$ VALUES ('1', 'suppressed'), ('2', 'suppressed'), ('3', 'ready'), ('4', 'ready') $$, 'semantics 22, attach 12: who is stopped, and that another account''s same address is not');
DELETE FROM workflow.suppression;

-- Replies
SELECT is(workflow.reply('email', 'nobody@x.test'), NULL, 'whose address nobody knows');
SELECT is(workflow.reply('pigeon', 'x'), NULL, 'a channel without addresses');
SELECT ok(workflow.reply('email', 'BOB@x.test', data => '{"id": "r1", "text": "hello"}') IS NOT NULL, 'semantics 20: a reply without a reference');
SELECT is((SELECT array_agg(r.message) FROM workflow.receipt r WHERE r.kind = 'replied'), ARRAY[pg_temp.sent('hello', '2', 'hello')], 'belongs to the latest message on that channel; the suppressed one after it has reached nobody');
SELECT is(workflow.reply('email', 'bob@x.test', data => '{"id": "r1"}'), NULL, 'semantics 27: once');
SELECT FROM workflow.tick('2031-01-07 10:00Z');
SELECT is((SELECT body FROM workflow.outbox WHERE id = pg_temp.sent('opened', '2')), 'hello email false', 'and is the event message.replied');
SELECT workflow.reply('email', 'ann@x.test');
SELECT is((SELECT m.contact_key FROM workflow.receipt r JOIN workflow.message m ON m.id = r.message WHERE r.kind = 'replied' ORDER BY r.message DESC LIMIT 1), '3',
  'of two contacts with one address the last who was written to');
SELECT workflow.reply('email', 'ann@x.test', account => 'acme');
SELECT is((SELECT count(*) FROM workflow.receipt r JOIN workflow.message m ON m.id = r.message WHERE r.kind = 'replied' AND m.contact_key = '1'), 1::bigint, 'or that of the account');
SELECT ok(workflow.reply('sms', '+4', '2031-01-07 11:00Z') IS NOT NULL, 'semantics 20: a reply to nothing of ours');
SELECT is((SELECT count(*) FROM workflow.receipt r WHERE r.kind = 'replied'), 3::bigint, 'belongs to no message');
SELECT ok(workflow.reply('email', 'dee@x.test', '2031-01-15 10:00Z') IS NOT NULL, 'and one that comes after 7 days');
SELECT is((SELECT count(*) FROM workflow.receipt r WHERE r.kind = 'replied'), 3::bigint, 'semantics 20: neither');
SELECT ok(workflow.reply('email', 'x', data => '{"auto": true}', message => pg_temp.sent('after', '4')) IS NOT NULL, 'a reference, and an automatic reply');
SELECT is((SELECT machine FROM workflow.receipt WHERE kind = 'replied' AND message = pg_temp.sent('after', '4')), true, 'semantics 20: which is nobody''s response');
SELECT FROM workflow.tick('2031-01-07 11:00Z');
SELECT is((SELECT body FROM workflow.outbox WHERE id = pg_temp.sent('opened', '4')), 'a email true', 'and says so');

SELECT * FROM finish();
ROLLBACK;
