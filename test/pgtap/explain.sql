-- explain(): what happened to a contact in a workflow, why, and why not.
BEGIN;
SELECT plan(30);
SET LOCAL client_min_messages = error;

CREATE TABLE why_contacts (id int PRIMARY KEY, name text, email text, score int, tags text[] DEFAULT '{}', deleted_at timestamptz);
CREATE TABLE why_orders (id int PRIMARY KEY, contact_id int, total numeric, paid_at timestamptz, code text);
SELECT FROM workflow.attach('why_contacts', '{"entity": "contact", "live": {"field": "deleted_at", "operator": "null"}}');
SELECT FROM workflow.attach('why_orders', '{"entity": "order", "contact": [{"column": "contact_id"}], "events": {"order.paid": {"once": true, "when": {"field": "paid_at", "operator": "becameNotNull"}}}}');
CREATE FUNCTION pg_temp.told(name text, contact text) RETURNS text[] LANGUAGE sql AS $$ SELECT array_agg(e.what) FROM workflow.explain(name, contact) e $$;
CREATE FUNCTION pg_temp.why(name text, contact text, what text) RETURNS text LANGUAGE sql AS $$ SELECT max(e.why) FROM workflow.explain(name, contact) e WHERE e.what = why.what $$;
CREATE FUNCTION pg_temp.publish(name text, definition jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM workflow.create_workflow(name, definition);
  PERFORM workflow.publish(name);
END $$;

SELECT pg_temp.publish('why', '{"triggers": [{"on": "contact.created", "filter": {"combinator": "and", "rules": [
    {"field": "contact.email", "operator": "notNull"}, {"field": "contact.tags", "operator": "contains", "value": "lead"}]}}],
  "steps": [{"id": "hello", "type": "send", "channel": "email", "subject": "Hello", "body": "x"}, {"id": "pause", "type": "wait", "for": "1 day"},
    {"id": "kind", "type": "branch", "branches": [{"name": "hot", "if": {"field": "contact.score", "operator": ">=", "value": 50}, "steps": []}], "else": []},
    {"id": "skip", "type": "tag", "add": ["x"], "if": {"field": "contact.score", "operator": "<", "value": 5}},
    {"id": "last", "type": "wait", "for": "1 day"}]}');
INSERT INTO why_contacts VALUES (1, 'Ana', 'ana@example.test', 72, '{lead}'), (2, 'Budi', NULL, 1, '{lead,vip}'), (3, 'Caro', 'caro@example.test', 1, '{}');
SELECT FROM workflow.tick('2031-01-06 09:00Z');
SELECT is(pg_temp.told('why', '1'), '{entered,"hello: sent","pause: waiting","now: waiting at pause"}', 'A36: everything that happened, and where it stands');
SELECT is(pg_temp.why('why', '1', 'entered'), 'let in by contact.created at 2031-01-06T09:00:00Z, by version 1', 'by which event it entered');
SELECT is(pg_temp.why('why', '1', 'now: waiting at pause'), 'until 2031-01-07T09:00:00Z', 'until when it waits');
SELECT id AS message, token FROM workflow.claim('email') \gset
SELECT workflow.ack(:'token');
SELECT workflow.receipt(:message, 'opened', '2031-01-06 10:00Z');
SELECT FROM workflow.tick('2031-01-07 09:00Z');
SELECT is(pg_temp.why('why', '1', 'kind: branch hot'), 'the branch taken is hot: contact.score >= 50 (it is 72)', 'A24, A36: which branch, by which rule, with the value that it saw');
UPDATE why_contacts SET score = 3 WHERE id = 1;
SELECT is(pg_temp.why('why', '1', 'kind: branch hot'), 'the branch taken is hot: contact.score >= 50 (it is 72)', 'the value as it was then');
SELECT is(pg_temp.why('why', '1', 'skip: skipped'), 'passed over: its condition is not true: contact.score < 5 (it is 72)', 'why a step was passed over');
SELECT is((SELECT array_agg(e.what ORDER BY e.at) FROM workflow.explain('why', '1') e WHERE e.what LIKE '%message%'), '{"hello: message handed out","hello: message sent","hello: message opened"}',
  'messages and what became of them');
SELECT is((SELECT h.seen FROM workflow.history h WHERE h.step = 'kind'), 'contact.score >= 50 (it is 72)', 'the history has it too');

-- Why not
SELECT is(pg_temp.told('why', '3'), '{"now: published","trigger: contact.created: filter","rule: contact.email notNull","rule: contact.tags contains \"lead\""}',
  'semantics 5: what capture turned away is asked again by the row as it is now');
SELECT is(pg_temp.why('why', '3', 'rule: contact.email notNull'), 'true: it is "caro@example.test"', 'A34, A36: rule by rule');
SELECT is(pg_temp.why('why', '3', 'rule: contact.tags contains "lead"'), 'false: it is []', 'with the value each sees');
SELECT is(pg_temp.why('why', '2', 'rule: contact.email notNull'), 'false: it is empty', 'A10, A11: all of them');
UPDATE why_contacts SET tags = '{lead}' WHERE id = 3;
SELECT is((pg_temp.told('why', '3'))[2], 'trigger: contact.created: would enter', 'as the row is now');
SELECT matches((SELECT e.why FROM workflow.explain('why', '3') e WHERE e.what = 'now: published'), 'version 1 .* who was there before was not enrolled', 'semantics 8: publishing enrolls nobody who is there');
SET LOCAL pg_workflow.trace = on;
INSERT INTO why_contacts VALUES (5, 'Dian', 'dian@example.test', 1, '{}');
SELECT FROM workflow.tick('2031-01-07 09:00Z');
SET LOCAL pg_workflow.trace = off;
INSERT INTO why_contacts VALUES (6, 'Eka', 'eka@example.test', 1, '{}');
SELECT FROM workflow.tick('2031-01-07 09:00Z');
SELECT results_eq($$ SELECT contact_key, reason, detail FROM workflow.refusals WHERE contact_key IN ('5', '6') $$, $$ VALUES ('5', 'filter', 'contact.tags contains "lead" (it is [])') $$,
  'semantics 5: with pg_workflow.trace what capture would turn away is recorded, with what the filter saw; without it, it is not');

-- Each reason has its sentence, and no two are alike
SELECT workflow.enroll('why', '1');
SELECT workflow.emit('why.none', '1');
SELECT FROM workflow.tick('2031-01-07 09:00Z');
SELECT matches(pg_temp.why('why', '1', 'refused: already_live'), 'manual: it is in this workflow already', 'A35: already live');
SELECT workflow.unenroll('why', '1', 'a test');
SELECT FROM workflow.tick('2031-01-07 09:00Z');
SELECT workflow.enroll('why', '1');
SELECT FROM workflow.tick('2031-01-07 09:00Z');
SELECT matches(pg_temp.why('why', '1', 'refused: reentry'), 'it has been in this workflow before', 'A35: no second time');
SELECT is((SELECT e.why FROM workflow.explain('why', '1') e WHERE e.what = 'last: ended'), 'it was removed by hand or by another workflow: a test', 'semantics 23: why it ended');
SELECT ok(pg_temp.told('why', '1') @> '{trigger: contact.created: reentry}', 'who has left is told whether it would come again');
SELECT workflow.pause('why');
SELECT workflow.enroll('why', '6');
SELECT FROM workflow.tick('2031-01-07 09:00Z');
SELECT matches(pg_temp.why('why', '6', 'refused: paused'), 'the workflow was paused', 'semantics 11: paused');
SELECT matches(pg_temp.why('why', '6', 'now: paused'), 'paused.*nobody enters', 'and is so now');
SELECT workflow.resume('why');
SELECT workflow.enroll('why', '77');
UPDATE why_contacts SET deleted_at = now() WHERE id = 3;
SELECT workflow.enroll('why', '3');
SELECT FROM workflow.tick('2031-01-07 09:00Z');
SELECT ok(pg_temp.why('why', '77', 'refused: unresolved_contact') ~ 'no contact was found' AND pg_temp.why('why', '3', 'refused: not_live') ~ 'no longer live', 'a contact that is not there, and one that is gone');
SELECT workflow.archive('why');
SELECT workflow.enroll('why', '6');
SELECT FROM workflow.tick('2031-01-07 09:00Z');
SELECT is(pg_temp.told('why', '6') @> '{refused: archived,now: archived}', true, 'archived');
SELECT pg_temp.publish('why_order', '{"triggers": [{"on": "order.paid"}], "settings": {"entry_key": ["order.code"], "reentry": "after_exit", "cooldown": "7 days"},
  "goals": [{"id": "rich", "if": {"field": "order.total", "operator": ">", "value": 100}}], "steps": [{"type": "stop"}]}');
INSERT INTO why_orders VALUES (1, 6, 5, now(), NULL), (2, 6, 200, now(), 'A'), (3, 6, 5, now(), 'B');
SELECT FROM workflow.tick('2031-01-07 09:00Z');
INSERT INTO why_orders VALUES (4, 6, 5, now(), 'B');
SELECT FROM workflow.tick('2031-01-08 09:00Z');
SELECT ok(pg_temp.why('why_order', '6', 'refused: no_entry_key') ~ 'order.paid of order 1: .*entry key was empty', 'a key that is empty, of which row');
SELECT ok(pg_temp.why('why_order', '6', 'refused: goal_met') ~ 'order 2: a goal of the workflow is met', 'semantics 19: a goal that is met already');
SELECT ok(pg_temp.why('why_order', '6', 'refused: cooldown') ~ 'order 4: .*cooldown', 'a cooldown');
SELECT is((SELECT count(DISTINCT workflow.refusal_sentence(r)) FROM unnest('{already_live,reentry,cooldown,duplicate_event,goal_met,loop,paused,archived,unresolved_contact,not_live,no_entry_key,filter,not_published}'::text[]) r
            WHERE workflow.refusal_sentence(r) <> r), 13::bigint, 'semantics 5: the sentences of all reasons can be told apart');
SELECT throws_ok($$ SELECT workflow.explain('nobody', '1') $$, 'WF002', NULL, 'a workflow that is not there');
SELECT is((SELECT count(*) FROM workflow.enrollments WHERE workflow = 'why_order'), 1::bigint, 'asking has enrolled nobody');
SELECT workflow.detach('why_orders');
SELECT ok(pg_temp.told('why_order', '6') @> '{trigger: cannot be asked,refused: cooldown}', 'what happened is told also where the workflow does not compile any more');

SELECT * FROM finish();
ROLLBACK;
