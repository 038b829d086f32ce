-- Steps that say something to others: emit, enroll, unenroll, subscribe, unsubscribe, notify, webhook, and the receivers of send.
BEGIN;
SELECT plan(34);
SET LOCAL client_min_messages = error;

CREATE TABLE act_contacts (id int PRIMARY KEY, name text, email text, seller int, tags text[]);
SELECT FROM workflow.attach('act_contacts', '{"entity": "contact", "fields": {"owner": "seller"}}');
CREATE TABLE act_users (id int PRIMARY KEY, mail text, handle text);
SELECT FROM workflow.attach('act_users', '{"entity": "user", "lookup": true, "fields": {"email": "mail"}}');
CREATE TABLE act_orders (id int PRIMARY KEY, contact_id int, status text, salesman int);
SELECT FROM workflow.attach('act_orders', '{"entity": "order", "contact": [{"column": "contact_id"}], "fields": {"owner": "salesman"}}');
INSERT INTO act_users VALUES (7, 'seven@acme.test', '@seven'), (8, NULL, '@eight');
INSERT INTO act_contacts VALUES (1, 'Ana', 'ana@x.test', 7, '{}'), (2, 'Budi', 'budi@x.test', 8, '{}'), (3, 'Caro', 'caro@x.test', NULL, '{}');
CREATE FUNCTION pg_temp.publish(name text, steps text, triggers text = '[{"on": "manual"}]', settings text = '{"reentry": "every_event"}') RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM workflow.create_workflow(name, jsonb_build_object('triggers', triggers::jsonb, 'settings', settings::jsonb, 'steps', steps::jsonb));
  PERFORM workflow.publish(name);
END $$;
CREATE FUNCTION pg_temp.tick(times int = 1) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  FOR i IN 1..times LOOP PERFORM workflow.tick('2031-01-06 09:00Z'); END LOOP;
END $$;
CREATE FUNCTION pg_temp.said(workflow text, contact text = '1') RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(o.body, ',' ORDER BY o.id) FROM workflow.outbox o WHERE o.workflow = said.workflow AND o.contact_key = contact
$$;
SELECT pg_temp.tick();

-- emit
SELECT pg_temp.publish('listens', '[{"type": "send", "channel": "push", "body": "{{ event.name }} {{ event.data.score }} {{ event.data.who }}"}]', '[{"on": "lead.qualified"}]');
SELECT pg_temp.publish('emits', '[{"id": "say", "type": "emit", "event": "lead.qualified", "data": {"score": 42, "who": "{{ contact.name }}"}},
  {"type": "send", "channel": "push", "body": "said"}]');
SELECT workflow.enroll('emits', '1');
SELECT pg_temp.tick(2);
SELECT is(pg_temp.said('listens'), 'lead.qualified 42 Ana', 'emit: a custom event enrolls, with its data');
SELECT is(pg_temp.said('emits'), 'said', 'emit: and its own enrollment goes on at once');
SELECT is((SELECT e.depth::int FROM workflow.enrollment e JOIN workflow.workflow w ON w.id = e.workflow WHERE w.name = 'listens'), 1, 'semantics 7: the depth of the chain travels with the event');
SELECT results_eq($$ SELECT h.what, h.detail FROM workflow.history h WHERE h.workflow = 'emits' AND h.step = 'say' $$, $$ VALUES ('emitted', 'lead.qualified') $$, 'and the history has it');

-- enroll, unenroll
SELECT pg_temp.publish('target', '[{"type": "send", "channel": "push", "body": "{{ enrollment.data.from }}"}, {"type": "wait", "for": "9 days"}]');
SELECT pg_temp.publish('chains', '[{"type": "enroll", "workflow": "target", "data": {"from": "{{ workflow.name }}"}}, {"type": "wait", "for": "1 day"},
  {"type": "unenroll", "workflow": "target", "comment": "enough of {{ contact.name }}"}]');
SELECT workflow.enroll('chains', '1');
SELECT pg_temp.tick(2);
SELECT is(pg_temp.said('target'), 'chains', 'enroll: another workflow, with data');
SELECT workflow.tick('2031-01-07 09:00Z'), workflow.tick('2031-01-07 09:00Z');
SELECT results_eq($$ SELECT e.state, e.reason FROM workflow.enrollments e WHERE e.workflow = 'target' $$, $$ VALUES ('ended', 'removed') $$, 'unenroll ends it with the reason removed');
SELECT is((SELECT h.detail FROM workflow.history h WHERE h.workflow = 'target' AND h.what = 'ended'), 'removed: enough of Ana', 'and its comment');
SELECT pg_temp.publish('nowhere', '[{"id": "x", "type": "enroll", "workflow": "no such"}]', '[{"on": "manual"}]', '{"on_error": {"retry": 0}}');
SELECT workflow.enroll('nowhere', '1');
SELECT pg_temp.tick(2);
SELECT results_eq($$ SELECT x.step, x.sqlstate FROM workflow.errors x WHERE x.workflow = 'nowhere' $$, $$ VALUES ('x', 'WF002') $$, 'what is not published is an error of the step');

-- subscribe, unsubscribe
SELECT pg_temp.publish('hears', '[{"type": "send", "channel": "push", "body": "{{ event.name }} {{ event.data.campaign }}"}]',
  '[{"on": "contact.subscribed"}, {"on": "contact.unsubscribed"}, {"on": "campaign.subscribed"}]', '{"reentry": "every_event", "category": "transactional"}');
SELECT pg_temp.publish('joins', '[{"type": "subscribe", "campaign": "news"}]');
SELECT pg_temp.publish('leaves', '[{"type": "unsubscribe"}, {"type": "unsubscribe", "campaign": "news", "channel": "email"}]');
SELECT workflow.enroll('joins', '1');
SELECT pg_temp.tick(2);
SELECT is(pg_temp.said('hears'), 'contact.subscribed news,campaign.subscribed news', 'subscribe: contact.subscribed and campaign.subscribed');
SELECT workflow.enroll('joins', '1');
SELECT pg_temp.tick(2);
SELECT is(pg_temp.said('hears'), 'contact.subscribed news,campaign.subscribed news', 'who is subscribed already makes no event');
SELECT workflow.enroll('leaves', '1');
SELECT pg_temp.tick(2);
SELECT results_eq($$ SELECT s.campaign, s.channel, s.subscribed, s.workflow FROM workflow.subscriptions s WHERE s.contact_key = '1' ORDER BY 1 NULLS LAST, 2 NULLS LAST $$,
  $$ VALUES ('news', 'email', false, 'leaves'), ('news', NULL, true, 'joins'), (NULL, NULL, false, 'leaves') $$, 'unsubscribe: all mail, or a campaign in a channel');
SELECT is(pg_temp.said('hears'), 'contact.subscribed news,campaign.subscribed news,contact.unsubscribed ,contact.unsubscribed news', 'and its events');
SELECT pg_temp.publish('sells', '[{"type": "send", "channel": "email", "body": "b"}]');
SELECT workflow.enroll('sells', '1');
SELECT pg_temp.tick();
SELECT results_eq($$ SELECT o.state, e.reason FROM workflow.outbox o JOIN workflow.enrollments e USING (enrollment) WHERE o.workflow = 'sells' $$,
  $$ VALUES ('suppressed', 'unsubscribed') $$, 'semantics 22: who has left all mail gets no marketing');

-- notify and the receivers of send
SELECT pg_temp.publish('tells', '[{"type": "notify", "body": "owner"}, {"type": "notify", "channel": "email", "to": "owner", "body": "mail"},
  {"type": "notify", "to": "team:sales {{ contact.name }}", "body": "team"}, {"type": "notify", "to": "boss@acme.test", "channel": "email", "body": "boss"},
  {"type": "send", "channel": "email", "to": "user:{{ enrollment.data.user }}", "body": "user", "kind": "reminder"}]', '[{"on": "manual"}]',
  '{"reentry": "every_event", "send_window": [{"days": ["sat"]}]}');
SELECT workflow.enroll('tells', c, '{"user": 7}') FROM unnest('{1,2,3}'::text[]) c;
SELECT pg_temp.tick();
SELECT results_eq($$ SELECT o.body, o.kind, o.channel, o.state, o.recipient FROM workflow.outbox o WHERE o.workflow = 'tells' AND o.contact_key = '1' ORDER BY o.id $$,
  $$ VALUES ('owner', 'notification', 'in_app', 'ready', '{"contact": "1", "staff": true, "user": "7"}'::jsonb),
            ('mail', 'notification', 'email', 'ready', '{"contact": "1", "staff": true, "user": "7", "address": "seven@acme.test"}'),
            ('team', 'notification', 'in_app', 'ready', '{"contact": "1", "staff": true, "team": "sales Ana"}'),
            ('boss', 'notification', 'email', 'ready', '{"contact": "1", "staff": true, "address": "boss@acme.test"}') $$,
  'notify: to the owner, a user''s address, a team, an address; no send window holds it');
SELECT results_eq($$ SELECT o.body, o.state FROM workflow.outbox o WHERE o.workflow = 'tells' AND o.contact_key = '3' ORDER BY o.id LIMIT 2 $$,
  $$ VALUES ('owner', 'no_address'), ('mail', 'no_address') $$, 'whose owner is nobody gets the outcome no_address, and the enrollment goes on');
SELECT is((SELECT o.state FROM workflow.outbox o WHERE o.workflow = 'tells' AND o.contact_key = '2' AND o.body = 'mail'), 'no_address', 'a user without an address as well');
SELECT is((SELECT e.state FROM workflow.enrollments e WHERE e.workflow = 'tells' AND e.contact_key = '1'), 'window', 'send to a user is held like any send');
SELECT workflow.tick('2031-01-11 09:00Z');
SELECT results_eq($$ SELECT o.kind, o.recipient->>'address' FROM workflow.outbox o WHERE o.workflow = 'tells' AND o.contact_key = '1' AND o.body = 'user' $$,
  $$ VALUES ('reminder', 'seven@acme.test') $$, 'send: to a user, by a text, with its kind');
SELECT pg_temp.publish('order owner', '[{"type": "notify", "body": "{{ order.id }}"}]', '[{"on": "order.created"}]');
INSERT INTO act_orders VALUES (1, 1, 'new', 8);
SELECT pg_temp.tick();
SELECT is((SELECT o.recipient->>'user' FROM workflow.outbox o WHERE o.workflow = 'order owner'), '8', 'the owner of the order comes before that of its contact');

-- webhook
SELECT workflow.set_webhook_secret('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw');
SELECT pg_temp.publish('hook', '[{"id": "h", "type": "webhook", "url": "https://x.test/{{ contact.id }}", "headers": {"X-Tag": "{{ contact.name }}"},
  "body": {"name": "{{ contact.name }}", "n": 1.50}}, {"type": "webhook", "url": "https://x.test", "method": "PUT"},
  {"type": "webhook", "url": "https://x.test", "body": "plain {{ contact.name }}"}, {"type": "webhook", "url": "https://x.test?q={{ contact.id }}", "method": "GET"}]');
SELECT workflow.enroll('hook', '1');
SELECT pg_temp.tick();
SELECT results_eq($$ SELECT o.channel, o.recipient, o.body, o.data FROM workflow.outbox o WHERE o.workflow = 'hook' AND o.step = 'h' $$,
  $$ VALUES ('webhook', '{"contact": "1", "url": "https://x.test/1", "method": "POST"}'::jsonb, '{"n":1.50,"name":"Ana"}', '{"name": "Ana", "n": 1.50}'::jsonb) $$,
  'webhook: a request as a message of the outbox');
SELECT results_eq($$ SELECT o.headers->>'webhook-id', o.headers->>'webhook-timestamp', o.headers->>'content-type', o.headers->>'x-tag'
                       FROM workflow.outbox o WHERE o.workflow = 'hook' AND o.step = 'h' $$,
  $$ SELECT 'msg_' || o.idempotency_key, '1925456400'::text, 'application/json'::text, 'Ana'::text FROM workflow.outbox o WHERE o.workflow = 'hook' AND o.step = 'h' $$,
  'Standard Webhooks: webhook-id is the same at every attempt, webhook-timestamp the time');
SELECT is((SELECT o.headers->>'webhook-signature' FROM workflow.outbox o WHERE o.workflow = 'hook' AND o.step = 'h'),
  (SELECT 'v1,' || encode(workflow.hmac_sha256(decode('MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'base64'),
     convert_to((o.headers->>'webhook-id') || '.' || (o.headers->>'webhook-timestamp') || '.' || o.body, 'UTF8')), 'base64') FROM workflow.outbox o WHERE o.workflow = 'hook' AND o.step = 'h'),
  'and the signature is over id, time and body');
SELECT is(encode(workflow.hmac_sha256('Jefe', 'what do ya want for nothing?'), 'hex'), '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  'RFC 4231, test case 2');
SELECT is(workflow.signed_headers('{"webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek"}', '{"test": 2432232314}', '', 0, to_timestamp(1614265330))->>'webhook-signature',
  'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=', 'the example of Standard Webhooks');
SELECT results_eq($$ SELECT o.recipient->>'method', o.body::jsonb->>'type', o.body::jsonb->'data'->>'contact' FROM workflow.outbox o WHERE o.workflow = 'hook' AND o.recipient->>'method' = 'PUT' $$,
  $$ VALUES ('PUT', 'hook.webhook-2', '1') $$, 'without a body it is {type, timestamp, data}');
SELECT results_eq($$ SELECT o.recipient->>'method', o.body, o.headers->>'content-type', o.data FROM workflow.outbox o WHERE o.workflow = 'hook' AND o.step IN ('webhook-3', 'webhook-4') ORDER BY o.id $$,
  $$ VALUES ('POST', 'plain Ana', 'text/plain; charset=utf-8', NULL::jsonb), ('GET', NULL, NULL, NULL) $$, 'a text as the body, and a GET without one');
SELECT workflow.tick('2031-01-12 09:00Z');
CREATE TEMP TABLE claimed AS SELECT * FROM workflow.claim('webhook', 10);
SELECT results_eq($$ SELECT c.headers->>'webhook-timestamp', c.headers ? 'webhook-signature' FROM claimed c WHERE c.step = 'h' $$, $$ VALUES ('1925974800', true) $$,
  'a claim signs anew, with its own time');
SELECT isnt((SELECT c.headers->>'webhook-signature' FROM claimed c WHERE c.step = 'h'), (SELECT o.headers->>'webhook-signature' FROM workflow.outbox o WHERE o.workflow = 'hook' AND o.step = 'h'),
  'so the signature is another');
SELECT workflow.set_webhook_secret('whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', 'hook');
SELECT isnt(workflow.signed_headers('{"webhook-id": "m"}', '', '', (SELECT w.id FROM workflow.workflow w WHERE w.name = 'hook'), now()),
            workflow.signed_headers('{"webhook-id": "m"}', '', '', 0, now()), 'a workflow''s own secret comes first');
SELECT workflow.set_webhook_secret(NULL), workflow.set_webhook_secret(NULL, 'hook');
SELECT ok(NOT workflow.signed_headers('{"webhook-id": "m"}', '', '', 0, now()) ? 'webhook-signature', 'without a secret nothing is signed');
SELECT throws_ok($$ SELECT workflow.set_webhook_secret('secret') $$, '22023', 'the secret is no key of a webhook', 'a secret that is none is refused');
SELECT is_empty($$ SELECT FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE c.relnamespace = 'workflow'::regnamespace AND c.relkind = 'v' AND a.attname ~ 'secret' $$,
  'no view shows a secret');

-- Idempotency: a step that is tried again says nothing twice, nor do those before it
SELECT pg_temp.publish('fails', '[{"type": "emit", "event": "try.made"}, {"type": "set", "contact": {"owner": "{{ enrollment.data.no }}"}}]', '[{"on": "manual"}]', '{"on_error": {"retry": 3}}');
SELECT pg_temp.publish('tries', '[{"type": "send", "channel": "push", "body": "tried"}]', '[{"on": "try.made"}]');
SELECT workflow.enroll('fails', '2', '{"no": "x"}');
SELECT workflow.tick('2031-01-13 09:00Z'), workflow.tick('2031-01-13 10:00Z'), workflow.tick('2031-01-13 12:00Z'), workflow.tick('2031-01-13 15:00Z');
SELECT is(pg_temp.said('tries', '2'), 'tried', 'semantics 28: what stands before the step that fails is said once');
SELECT is((SELECT e.reason FROM workflow.enrollments e WHERE e.workflow = 'fails'), 'error', 'and ends by on_error');

SELECT * FROM finish();
ROLLBACK;
