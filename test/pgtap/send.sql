-- The send step: which text, to whom, from whom, and what senders see of it.
BEGIN;
SELECT plan(40);
SET LOCAL client_min_messages = error;

CREATE TABLE send_contacts (id int PRIMARY KEY, org text NOT NULL, name text, email text, mobile text, lang text, points int);
SELECT FROM workflow.attach('send_contacts', '{"entity": "contact", "account": "org", "fields": {"phone": "mobile", "locale": "lang"}}');
CREATE FUNCTION pg_temp.publish(name text, steps text, settings text = '{}') RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM workflow.create_workflow(name, jsonb_build_object('triggers', '[{"on": "manual"}]'::jsonb, 'settings', settings::jsonb, 'steps', steps::jsonb));
  PERFORM workflow.publish(name);
END $$;
CREATE FUNCTION pg_temp.messages(workflow text, contact text = '1') RETURNS SETOF workflow.outbox LANGUAGE sql AS $$
  SELECT o.* FROM workflow.outbox o WHERE o.workflow = messages.workflow AND o.contact_key = contact ORDER BY o.id
$$;
CREATE FUNCTION pg_temp.subjects(workflow text, contact text = '1') RETURNS text[] LANGUAGE sql AS $$
  SELECT array_agg(m.subject ORDER BY m.id) FROM pg_temp.messages(workflow, contact) m
$$;
INSERT INTO send_contacts VALUES (1, 'acme', 'Ana', 'ana@example.test', '+621', 'pt-BR', 0), (2, 'beta', 'Budi', 'budi@example.test', NULL, 'de', 5),
  (3, 'acme', 'Caro', NULL, '', NULL, 7), (4, 'acme', 'Dian', 'dian@example.test', '+624', 'pt', 1);

-- A15, A14, E15: the text of the channel, adapted with the contact's data
SELECT workflow.put_template('hello', 'email', 'Hello {{ contact.name }}', 'Mail');
SELECT workflow.put_template('hello', 'sms', NULL, 'Hi {{ contact.name }}, {{ contact.points }} points');
SELECT workflow.put_template('hello', 'email', 'Ola {{ contact.name }}', 'Correio', 'pt');
SELECT pg_temp.publish('channels', '[{"id": "mail", "type": "send", "channel": "email", "template": "hello"},
  {"id": "text", "type": "send", "channel": "sms", "template": "hello"}]');
SELECT workflow.enroll('channels', c) FROM unnest('{1,2,4}'::text[]) c;
SELECT results_eq($$ SELECT events, messages, errors FROM workflow.tick('2031-01-06 09:00Z') $$, 'VALUES (3, 6, 0)', 'A13: two steps, taken at once for each');
SELECT results_eq($$ SELECT channel, subject, body, recipient, template FROM pg_temp.messages('channels', '2') $$,
  $$ VALUES ('email', 'Hello Budi', 'Mail', '{"contact": "2", "address": "budi@example.test"}'::jsonb, 'hello@1'),
            ('sms', NULL, 'Hi Budi, 5 points', '{"contact": "2"}', 'hello@1') $$, 'A14, A15, D18: each channel has its text and address');
SELECT is(pg_temp.subjects('channels'), '{Ola Ana,NULL}', 'definition: of pt-BR the language is taken where it has no text of its own');
SELECT is(pg_temp.subjects('channels', '2'), '{Hello Budi,NULL}', 'definition: the default text where the language has none');
SELECT is((SELECT array_agg(m.locale) FROM pg_temp.messages('channels') m), '{pt-BR,pt-BR}', 'the message has the contact''s locale');
SELECT workflow.put_template('hello', 'email', 'Oi {{ contact.name }}', 'Correio', 'pt-BR');
SELECT workflow.put_template('hello', 'email', 'Good day {{ contact.name }}', 'Mail');
SELECT workflow.put_template('hello', 'email', 'Acme greets {{ contact.name }}', 'Mail', account => 'acme');

-- The newest is live; a pinned version stays
SELECT pg_temp.publish('pinned', '[{"id": "live", "type": "send", "channel": "email", "template": "hello"},
  {"id": "pin", "type": "send", "channel": "email", "template": "hello@1"}]');
SELECT workflow.enroll('pinned', c) FROM unnest('{1,2,3}'::text[]) c;
SELECT FROM workflow.tick('2031-01-06 09:00Z');
SELECT is(pg_temp.subjects('pinned', '2'), '{Good day Budi,Hello Budi}', 'definition: live by default, name@1 pins the version');
SELECT is((SELECT array_agg(m.template) FROM pg_temp.messages('pinned', '2') m), '{hello@2,hello@1}', 'the message says which version it was');
SELECT results_eq($$ SELECT account, locale, version, live FROM workflow.templates WHERE name = 'hello' AND channel = 'email' ORDER BY 1, 2 NULLS FIRST, 3 $$,
  $$ VALUES ('', NULL, 1, false), ('', NULL, 2, true), ('', 'pt', 1, true), ('', 'pt-BR', 1, true), ('acme', NULL, 1, true) $$, 'the view templates shows all, and which are live');
SELECT is((pg_temp.subjects('pinned'))[1], 'Acme greets Ana', 'an account''s own text goes before everybody''s, even of a better language');
SELECT is((pg_temp.subjects('pinned', '3'))[1], 'Acme greets Caro', 'for each of its contacts');

-- Texts of its own, and data for the provider
SELECT pg_temp.publish('inline', $$[{"id": "s", "type": "send", "channel": "whatsapp", "subject": "Dear {{ contact.name | upcase }}", "body": "{{ enrollment.data.none }}{{ enrollment.data.code }}",
  "data": {"name": "welcome_1", "language": "id", "n": 3, "ok": true, "none": null, "parameters": ["{{ contact.name }}", {"text": "{{ contact.points | plus: 1 }}"}], "{{ key }}": "plain"}}]$$);
SELECT results_eq($$ SELECT severity, path FROM workflow.validate('{"triggers": [{"on": "manual"}], "steps": [{"type": "send", "channel": "sms", "body": "{{ contact.nmae }}"}]}') $$,
  $$ VALUES ('error', '/steps/0/body') $$, 'definition: a name that is not there is found when published');
SELECT workflow.enroll('inline', '1', '{"code": 7.50}');
SELECT FROM workflow.tick('2031-01-06 09:00Z');
SELECT results_eq($$ SELECT subject, body, template FROM pg_temp.messages('inline') $$, $$ VALUES ('Dear ANA', '7.50', NULL::text) $$,
  'E15, D18: text of its own; a missing value is empty, a number as it was given');
SELECT is((SELECT m.data FROM pg_temp.messages('inline') m),
  '{"name": "welcome_1", "language": "id", "n": 3, "ok": true, "none": null, "parameters": ["Ana", {"text": "1"}], "{{ key }}": "plain"}',
  'definition: every text of data is rendered, at every depth; keys, numbers and null stay');
SELECT workflow.put_template('wa', 'whatsapp', NULL, NULL, data => '{"name": "wa_1", "parameters": ["{{ contact.name }}"]}');
SELECT pg_temp.publish('provider', '[{"type": "send", "channel": "whatsapp", "template": "wa"}]');
SELECT workflow.enroll('provider', '1');
SELECT FROM workflow.tick('2031-01-06 09:00Z');
SELECT results_eq($$ SELECT subject, body, data FROM pg_temp.messages('provider') $$,
  $$ VALUES (NULL::text, NULL::text, '{"name": "wa_1", "parameters": ["Ana"]}'::jsonb) $$, 'definition: a template carries the provider''s name and parameters');

-- To whom
SELECT pg_temp.publish('to', '[{"id": "a", "type": "send", "channel": "email", "to": "owner@acme.test", "body": "x", "kind": "notification"},
  {"id": "b", "type": "send", "channel": "sms", "to": "{{ enrollment.data.phone }}", "body": "x", "kind": "reminder"},
  {"id": "c", "type": "send", "channel": "audience", "body": "x"}, {"id": "d", "type": "send", "channel": "push", "body": "x"},
  {"id": "e", "type": "send", "channel": "sms", "body": "x"}, {"id": "f", "type": "send", "channel": "email", "body": "x"}]');
SELECT workflow.enroll('to', '1', '{"phone": "+629"}'), workflow.enroll('to', '3');
SELECT FROM workflow.tick('2031-01-06 09:00Z');
SELECT results_eq($$ SELECT step, recipient->>'address', kind, state FROM pg_temp.messages('to') $$,
  $$ VALUES ('a', 'owner@acme.test', 'notification', 'ready'), ('b', '+629', 'reminder', 'ready'), ('c', NULL, 'message', 'ready'), ('d', NULL, 'message', 'ready'),
            ('e', '+621', 'message', 'ready'), ('f', 'ana@example.test', 'message', 'ready') $$,
  'A16, D15: to an address, to what a text gives, to the contact, to a channel without addresses; each of its kind');
SELECT results_eq($$ SELECT step, recipient->>'address', state, reason FROM pg_temp.messages('to', '3') WHERE state <> 'ready' $$,
  $$ VALUES ('b', NULL, 'no_address', 'the contact has no address for this channel'), ('e', NULL, 'no_address', 'the contact has no address for this channel'),
            ('f', NULL, 'no_address', 'the contact has no address for this channel') $$, 'definition: no address where the field or what "to" gives is empty');
SELECT is((SELECT e.reason FROM workflow.enrollments e WHERE e.workflow = 'to' AND e.contact_key = '3'), 'completed', 'definition: and the enrollment goes on');
SELECT is((SELECT count(*) FROM workflow.claim('sms', 100) c WHERE c.contact_key = '3'), 0::bigint, 'nobody claims a message that has no address');
SELECT is((SELECT count(*) FROM workflow.claim('audience', 100) c WHERE c.contact_key = '3'), 1::bigint, 'but one of a channel that has none');

-- From whom
SELECT workflow.set_account('acme', '{"sender": {"name": "Acme", "email": "hello@acme.test"}}');
SELECT pg_temp.publish('from account', '[{"type": "send", "channel": "letter", "body": "x"}]');
SELECT pg_temp.publish('from settings', '[{"type": "send", "channel": "letter", "body": "x"}]',
  '{"sender": {"name": "The CEO", "email": "ceo@acme.test", "reply_to": "office@acme.test"}, "mark_as_read": true, "category": "informational"}');
SELECT workflow.enroll(w, c) FROM unnest('{from account,from settings}'::text[]) w, unnest('{1,2}'::text[]) c;
SELECT FROM workflow.tick('2031-01-06 09:00Z');
SELECT is((SELECT m.sender FROM pg_temp.messages('from account') m), '{"name": "Acme", "email": "hello@acme.test"}', 'B04: the account''s sender by default');
SELECT is((SELECT m.sender FROM pg_temp.messages('from account', '2') m), NULL, 'B04: an account without one has none');
SELECT is((SELECT m.sender FROM pg_temp.messages('from settings', '2') m), '{"name": "The CEO", "email": "ceo@acme.test", "reply_to": "office@acme.test"}',
  'B04, B09: the workflow''s own sender');
SELECT results_eq($$ SELECT workflow, mark_as_read, category FROM workflow.outbox WHERE workflow LIKE 'from%' AND contact_key = '1' ORDER BY 1 $$,
  $$ VALUES ('from account', false, 'marketing'), ('from settings', true, 'informational') $$, 'B08: mark_as_read and category go with every message');

-- semantics 25: the order of claims
SELECT pg_temp.publish('c ' || c, '[{"type": "send", "channel": "ordered", "body": "x"}]', json_build_object('category', c)::text)
  FROM unnest('{marketing,informational,transactional}'::text[]) c;
SELECT workflow.enroll('c marketing', '1'), workflow.enroll('c informational', '1');
SELECT FROM workflow.tick('2031-01-06 09:00Z');
SELECT workflow.enroll('c transactional', '1'), workflow.enroll('c marketing', '2');
SELECT FROM workflow.tick('2031-01-06 10:00Z');
SELECT results_eq($$ SELECT category || ' ' || contact_key FROM workflow.claim('ordered', 10) $$,
  $$ VALUES ('transactional 1'), ('informational 1'), ('marketing 1'), ('marketing 2') $$, 'semantics 25: by category, then by due time');

-- semantics 24: the key of a message
CREATE FUNCTION pg_temp.key(workflow text, contact text, number int, step text, visit int, account text = 'acme') RETURNS text LANGUAGE sql AS $$
  SELECT md5(concat_ws(chr(31), key.account, w.id, contact, contact, number, step, visit)) FROM workflow.workflow w WHERE w.name = workflow
$$;
SELECT pg_temp.publish('keys', '[{"id": "one", "type": "send", "channel": "push", "body": "x"}, {"id": "two", "type": "send", "channel": "push", "body": "x"}]',
  '{"reentry": "after_exit"}');
SELECT workflow.enroll('keys', '1'), workflow.enroll('keys', '2');
SAVEPOINT before;
SELECT FROM workflow.tick('2031-01-06 09:00Z');
SELECT string_agg(o.idempotency_key, ',' ORDER BY o.idempotency_key) AS keys, min(o.id) AS first FROM workflow.outbox o WHERE o.workflow = 'keys' \gset
ROLLBACK TO SAVEPOINT before;
SELECT FROM workflow.tick('2031-01-06 09:30Z');
SELECT is((SELECT string_agg(o.idempotency_key, ',' ORDER BY o.idempotency_key) FROM workflow.outbox o WHERE o.workflow = 'keys'), :'keys',
  'semantics 24: a round that is repeated gives the same keys');
SELECT isnt((SELECT min(o.id) FROM workflow.outbox o WHERE o.workflow = 'keys'), :first::bigint, 'though sequences went on meanwhile');
SELECT is((SELECT array_agg(m.idempotency_key) FROM pg_temp.messages('keys') m), ARRAY[pg_temp.key('keys', '1', 1, 'one', 1), pg_temp.key('keys', '1', 1, 'two', 2)],
  'semantics 24: of account, workflow, contact, entry key, entry number, step and visit');
SELECT workflow.enroll('keys', '1');
SELECT FROM workflow.tick('2031-01-06 10:00Z');
SELECT is((SELECT count(DISTINCT m.idempotency_key) FROM pg_temp.messages('keys') m), 4::bigint, 'semantics 24: another entry has other keys');

-- semantics 28, 24: a step that fails, and is tried again
SELECT pg_temp.publish('fails', '[{"id": "ok", "type": "send", "channel": "push", "body": "x"},
  {"id": "s", "type": "send", "channel": "push", "body": "{{ 10 | divided_by: contact.points }}"}]', '{"on_error": {"retry": 2}}');
SELECT workflow.enroll('fails', c) FROM unnest('{1,2,3,4}'::text[]) c;
SELECT results_eq($$ SELECT messages FROM workflow.tick('2031-01-06 09:00Z') $$, 'VALUES (7)', 'semantics 28: one that fails stops no other');
SELECT results_eq($$ SELECT e.contact_key, e.state FROM workflow.enrollments e WHERE e.workflow = 'fails' ORDER BY 1 $$,
  $$ VALUES ('1', 'retry'), ('2', 'ended'), ('3', 'ended'), ('4', 'ended') $$, 'it alone is to be tried again');
SELECT FROM workflow.tick('2031-01-06 09:00Z');
SELECT is((SELECT string_agg(m.step, ',') FROM pg_temp.messages('fails') m), 'ok', 'semantics 28: the step before it is done, once');
SELECT results_eq($$ SELECT x.contact_key, x.sqlstate, x.message FROM workflow.errors x WHERE x.workflow = 'fails' $$,
  $$ VALUES ('1', 'WF009', 'line 1: divided_by: division by zero') $$, 'semantics 29: what failed, and why');
UPDATE send_contacts SET points = 2 WHERE id = 1;
SELECT FROM workflow.tick('2031-01-06 09:10Z');
SELECT results_eq($$ SELECT m.step, m.body, m.idempotency_key FROM pg_temp.messages('fails') m $$,
  $$ VALUES ('ok', 'x', pg_temp.key('fails', '1', 1, 'ok', 1)), ('s', '5', pg_temp.key('fails', '1', 1, 's', 2)) $$,
  'semantics 24, 28: tried again, each message has the key it would have had');
SELECT is((SELECT e.reason FROM workflow.enrollments e WHERE e.workflow = 'fails' AND e.contact_key = '1'), 'completed', 'and the enrollment goes on');
UPDATE send_contacts SET points = 0 WHERE id = 2;
SELECT pg_temp.publish('fails again', '[{"id": "s", "type": "send", "channel": "push", "body": "{{ 10 | divided_by: contact.points }}"}]', '{"on_error": {"retry": 2}}');
SELECT workflow.enroll('fails again', '2');
SELECT FROM generate_series(0, 5) n, workflow.tick('2031-01-07 09:00Z'::timestamptz + n * interval '10 minutes');
SELECT is((SELECT count(*) FROM workflow.errors x WHERE x.workflow = 'fails again'), 3::bigint, 'D28: tried as often as on_error says');
SELECT is((SELECT e.reason FROM workflow.enrollments e WHERE e.workflow = 'fails again'), 'error', 'D28: then it ends with error');

-- A language that has no text and no default one
SELECT workflow.put_template('only pt', 'email', 'Ola', 'x', 'pt');
SELECT pg_temp.publish('languages', '[{"id": "s", "type": "send", "channel": "email", "template": "only pt"}]');
SELECT workflow.enroll('languages', c) FROM unnest('{1,2}'::text[]) c;
SELECT FROM workflow.tick('2031-01-08 09:00Z');
SELECT FROM workflow.tick('2031-01-08 09:00Z');
SELECT results_eq($$ SELECT x.contact_key, x.sqlstate, x.step FROM workflow.errors x WHERE x.workflow = 'languages' $$, $$ VALUES ('2', 'WF002', 's') $$,
  'semantics 28: a contact without a text in its language fails alone');
SELECT is(pg_temp.subjects('languages'), '{Ola}', 'semantics 28: and the others have theirs');

-- Nothing more is there than was asked for
SELECT is((SELECT count(*) FROM workflow.outbox o WHERE o.workflow = 'channels'), 6::bigint, 'A13: nobody gets a message twice, however many rounds there were');
SELECT is((SELECT count(*) - count(DISTINCT o.idempotency_key) FROM workflow.outbox o), 0::bigint, 'semantics 24: no two messages share a key');

SELECT * FROM finish();
ROLLBACK;
