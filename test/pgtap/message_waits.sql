-- What comes back of a message has the waits, goals and exits looked at that read it (semantics 18, 19, 27; C27, C28).
BEGIN;
SELECT plan(9);
SET LOCAL client_min_messages = error;
SET LOCAL TimeZone = 'UTC';

CREATE TABLE read_contacts (id int PRIMARY KEY, email text);
SELECT FROM workflow.attach('read_contacts', '{"entity": "contact"}');
INSERT INTO read_contacts SELECT n, 'c' || n || '@x.test' FROM generate_series(1, 6) n;
CREATE FUNCTION pg_temp.publish(name text, rest text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM workflow.create_workflow(name, '{"triggers": [{"on": "manual"}]}' || rest::jsonb);
  PERFORM workflow.publish(name);
END $$;
CREATE FUNCTION pg_temp.back(workflow text, contact text, kind text, data jsonb = '{}') RETURNS uuid LANGUAGE sql AS $$
  SELECT workflow.receipt(min(o.id), back.kind, data => back.data) FROM workflow.outbox o WHERE o.workflow = back.workflow AND o.contact_key = contact AND o.step = 'hello'
$$;
CREATE FUNCTION pg_temp.steps(workflow text, contact text) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(o.step, ',' ORDER BY o.id) FROM workflow.outbox o WHERE o.workflow = steps.workflow AND o.contact_key = contact
$$;
CREATE FUNCTION pg_temp.reason(workflow text, contact text) RETURNS text LANGUAGE sql AS $$
  SELECT e.reason FROM workflow.enrollments e WHERE e.workflow = reason.workflow AND e.contact_key = contact
$$;

SELECT pg_temp.publish('opened', '{"steps": [{"id": "hello", "type": "send", "channel": "email", "body": "x"},
  {"type": "wait", "until": {"field": "message.hello.opened_at", "operator": "notNull"}, "timeout": "3 days", "on_timeout": [{"type": "stop"}]},
  {"id": "thanks", "type": "send", "channel": "email", "body": "y"}]}');
SELECT workflow.enroll('opened', c::text) FROM generate_series(1, 3) c;
SELECT FROM workflow.tick('2025-06-02 09:00Z');
SELECT pg_temp.back('opened', '1', 'delivered'), pg_temp.back('opened', '2', 'opened', '{"machine": true}'), pg_temp.back('opened', '3', 'opened');
SELECT FROM workflow.tick('2025-06-02 10:00Z');
SELECT is(pg_temp.steps('opened', '3'), 'hello,thanks', 'semantics 18: a receipt ends the wait for it, in the round that reads it');
SELECT is(pg_temp.steps('opened', '1'), 'hello', 'semantics 18: another one does not');
SELECT is(pg_temp.steps('opened', '2'), 'hello', 'semantics 27: nor what a machine did');
SELECT pg_temp.back('opened', '2', 'opened');
SELECT FROM workflow.tick('2025-06-02 11:00Z');
SELECT is(pg_temp.steps('opened', '2'), 'hello,thanks', 'semantics 27: but what the person did after it');
SELECT FROM workflow.tick('2025-06-05 09:00Z');
SELECT is(pg_temp.reason('opened', '1'), 'stopped', 'semantics 18: the first of condition and timeout wins');

SELECT pg_temp.publish('machines', '{"steps": [{"id": "hello", "type": "send", "channel": "email", "body": "x"},
  {"type": "wait", "until": {"field": "message.hello.machine_clicked_at", "operator": "notNull"}, "timeout": "3 days"}, {"id": "odd", "type": "send", "channel": "email", "body": "y"}]}');
SELECT workflow.enroll('machines', '4');
SELECT FROM workflow.tick('2025-06-05 10:00Z');
SELECT pg_temp.back('machines', '4', 'clicked', '{"machine": true}');
SELECT FROM workflow.tick('2025-06-05 11:00Z');
SELECT is(pg_temp.steps('machines', '4'), 'hello,odd', 'semantics 27: a condition that asks for machines is told of them');

SELECT pg_temp.publish('clicks', '{"goals": [{"id": "clicked", "if": {"field": "message.hello.clicked_at", "operator": "notNull"}}],
  "settings": {"exit": {"field": "message.hello.bounced_at", "operator": "notNull"}},
  "steps": [{"id": "hello", "type": "send", "channel": "email", "body": "x"}, {"type": "wait", "for": "9 days"}]}');
SELECT workflow.enroll('clicks', c) FROM unnest('{5,6}'::text[]) c;
SELECT FROM workflow.tick('2025-06-05 12:00Z');
SELECT pg_temp.back('clicks', '5', 'clicked'), pg_temp.back('clicks', '6', 'bounced');
SELECT FROM workflow.tick('2025-06-05 13:00Z');
SELECT is(pg_temp.reason('clicks', '5'), 'goal', 'semantics 19: a goal by a condition on a message is reached when it holds');
SELECT is(pg_temp.reason('clicks', '6'), 'condition', 'semantics 21: an exit by such a condition too');

-- A sender's doing makes no event: it is looked at every hour.
SELECT pg_temp.publish('sent', '{"steps": [{"id": "hello", "type": "send", "channel": "sms", "body": "x", "to": "1"},
  {"type": "wait", "until": {"field": "message.hello.sent_at", "operator": "notNull"}, "timeout": "3 days"}, {"id": "more", "type": "send", "channel": "sms", "to": "1", "body": "y"}]}');
SELECT workflow.enroll('sent', '1');
SELECT FROM workflow.tick('2025-06-06 12:00Z');
SELECT workflow.ack(c.token) FROM workflow.claim('sms') c;
SELECT FROM workflow.tick('2025-06-06 13:00Z');
SELECT is(pg_temp.steps('sent', '1'), 'hello,more', 'semantics 18: what no event tells of is looked at every hour');

SELECT * FROM finish();
ROLLBACK;
