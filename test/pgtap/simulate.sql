-- simulate(): a dry run by the rules of rounds, which leaves nothing behind.
BEGIN;
SELECT plan(52);
SET LOCAL client_min_messages = error;

CREATE TABLE sim_contacts (id int PRIMARY KEY, name text, email text, score int, stage text, tags text[] DEFAULT '{}', owner text, renews date, tz text, deleted_at timestamptz, org text);
CREATE TABLE sim_orders (id int PRIMARY KEY, contact_id int, total numeric, status text, paid_at timestamptz);
SELECT FROM workflow.attach('sim_contacts', '{"entity": "contact", "account": "org", "live": {"field": "deleted_at", "operator": "null"}, "zone": ["tz"]}');
SELECT FROM workflow.attach('sim_orders', '{"entity": "order", "contact": [{"column": "contact_id"}],
  "events": {"order.paid": {"once": true, "when": {"field": "paid_at", "operator": "becameNotNull"}}}}');
INSERT INTO sim_contacts VALUES (1, 'Ana', 'ana@example.test', 60, 'new', '{lead}', 'u1', '2031-03-01', 'Asia/Jakarta'), (2, 'Budi', 'budi@example.test', 10, 'new', '{}', NULL, NULL, NULL),
  (3, 'Caro', NULL, 90, 'new', '{lead}', NULL, NULL, NULL);
UPDATE sim_contacts SET org = 'acme' WHERE id = 3;
INSERT INTO sim_contacts (id, name, deleted_at) VALUES (4, 'Gone', now());
INSERT INTO sim_orders VALUES (7, 1, 20, 'open', NULL), (8, 1, 250, 'open', NULL);
SELECT FROM workflow.tick('2031-01-06 09:00Z');

SELECT workflow.create_workflow('sim', '{"triggers": [{"on": "contact.created", "filter": {"field": "contact.tags", "operator": "contains", "value": "lead"}}],
  "goals": [{"id": "bought", "on": "order.paid"}], "settings": {"stop_on_response": "workflow"},
  "steps": [{"id": "hello", "type": "send", "channel": "email", "subject": "Hello {{ contact.name }}", "body": "Score {{ contact.score }}"},
    {"id": "pause", "type": "wait", "for": "3 days"},
    {"id": "more", "type": "set", "values": {"contact.score": {"add": 10}, "contact.stage": "warm {{ contact.name }}"}},
    {"id": "kind", "type": "branch", "branches": [{"name": "hot", "if": {"field": "contact.score", "operator": ">=", "value": 70},
      "steps": [{"id": "mark", "type": "tag", "add": ["hot"], "remove": ["lead"]}]}], "else": []},
    {"id": "read", "type": "wait", "until": {"field": "message.hello.opened_at", "operator": "notNull"}, "timeout": "2 days",
      "on_timeout": [{"id": "again", "type": "send", "channel": "email", "subject": "Again, {{ contact.stage }}", "body": "x"}]},
    {"id": "call", "type": "task", "title": "Call {{ contact.name }}", "if": {"field": "contact.tags", "operator": "contains", "value": "hot"}}]}');
CREATE FUNCTION pg_temp.played(name text, contact text, events jsonb = '[]', until interval = '90 days') RETURNS text[] LANGUAGE sql AS $$
  SELECT array_agg(concat_ws(' ', s.step, s.effect)) FROM workflow.simulate(name, contact, events, until) s
$$;

SELECT is(pg_temp.played('sim', '1'), '{entered,hello sent,pause waiting,more changed,kind branch,mark tagged,read waiting,read timed_out,again sent,call task,call ended}',
  'A33, D30: a draft is played to its end, over its waits');
SELECT results_eq($$ SELECT s.at, s.step FROM workflow.simulate('sim', '1') s WHERE s.effect IN ('sent', 'task') $$,
  $$ VALUES ('2031-01-06 09:00Z'::timestamptz, 'hello'), ('2031-01-11 09:00Z', 'again'), ('2031-01-11 09:00Z', 'call') $$, 'A33: each thing has the time at which it would happen');
SELECT is((SELECT s.detail::jsonb - 'locale' FROM workflow.simulate('sim', '1') s WHERE s.step = 'hello'),
  '{"channel": "email", "kind": "message", "to": {"contact": "1", "address": "ana@example.test"}, "subject": "Hello Ana", "body": "Score 60"}', 'D30: messages are rendered as senders would get them');
SELECT is((SELECT s.detail::jsonb->>'subject' FROM workflow.simulate('sim', '1') s WHERE s.step = 'again'), 'Again, warm Ana', 'what a step would write is seen by later ones');
SELECT is((SELECT s.detail::jsonb FROM workflow.simulate('sim', '1') s WHERE s.step = 'more'), '{"row": "contact 1", "score": 70, "stage": "warm Ana"}', 'a change is told with its values');
SELECT is((SELECT s.detail::jsonb FROM workflow.simulate('sim', '1') s WHERE s.step = 'mark'), '{"row": "contact 1", "add": ["hot"], "remove": ["lead"]}', 'so are tags');
SELECT is((SELECT s.why FROM workflow.simulate('sim', '1') s WHERE s.step = 'kind'), 'the branch taken is hot: contact.score >= 70 (it is 70)', 'A24: why a branch is taken: the rule, and the value seen');
SELECT is((SELECT s.why FROM workflow.simulate('sim', '2', '["manual"]') s WHERE s.step = 'kind'), 'the branch taken is else: not hot: contact.score >= 70 (it is 20)', 'and why none is');
SELECT is((SELECT s.why FROM workflow.simulate('sim', '2', '["manual"]') s WHERE s.step = 'call' AND s.effect = 'skipped'),
  'passed over: its condition is not true: contact.tags contains "hot" (it is [])', 'A12: why a step is passed over');

-- What it decides by is there; nothing else is
SELECT results_eq($$ SELECT score, stage, tags FROM sim_contacts WHERE id = 1 $$, $$ VALUES (60, 'new', '{lead}'::text[]) $$, 'the contact is as it was');
CREATE TEMP TABLE before AS SELECT s.schemaname, s.sequencename, s.last_value FROM pg_sequences s WHERE s.schemaname !~ '^pg_temp';
SELECT lives_ok($$ SELECT count(*) FROM workflow.simulate('sim', '1', '[{"event": "order.paid", "after": "1 day", "order": {"total": 3}}]') $$);
SELECT results_eq($$ SELECT s.schemaname, s.sequencename, s.last_value FROM pg_sequences s WHERE s.schemaname !~ '^pg_temp' ORDER BY 1, 2 $$, 'SELECT * FROM before ORDER BY 1, 2', 'no sequence has moved');
SELECT is((SELECT count(*) FROM workflow.enrollment) + (SELECT count(*) FROM workflow.message) + (SELECT count(*) FROM workflow.trace_line) + (SELECT count(*) FROM workflow.task)
  + (SELECT count(*) FROM workflow.refusal) + (SELECT count(*) FROM workflow.timer), 0::bigint, 'nothing of ours was written');
SELECT is(current_setting('transaction_read_only'), 'off', 'the caller''s transaction is what it was');
SELECT lives_ok($$ UPDATE sim_contacts SET score = 61 WHERE id = 1; UPDATE sim_contacts SET score = 60 WHERE id = 1 $$, 'and may write');

-- Events on the way
SELECT is(pg_temp.played('sim', '1', '[{"event": "message.opened", "step": "hello", "after": "1 day"}]'),
  '{entered,hello sent,pause waiting,more changed,kind branch,mark tagged,read met,call task,call ended}', 'C27: a message that would be opened ends the wait for it');
SELECT is(pg_temp.played('sim', '1', '[{"event": "message.opened", "step": "hello", "after": "4 days"}]'),
  '{entered,hello sent,pause waiting,more changed,kind branch,mark tagged,read waiting,read met,call task,call ended}', 'also while it waits');
SELECT is((SELECT s.at FROM workflow.simulate('sim', '1', '[{"event": "message.opened", "step": "hello", "after": "4 days"}]') s WHERE s.effect = 'met'), '2031-01-10 09:00Z', 'at that time');
SELECT is(pg_temp.played('sim', '1', '[{"event": "order.paid", "after": "1 day"}]'), '{entered,hello sent,pause waiting,pause goal,pause ended}', 'C22: a goal that would be reached');
SELECT is(pg_temp.played('sim', '1', '[{"event": "message.replied", "step": "hello", "at": "2031-01-07T09:00:00Z"}]'), '{entered,hello sent,pause waiting,pause ended}', 'B07: an answer that would end it');
SELECT is((SELECT s.why FROM workflow.simulate('sim', '1', '[{"event": "message.replied", "step": "hello", "after": "1 day"}]') s WHERE s.effect = 'ended'),
  'the contact has answered (stop_on_response)', 'with its reason');
SELECT is(pg_temp.played('sim', '1', '[{"event": "message.opened", "step": "again", "after": "1 hour"}]'), '{entered,hello sent,pause waiting,again ignored,more changed,kind branch,mark tagged,read waiting,read timed_out,again sent,call task,call ended}',
  'an event that can be about nothing is told as one');
SELECT is(pg_temp.played('sim', '1', '[{"event": "unenroll", "after": "1 day"}]'), '{entered,hello sent,pause waiting,pause ended}', 'A21: taken out by hand');
SELECT is(pg_temp.played('sim', '1', '[{"contact": {"score": 0}, "after": "1 day"}]'), '{entered,hello sent,pause waiting,more changed,kind branch,read waiting,read timed_out,again sent,call skipped,call ended}',
  'a change of the contact meanwhile');
SELECT is(pg_temp.played('sim', '1', '[{"contact": {"deleted_at": "2031-01-07T00:00:00Z"}, "after": "1 day"}]'), '{entered,hello sent,pause waiting,pause ended}', 'attach 10: a contact that would be gone');
SELECT is(pg_temp.played('sim', '1', until => '1 day'), '{entered,hello sent,pause waiting,pause open}', 'it ends with the time that was asked for');

-- Entering
SELECT results_eq($$ SELECT effect, detail, why FROM workflow.simulate('sim', '2') $$,
  $$ VALUES ('refused', 'filter', 'contact.created: the filter of the trigger was not true: contact.tags contains "lead" (it is [])') $$, 'A34: a filter that is not true, with what it saw');
SELECT is((SELECT detail FROM workflow.simulate('sim', '99')), 'unresolved_contact', 'nobody of that key');
SELECT is((SELECT detail FROM workflow.simulate('sim', '4')), 'not_live', 'somebody who is gone');
SELECT is((pg_temp.played('sim', '2', '[{"event": "contact.created", "contact": {"tags": ["lead"]}}]'))[1], 'entered', 'as if the contact were another');
SELECT is((SELECT s.effect FROM workflow.simulate('sim', '3', account => 'acme') s LIMIT 1), 'entered', 'attach 12: for an account, its own contacts');
SELECT is((SELECT s.detail FROM workflow.simulate('sim', '3', account => 'beta') s LIMIT 1), 'unresolved_contact', 'attach 12: those of another are not there');
SELECT workflow.publish('sim');
SELECT workflow.enroll('sim', '1');
SELECT FROM workflow.tick('2031-01-06 09:00Z');
SELECT is((pg_temp.played('sim', '1'))[1:2], '{refused,entered}', 'A32: who is in already is told so, and played all the same');
SELECT matches((SELECT s.why FROM workflow.simulate('sim', '1') s WHERE s.effect = 'refused'), 'it is in this workflow already .* as if the contact had never been in it$', 'with both sentences');

-- A row besides the contact
SELECT workflow.create_workflow('sim_order', '{"triggers": [{"on": "order.paid", "filter": {"field": "order.total", "operator": ">", "value": 100}}], "settings": {"entry_key": "order"},
  "steps": [{"id": "thanks", "type": "send", "channel": "email", "subject": "{{ order.total }}", "body": "x"}]}');
SELECT is((SELECT s.detail::jsonb->>'subject' FROM workflow.simulate('sim_order', '1') s WHERE s.step = 'thanks' AND s.effect = 'sent'), '250', 'the contact''s newest row is the event''s');
SELECT is((SELECT s.detail FROM workflow.simulate('sim_order', '1', '[{"event": "order.paid", "row": 7}]') s), 'filter', 'or the row that is named');
SELECT is((SELECT s.detail::jsonb->>'subject' FROM workflow.simulate('sim_order', '2', '[{"event": "order.paid", "order": {"total": 300.50}}]') s WHERE s.effect = 'sent'), '300.50',
  'or one that there is not yet');
SELECT workflow.create_workflow('sim_stage', '{"triggers": [{"on": "contact.updated", "filter": {"field": "contact.stage", "operator": "changedTo", "value": "new"}}], "steps": [{"type": "stop"}]}');
SELECT is((pg_temp.played('sim_stage', '1', '[{"event": "contact.updated", "old": {"stage": "cold"}}]'))[1], 'entered', 'a row as it was before');
SELECT is((pg_temp.played('sim_stage', '1', '[{"event": "contact.updated", "old": {"stage": "new"}}]'))[1], 'refused', 'and one that has not changed');

-- Definitions, versions
SELECT is((SELECT array_agg(s.effect) FROM workflow.simulate('{"triggers": [{"on": "manual"}], "steps": [{"type": "wait", "until_date": {"field": "contact.renews", "offset": "-3 days"}, "at": "09:00"}]}'::jsonb, '1') s),
  '{entered,waiting,ended}', 'a definition that is no workflow');
SELECT is((SELECT max(s.at) FROM workflow.simulate('{"triggers": [{"on": "manual"}], "settings": {"timezone": "contact"}, "steps": [{"type": "wait", "until_date": {"field": "contact.renews", "offset": "-3 days"}, "at": "09:00"}]}'::text, '1') s),
  '2031-02-26 02:00Z'::timestamptz, 'as a text too; in the contact''s zone');
SELECT throws_ok($$ SELECT workflow.simulate('{"steps": 1}'::jsonb, '1') $$, 'WF001', NULL, 'a definition with errors');
SELECT workflow.save_draft('sim', '{"triggers": [{"on": "manual"}], "steps": [{"id": "only", "type": "stop", "reason": "so"}]}');
SELECT is(pg_temp.played('sim@2', '1'), '{refused,entered,"only ended"}', 'D25: another version than the published one');
SELECT throws_ok($$ SELECT workflow.simulate('nobody', '1') $$, 'WF002', NULL, 'a workflow that is not there');
SELECT throws_ok($$ SELECT workflow.simulate('sim', '1', '[{"evnt": "x"}]') $$, '22023', 'unknown key "evnt" in an event', 'events are checked');
SELECT throws_ok($$ SELECT workflow.simulate('sim', '1', '[{"contact": {"scor": 1}}]') $$, '22023', '"contact" has no field "scor"', 'and their values');

SELECT is((SELECT array_agg(concat_ws(' ', s.step, s.effect, s.at AT TIME ZONE 'UTC')) FROM workflow.simulate('{"triggers": [{"on": "manual"}], "settings": {"frequency_cap": [{"channel": "email", "max": 1, "per": "2 days", "on_cap": "defer"}]},
    "steps": [{"id": "a", "type": "send", "channel": "email", "body": "1"}, {"id": "w", "type": "wait", "for": "1 day"}, {"id": "b", "type": "send", "channel": "email", "body": "2"}]}'::jsonb, '1') s WHERE s.effect = 'sent'),
  '{"a sent 2031-01-06 09:00:00","b sent 2031-01-08 09:00:00"}', 'caps count what has been played');

-- People, and what fails
SELECT is((SELECT array_agg(concat_ws(' ', s.step, s.effect)) FROM workflow.simulate('{"triggers": [{"on": "manual"}], "steps": [{"id": "ask", "type": "approve", "title": "Discount?", "timeout": "2 days",
  "approved": [{"id": "yes", "type": "stop"}], "rejected": [{"id": "no", "type": "stop"}], "timed_out": [{"id": "late", "type": "stop"}]}]}'::jsonb, '1', '[{"event": "reject", "after": "1 day"}]') s),
  '{entered,"ask asked","ask rejected","no ended"}', 'D44: an answer that somebody would give');
CREATE SEQUENCE sim_seq;
CREATE FUNCTION sim_write() RETURNS boolean LANGUAGE sql AS $$ SELECT nextval('sim_seq') > 0 $$;
SET LOCAL pg_workflow.allow_superuser_code = on;
SELECT is((SELECT s.detail FROM workflow.simulate('{"triggers": [{"on": "manual"}], "steps": [{"id": "b", "type": "if", "if": {"sql": "public.sim_write()"}, "then": [], "else": []}]}'::jsonb, '1') s WHERE s.effect = 'failed'),
  'cannot execute nextval() in a read-only transaction', 'what an author''s own expression would write is not written');
-- What it cannot play it says, where it comes to it.
CREATE FUNCTION public.sim_answer(text) RETURNS text LANGUAGE sql AS $$ SELECT 'yes' $$;
SELECT workflow.create_workflow('sim_many', '{"triggers": [{"on": "contact.updated", "settle": "2 minutes"}], "steps": [{"id": "ask", "type": "call", "function": "public.sim_answer", "args": ["x"]},
  {"id": "say", "type": "emit", "event": "t.said"}, {"id": "in", "type": "enroll", "workflow": "sim_stage"}, {"id": "out", "type": "unenroll", "workflow": "sim_stage"}, {"id": "set", "type": "set", "contact": {"score": 1}}]}');
SELECT workflow.publish('sim_stage');
SELECT results_eq($$ SELECT step, detail FROM workflow.simulate('sim_many', '1') s WHERE s.effect = 'not_played' $$,
  $$ VALUES (NULL, 'settle'), ('ask', 'called'), ('say', 'emitted'), ('in', 'enrolled'), ('out', 'unenrolled') $$, 'A33: what is not played is told, never passed over');
SELECT is_empty($$ SELECT FROM workflow.simulate('sim', '1', '["manual"]') s WHERE s.effect = 'not_played' $$, 'where all is played nothing is told');
SELECT workflow.suppress(contact => '1');
SELECT is((SELECT s.effect FROM workflow.simulate('sim@1', '1') s WHERE s.step = 'hello' AND s.effect <> 'ended'), 'suppressed', 'semantics 22: consent is looked at');

SELECT * FROM finish();
ROLLBACK;
