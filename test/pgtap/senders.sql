-- From whom messages come, and in which language.
BEGIN;
SELECT plan(15);
SET LOCAL client_min_messages = error;

CREATE TABLE sender_contacts (id int PRIMARY KEY, email text, phone text, lang text, shop text);
SELECT FROM workflow.attach('sender_contacts', '{"entity": "contact", "fields": {"locale": "lang"}}');
INSERT INTO sender_contacts VALUES (1, 'a@a.test', '1', 'de-AT', 'Wien'), (2, 'b@a.test', '2', NULL, 'Roma');
CREATE FUNCTION pg_temp.publish(name text, settings text, steps text, account text = NULL) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM workflow.create_workflow(name, jsonb_build_object('triggers', '[{"on": "manual"}]'::jsonb, 'settings', settings::jsonb, 'steps', steps::jsonb));
  PERFORM workflow.publish(name);
  PERFORM workflow.enroll(name, '1'), workflow.enroll(name, '2');
  PERFORM workflow.tick('2031-01-01 09:00Z'), workflow.tick('2031-01-01 09:00Z');
END $$;
CREATE FUNCTION pg_temp.senders(name text, contact text) RETURNS jsonb LANGUAGE sql AS $$
  SELECT jsonb_object_agg(o.step, o.sender) FROM workflow.outbox o WHERE o.workflow = name AND o.contact_key = contact
$$;
CREATE FUNCTION pg_temp.steps(more text = '{}') RETURNS text LANGUAGE sql AS $$
  SELECT jsonb_agg(jsonb_build_object('id', c, 'type', 'send', 'channel', c, 'to', 'x', 'body', 'b') || more::jsonb)::text FROM unnest('{email,sms,push}'::text[]) c
$$;

SELECT pg_temp.publish('nobody', '{}', pg_temp.steps());
SELECT is(pg_temp.senders('nobody', '1'), '{"email": null, "sms": null, "push": null}', 'sender: nobody says anything');
SELECT workflow.set_account('', '{"sender": {"name": "Acme", "sms": {"phone": "+100"}, "email": {"email": "hi@acme.test"}}}');
SELECT pg_temp.publish('account', '{}', pg_temp.steps());
SELECT is(pg_temp.senders('account', '1'), '{"email": {"name": "Acme", "email": "hi@acme.test"}, "sms": {"name": "Acme", "phone": "+100"}, "push": {"name": "Acme"}}', 'set_account: the account''s sender, by channel');
SELECT pg_temp.publish('settings', '{"sender": {"sms": {"phone": "+200", "name": "{{ contact.shop }}"}}}', pg_temp.steps());
SELECT is(pg_temp.senders('settings', '1'), '{"email": {"name": "Acme", "email": "hi@acme.test"}, "sms": {"phone": "+200", "name": "Wien"}, "push": {"name": "Acme"}}',
          'sender by channel: where the settings say nothing for a channel the account''s counts; texts hold Liquid');
SELECT is(pg_temp.senders('settings', '2')->'sms'->>'name', 'Roma', 'rendered for each message');
SELECT pg_temp.publish('step', '{"sender": {"name": "Settings"}}', pg_temp.steps('{"sender": {"name": "Step", "push": {"reply_to": "r"}}}'));
SELECT is(pg_temp.senders('step', '1'), '{"email": {"name": "Step"}, "sms": {"name": "Step"}, "push": {"name": "Step", "reply_to": "r"}}', 'sender: the step''s goes before that of the settings');
SELECT is((SELECT c.sender FROM workflow.claim('sms', 100) c WHERE c.workflow = 'step' LIMIT 1), '{"name": "Step"}', 'and is what a claim hands out');
SELECT pg_temp.publish('notice', '{}', '[{"id": "n", "type": "notify", "channel": "email", "to": "boss@acme.test", "body": "b", "sender": {"name": "Robot"}}]');
SELECT is(pg_temp.senders('notice', '1'), '{"n": {"name": "Robot"}}', 'sender: of a notice too');

SELECT workflow.put_template('hello', 'email', NULL, 'hello'), workflow.put_template('hello', 'email', NULL, 'hallo', 'de'), workflow.put_template('hello', 'email', NULL, 'ciao', 'it');
SELECT pg_temp.publish('languages', '{}', '[{"id": "own", "type": "send", "channel": "email", "template": "hello"}, {"id": "it", "type": "send", "channel": "email", "template": "hello", "locale": "it-IT"},
  {"id": "by", "type": "send", "channel": "email", "template": "hello", "locale": "{% if contact.shop == ''Roma'' %}it{% endif %}"}]');
SELECT results_eq($$ SELECT o.contact_key || ' ' || o.step, o.body, o.locale FROM workflow.outbox o WHERE o.workflow = 'languages' ORDER BY 1 $$, $$ VALUES
  ('1 by', 'hallo', 'de-AT'), ('1 it', 'ciao', 'it-IT'), ('1 own', 'hallo', 'de-AT'), ('2 by', 'ciao', 'it'), ('2 it', 'ciao', 'it-IT'), ('2 own', 'hello', NULL) $$,
  'locale: the step''s chooses the language, else the contact''s; with Liquid, and shown on the message');

CREATE FUNCTION pg_temp.problems(settings text, step text = '{}') RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(v.path || ': ' || v.message, '; ' ORDER BY v.path) FROM workflow.validate(jsonb_build_object('triggers', '[{"on": "manual"}]'::jsonb, 'settings', settings::jsonb,
    'steps', jsonb_build_array('{"type": "send", "channel": "email", "body": "b"}'::jsonb || step::jsonb))) v WHERE v.severity = 'error'
$$;
SELECT is(pg_temp.problems(s), said, said) FROM (VALUES
  ('{"sender": {}}', '/settings/sender: the sender is empty'),
  ('{"sender": {"nmae": "x"}}', '/settings/sender/nmae: "nmae" is no key of the sender'),
  ('{"sender": {"sms": {"tel": "1"}}}', '/settings/sender/sms/tel: "tel" is no key of the sender'),
  ('{"sender": {"name": "{{ contact.nope }}"}}', '/settings/sender/name: "contact" has no field "nope"')) v(s, said);
SELECT is(pg_temp.problems('{}', '{"locale": 7}'), '/steps/0/locale: "locale" must be a text that is not empty, not "7"', 'a locale is a text');
SELECT throws_ok($$ SELECT workflow.set_account('x', '{"sender": {"name": 7}}') $$, '22023', NULL, 'set_account: a sender has texts');
SELECT throws_ok($$ SELECT workflow.set_account('x', '{"sender": {"sms": {"phone": 7}}}') $$, '22023', NULL, 'also by channel');

SELECT * FROM finish();
ROLLBACK;
