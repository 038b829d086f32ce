-- Caps on messages to one contact, and throttles of senders.
BEGIN;
SELECT plan(42);
SET LOCAL client_min_messages = error;

CREATE TABLE limit_contacts (id int PRIMARY KEY, email text, org text NOT NULL DEFAULT '', rep int);
SELECT FROM workflow.attach('limit_contacts', '{"entity": "contact", "account": "org", "fields": {"owner": "rep"}}');
INSERT INTO limit_contacts SELECT n, 'c' || n || '@a.test', CASE WHEN n > 50 THEN 'acme' ELSE '' END, 7 FROM generate_series(1, 60) n;
CREATE FUNCTION pg_temp.publish(name text, settings text, steps text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM workflow.create_workflow(name, jsonb_build_object('triggers', '[{"on": "manual"}]'::jsonb, 'settings', settings::jsonb || '{"reentry": "every_event"}', 'steps', steps::jsonb));
  PERFORM workflow.publish(name);
END $$;
CREATE FUNCTION pg_temp.send(id text, channel text = 'email') RETURNS text LANGUAGE sql AS $$
  SELECT jsonb_build_object('id', id, 'type', 'send', 'channel', channel, 'to', 'x@a.test', 'body', 'b')::text
$$;
CREATE FUNCTION pg_temp.rounds(at timestamptz) RETURNS void LANGUAGE plpgsql AS $$ BEGIN FOR i IN 1 .. 3 LOOP PERFORM workflow.tick(at); END LOOP; END $$;
CREATE FUNCTION pg_temp.written(name text, contact text) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(o.step || to_char(o.created_at AT TIME ZONE 'UTC', ' DD HH24:MI'), ', ' ORDER BY o.id) FROM workflow.outbox o WHERE o.workflow = name AND o.contact_key = contact
$$;
CREATE FUNCTION pg_temp.told(name text, contact text) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(h.what || coalesce(nullif(': ' || h.detail, ': '), ''), ', ' ORDER BY h.id) FROM workflow.history h WHERE h.workflow = name AND h.contact_key = contact
$$;

-- frequency_cap, and what it does with a message that is too much
SELECT pg_temp.publish('defers', '{"frequency_cap": [{"channel": "email", "max": 2, "per": "1 day"}]}', '[' || pg_temp.send('a') || ',' || pg_temp.send('b') || ',' || pg_temp.send('c') || ',' || pg_temp.send('s', 'sms') || ']');
SELECT workflow.enroll('defers', '1');
SELECT pg_temp.rounds('2031-01-01 09:00Z');
SELECT is(pg_temp.written('defers', '1'), 'a 01 09:00, b 01 09:00', 'frequency_cap: the third of one turn is too much already');
SELECT results_eq($$ SELECT w.state, w.step, w.due FROM workflow.waiting w WHERE w.workflow = 'defers' $$, $$ VALUES ('window', 'c', timestamptz '2031-01-02 09:00Z') $$, 'defer: held at its step until the cap allows it');
SELECT is(pg_temp.told('defers', '1'), 'entered: manual, sent, sent, held: until 2031-01-02T09:00:00Z: cap of 2 messages by email in 1 day', 'and the history says why');
SELECT pg_temp.rounds('2031-01-02 08:59Z');
SELECT is(pg_temp.written('defers', '1'), 'a 01 09:00, b 01 09:00', 'not before');
SELECT pg_temp.rounds('2031-01-02 09:00Z');
SELECT is(pg_temp.written('defers', '1'), 'a 01 09:00, b 01 09:00, c 02 09:00, s 02 09:00', 'then it is written; other channels have no such cap');
SELECT pg_temp.publish('skips', '{"frequency_cap": [{"channel": "email", "max": 1, "per": "2 hours", "on_cap": "skip"}]}', '[' || pg_temp.send('a') || ',' || pg_temp.send('b') || ',' || pg_temp.send('s', 'sms') || ']');
SELECT pg_temp.publish('exits', '{"frequency_cap": [{"max": 1, "per": "2 hours", "on_cap": "exit"}]}', '[' || pg_temp.send('a') || ',' || pg_temp.send('s', 'sms') || ',' || pg_temp.send('b') || ']');
SELECT workflow.enroll('skips', '2'), workflow.enroll('exits', '3');
SELECT pg_temp.rounds('2031-01-03 09:00Z');
SELECT is(pg_temp.written('skips', '2'), 'a 03 09:00, s 03 09:00', 'skip: it is left out');
SELECT matches(pg_temp.told('skips', '2'), 'skipped: cap of 1 message by email in 2 hours', 'and told');
SELECT is((SELECT e.reason FROM workflow.enrollments e WHERE e.workflow = 'exits'), 'condition', 'exit: it ends');
SELECT is(pg_temp.written('exits', '3'), 'a 03 09:00', 'a cap without a channel counts all of them together');

-- What counts: all messages to the contact, by whichever workflow, but for transactional ones and those to staff
SELECT pg_temp.publish('urgent', '{"category": "transactional", "frequency_cap": [{"channel": "email", "max": 1, "per": "1 day"}]}', '[' || pg_temp.send('t') || ',' || pg_temp.send('u') || ']');
SELECT pg_temp.publish('staff', '{}', '[{"id": "n", "type": "notify", "channel": "email", "to": "boss@a.test", "body": "b"}, {"id": "o", "type": "send", "channel": "email", "to": "owner", "body": "b"}]');
SELECT pg_temp.publish('one a day', '{"frequency_cap": [{"channel": "email", "max": 1, "per": "1 day"}]}', '[' || pg_temp.send('a') || ']');
SELECT workflow.enroll('urgent', '4'), workflow.enroll('staff', '4');
SELECT pg_temp.rounds('2031-01-04 09:00Z');
SELECT workflow.enroll('one a day', '4');
SELECT pg_temp.rounds('2031-01-04 10:00Z');
SELECT is(pg_temp.written('urgent', '4') || '; ' || pg_temp.written('staff', '4') || '; ' || pg_temp.written('one a day', '4'), 't 04 09:00, u 04 09:00; n 04 09:00, o 04 09:00; a 04 10:00',
          'semantics 22, caps: transactional messages and notices to staff are neither held nor counted');
SELECT workflow.enroll('skips', '5'), workflow.enroll('one a day', '5'), workflow.enroll('exits', '6'), workflow.enroll('one a day', '6');
SELECT pg_temp.rounds('2031-01-05 09:00Z');
SELECT is((SELECT count(*) FROM workflow.outbox o WHERE o.contact_key IN ('5', '6') AND o.channel = 'email'), 2::bigint, 'caps: two workflows that write in one round know of each other');
SELECT workflow.enroll('one a day', '7');
SELECT pg_temp.rounds('2031-01-06 09:00Z');
SELECT workflow.enroll('skips', '7');
SELECT pg_temp.rounds('2031-01-06 10:00Z');
SELECT is(pg_temp.written('skips', '7'), 's 06 10:00', 'caps: what another workflow wrote before counts');

-- A window besides; an unsubscribed contact's stopped messages do not count
SELECT pg_temp.publish('windowed', '{"send_window": [{"from": "09:00", "to": "17:00"}], "frequency_cap": [{"channel": "email", "max": 1, "per": "10 hours"}]}', '[' || pg_temp.send('a') || ',' || pg_temp.send('b') || ']');
SELECT workflow.enroll('windowed', '8');
SELECT pg_temp.rounds('2031-01-07 09:30Z');
SELECT pg_temp.rounds('2031-01-07 19:30Z');
SELECT is((SELECT w.due FROM workflow.waiting w WHERE w.workflow = 'windowed'), '2031-01-08 09:00Z', 'caps: after it the send window holds the message');
SELECT pg_temp.publish('plain', '{"exit_on_unsubscribe": false}', '[' || pg_temp.send('a') || ']');
SELECT workflow.suppress(contact => '9', channel => 'email');
SELECT workflow.enroll('plain', '9');
SELECT pg_temp.rounds('2031-01-08 09:00Z');
SELECT workflow.unsuppress(contact => '9', channel => 'email');
SELECT workflow.enroll('one a day', '9');
SELECT pg_temp.rounds('2031-01-08 10:00Z');
SELECT is(pg_temp.written('one a day', '9'), 'a 08 10:00', 'caps: what was suppressed was not sent, and does not count');

-- set_cap: the account's
SELECT workflow.set_cap('email', 2, '1 day');
SELECT workflow.set_cap('email', 1, '1 day', 'acme');
SELECT workflow.enroll('plain', n) FROM unnest('{10,51}'::text[]) n, generate_series(1, 1);
SELECT pg_temp.rounds('2031-02-01 09:00Z');
SELECT workflow.enroll('plain', n) FROM unnest('{10,51}'::text[]) n;
SELECT pg_temp.rounds('2031-02-01 10:00Z');
SELECT workflow.enroll('plain', n) FROM unnest('{10,51}'::text[]) n;
SELECT pg_temp.rounds('2031-02-01 11:00Z');
SELECT is(pg_temp.written('plain', '10'), 'a 01 09:00, a 01 10:00', 'set_cap: a cap of all accounts');
SELECT is(pg_temp.written('plain', '51'), 'a 01 09:00', 'set_cap: an account with caps of its own goes by those');
SELECT pg_temp.rounds('2031-02-02 09:00Z');
SELECT is(pg_temp.written('plain', '10') || '; ' || pg_temp.written('plain', '51'), 'a 01 09:00, a 01 10:00, a 02 09:00; a 01 09:00, a 02 09:00', 'set_cap: what is too much is deferred');
SELECT workflow.enroll('skips', '11'), workflow.enroll('plain', '11');
SELECT pg_temp.rounds('2031-02-03 09:00Z');
SELECT workflow.enroll('skips', '11');
SELECT pg_temp.rounds('2031-02-03 12:00Z');
SELECT is((SELECT count(*) FROM workflow.outbox o WHERE o.contact_key = '11' AND o.channel = 'email'), 2::bigint, 'set_cap: the account''s cap applies beside the workflow''s');
SELECT is((SELECT count(*) FROM workflow.history h WHERE h.contact_key = '11' AND h.what = 'skipped' AND h.detail = 'cap of 2 messages by email in 1 day'), 2::bigint, 'and does what the workflow''s own says');
SELECT workflow.set_cap('email', NULL, '1 day'), workflow.set_cap('email', NULL, '1 day', 'acme');
SELECT is((SELECT count(*) FROM workflow.cap), 0::bigint, 'set_cap: NULL takes it away');
SELECT results_eq($$ SELECT a.account, a.detail FROM workflow.audit a WHERE a.action = 'set_cap' ORDER BY a.at LIMIT 2 $$, $$ VALUES ('', '{"max": 2, "per": "1 day"}'::jsonb), ('acme', '{"max": 1, "per": "1 day"}') $$, 'semantics 32: and is in the audit');
SELECT throws_ok(format('SELECT workflow.%s', call), '22023', NULL, call || ' is refused')
  FROM unnest(ARRAY['set_cap(''email'', 0, ''1 day'')', 'set_cap(''email'', 1, ''0'')', 'set_cap(''email'', 1, ''2 years'')', 'set_throttle(''email'', 0, ''1 minute'')', 'set_throttle(''email'', 1, ''1 year'')']) call;
SELECT is((SELECT string_agg(v.path || ': ' || v.message, '; ' ORDER BY v.path) FROM workflow.validate('{"triggers": [{"on": "manual"}], "steps": [{"type": "stop"}], "settings": {"frequency_cap":
  [{"channel": "email"}, {"max": 0, "per": "1 day"}, {"max": 1, "per": "2 years"}, {"max": 1, "per": "1 day", "on_cap": "drop"}]}}') v WHERE v.severity = 'error'),
  '/settings/frequency_cap/0: a cap needs "max"; /settings/frequency_cap/0: a cap needs "per"; /settings/frequency_cap/1/max: "max" must be a whole number from 1 to 10000, not "0"; '
  '/settings/frequency_cap/2/per: "per" is longer than a year; /settings/frequency_cap/3/on_cap: "on_cap" must be one of the known words, not "drop"', 'what is no cap is told');
SELECT workflow.forget('10', false);
SELECT is((SELECT count(*) FROM workflow.contacted c WHERE c.contact_key = '10'), 0::bigint, 'forget: when somebody was written to is forgotten');
SELECT is((SELECT count(*) FROM workflow.errors), 0::bigint, 'nothing of all this failed');

-- set_throttle
SELECT count(*) FROM workflow.claim('email', 10000, '1 second');
SELECT workflow.ack(l.token) FROM (SELECT DISTINCT l.token FROM workflow.lease l WHERE l.channel = 'email' AND l.token IS NOT NULL) l;
SELECT pg_temp.publish('many', '{}', '[{"id": "m", "type": "send", "channel": "push", "to": "t", "body": "b"}]');
SELECT workflow.enroll('many', n::text) FROM generate_series(1, 60) n;
SELECT pg_temp.rounds('2031-03-01 09:00Z');
SELECT workflow.set_throttle('push', 20, '1 minute');
CREATE FUNCTION pg_temp.got(qty integer) RETURNS bigint LANGUAGE sql AS $$ SELECT count(*) FROM workflow.claim('push', qty, '1 day') $$;
SELECT is(pg_temp.got(12), 12::bigint, 'set_throttle: less than the limit');
SELECT is(pg_temp.got(12), 8::bigint, 'set_throttle: what is left of it');
SELECT is(pg_temp.got(12), 0::bigint, 'set_throttle: then nothing');
SELECT is((SELECT count(*) FROM workflow.outbox o WHERE o.channel = 'push' AND o.state = 'ready'), 40::bigint, 'the others are as they were');
SELECT FROM workflow.tick('2031-03-01 09:00:59Z');
SELECT is(pg_temp.got(12), 0::bigint, 'set_throttle: nothing before the time is over');
SELECT FROM workflow.tick('2031-03-01 09:01Z');
SELECT is(pg_temp.got(100), 20::bigint, 'set_throttle: then as many again');
SELECT workflow.set_throttle('push', 25, '1 minute');
SELECT is(pg_temp.got(100), 5::bigint, 'set_throttle: a larger limit counts what went out before');
SELECT workflow.set_throttle('push', NULL, NULL);
SELECT is(pg_temp.got(2), 2::bigint, 'set_throttle: NULL takes it away');
SELECT workflow.enroll('many', n::text) FROM generate_series(1, 60) n;
SELECT pg_temp.rounds('2031-03-02 09:00Z');
SELECT workflow.set_throttle('push', 3, '1 hour', 'acme');
SELECT is((SELECT count(*) FROM workflow.claim('push', 1000, '1 hour') c WHERE c.account = 'acme'), 3::bigint, 'set_throttle: of one account');
SELECT is((SELECT count(*) FROM workflow.outbox o WHERE o.channel = 'push' AND o.state = 'ready'), 17::bigint, 'others have none');
SELECT is(pg_temp.got(10), 0::bigint, 'and later claims pass over them');
SELECT FROM workflow.tick('2031-03-02 10:00Z');
SELECT is((SELECT count(*) FROM workflow.claim('push', 1000, '1 minute') c WHERE c.account = 'acme'), 3::bigint, 'set_throttle: until their time has come; what is handed out again counts again');
SELECT is((SELECT count(*) FROM workflow.audit a WHERE a.action = 'set_throttle'), 4::bigint, 'semantics 32: throttles are in the audit');

SELECT * FROM finish();
ROLLBACK;
