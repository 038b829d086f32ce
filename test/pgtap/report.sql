-- Reports: by version and step, the outbox by channel, who affects whom; dropping a workflow; zones that nobody knows.
BEGIN;
SELECT plan(36);
SET LOCAL client_min_messages = error;

CREATE TABLE rep_contacts (id int PRIMARY KEY, name text, email text, score int, tags text[] DEFAULT '{}', tz text);
CREATE TABLE rep_orders (id int PRIMARY KEY, contact_id int, total numeric, paid_at timestamptz);
SELECT FROM workflow.attach('rep_contacts', '{"entity": "contact", "zone": ["tz"]}');
SELECT FROM workflow.attach('rep_orders', '{"entity": "order", "contact": [{"column": "contact_id"}], "events": {"order.paid": {"once": true, "when": {"field": "paid_at", "operator": "becameNotNull"}}}}');
SELECT workflow.create_workflow('rep', '{"triggers": [{"on": "contact.created"}], "goals": [{"id": "bought", "on": "order.paid"}, {"id": "rich", "on": "order.created", "then": "count"}],
  "steps": [{"id": "hello", "type": "send", "channel": "email", "subject": "Hello", "body": "x"}, {"id": "pause", "type": "wait", "for": "2 days"},
    {"id": "kind", "type": "split", "paths": [{"name": "a", "weight": 1, "steps": []}, {"name": "b", "weight": 1, "steps": []}]},
    {"id": "hot", "type": "if", "if": {"field": "contact.score", "operator": ">", "value": 50}, "then": [{"id": "sms", "type": "send", "channel": "sms", "body": "x"}], "else": []},
    {"id": "rest", "type": "wait", "for": "1 day"}]}');
SELECT workflow.publish('rep');
INSERT INTO rep_contacts SELECT n, 'C' || n, CASE WHEN n < 9 THEN n || '@example.test' END, n * 10, '{}', CASE n WHEN 1 THEN 'Asia/Jakarta' WHEN 2 THEN 'Nowhere/Land' END FROM generate_series(1, 10) n;
SELECT FROM workflow.tick('2031-01-06 09:00Z');
SELECT id AS m, token FROM workflow.claim('email', 4) ORDER BY id LIMIT 1 \gset
SELECT workflow.ack(:'token');
SELECT workflow.receipt(:m, 'opened'), workflow.receipt(:m, 'clicked'), workflow.receipt(:m, 'opened', data => '{"machine": true}');
INSERT INTO rep_orders VALUES (1, 1, 10, now());
SELECT FROM workflow.tick('2031-01-07 09:00Z');
SELECT FROM workflow.tick('2031-01-08 09:00Z');
INSERT INTO rep_orders VALUES (2, 2, 10, now());
SELECT workflow.unenroll('rep', '3');
SELECT FROM workflow.tick('2031-01-08 15:00Z');

-- D05, D23, C24, C25
SELECT is((SELECT array_agg(r.step ORDER BY r.n) FROM (SELECT s.step, row_number() OVER () AS n FROM workflow.report('rep') s) r), '{NULL,hello,pause,kind,hot,sms,rest}', 'D05: the version, and its steps in their order');
SELECT results_eq($$ SELECT reached, in_now, done, ended_here FROM workflow.report('rep') WHERE step IS NULL $$, 'VALUES (10::bigint, 7::bigint, 0::bigint, 3::bigint)', 'D23: who entered, who is in, who has left');
SELECT is((SELECT reasons FROM workflow.report('rep') WHERE step IS NULL), '{"goal": 2, "removed": 1}', 'D05: and why');
SELECT results_eq($$ SELECT step, reached, in_now, done, ended_here FROM workflow.report('rep') WHERE step IN ('hello', 'pause', 'sms', 'rest') $$,
  $$ VALUES ('hello', 10::bigint, 0::bigint, 10::bigint, 0::bigint), ('pause', 10, 0, 9, 1), ('sms', 5, 0, 5, 0), ('rest', 9, 7, 0, 2) $$, 'D23: how many came to each step, are there, went on, ended there');
SELECT results_eq($$ SELECT step, median_time FROM workflow.report('rep') WHERE step IN ('hello', 'pause') $$, $$ VALUES ('hello', interval '0'), ('pause', interval '2 days') $$, 'D23: how long they stay: the bottleneck is the wait');
SELECT is((SELECT p90_time FROM workflow.report('rep') WHERE step = 'rest'), interval '6 hours', 'D23: and of those who have left');
SELECT is((SELECT messages FROM workflow.report('rep') WHERE step = 'hello'), '{"written": 10, "open": 4, "sent": 4, "no_address": 2, "opened": 1, "clicked": 1}', 'D23: messages by what became of them; a machine''s open is none');
SELECT is((SELECT messages->'written' FROM workflow.report('rep') WHERE step IS NULL), '15', 'of all steps together');
SELECT is((SELECT (branches->'a'->>'count')::int + (branches->'b'->>'count')::int FROM workflow.report('rep') WHERE step = 'kind'), 9, 'each way of a split');
SELECT is((SELECT sum((b.value->>'share')::numeric) FROM workflow.report('rep') r, jsonb_each(r.branches) b WHERE r.step = 'kind'), 1.0000, 'their shares');
SELECT is((SELECT (branches->'then'->>'count')::int FROM workflow.report('rep') WHERE step = 'hot'), 5, 'and of a branch');
SELECT is((SELECT sum((b.value->'goals'->'bought'->>'reached')::int) FROM workflow.report('rep') r, jsonb_each(r.branches) b WHERE r.step = 'kind'), 1::bigint, 'C25: which way led to the goal');
SELECT is((SELECT goals->'bought' FROM workflow.report('rep') WHERE step IS NULL),
  '{"entries": 10, "reached": 2, "rate": 0.2, "contacts": 10, "contacts_reached": 2, "contact_rate": 0.2, "late": 0}', 'C24, G12: the rate of a goal, by entry and by contact');
SELECT is((SELECT goals->'rich'->'rate' FROM workflow.report('rep') WHERE step IS NULL), '0.2000', 'C25: each goal has its own');
SELECT is((SELECT reached FROM workflow.report('rep', since => '2031-01-07 00:00Z') WHERE step IS NULL), NULL, 'of those who entered since then');
SELECT throws_ok($$ SELECT workflow.report('nobody') $$, 'WF002', NULL, 'a workflow that is not there');

-- The outbox
SELECT results_eq($$ SELECT channel, lag FROM workflow.stat_outbox ORDER BY 1 $$, $$ VALUES ('email', interval '2 days 6 hours'), ('sms', interval '6 hours') $$, 'the oldest message that is open, and for how long it might have been claimed');
SELECT is((SELECT o.id FROM workflow.outbox o WHERE o.channel = 'email' AND o.state = 'ready' ORDER BY o.id LIMIT 1), (SELECT s.oldest FROM workflow.stat_outbox s WHERE s.channel = 'email'), 'it is that one');
SELECT ok((SELECT message_bytes > 0 AND lease_bytes > 0 AND outcome_bytes > 0 AND days = 1 FROM workflow.stat_outbox LIMIT 1), 'sizes');
SELECT count(*) FROM workflow.claim('sms', 10);
SELECT ok((SELECT claimed_per_second > 0 FROM workflow.stat_outbox WHERE channel = 'sms'), 'what senders did in the last minute');
SELECT is((SELECT workflow.message_waits('sms')), false, 'nothing is left to claim there');
SELECT is((SELECT workflow.message_waits('email')), true, 'but here');
SELECT workflow.pause('rep');
SELECT is((SELECT workflow.message_waits('email')), false, 'not while the workflow is paused');
SELECT workflow.resume('rep');
SELECT is((SELECT unknown_zones FROM workflow.status), 9::bigint, 'semantics 12, G10: contacts whose zone is empty or unknown are counted');

-- Who affects whom (A29)
SELECT workflow.create_workflow('next', '{"triggers": [{"on": "workflow.completed", "filter": {"field": "event.data.workflow", "operator": "=", "value": "rep"}}, {"on": "deal.made"},
    {"on": "contact.tag_added", "filter": {"field": "event.tag", "operator": "=", "value": "vip"}}], "settings": {"exclusive_group": "g", "entry_key": "contact"},
  "steps": [{"id": "out", "type": "unenroll", "workflow": "rep"}, {"id": "in", "type": "enroll", "workflow": "other"}, {"id": "s", "type": "set", "values": {"contact.score": 1}}]}');
SELECT workflow.create_workflow('other', '{"triggers": [{"on": "manual"}, {"on": "contact.updated"}], "settings": {"exclusive_group": "g", "entry_key": "contact"},
  "steps": [{"id": "e", "type": "emit", "event": "deal.made"}, {"id": "t", "type": "tag", "add": ["vip"]}, {"id": "u", "type": "tag", "add": ["else"]},
    {"id": "q", "type": "if", "if": {"field": "workflow.rep.active", "operator": "=", "value": true}, "then": [{"type": "stop"}]}]}');
SELECT workflow.publish('next'), workflow.publish('other');
SELECT results_eq($$ SELECT step, how, affected, event FROM workflow.affects WHERE workflow = 'next' ORDER BY 3, 2, 1 $$,
  $$ VALUES (NULL, 'ends', 'other', NULL), ('in', 'enrolls', 'other', NULL), ('s', 'may enroll', 'other', 'contact.updated'), ('out', 'ends', 'rep', NULL) $$, 'A29, A27: who enrolls and ends whom, by a step or a group');
SELECT results_eq($$ SELECT step, how, affected, event FROM workflow.affects WHERE workflow = 'other' ORDER BY 3, 4, 2, 1 $$,
  $$ VALUES ('t', 'enrolls', 'next', 'contact.tag_added'), ('e', 'enrolls', 'next', 'deal.made'), (NULL, 'ends', 'next', NULL), (NULL, 'asks about', 'rep', NULL) $$, 'A29: who emits to whom, by which tag, and who asks');
SELECT results_eq($$ SELECT how, affected, event FROM workflow.affects WHERE workflow = 'rep' $$, $$ VALUES ('enrolls', 'next', 'workflow.completed') $$, 'A25: a chain by its end');

-- drop_workflow
SELECT is(workflow.drop_workflow('rep') - 'messages', '{"status": "published", "versions": 1, "enrollments": 10, "live": 7}', 'it shows its count first');
SELECT throws_ok($$ SELECT workflow.drop_workflow('rep', false) $$, 'WF007', 'workflow "rep" is still in use', 'not while somebody is in it');
SELECT workflow.archive('rep', true);
SELECT FROM workflow.tick('2031-01-08 16:00Z');
SELECT is(workflow.drop_workflow('rep', false)->>'live', '0', 'then it goes');
SELECT is((SELECT count(*) FROM workflow.enrollments WHERE workflow = 'rep') + (SELECT count(*) FROM workflow.versions WHERE workflow = 'rep') + (SELECT count(*) FROM workflow.history), 0::bigint, 'with all that was kept of it');
SELECT is((SELECT count(*) FROM workflow.outbox WHERE workflow = 'rep' AND state = 'ready'), 0::bigint, 'and nothing of it is sent any more');
SELECT is((SELECT action FROM workflow.audit ORDER BY at DESC LIMIT 1), 'drop_workflow', 'D27: the audit knows');
SELECT is((SELECT workflow.create_workflow('rep', '{"triggers": [{"on": "manual"}], "steps": [{"type": "stop"}]}')), 1, 'the name is free');

SELECT workflow.put_template('thanks', 'whatsapp', NULL, 'x');
SELECT workflow.create_automated_action('{"name": "Thanks", "task_name": "Thanks", "on": "order.paid", "active_after_days": 1, "active_time": "09:00", "channel": "whatsapp", "template": "thanks"}');
INSERT INTO rep_orders VALUES (9, 9, 10, now());
SELECT FROM workflow.tick('2031-01-08 15:00Z');
SELECT results_eq($$ SELECT step, reached, in_now FROM workflow.report('Thanks') WHERE step IS NOT NULL $$, $$ VALUES ('wait', 1::bigint, 1::bigint), ('message', 0, 0) $$, 'E16: automated actions are reported by their steps too');
SELECT is((SELECT count(*) FROM workflow.affects WHERE workflow = 'Thanks'), 0::bigint, 'A29: one that nobody waits for affects nobody');

SELECT * FROM finish();
ROLLBACK;
