-- Rows of the CRM's messages table that are replies (attach "replies"; semantics 20, 27).
BEGIN;
SELECT * FROM no_plan();
SET LOCAL client_min_messages = error;
SET LOCAL search_path = public;

-- As Chatwoot has them: the kind is a number, the channel is the inbox's, the contact is the conversation's.
CREATE TABLE contacts (id serial PRIMARY KEY, account_id int NOT NULL, email text, phone_number text);
CREATE TABLE inboxes (id serial PRIMARY KEY, channel_type text NOT NULL);
CREATE TABLE conversations (id serial PRIMARY KEY, inbox_id int NOT NULL, contact_id int NOT NULL);
CREATE TABLE messages (id bigserial PRIMARY KEY, account_id int NOT NULL, conversation_id int NOT NULL, message_type int NOT NULL, private boolean NOT NULL DEFAULT false,
  content text, content_attributes jsonb DEFAULT '{}', created_at timestamp NOT NULL DEFAULT now());
SELECT FROM workflow.attach('contacts', '{"entity": "contact", "account": "account_id", "fields": {"phone": "phone_number"}}');

CREATE FUNCTION pg_temp.refused(binding text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  d text;
  h text;
BEGIN
  PERFORM FROM workflow.attach('messages', binding::jsonb, true);
  RETURN NULL;
EXCEPTION WHEN SQLSTATE 'WF004' THEN
  GET STACKED DIAGNOSTICS d = PG_EXCEPTION_DETAIL, h = PG_EXCEPTION_HINT;
  RETURN d || coalesce(' [' || nullif(h, '') || ']', '');
END $$;
SELECT is(pg_temp.refused('{"entity": "note", "replies": {"contact": "conversation_id", "channel": "chanel", "when": {"field": "mesage_type", "operator": "=", "value": 0}}}'),
  E'/replies/channel: column "chanel" does not exist\n/replies/when/field: unknown field "mesage_type" [/replies/when/field: Did you mean "message_type"?]', 'attach: wrong names');
SELECT is(pg_temp.refused('{"entity": "note", "replies": {"contact": "conversation_id"}}'), '/replies/channel: "channel" must be a column''s name, or a channel, not null', 'attach: a channel is needed');
SELECT FROM workflow.attach('messages', $$ {"entity": "note", "account": "account_id",
  "fields": {"inbox": {"sql": "SELECT i.channel_type FROM conversations c JOIN inboxes i ON i.id = c.inbox_id WHERE c.id = row.conversation_id", "type": "text"}},
  "replies": {"contact": {"sql": "SELECT c.contact_id FROM conversations c WHERE c.id = row.conversation_id"},
     "channel": {"column": "inbox", "map": {"Channel::Email": "email", "Channel::Whatsapp": "whatsapp"}},
     "when": {"combinator": "and", "rules": [{"field": "message_type", "operator": "=", "value": 0}, {"field": "private", "operator": "=", "value": false}]},
     "auto_reply": {"field": "content_attributes.auto", "operator": "=", "value": true}}} $$);
SELECT is((SELECT binding #>> '{replies,channel,column}' FROM workflow.sources WHERE relation = 'messages'::regclass), 'inbox', 'the completed binding has them');

CREATE FUNCTION pg_temp.publish(name text, settings text, triggers text = '[{"on": "manual"}]') RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM workflow.create_workflow(name, jsonb_build_object('triggers', triggers::jsonb, 'settings', settings::jsonb, 'steps', '[
    {"id": "hello", "type": "send", "channel": "email", "subject": "Hi", "body": "x"}, {"type": "wait", "for": "3 days"},
    {"id": "again", "type": "send", "channel": "email", "subject": "Hi", "body": "y", "if": {"field": "message.hello.replied_at", "operator": "null"}}]'::jsonb));
  PERFORM workflow.publish(name);
END $$;
SELECT pg_temp.publish('mine', '{"stop_on_response": "enrollment"}');
SELECT pg_temp.publish('any', '{"stop_on_response": "any_inbound"}');
SELECT pg_temp.publish('off', '{}');
SELECT workflow.create_workflow('replied', '{"triggers": [{"on": "message.replied"}], "settings": {"reentry": "every_event"}, "steps": [{"type": "send", "channel": "push", "body": "{{ event.data.channel }} {{ event.data.automatic }} {{ event.data.step }}"}]}');
SELECT workflow.publish('replied');
INSERT INTO inboxes (channel_type) VALUES ('Channel::Email'), ('Channel::Whatsapp');
INSERT INTO contacts (account_id, email) VALUES (7, 'a@x.test'), (7, 'b@x.test'), (7, 'c@x.test'), (7, 'd@x.test');
INSERT INTO conversations (inbox_id, contact_id) VALUES (1, 1), (1, 2), (2, 3), (1, 4);
CREATE FUNCTION pg_temp.state(workflow text, contact text) RETURNS text LANGUAGE sql AS $$
  SELECT e.state || coalesce(' ' || e.reason, '') FROM workflow.enrollments e WHERE e.workflow = state.workflow AND e.contact_key = contact ORDER BY e.entered_at DESC LIMIT 1
$$;
SELECT workflow.enroll(w, c, account => '7') FROM unnest('{mine,any,off}'::text[]) w, unnest('{1,2,3,4}'::text[]) c;
SELECT FROM workflow.tick('2031-01-06 09:00Z');

INSERT INTO messages (account_id, conversation_id, message_type) VALUES (7, 1, 1), (7, 1, 2);
INSERT INTO messages (account_id, conversation_id, message_type, private) VALUES (7, 1, 0, true);
SELECT FROM workflow.tick('2031-01-06 10:00Z');
SELECT is(pg_temp.state('any', '1'), 'waiting', 'what we wrote, and notes among ourselves, are no reply');
INSERT INTO messages (account_id, conversation_id, message_type, content_attributes) VALUES (7, 2, 0, '{"auto": true}');
SELECT FROM workflow.tick('2031-01-06 10:01Z');
SELECT is(pg_temp.state('any', '2'), 'waiting', 'semantics 20: an automatic reply does not count');
INSERT INTO messages (account_id, conversation_id, message_type, content) VALUES (7, 1, 0, 'Stop it'), (7, 3, 0, 'Elsewhere');
SELECT FROM workflow.tick('2031-01-06 10:02Z');
SELECT is(pg_temp.state('any', '1'), 'ended response', 'a row that is inbound ends by the response, in the round that reads it');
-- The latest message on the channel: of the three workflows that wrote at the same moment, one is answered.
SELECT is((SELECT count(*) FROM workflow.receipt WHERE kind = 'replied' AND NOT machine), 1::bigint, 'semantics 20: it is a receipt of the latest message on its channel');
SELECT is(pg_temp.state('any', '3') || ', ' || pg_temp.state('mine', '3'), 'ended response, waiting', 'a reply on another channel answers nothing of ours: any_inbound alone hears it');
SELECT is(pg_temp.state('off', '1'), 'waiting', 'stop_on_response is off');
SELECT is((SELECT string_agg(o.contact_key || ' ' || o.body, ', ' ORDER BY o.contact_key) FROM workflow.outbox o WHERE o.workflow = 'replied'),
  (SELECT '1 email false hello, 2 email true hello, 3 whatsapp false '), 'message.replied is an event as that of workflow.reply()');

-- Unknown writers wait; replayed rows answer nothing.
INSERT INTO messages (account_id, conversation_id, message_type) VALUES (7, 5, 0);
SELECT FROM workflow.tick('2031-01-06 10:03Z');
SELECT is((SELECT count(*) FROM workflow.parked WHERE reason = 'unresolved_contact'), 1::bigint, 'attach 3: a reply of somebody unknown is parked');
INSERT INTO conversations (id, inbox_id, contact_id) VALUES (5, 1, 4);
SELECT FROM workflow.tick('2031-01-06 11:10Z');
SELECT is(pg_temp.state('any', '4'), 'ended response', 'and found when it can be resolved');
SELECT is(workflow.reconcile('messages', '2020-01-01Z'), 0::bigint, 'reconcile takes no reply that does not tell its time');
SELECT FROM workflow.attach('messages', (SELECT jsonb_set(binding, '{replies,at}', '"created_at"') || '{"backfill": "all"}' FROM workflow.sources WHERE relation = 'messages'::regclass));
SELECT FROM workflow.tick('2031-01-06 11:11Z');
SELECT is((SELECT count(*) FROM workflow.outbox o WHERE o.workflow = 'replied'), 4::bigint, 'a backfill takes none');
SELECT ok(workflow.reconcile('messages', '2020-01-01Z') > 0, 'reconcile finds those that tell their time');
SELECT FROM workflow.tick('2031-01-06 11:12Z');
SELECT is((SELECT count(*) FROM workflow.outbox o WHERE o.workflow = 'replied'), 4::bigint, 'and each answers once');
SELECT FROM workflow.tick('2031-01-09 09:00Z');
SELECT is((SELECT string_agg(contact_key, ',' ORDER BY contact_key) FROM workflow.outbox WHERE workflow = 'off' AND step = 'again'),
  (SELECT string_agg(c::text, ',') FROM (SELECT c FROM generate_series(1, 4) c WHERE NOT EXISTS (SELECT FROM workflow.receipt r JOIN workflow.message m ON m.id = r.message
     WHERE r.kind = 'replied' AND NOT r.machine AND m.workflow = 'off' AND m.contact_key = c::text)) x), 'message.<step>.replied_at knows it');
SELECT * FROM finish();
ROLLBACK;
