-- What starts a workflow, and what its steps do for it, played as a CRM would use it: one row or event in, messages and rows out.
BEGIN;
SELECT plan(42);
SET LOCAL client_min_messages = error;

CREATE TYPE use_call_status AS ENUM ('incoming', 'outgoing', 'missed');
CREATE TABLE use_contacts (id int PRIMARY KEY, name text, email text, phone text, tags text[] NOT NULL DEFAULT '{}', score int DEFAULT 0, industry text, plan text, stage text, owner text);
CREATE TABLE use_calls (id int PRIMARY KEY, contact_id int, status use_call_status, number text);
CREATE TABLE use_orders (id int PRIMARY KEY, contact_id int, product text, total numeric(10,2), paid_at timestamptz);
CREATE TABLE use_access (id serial PRIMARY KEY, contact_id int, product text, note text);
CREATE TABLE use_opportunities (id serial PRIMARY KEY, contact_id int, title text, stage text DEFAULT 'new');
CREATE TABLE use_tickets (id int PRIMARY KEY, contact_id int, subject text);
SELECT FROM workflow.attach('use_contacts', '{"entity": "contact"}');
SELECT FROM workflow.attach('use_calls', '{"entity": "call", "contact": [{"column": "contact_id"}], "events": {"call.ended": {"once": true, "when": {"field": "status", "operator": "notNull"}}}}');
SELECT FROM workflow.attach('use_orders', '{"entity": "order", "contact": [{"column": "contact_id"}], "events": {"order.paid": {"once": true, "when": {"field": "paid_at", "operator": "becameNotNull"}}}}');
SELECT FROM workflow.attach('use_access', '{"entity": "access", "contact": [{"column": "contact_id"}]}');
SELECT FROM workflow.attach('use_opportunities', '{"entity": "opportunity", "contact": [{"column": "contact_id"}], "events": {"opportunity.stage_changed": {"when": {"field": "stage", "operator": "changed"}}}}');
SELECT FROM workflow.attach('use_tickets', '{"entity": "ticket", "contact": [{"column": "contact_id"}]}');
INSERT INTO use_contacts (id, name, email, phone) SELECT n, 'C' || n, n || '@example.test', '+62' || n FROM generate_series(1, 30) n;
SELECT FROM workflow.tick('2031-01-06 09:00Z');

-- A workflow that only says that it was entered
CREATE FUNCTION pg_temp.on(name text, triggers jsonb, steps jsonb = '[{"id": "hit", "type": "notify", "to": "user:1", "body": "x"}]', settings jsonb = '{"entry_key": "contact", "reentry": "every_event"}')
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM workflow.create_workflow(name, jsonb_build_object('triggers', triggers, 'settings', settings, 'steps', steps));
  PERFORM workflow.publish(name);
END $$;
CREATE FUNCTION pg_temp.turn(at timestamptz = '2031-01-06 09:00Z') RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  FOR n IN 1 .. 4 LOOP PERFORM FROM workflow.tick(at); END LOOP;
END $$;
CREATE FUNCTION pg_temp.hits(name text) RETURNS text LANGUAGE sql AS $$ SELECT string_agg(e.contact_key, ',' ORDER BY e.contact_key::int, e.entry_number) FROM workflow.enrollments e WHERE e.workflow = name $$;

-- A07, A09, A10, A11: a call's status
SELECT pg_temp.on('any call', '[{"on": "call.ended"}]');
SELECT pg_temp.on('main line', '[{"on": "call.ended", "filter": {"combinator": "and", "rules": [{"field": "call.status", "operator": "=", "value": "incoming"}, {"field": "call.number", "operator": "=", "value": "+6221"}]}}]');
INSERT INTO use_calls VALUES (1, 1, 'incoming', '+6221'), (2, 2, 'outgoing', '+6221'), (3, 3, 'missed', '+6299'), (4, 4, 'incoming', '+6299'), (5, 5, NULL, '+6221');
SELECT pg_temp.turn();
SELECT is(pg_temp.hits('any call'), '1,2,3,4', 'A07: by default every kind of call');
SELECT is(pg_temp.hits('main line'), '1', 'A07, A11: filters narrow it, all of them together');
UPDATE use_calls SET status = 'incoming' WHERE id = 5;
SELECT pg_temp.turn();
SELECT is(pg_temp.hits('main line'), '1,5', 'A09: what the trigger names decides who is added, also by a later change');

-- D08, D09, D11, C10, C13, A08: records made and changed, own events, several entries
SELECT pg_temp.on('new', '[{"on": "contact.created", "filter": {"field": "contact.industry", "operator": "=", "value": "retail"}}]');
SELECT pg_temp.on('phone changed', '[{"on": "contact.updated", "filter": {"field": "contact.phone", "operator": "changed"}}]');
SELECT pg_temp.on('plan', '[{"on": "contact.updated", "filter": {"combinator": "and", "rules": [{"field": "contact.plan", "operator": "changedTo", "value": "pro"}, {"field": "old.plan", "operator": "=", "value": "trial"}]}}]');
SELECT pg_temp.on('several', '[{"on": "demo.watched"}, {"on": "ticket.created"}, {"on": "contact.tag_added", "filter": {"field": "event.tag", "operator": "=", "value": "vip"}}]');
SELECT pg_temp.on('shows intent', '[{"on": "app.export_used", "filter": {"field": "event.data.rows", "operator": ">", "value": 100}}]');
INSERT INTO use_contacts (id, name, email, industry) VALUES (40, 'Shop', 's@example.test', 'retail'), (41, 'Bank', 'b@example.test', 'finance');
UPDATE use_contacts SET plan = 'trial' WHERE id IN (6, 7);
UPDATE use_contacts SET plan = 'free' WHERE id = 8;
SELECT pg_temp.turn();
UPDATE use_contacts SET plan = 'pro' WHERE id IN (6, 8);
UPDATE use_contacts SET phone = '+1' WHERE id = 9;
INSERT INTO use_tickets VALUES (1, 10, 'Help');
UPDATE use_contacts SET tags = '{vip}' WHERE id = 12;
SELECT workflow.emit('demo.watched', '11'), workflow.emit('app.export_used', '13', '{"rows": 500}'), workflow.emit('app.export_used', '14', '{"rows": 5}');
SELECT pg_temp.turn();
SELECT is(pg_temp.hits('new'), '40', 'D08: a new record');
SELECT is(pg_temp.hits('phone changed'), '9', 'D09: a contact''s information has changed');
SELECT is(pg_temp.hits('plan'), '6', 'C10: a property, from one value to another');
SELECT is(pg_temp.hits('several'), '10,11,12', 'A08, D11, C02: several ways in: a ticket, an event of its own, a tag');
SELECT is(pg_temp.hits('shows intent'), '13', 'C13, D47: a custom event with data of its own');

-- C07, C09, C11: what contacts do with messages, and what they say in a chat
SELECT pg_temp.on('letter', '[{"on": "manual"}]', '[{"id": "mail", "type": "send", "channel": "email", "body": "x"}]');
SELECT pg_temp.on('clicked price', '[{"on": "message.clicked", "filter": {"combinator": "and", "rules": [{"field": "event.data.url", "operator": "contains", "value": "/pricing"}, {"field": "event.data.workflow", "operator": "=", "value": "letter"}]}}]');
SELECT pg_temp.on('opened', '[{"on": "message.opened"}]');
SELECT pg_temp.on('chat email', '[{"on": "chat.email_given", "filter": {"field": "event.data.email", "operator": "contains", "value": "@"}}]',
  '[{"id": "store", "type": "set", "values": {"contact.email": "{{ event.data.email | strip | downcase }}"}}]');
SELECT workflow.enroll('letter', n::text) FROM generate_series(15, 17) n;
SELECT pg_temp.turn();
SELECT workflow.receipt(o.id, 'clicked', data => jsonb_build_object('url', CASE o.contact_key WHEN '15' THEN 'https://a.test/pricing#x' ELSE 'https://a.test/blog' END)) FROM workflow.outbox o WHERE o.workflow = 'letter' AND o.contact_key <> '17';
SELECT workflow.receipt(o.id, 'opened') FROM workflow.outbox o WHERE o.workflow = 'letter' AND o.contact_key = '16';
SELECT workflow.receipt(o.id, 'opened', data => '{"machine": true}') FROM workflow.outbox o WHERE o.workflow = 'letter' AND o.contact_key = '17';
SELECT workflow.emit('chat.email_given', '18', '{"email": " Dewi@Example.test"}');
SELECT pg_temp.turn();
SELECT is(pg_temp.hits('clicked price'), '15', 'C07: a chosen link');
SELECT ok(pg_temp.hits('opened') LIKE '16%', 'C09: a message that was opened');
SELECT is((SELECT email FROM use_contacts WHERE id = 18), 'dewi@example.test', 'C11: the address given in a chat becomes the contact''s');

-- C01, C05, C06, C12, C17: campaigns
SELECT pg_temp.on('newsletter', '[{"on": "campaign.subscribed", "filter": {"field": "event.data.campaign", "operator": "=", "value": "news"}}]',
  '[{"id": "one", "type": "send", "channel": "email", "body": "1"}, {"id": "w", "type": "wait", "for": "1 day"}, {"id": "two", "type": "send", "channel": "email", "body": "2"},
    {"id": "over", "type": "emit", "event": "campaign.completed", "data": {"campaign": "news"}}]');
SELECT pg_temp.on('joins', '[{"on": "manual"}]', '[{"type": "subscribe", "campaign": "news"}]');
SELECT pg_temp.on('leaves', '[{"on": "leave.news"}]', '[{"type": "unsubscribe", "campaign": "news"}]');
SELECT pg_temp.on('leaves all', '[{"on": "leave.all"}]', '[{"type": "unsubscribe"}]');
SELECT pg_temp.on('completed news', '[{"on": "campaign.completed", "filter": {"field": "event.data.campaign", "operator": "=", "value": "news"}}]');
SELECT pg_temp.on('exited news', '[{"on": "campaign.exited", "filter": {"field": "event.data.campaign", "operator": "=", "value": "news"}}]');
SELECT pg_temp.on('unsubscribed campaign', '[{"on": "contact.unsubscribed", "filter": {"field": "event.data.campaign", "operator": "=", "value": "news"}}]');
SELECT pg_temp.on('unsubscribed all', '[{"on": "contact.unsubscribed", "filter": {"field": "event.data.campaign", "operator": "null"}}]');
SELECT pg_temp.on('mail says no', '[{"on": "message.unsubscribed"}]');
SELECT workflow.enroll('joins', n::text) FROM generate_series(19, 21) n;
SELECT pg_temp.turn();
SELECT is(pg_temp.hits('newsletter'), '19,20,21', 'C01, C17: who subscribes to a campaign is in it');
SELECT pg_temp.turn('2031-01-07 09:00Z');
SELECT is(pg_temp.hits('completed news'), '19,20,21', 'C06: who has got its last message has completed it');
SELECT workflow.emit('leave.news', '19'), workflow.emit('leave.all', '20');
SELECT pg_temp.turn('2031-01-07 09:00Z');
SELECT is(pg_temp.hits('exited news'), '19', 'C12: who leaves a campaign');
SELECT is(pg_temp.hits('unsubscribed campaign'), '19', 'C05: an unsubscription from a campaign');
SELECT is(pg_temp.hits('unsubscribed all'), '20', 'C05: and from all mail');
SELECT workflow.receipt(o.id, 'unsubscribed') FROM workflow.outbox o WHERE o.workflow = 'letter' AND o.contact_key = '17';
SELECT pg_temp.turn('2031-01-07 09:00Z');
SELECT is(pg_temp.hits('mail says no'), '17', 'C05: or by a message''s link');
SELECT results_eq($$ SELECT contact_key, campaign, subscribed FROM workflow.subscriptions ORDER BY 1, 2 NULLS FIRST $$,
  $$ VALUES ('19', 'news', false), ('20', NULL, false), ('20', 'news', true), ('21', 'news', true) $$, 'C17: it is on record');
SELECT workflow.enroll('letter', '20'), workflow.enroll('letter', '21');
SELECT pg_temp.turn('2031-01-07 09:00Z');
SELECT results_eq($$ SELECT contact_key, state FROM workflow.outbox WHERE workflow = 'letter' AND contact_key IN ('20', '21') ORDER BY 1 $$, $$ VALUES ('20', 'suppressed'), ('21', 'ready') $$, 'C05: and is honoured');

-- A18, A19, A05: information is made, changed, moved, duplicated; access to what was bought
SELECT pg_temp.on('bought', '[{"on": "order.paid"}]',
  '[{"id": "grant", "type": "create", "entity": "access", "values": {"access.product": "{{ order.product }}"}}, {"id": "mail", "type": "send", "channel": "email", "subject": "Your {{ order.product }}", "body": "Key {{ step.grant.key }}"},
    {"id": "dup", "type": "copy", "entity": "order", "into": "access", "values": {"access.note": "copy of {{ order.id }}"}, "if": {"field": "order.total", "operator": ">", "value": 100}},
    {"id": "stage", "type": "set", "values": {"contact.stage": "customer"}}]', '{"category": "transactional"}');
INSERT INTO use_orders VALUES (1, 22, 'Course', 50, now()), (2, 23, 'Workshop', 500, now()), (3, 24, 'Book', 10, NULL);
SELECT pg_temp.turn('2031-01-07 09:00Z');
SELECT results_eq('SELECT contact_id, product, note FROM use_access ORDER BY 1, 3 NULLS FIRST', $$ VALUES (22, 'Course', NULL), (23, 'Workshop', NULL), (23, 'Workshop', 'copy of 2') $$, 'A18, A19: access is given to what was bought; a row is duplicated');
SELECT is((SELECT o.subject || ': ' || o.body FROM workflow.outbox o WHERE o.workflow = 'bought' AND o.contact_key = '22'), 'Your Course: Key ' || (SELECT id FROM use_access WHERE contact_id = 22), 'A15, A19: the message says how to get at it');
SELECT is((SELECT string_agg(id::text, ',' ORDER BY id) FROM use_contacts WHERE stage = 'customer'), '22,23', 'A17, A18, A05: who has paid is moved on, nobody else');

-- A20, A25, A26, A27, A28, C20: a workflow for each stage, which takes the contact out of the one before
SELECT pg_temp.on('reach', '[{"on": "contact.tag_added", "filter": {"field": "event.tag", "operator": "=", "value": "prospect"}}]',
  '[{"id": "opp", "type": "create", "entity": "opportunity", "values": {"opportunity.title": "For {{ contact.name }}"}}, {"id": "mail", "type": "send", "channel": "email", "body": "x"}, {"id": "w", "type": "wait", "for": "30 days"}, {"id": "late", "type": "send", "channel": "email", "body": "y"}]');
SELECT pg_temp.on('book', '[{"on": "opportunity.stage_changed", "filter": {"field": "opportunity.stage", "operator": "=", "value": "booked"}}]',
  '[{"id": "out", "type": "unenroll", "workflow": "reach"}, {"id": "up", "type": "set", "values": {"opportunity.title": "{{ opportunity.title }}, booked"}}, {"id": "on", "type": "enroll", "workflow": "sale", "data": {"from": "book"}}]', '{}');
SELECT pg_temp.on('sale', '[{"on": "manual"}]', '[{"id": "mail", "type": "send", "channel": "email", "subject": "From {{ enrollment.data.from }}", "body": "x"}]');
UPDATE use_contacts SET tags = '{prospect}' WHERE id = 25;
SELECT pg_temp.turn('2031-01-07 10:00Z');
SELECT is((SELECT title FROM use_opportunities WHERE contact_id = 25), 'For C25', 'A26: the first stage''s workflow begins');
UPDATE use_opportunities SET stage = 'booked' WHERE contact_id = 25;
SELECT pg_temp.turn('2031-01-07 10:00Z');
SELECT is((SELECT e.reason FROM workflow.enrollments e WHERE e.workflow = 'reach' AND e.contact_key = '25'), 'removed', 'A21, A27: the next one takes it out of the one before');
SELECT is((SELECT title FROM use_opportunities WHERE contact_id = 25), 'For C25, booked', 'A20, A28: moves the opportunity');
SELECT is((SELECT o.subject FROM workflow.outbox o WHERE o.workflow = 'sale'), 'From book', 'A22, C20: and puts it into another, with data');
SELECT pg_temp.turn('2031-02-20 10:00Z');
SELECT is((SELECT count(*) FROM workflow.outbox WHERE workflow = 'reach' AND step = 'late'), 0::bigint, 'A27: nothing more comes of the first');

-- A32, A35: testing once more with the same contact
SELECT pg_temp.on('try', '[{"on": "try.me"}]', settings => '{}');
SELECT workflow.emit('try.me', '26');
SELECT pg_temp.turn('2031-02-20 10:00Z');
SELECT workflow.emit('try.me', '26');
SELECT pg_temp.turn('2031-02-20 10:00Z');
SELECT is(pg_temp.hits('try'), '26', 'A32, A35: who was in does not enter again');
SELECT ok(EXISTS (SELECT FROM workflow.explain('try', '26') x WHERE x.what = 'refused: reentry'), 'A32, A35: and does not skip it silently: it is told why');
SELECT ok((SELECT array_agg(s.effect) FROM workflow.simulate('try', '26') s) @> '{entered,ended}', 'A32: it may be rehearsed with that contact as often as one likes');
DELETE FROM use_contacts WHERE id = 26;
SELECT pg_temp.turn('2031-02-20 10:00Z');
INSERT INTO use_contacts (id, name) VALUES (27027, 'Fresh');
SELECT workflow.emit('try.me', '27027');
SELECT pg_temp.turn('2031-02-20 10:00Z');
SELECT is(pg_temp.hits('try'), '26,27027', 'A32: a fresh contact enters');

-- D19: many paths, by score, industry and purchases; C21: actions of one's own
SELECT pg_temp.on('paths', '[{"on": "route.me"}]', '[{"id": "way", "type": "branch", "else": [{"id": "nurture", "type": "tag", "add": ["nurture"]}], "branches": [
    {"name": "hot", "if": {"field": "contact.score", "operator": ">=", "value": 80}, "steps": [{"id": "sales", "type": "set", "values": {"contact.owner": "sales"}}]},
    {"name": "bank", "if": {"field": "contact.industry", "operator": "in", "value": ["finance", "insurance"]}, "steps": [{"id": "banks", "type": "set", "values": {"contact.owner": "banks"}}]},
    {"name": "buyer", "if": {"field": "contact.stage", "operator": "=", "value": "customer"}, "steps": [{"id": "success", "type": "set", "values": {"contact.owner": "success"}}]}]}]');
UPDATE use_contacts SET score = 90, industry = 'finance' WHERE id = 27;
SELECT workflow.emit('route.me', n) FROM unnest('{27,41,22,28}'::text[]) n;
SELECT pg_temp.turn('2031-02-20 10:00Z');
SELECT is((SELECT string_agg(c.id || ':' || coalesce(c.owner, array_to_string(c.tags, '')), ',' ORDER BY c.id) FROM use_contacts c WHERE c.id IN (27, 41, 22, 28)), '22:success,27:sales,28:nurture,41:banks', 'D19, G11: by score, industry, purchases; the first that matches, else the rest');
CREATE FUNCTION public.use_enrich(email text) RETURNS jsonb LANGUAGE sql AS $$ SELECT jsonb_build_object('company', initcap(split_part(split_part(email, '@', 2), '.', 1)), 'size', 42) $$;
SET LOCAL pg_workflow.allow_superuser_code = on;
SELECT pg_temp.on('enrich', '[{"on": "enrich.me"}]', '[{"id": "ask", "type": "call", "function": "public.use_enrich", "args": ["{{ contact.email }}"]}, {"id": "big", "type": "if", "if": {"field": "step.ask.size", "operator": ">", "value": 10},
   "then": [{"id": "keep", "type": "set", "values": {"contact.industry": "{{ step.ask.company }}"}}]},
   {"id": "out", "type": "webhook", "url": "https://calendar.example.test/hook", "body": {"who": "{{ contact.email }}", "company": "{{ step.ask.company }}"}},
   {"id": "list", "type": "send", "channel": "mailing_tool", "data": {"list": "enriched", "email": "{{ contact.email }}"}}]');
SELECT workflow.emit('enrich.me', '29');
SELECT pg_temp.turn('2031-02-20 10:00Z');
SELECT is((SELECT industry FROM use_contacts WHERE id = 29), 'Example', 'C21, D22, D24: an action of one''s own, whose result goes on');
SELECT is((SELECT o.data FROM workflow.outbox o WHERE o.workflow = 'enrich' AND o.channel = 'webhook'), '{"who": "29@example.test", "company": "Example"}', 'D22, A30: other services by a request');
SELECT is((SELECT o.data->>'list' FROM workflow.outbox o WHERE o.workflow = 'enrich' AND o.channel = 'mailing_tool'), 'enriched', 'D22: or by a channel of their own');

-- G7, B10: who is in stays on its version, steps and settings alike
SELECT pg_temp.on('pinned', '[{"on": "pin.me"}]', '[{"id": "w", "type": "wait", "for": "1 day"}, {"id": "old", "type": "send", "channel": "email", "body": "old"}]', '{"category": "informational"}');
SELECT workflow.emit('pin.me', '1');
SELECT pg_temp.turn('2031-02-20 10:00Z');
SELECT workflow.save_draft('pinned', '{"triggers": [{"on": "pin.me"}], "settings": {"category": "transactional"}, "steps": [{"id": "w", "type": "wait", "for": "1 day"}, {"id": "new", "type": "send", "channel": "email", "body": "new"}]}');
SELECT workflow.publish('pinned');
SELECT workflow.emit('pin.me', '2');
SELECT pg_temp.turn('2031-02-20 10:00Z');
SELECT pg_temp.turn('2031-02-22 10:00Z');
SELECT results_eq($$ SELECT contact_key, step, category, version FROM workflow.outbox WHERE workflow = 'pinned' ORDER BY 1 $$, $$ VALUES ('1', 'old', 'informational', 1), ('2', 'new', 'transactional', 2) $$, 'G7, B10: steps and settings of the version that it entered with');

-- G8: which answers end what
CREATE FUNCTION pg_temp.answered(scope text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  w text := 'answer ' || scope;
BEGIN
  PERFORM pg_temp.on(w, '[{"on": "manual"}]', '[{"id": "mail", "type": "send", "channel": "email", "body": "x"}, {"id": "w", "type": "wait", "for": "30 days"}]',
                     jsonb_build_object('stop_on_response', scope, 'entry_key', '["event.data.k"]'::jsonb, 'reentry', 'every_event'));
  PERFORM workflow.enroll(w, '3', '{"k": "a"}'), workflow.enroll(w, '3', '{"k": "b"}');
  PERFORM pg_temp.turn('2031-02-23 10:00Z');
  PERFORM workflow.reply('email', '3@example.test', '2031-02-23 10:00Z', '{}', (SELECT o.id FROM workflow.outbox o JOIN workflow.enrollments e USING (enrollment) WHERE o.workflow = w AND e.entry_key = 'a'));
  PERFORM pg_temp.turn('2031-02-23 10:00Z');
  RETURN (SELECT string_agg(e.entry_key || ':' || coalesce(e.reason, 'live'), ',' ORDER BY e.entry_key) FROM workflow.enrollments e WHERE e.workflow = w);
END $$;
SELECT is(pg_temp.answered('off'), 'a:live,b:live', 'G8: off');
SELECT is(pg_temp.answered('enrollment'), 'a:response,b:live', 'G8, B07: the one whose message was answered');
SELECT is(pg_temp.answered('workflow'), 'a:response,b:response', 'G8: all in this workflow');
SELECT is(pg_temp.answered('any_inbound'), 'a:response,b:response', 'G8: whatever is answered');
SELECT workflow.reply('email', '3@example.test', '2031-02-23 10:00Z', '{}', (SELECT max(o.id) FROM workflow.outbox o WHERE o.workflow = 'answer off'));
SELECT workflow.enroll('answer any_inbound', '3', '{"k": "c"}'), workflow.enroll('answer workflow', '3', '{"k": "c"}');
SELECT pg_temp.turn('2031-02-23 11:00Z');
SELECT workflow.reply('email', '3@example.test', '2031-02-23 12:00Z', '{}', (SELECT max(o.id) FROM workflow.outbox o WHERE o.workflow = 'answer off'));
SELECT pg_temp.turn('2031-02-23 12:00Z');
SELECT is((SELECT string_agg(e.workflow || ':' || coalesce(e.reason, 'live'), ',' ORDER BY e.workflow) FROM workflow.enrollments e WHERE e.entry_key = 'c'), 'answer any_inbound:response,answer workflow:live', 'G8: an answer to another workflow ends only who asked for any');
SELECT is((SELECT count(*) FROM workflow.errors), 0::bigint, 'nothing failed');

SELECT * FROM finish();
ROLLBACK;
